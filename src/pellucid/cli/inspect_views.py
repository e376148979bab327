"""What `pellucid inspect` shows: a summary, the steps of a generation, a row's arithmetic, or two of them compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from pellucid.capturing import CapturedHead, GenerationStep, Layer, Recording, capture, generation_steps
from pellucid.capturing.comparison import compare
from pellucid.cli.counting import counting
from pellucid.cli.output import appearance, deliver, print_data, write_atomically
from pellucid.derivation import Axis, Derivation
from pellucid.errors import InputError, nearest
from pellucid.pretrained.reader import Opening, Reader, open_reader
from pellucid.rendering.explanation import Selection, explain_attention
from pellucid.rendering.generation import generation_data, generation_text
from pellucid.rendering.recording_comparison import comparison_data, comparison_text
from pellucid.rendering.recording_summary import summary_data, summary_text

_WHOLE = 4096
"""Weights of a head that are all shown when no query is named; of more only the last row."""
_SUMMARY_FORMATS = ("terminal", "json")
_FURTHER = (
    ("--layer L --head H", "its arithmetic, number by number"),
    ("--query TOKEN", "another row than the last; -o row.html, .xlsx, .tex, … for other formats"),
    ("--compare head=H", "another head beside it; or layer=, text=, model="),
)


@dataclass(frozen=True)
class Wanted:
    """What is looked at.

    Args:
        model: its name.
        text: that it reads.
        pair: what it has written so far, or a second text.
        layer, head, query: of the row whose arithmetic is shown; all `None` for a summary.
        generate: new tokens; `None` for one forward pass.
        step: of a generation.
    """

    model: str
    text: str
    pair: str | None
    layer: int | None
    head: int | None
    query: str | None
    generate: int | None
    step: int | None

    @property
    def is_row(self) -> bool:
        """Whether one row is asked for."""
        return not self.layer is self.head is self.query is None

    @property
    def title(self) -> str:
        """What is read by what."""
        words = f"{Path(self.model).name} reads “{self.text}”"
        if self.pair is not None:
            words += f" with “{self.pair}”"
        return words if self.step is None else f"{words}, step {self.step}"

    def altered(self, changes: Sequence[str]) -> Wanted:
        """The same with other values, each given as "name=value".

        Raises:
            InputError: there is no such name, or no such value.
        """
        fields: dict[str, Any] = {}
        for change in changes:
            name, equals, value = change.partition("=")
            if name not in _COMPARED or not equals:
                known = ", ".join(_COMPARED)
                raise InputError(f"--compare {change!r} is not NAME=VALUE with one of {known}{nearest(name, _COMPARED)}.")
            if name in ("layer", "head"):
                if not (value.isascii() and value.isdigit()):
                    raise InputError(f"--compare {change!r}: a {name} is a number from 0.")
                fields[name] = int(value[:9])
            else:
                fields[name] = value
        return replace(self, **fields)


_COMPARED = ["layer", "head", "query", "text", "pair", "model", "step"]


def show(
    wanted: Wanted, other: Wanted | None, opening: Opening, file_format: str, output: Path | None, *, fragment: bool
) -> None:
    """Run the model and show what is wanted.

    Args:
        wanted: what is looked at.
        other: what stands beside it; `None` for nothing.
        opening: how the model is opened.
        file_format: in which format.
        output: the file; `None` for standard output.
        fragment: without the frame of a whole document.

    Raises:
        InputError: something does not exist, or cannot be used.
        MissingExtraError: a library is not installed.
    """
    looks = Looks(opening)
    recording, steps = looks.at(wanted)
    if wanted.is_row or (other is not None and other.is_row and other.layer is None):
        derivation, query = _row(_head(recording, steps, wanted), wanted)
        if other is not None:
            derivation = replace(derivation, beside=_row(_head(*looks.at(other), other), other)[0])
        deliver(explain_attention(derivation, Selection(query)), file_format, output, fragment=fragment)
        return
    if file_format not in _SUMMARY_FORMATS:
        raise InputError(
            f"a summary is shown in {' or '.join(_SUMMARY_FORMATS)}, not {file_format}; give --layer and --head for the "
            "arithmetic of a row, which every format has."
        )
    looked = appearance(output, fragment)
    if other is not None:
        beside, its_steps = looks.at(other)
        both = (recording, beside)
        layers = (_layers(recording, steps, wanted), _layers(beside, its_steps, other))
        if other.layer is not None:
            layers = ([_layer(layers[0], wanted.layer)], [_layer(layers[1], other.layer)])
        found = compare(_summary(both[0], layers[0]), _summary(both[1], layers[1]))
        titles = (wanted.title, other.title)
        if file_format == "json":
            _put(comparison_data(both, found, titles), output)
        else:
            _put(comparison_text(both, found, titles, looked), output)
        return
    if steps and wanted.step is None:
        if file_format == "json":
            _put(generation_data(recording, steps, wanted.title), output)
        else:
            further = (("--step S", "all heads at that step"), *_FURTHER[:1])
            _put(generation_text(recording, steps, wanted.title, looked, further), output)
        return
    summary = _summary(recording, _layers(recording, steps, wanted))
    if file_format == "json":
        _put(summary_data(recording, summary, wanted.title), output)
    else:
        _put(summary_text(recording, summary, wanted.title, looked, _FURTHER), output)


class Looks:
    """Recordings of what is wanted; a model that is wanted twice is opened once.

    Args:
        opening: how models are opened.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._readers: dict[str, Reader] = {}
        self._recordings: dict[tuple[object, ...], tuple[Recording, list[GenerationStep]]] = {}

    def at(self, wanted: Wanted) -> tuple[Recording, list[GenerationStep]]:
        """The recording, and the steps of a generation."""
        key = (wanted.model, wanted.text, wanted.pair, wanted.generate)
        if key not in self._recordings:
            self._recordings[key] = self._record(wanted)
        return self._recordings[key]

    def _record(self, wanted: Wanted) -> tuple[Recording, list[GenerationStep]]:
        if wanted.model not in self._readers:
            self._readers[wanted.model] = open_reader(wanted.model, self._opening)
        reader = self._readers[wanted.model]
        if wanted.generate is not None:
            reader.writes()
        with capture(reader.model, reader.tokenizer, reader.source_tokenizer) as recording:
            if wanted.generate is None:
                reader.read(wanted.text, wanted.pair)
                tokens = []
            else:
                tokens = reader.generate(wanted.text, wanted.generate, wanted.pair)
        recording.notes.extend(reader.notes)
        if not recording.layers:
            raise InputError(f"{reader.name} computed no softmax attention that can be recorded{_reasons(recording)}.")
        return recording, generation_steps(recording, tokens)


