"""What a capture has recorded, for its reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pellucid.capturing import export, saving
from pellucid.capturing.comparison import Comparison, compare
from pellucid.capturing.inputs import Given
from pellucid.capturing.labels import labels, names
from pellucid.capturing.layer import Layer
from pellucid.capturing.marks import Mark, Token, marked, marks
from pellucid.capturing.overview import TOP
from pellucid.capturing.recorder import Pass, operand_bytes
from pellucid.capturing.summary import Summary, summarise
from pellucid.capturing.top_keys import TopKeys, top_keys
from pellucid.errors import no_such
from pellucid.presenter import present


@dataclass(frozen=True)
class Unrecorded:
    """A module that is called attention, and of which there is no record.

    Args:
        name: dotted name.
        class_name: of the module.
        reason: "not softmax", or why it could not be followed.
    """

    name: str
    class_name: str
    reason: str


@dataclass(eq=False)
class Recording:
    """What was recorded; complete once the `with` statement is left.

    Args:
        passes: the forward passes, one for each call of the model from outside.
        tokenizer: names the tokens; `None` for numbers.
        notes: what a reader should know, a sentence each.
        source_tokenizer: names what an encoder reads, where that is another one.
        chosen: the tokens that a generation chose, one in each of the last passes; see `generation_steps`.
    """

    passes: list[Pass]
    tokenizer: Any = None
    notes: list[str] = field(default_factory=list)
    source_tokenizer: Any = None
    chosen: list[str] = field(default_factory=list)
    _layers: list[Layer] = field(default_factory=list, repr=False)
    _given: list[tuple[Token, ...]] | None = field(default=None, repr=False)  # of a recording that was read from a file

    @property
    def layers(self) -> list[Layer]:
        """Every attention that was computed, in order; of all passes, when a text is generated token by token."""
        found = [(number, record) for number, entry in enumerate(self.passes) for record in entry.records]
        for position in range(len(self._layers), len(found)):
            number, record = found[position]
            passes, tokenizers = self.passes[: number + 1], (self.tokenizer, self.source_tokenizer)
            tokens = labels(passes, record, *tokenizers)
            self._layers.append(Layer(record, position, tokens, marks(passes, record, *tokenizers)))
        return self._layers

    @property
    def tokens(self) -> list[tuple[Token, ...]]:
        """What the model was given, for each sequence, with special tokens and padding marked.

        Of an encoder–decoder it is what the encoder was given; of a text that was generated with a cache, all of it.
        Empty where the model was given no ids, as with images.
        """
        if self._given is not None:
            return self._given
        first = self.passes[0] if self.passes else None
        if first is None or first.source is None:
            return []
        sources = [first.source]
        if first.target is None:
            of_text = [entry for entry in self.passes if entry.name == first.name and entry.source is not None]
            sources = [entry.source for entry in of_text if entry.source is not None and entry.batch == first.batch]
        ids = torch.cat(sources, 1)
        padding = first.source_padding if first.target is not None else self.passes[-1].source_padding
        found = []
        for number, row in enumerate(ids.tolist()):
            known = padding is not None and padding.shape == ids.shape
            given = Given(row, padding[number].tolist() if padding is not None and known else None)
            texts = [str(place) for place in range(len(row))]
            reads = self.tokenizer if self.source_tokenizer is None else self.source_tokenizer
            if reads is not None:
                texts = list(names(row, len(row), reads) or texts)
            nothing: list[Mark] = [""] * len(row)
            its_marks = marked(given, len(row), reads) or nothing
            found.append(tuple(Token(text, mark) for text, mark in zip(texts, its_marks, strict=True)))
        return found

    def layers_of(self, number: int) -> list[Layer]:
        """Those of one pass.

        Raises:
            PositionError: there is no such pass.
        """
        if not 0 <= number < len(self.passes):
            raise no_such("pass", number, len(self.passes))
        start = sum(len(entry.records) for entry in self.passes[:number])
        return self.layers[start : start + len(self.passes[number].records)]

    def summary(
        self,
        layers: Sequence[Layer] | None = None,
        *,
        sequence: int = 0,
        progress: Callable[[int], object] | None = None,
    ) -> Summary:
        """What every head looks at, in a few numbers each.

        Args:
            layers: which; all by default.
            sequence: of the batch, from 0.
            progress: is told of every layer that is done.

        Raises:
            PositionError: there is no such sequence.
        """
        return summarise(self.layers if layers is None else layers, sequence=sequence, progress=progress)

    def compare(self, other: Recording, *, sequence: int = 0) -> Comparison:
        """This recording and another one, head by head: of another text, another model, another precision.

        Args:
            other: what it is compared with.
            sequence: of the batch, from 0.

        Raises:
            PositionError: there is no such sequence.
        """
        return compare(self.summary(sequence=sequence), other.summary(sequence=sequence))

    @property
    def unrecorded(self) -> list[Unrecorded]:
        """Modules that are called attention, by their classes' names, and of which there is no record."""
        missing: dict[str, Unrecorded] = {}
        for entry in self.passes:
            recorded = {record.module for record in entry.records}
            for name, saw_softmax in entry.called.items():
                inner = any(other != name and _within(other, name) for other in entry.called)
                if inner or name in missing or any(_within(r, name) or _within(name, r) for r in recorded):
                    continue
                reason = (
                    "its softmax was seen, but not the products before and after it" if saw_softmax else "not softmax"
                )
                missing[name] = Unrecorded(name, entry.classes[name], reason)
        return list(missing.values())

    def to_text(self, **options: Any) -> str:
        """The summary of all layers, as the terminal shows it, without colours.

        Args:
            options: a `title`; `width` of the terminal.
        """
        return self._to("terminal", **options)

    def to_html(self, **options: Any) -> str:
        """One page that stands on its own: every head, its map, any row, the arithmetic of any number.

        Args:
            options: a `title`; `rows`, the queries whose arithmetic the page of a long text is to carry.

        Raises:
            InputError: nothing was recorded.
            PositionError: no layer has one of the rows.
        """
        return self._to("html", **options)

    def _to(self, file_format: str, **options: Any) -> str:
        shown = present("recording", self, file_format, **options)
        assert isinstance(shown, str)
        return shown

    def save(self, path: str | Path) -> None:
        """Writes everything into one safetensors file, from which `load` derives the same.

        It holds queries, keys, values, masks, labels and what the model computed, as they are kept here.

        Args:
            path: of the file.

        Raises:
            OutputError: it cannot be written, or a model's scores depend on functions (FlexAttention).
        """
        saving.save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Recording:
        """Reads what `save` wrote; nothing in the file is run, and every layer is verified again when it is looked at.

        Layers of PyTorch's fast paths, whose verification needs the model's weights, keep the outcome of then.

        Raises:
            WeightsError: the file cannot be read, is damaged, or is no recording.
        """
        loaded = saving.load(Path(path))
        recording = cls(loaded.passes, notes=loaded.notes, chosen=loaded.chosen, _given=loaded.given)
        records = [record for entry in loaded.passes for record in entry.records]
        recording._layers = [
            Layer(record, number, tokens, marked, before)
            for number, (record, tokens, marked, before) in enumerate(
                zip(records, loaded.tokens, loaded.marks, loaded.verifications, strict=True)
            )
        ]
        return recording

    def export(
        self,
        path: str | Path,
        *,
        layer: int | Sequence[int] | None = None,
        head: int | Sequence[int] | None = None,
        sequence: int = 0,
    ) -> None:
        """Writes the numbers of some heads in float64 for other programs: `layers.3.heads.5.weights`, and so on.

        Of each head: `query`, `key`, `value`, `weights` and `output`. As safetensors the tokens stand in the metadata,
        as .npz in arrays named `layers.3.queries` and `layers.3.keys`.

        Args:
            path: of the file; its suffix, .safetensors or .npz, is the format.
            layer: which; all by default.
            head: which; all by default.
            sequence: of the batch, from 0.

        Raises:
            OutputError: it cannot be written, or has another suffix.
            PositionError: there is no such layer, head or sequence.
        """
        export.write_heads(self.layers, Path(path), layer, head, sequence)

    def top_keys(self, most: int = TOP, *, layers: Sequence[Layer] | None = None, sequence: int = 0) -> TopKeys:
        """The keys with the largest weights of every query of every head, as a table.

        Args:
            most: keys of a query.
            layers: which; all by default.
            sequence: of the batch, from 0.

        Raises:
            InputError: `most` is less than one.
            PositionError: there is no such sequence.
        """
        return top_keys(self.layers if layers is None else layers, most, sequence)

    @property
    def kept_bytes(self) -> int:
        """Bytes that the records keep alive, the rows of the outputs included."""
        operands = [o for layer in self.layers for o in (*layer.record.held(), layer.record.output)]
        return operand_bytes(operands)

    def verify(self) -> dict[str, list[str]]:
        """What was verified and what was not: the names of the modules for each status with its reason."""
        found: dict[str, list[str]] = {}
        for layer in self.layers:
            found.setdefault(layer.status, []).append(layer.name)
        for module in self.unrecorded:
            found.setdefault(f"no record: {module.reason}", []).append(module.name)
        return found

    def __repr__(self) -> str:
        missing = f", {len(self.unrecorded)} without a record" if self.unrecorded else ""
        return f"<Recording: {len(self.layers)} attentions in {len(self.passes)} passes{missing}>"


def _within(name: str, outer: str) -> bool:
    return name == outer or not outer or name.startswith(f"{outer}.")
