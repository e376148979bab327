"""The Transformer on NumPy alone: it computes, and at any point it can be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pellucid.arrays import Array, Shaped
from pellucid.derivation import (
    Axis,
    Builder,
    Computing,
    Derivation,
    Joined,
    Step,
    Subject,
    derive,
    joined_arrays,
)
from pellucid.errors import InputError, LengthError
from pellucid.numbers import FLOAT32, FLOAT64, NumberType
from pellucid.operations import Indices, Linear
from pellucid.transformer.cache import KeyValueCache
from pellucid.transformer.config import TransformerConfig
from pellucid.transformer.from_gguf import gguf_arrays, gguf_config
from pellucid.transformer.gguf_file import is_gguf, read_gguf
from pellucid.transformer.network import Network
from pellucid.transformer.positions import PositionTables
from pellucid.transformer.recording import Recording
from pellucid.transformer.weight_shapes import weight_shapes
from pellucid.transformer.weights_file import check_origin, check_shapes, open_model_directory, read_arrays

_COMPUTING = Computing()
_LINEAR, _PROJECTION = Linear(), Linear(transpose=True)


class Transformer:
    """An encoder–decoder or a language model, for one sequence at a time or several continuations of one.

        transformer = load("my-model")
        memory = transformer.encode(source)                        # an encoder–decoder's
        cache = transformer.new_cache()
        logits = transformer.step([bos], cache, memory)            # of the next token
        recording = transformer.new_recording()
        transformer.logits(target, memory, recorder=recording)     # the same arithmetic, every step kept
        recording.derivation("decoder.layers.0.self_attention")

    Args:
        config: the model's.
        arrays: every weight by its name in files, of one float type, in which everything is computed.
        where: names the origin of the weights in messages.

    Raises:
        WeightsError: the weights are not those of the configuration.
    """

    def __init__(self, config: TransformerConfig, arrays: Mapping[str, Array], where: str = "the weights") -> None:
        check_shapes(weight_shapes(config), {name: array.shape for name, array in arrays.items()}, where)
        self.config = config
        self.dtype: np.dtype[Any] = arrays["target_embedding"].dtype
        self._numbers = FLOAT32 if self.dtype == np.float32 else FLOAT64
        weights = _Arrays(config, arrays)
        self._network: Network[Array] = Network(weights, config, PositionTables(config, self.dtype))
        self.named_weights = weights.named
        """By name in derivations: the array and its axes."""

    def encode(
        self, source: Sequence[int], *, recorder: Computing = _COMPUTING, labels: Sequence[str] | None = None
    ) -> Shaped[Array, "n d_model"]:
        """The encoder's output, which the decoder attends to.

        Args:
            source: ids, with eos.
            recorder: a recording, to keep every step.
            labels: the tokens, for readers of the recording.

        Raises:
            InputError: an id is not in the vocabulary, this is a language model, or numbers overflow.
            LengthError: there is no token, or there are too many.
        """
        if not self.config.is_encoder_decoder:
            raise InputError("a language model has no encoder to read a source; give the text as a prompt.")
        ids = self._ids(source, self.config.source_vocab_size, 0)
        with self._numbers.unwatched():
            memory: Array = self._network.encode(recorder, ids, labels)
        self._numbers.check(memory)
        return memory

    def logits(
        self,
        target: Sequence[int],
        memory: Array | None = None,
        *,
        recorder: Computing = _COMPUTING,
        labels: Sequence[str] | None = None,
    ) -> Shaped[Array, "n vocabulary"]:
        """The logits of every next token, in one pass.

        Args:
            target: ids; for an encoder–decoder they begin with bos.
            memory: the encoder's output; `None` for a language model.
            recorder: a recording, to keep every step.
            labels: the tokens, for readers of the recording.

        Raises:
            InputError: an id is not in the vocabulary, the memory is missing or superfluous, or numbers overflow.
            LengthError: there is no token, or there are too many.
        """
        return self._decode(self._ids(target, self.config.vocab_size, 0), None, memory, recorder, labels, last=False)

    def step(
        self,
        ids: Sequence[int],
        cache: KeyValueCache,
        memory: Array | None = None,
        *,
        recorder: Computing = _COMPUTING,
        labels: Sequence[str] | None = None,
    ) -> Shaped[Array, " vocabulary"]:
        """The logits of the token after these, which the cache takes in.

        Args:
            ids: of the tokens that the cache does not hold: a prompt, then one at a time.
            cache: from `new_cache`.
            memory: the encoder's output; `None` for a language model.
            recorder: a recording, to keep every step.
            labels: all tokens so far, those of the cache first, for readers of the recording.

        Raises:
            InputError, LengthError: as `logits`.
        """
        wanted = self._ids(ids, self.config.vocab_size, cache.length)
        logits: Array = self._decode(wanted, cache, memory, recorder, labels, last=True)[-1]
        return logits

    def steps(
        self, ids: Sequence[int], cache: KeyValueCache, memory: Array | None = None
    ) -> Shaped[Array, "sequences vocabulary"]:
        """The logits of the next token of several sequences, to each of which one token is added.

        Args:
            ids: one for each sequence.
            cache: with as many sequences, from `KeyValueCache.select`.
            memory: the encoder's output, the same for all.

        Raises:
            InputError, LengthError: as `logits`.
        """
        wanted = self._ids(ids, self.config.vocab_size, cache.length, sequences=True)
        return self._decode(wanted, cache, memory, _COMPUTING, None, last=True)[:, -1]

    def _decode(
        self,
        ids: Array,
        cache: KeyValueCache | None,
        memory: Array | None,
        recorder: Computing,
        labels: Sequence[str] | None,
        *,
        last: bool,
    ) -> Array:
        if (memory is None) == self.config.is_encoder_decoder:
            raise InputError(
                "an encoder–decoder needs the memory that `encode` makes of a source."
                if memory is None
                else "a language model takes no memory."
            )
        with self._numbers.unwatched():
            logits: Array = self._network.decode(recorder, ids, memory, cache, labels, last=last)
        self._numbers.check(logits)
        return logits

    def new_cache(self, max_length: int = 0) -> KeyValueCache:
        """An empty cache for one sequence.

        Args:
            max_length: tokens of the longest sequence; 0 stands for the model's longest.
        """
        return KeyValueCache(self.config, max_length, dtype=self.dtype)

    def new_recording(self, digits: int = 4) -> Recording:
        """A recorder that keeps every step of the passes it is given to.

        Args:
            digits: places after the decimal point when numbers are printed.
        """
        return Recording(self.named_weights, digits)

    def derive(
        self,
        target: Sequence[int],
        source: Sequence[int] | None = None,
        *,
        numbers: NumberType = FLOAT64,
        digits: int = 4,
        labels: Sequence[str] | None = None,
        source_labels: Sequence[str] | None = None,
        vocabulary: Sequence[str] | None = None,
        source_vocabulary: Sequence[str] | None = None,
        chooses: bool = False,
        right: int | None = None,
        weights: Mapping[str, Array] | None = None,
        title: str = "A forward pass",
    ) -> Derivation:
        """A whole pass in any number type, exact decimals for example: for models that a person can follow.

        What is given stands first: the tokens, then every weight before the step that first needs it.

        Args:
            target: ids; for an encoder–decoder they begin with bos.
            source: an encoder–decoder's, with eos.
            numbers: float64, float32 or `Exact(digits)`.
            digits: places after the decimal point when numbers are printed.
            labels: the tokens of the target.
            source_labels: those of the source.
            vocabulary: every token that the model writes, by its id.
            source_vocabulary: every token that it reads; an encoder–decoder's.
            chooses: whether the pass goes on to the token that follows the last one: its logits alone,
                probabilities, and the choice.
            right: with `chooses`, the id of the token that should follow: the pass then ends with its loss.
            weights: those that replace the model's own, by their names in derivations.
            title: one line for its reader.

        Raises:
            InputError: an id is not in the vocabulary, the source is missing or superfluous, or numbers overflow.
            LengthError: there is no token, or there are too many.
        """
        if (source is None) == self.config.is_encoder_decoder:
            raise InputError("an encoder–decoder needs a source, and only it.")
        wanted = self._ids(target, self.config.vocab_size, 0)
        read = None if source is None else self._ids(source, self.config.source_vocab_size, 0)

        named = {name: ((weights or {}).get(name, array), axes) for name, (array, axes) in self.named_weights.items()}

        def plan(builder: Builder) -> None:
            words = {"target_embedding": vocabulary, "output_weight": vocabulary, "output_bias": vocabulary}
            words["source_embedding"] = source_vocabulary
            given = _Given(builder, self.config, named, words)
            tables = PositionTables(self.config, self.dtype)
            network: Network[Step] = Network(given, self.config, tables)
            memory = None if read is None else network.encode(builder, read, source_labels)
            logits = network.decode(builder, wanted, memory, labels=labels, last=chooses)
            if chooses:
                network.choose(builder, logits, right)

        derivation = derive(plan, Subject(title), numbers=numbers, digits=digits)
        return replace(derivation, steps=_in_reading_order(derivation.steps))

    def _ids(self, ids: Sequence[int], known: int, start: int, *, sequences: bool = False) -> Array:
        array = np.array(ids, dtype=np.int64)
        if not array.size:
            raise LengthError("a sequence has no token; give at least one.")
        n = 1 if sequences else len(array)
        if start + n > self.config.max_length:
            raise LengthError(
                f"a sequence of {start + n} tokens is longer than the model's longest, {self.config.max_length}; "
                "shorten it."
            )
        for index in ids:
            if not 0 <= index < known:
                raise InputError(
                    f"token id {index} is not in the vocabulary, which has {known} entries (0 to {known - 1}); "
                    "encode the text with the model's own tokenizer."
                )
        return array[:, np.newaxis] if sequences else array


_MOST_AS_WRITTEN = 100_000  # weights; for more of them nobody can read, it would take seconds


def load(
    directory: str | Path, dtype: Literal["float32", "float64"] = "float32", *, as_written: bool = False
) -> Transformer:
    """Reads a model that was trained or converted: config.json and model.safetensors; or a GGUF file.

    Args:
        directory: the model's, or the file.
        dtype: number type to compute in, whatever the storage.
        as_written: in float64, whether the weights of a small model are the shortest decimals that stored floats
            stand for: 0.12, not 0.11999999731779099.

    Raises:
        ConfigError: `config.json` is missing or cannot be used, or the file is of no Llama.
        WeightsError: the weights are missing, damaged, a pickle, or not those of the configuration.
    """
    path = Path(directory)
    if is_gguf(path):
        file = read_gguf(path)
        config = gguf_config(file)
        return Transformer(config, gguf_arrays(file, config, np.dtype(dtype)), str(path))
    config, path = open_model_directory(path)
    arrays, metadata = read_arrays(path, np.dtype(dtype))
    check_origin(path, config, metadata)
    if as_written and dtype == "float64" and sum(array.size for array in arrays.values()) <= _MOST_AS_WRITTEN:
        arrays = {name: array.astype(np.float32).astype(str).astype(np.float64) for name, array in arrays.items()}
    return Transformer(config, arrays, str(path))


def _in_reading_order(steps: Mapping[str, Step]) -> dict[str, Step]:
    """Tokens first; every other input before the step that first needs it."""
    ordered = {name: step for name, step in steps.items() if isinstance(step.operation, Indices)}
    for name, step in steps.items():
        if not step.is_given:
            ordered.update((operand.name, operand) for operand in step.operands)
            ordered[name] = step
    return ordered


def _filled(labels: Sequence[str], size: int) -> tuple[str, ...]:
    """As many labels as a table has rows: some models have more than there are tokens."""
    return (*labels, *(f"({entry})" for entry in range(len(labels), size)))


class _Arrays:
    """Weights as arrays, laid out for products; remembers what each is called in derivations."""

    def __init__(self, config: TransformerConfig, arrays: Mapping[str, Array]) -> None:
        self._config, self._arrays = config, arrays
        self._held: dict[str, Array] = {}
        self.named: dict[str, tuple[Array, tuple[Axis, ...]]] = {}

    def matrix(self, name: str) -> Array:
        entries = "position" if name.endswith("positions.weight") else "vocabulary"
        return self._name(name, self._arrays[name], entries, "d_model")

    def vector(self, name: str) -> Array | None:
        return self._name(name, self._arrays[name], "d_model") if name in self._arrays else None

    def linear(self, names: Sequence[str]) -> Joined[Array]:
        joined = joined_arrays(
            [
                tuple(
                    self._arrays[f"{name}.{kind}"].T for kind in ("weight", "bias") if f"{name}.{kind}" in self._arrays
                )
                for name in names
            ],
            _LINEAR,
        )
        for name, part in zip(names, joined.parts, strict=True):
            self._name(f"{name}_weight", part[0], "d_in", "d_out")
            if len(part) == 2:
                self._name(f"{name}_bias", part[1], "d_out")
        return joined

    def projection(self) -> Joined[Array]:
        weight = self.matrix("target_embedding" if self._config.tie_embeddings else "output_weight")
        bias = self._arrays.get("output_bias")
        if bias is None:
            return joined_arrays([(weight,)], _PROJECTION)
        return joined_arrays([(weight, self._name("output_bias", bias, "vocabulary"))], _PROJECTION)

    def _name(self, name: str, array: Array, *axes: str) -> Array:
        # One array for each name, however often it is asked for.
        if name not in self._held:
            self._held[name] = array
            self.named[name] = (array, tuple(Axis(axis, size) for axis, size in zip(axes, array.shape, strict=True)))
        return self._held[name]


class _Given:
    """The same weights as inputs of a derivation."""

    def __init__(
        self,
        builder: Builder,
        config: TransformerConfig,
        named: Mapping[str, tuple[Array, tuple[Axis, ...]]],
        words: Mapping[str, Sequence[str] | None],
    ) -> None:
        self._builder, self._config, self._named, self._words = builder, config, named, words
        self._steps: dict[str, Step] = {}

    def matrix(self, name: str) -> Step:
        if name not in self._steps:
            array, (entries, *others) = self._named[name]
            labels = self._words.get(name)
            if labels is not None:
                entries = Axis(entries.name, entries.size, _filled(labels, entries.size))
            axes = (entries, *others)
            self._steps[name] = self._builder.given(name, array, axes)
        return self._steps[name]

    def vector(self, name: str) -> Step | None:
        return self.matrix(name) if name in self._named else None

    def linear(self, names: Sequence[str]) -> Joined[Step]:
        return Joined(tuple(self._operands(f"{name}_weight", f"{name}_bias") for name in names), _LINEAR)

    def projection(self) -> Joined[Step]:
        weight = "target_embedding" if self._config.tie_embeddings else "output_weight"
        return Joined((self._operands(weight, "output_bias"),), _PROJECTION)

    def _operands(self, weight: str, bias: str) -> tuple[Step, ...]:
        return tuple(self.matrix(name) for name in (weight, bias) if name in self._named)