def _reasons(recording: Recording) -> str:
    found = sorted({f"{module.class_name}: {module.reason}" for module in recording.unrecorded})
    return f" ({'; '.join(found[:3])})" if found else ""


def _layers(recording: Recording, steps: Sequence[GenerationStep], wanted: Wanted) -> Sequence[Layer]:
    """The layers that are looked at: of the one pass, or of a step."""
    if not steps:
        return recording.layers
    step = len(steps) - 1 if wanted.step is None else Axis("step", len(steps)).position(wanted.step)
    return steps[step].layers


def _layer(layers: Sequence[Layer], layer: int | None) -> Layer:
    return layers[-1] if layer is None else layers[Axis("layer", len(layers)).position(layer)]


def _head(recording: Recording, steps: Sequence[GenerationStep], wanted: Wanted) -> CapturedHead:
    return _layer(_layers(recording, steps, wanted), wanted.layer).head(wanted.head or 0)


def _row(head: CapturedHead, wanted: Wanted) -> tuple[Derivation, str | None]:
    """The arithmetic, and the query that its reader is led through: all of a short text, else one row."""
    _, _, n_q, n_k = head.layer.shape
    if n_q * n_k <= _WHOLE:
        return head.derivation(), wanted.query
    return head.row(n_q - 1 if wanted.query is None else wanted.query), None


def _summary(recording: Recording, layers: Sequence[Layer]) -> Any:
    with counting("looking at heads", len(layers)) as progress:
        return recording.summary(layers, progress=progress)


def _put(result: str | dict[str, Any], output: Path | None) -> None:
    """Show or write a text, or data as JSON."""
    data = result if isinstance(result, str) else msgspec.json.encode(result).decode() + "\n"
    if output is None:
        print_data(data)
    else:
        write_atomically(output, data)
