"""What `pellucid inspect` shows: a summary, the steps of a generation, a row's arithmetic, or two of them compared."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from pellucid.capturing import (
    CapturedHead,
    Comparison,
    GenerationStep,
    Layer,
    Recording,
    Summary,
    capture,
    generation_steps,
)
from pellucid.capturing.comparison import compare
from pellucid.capturing.export import SUFFIXES as HEADS
from pellucid.capturing.labels import written
from pellucid.capturing.top_keys import SUFFIXES as TABLES
from pellucid.cli.counting import counting
from pellucid.cli.output import appearance, deliver, print_data, write_atomically
from pellucid.derivation import Axis, Derivation
from pellucid.errors import InputError, nearest
from pellucid.pretrained.reader import Opening, Reader, open_reader
from pellucid.rendering.explanation import Selection, explain_attention
from pellucid.rendering.generation import generation_data, generation_text
from pellucid.rendering.recording_comparison import comparison_data, comparison_text
from pellucid.rendering.recording_document import comparison_document, summary_document
from pellucid.rendering.recording_summary import summary_data, summary_text

_WHOLE = 4096
"""Weights of a head that are all shown when no query is named; of more only the last row."""
_FORMATS_OF_STEPS = ("terminal", "json", "html")
_FURTHER = (
    ("--layer L --head H", "its arithmetic, number by number"),
    ("-o page.html", "a page with every head, its map, any row, any number"),
    ("--query TOKEN", "another row than the last; -o row.xlsx, .tex, .md, …"),
    ("--compare head=H", "another head beside it; or layer=, text=, model="),
)


@dataclass(frozen=True)
class Wanted:
    """What is looked at.

    Args:
        model: its name, or the file of a recording.
        text: that it reads; `None` with a recording.
        pair: what it has written so far, or a second text.
        layer, head, query: of the row whose arithmetic is shown; all `None` for a summary.
        generate: new tokens; `None` for one forward pass.
        step: of a generation.
    """

    model: str
    text: str | None
    pair: str | None
    layer: int | None
    head: int | None
    query: str | None
    generate: int | None
    step: int | None

    @property
    def names_row(self) -> bool:
        """Whether a head or a query is named."""
        return self.head is not None or self.query is not None

    @property
    def title(self) -> str:
        """What is read by what."""
        words = Path(self.model).name if self.text is None else f"{Path(self.model).name} reads “{self.text}”"
        if self.pair is not None:
            words += f" with “{self.pair}”"
        if self.step is not None:
            words += f", step {self.step}"
        return words if self.layer is None else f"{words}: layer {self.layer}"

    def altered(self, changes: Sequence[str]) -> Wanted:
        """The same with other values, each given as "name=value".

        Raises:
            InputError: there is no such name, or no such value.
        """
        fields: dict[str, Any] = {}
        for change in changes:
            name, equals, value = change.partition("=")
            if name in _COMPARED and not equals:
                raise InputError(f"--compare {change!r} lacks what to compare with; write {name}=VALUE.")
            if name not in _COMPARED:
                known = ", ".join(_COMPARED)
                raise InputError(
                    f"--compare {change!r} is not NAME=VALUE with one of {known}{nearest(name, _COMPARED)}."
                )
            if name in ("layer", "head", "step"):
                if not (value.isascii() and value.isdigit()):
                    raise InputError(f"--compare {change!r}: a {name} is a number from 0.")
                fields[name] = int(value[:9])
            else:
                fields[name] = value
        return replace(self, **fields)


_COMPARED = ["layer", "head", "query", "text", "pair", "model", "step"]


def show(
    looks: Looks, wanted: Wanted, other: Wanted | None, file_format: str, output: Path | None, *, fragment: bool
) -> None:
    """Show what is wanted.

    Args:
        looks: runs models.
        wanted: what is looked at.
        other: what stands beside it; `None` for nothing.
        file_format: in which format.
        output: the file; `None` for standard output.
        fragment: without the frame of a whole document.

    Raises:
        InputError: something does not exist, or cannot be used.
        MissingExtraError: a library is not installed.
    """
    if wanted.names_row or (other is not None and other.names_row) or (other is None and wanted.layer is not None):
        derivation, query = _rows(looks, wanted, other)
        deliver(explain_attention(derivation, Selection(query)), file_format, output, fragment=fragment)
        return
    as_json, looked = file_format == "json", appearance(output, fragment)
    recording, steps = looks.at(wanted)
    layers = _layers(recording, steps, wanted)
    result: str | dict[str, Any]
    if other is not None:
        both, compared, titles = _comparison(looks, wanted, other)
        if file_format not in ("terminal", "json"):
            deliver(comparison_document(both, compared, titles), file_format, output, fragment=fragment)
            return
        result = comparison_data(both, compared, titles) if as_json else comparison_text(both, compared, titles, looked)
    elif file_format == "html":
        result = _page(recording, wanted)
    elif steps and wanted.step is None:
        if file_format not in _FORMATS_OF_STEPS:
            raise InputError(
                f"the steps of a generation are shown in {' or '.join(_FORMATS_OF_STEPS)}, not {file_format}; give "
                "--step for the heads at one of them, or --head for the arithmetic of a row, which every format has."
            )
        further = (("--step S", "all heads at that step"), *_FURTHER[:1])
        result = (
            generation_data(recording, steps, wanted.title)
            if as_json
            else generation_text(recording, steps, wanted.title, looked, further)
        )
    else:
        summary = _summary(recording, layers)
        if file_format not in ("terminal", "json"):
            deliver(summary_document(recording, summary, wanted.title), file_format, output, fragment=fragment)
            return
        result = (
            summary_data(recording, summary, wanted.title)
            if as_json
            else summary_text(recording, summary, wanted.title, looked, _FURTHER)
        )
    data = msgspec.json.encode(result).decode() + "\n" if isinstance(result, dict) else result
    if output is None:
        print_data(data)
    else:
        write_atomically(output, data)


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
        if wanted.text is None:
            recording = Recording.load(wanted.model)
            return recording, generation_steps(recording)
        if wanted.model not in self._readers:
            self._readers[wanted.model] = open_reader(wanted.model, self._opening)
        reader = self._readers[wanted.model]
        if wanted.generate is not None:
            reader.writes()
        with capture(reader.model, reader.tokenizer, reader.source_tokenizer) as recording:
            if wanted.generate is None:
                reader.read(wanted.text, wanted.pair)
                ids = []
            else:
                ids = reader.generate(wanted.text, wanted.generate, wanted.pair)
        recording.notes.extend(reader.notes)
        if not recording.layers:
            raise InputError(f"{reader.name} computed no softmax attention that can be recorded{_reasons(recording)}.")
        return recording, generation_steps(recording, written(ids, reader.tokenizer))


def write_export(recording: Recording, path: Path, wanted: Wanted) -> None:
    """Numbers for other programs: of the chosen layer and head, or of all.

    Raises:
        OutputError: the file cannot be written, or its suffix names no format.
        PositionError: there is no such layer or head.
        MissingExtraError: a library that writes the format is not installed.
    """
    if path.suffix.lower() in TABLES:
        layers = recording.layers if wanted.layer is None else [_layer(recording.layers, wanted.layer)]
        recording.top_keys(layers=layers).write(path)
    elif path.suffix.lower() in HEADS:
        recording.export(path, layer=wanted.layer, head=wanted.head)
    else:
        known = ", ".join((*HEADS, *TABLES))
        raise InputError(f"{path} has no suffix that --export knows; there are {known}.")


def _reasons(recording: Recording) -> str:
    found = sorted({f"{module.class_name}: {module.reason}" for module in recording.unrecorded})
    return f" ({'; '.join(found[:3])})" if found else ""


def _layers(recording: Recording, steps: Sequence[GenerationStep], wanted: Wanted) -> Sequence[Layer]:
    """The layers that are looked at: of the one pass, or of a step."""
    if not steps:
        if wanted.step is not None:
            raise InputError(f"{wanted.model} holds no generation, and so no step {wanted.step}; leave out --step.")
        return recording.layers
    step = len(steps) - 1 if wanted.step is None else Axis("step", len(steps)).position(wanted.step)
    return steps[step].layers


def _layer(layers: Sequence[Layer], layer: int | None) -> Layer:
    return layers[-1] if layer is None else layers[Axis("layer", len(layers)).position(layer)]


def _head(recording: Recording, steps: Sequence[GenerationStep], wanted: Wanted) -> CapturedHead:
    return _layer(_layers(recording, steps, wanted), wanted.layer).head(wanted.head or 0)


def _rows(looks: Looks, wanted: Wanted, other: Wanted | None) -> tuple[Derivation, str | None]:
    """The arithmetic, and the query that its reader is led through; two rows where they are compared."""
    head = _head(*looks.at(wanted), wanted)
    _, _, n_q, n_k = head.layer.shape
    query = n_q - 1 if wanted.query is None else wanted.query
    if other is not None:
        beside = _head(*looks.at(other), other)
        return head.compare(beside, query, beside.layer.shape[2] - 1 if other.query is None else other.query), None
    if n_q * n_k <= _WHOLE:
        return head.derivation(), wanted.query
    return head.row(query), None


def _comparison(
    looks: Looks, wanted: Wanted, other: Wanted
) -> tuple[tuple[Recording, Recording], Comparison, tuple[str, str]]:
    """Both recordings, and what sets apart their layers, or the ones that are named."""
    both = (looks.at(wanted), looks.at(other))
    summaries, titles = [], []
    for (recording, steps), one in zip(both, (wanted, other), strict=True):
        layers = _layers(recording, steps, one)
        if wanted.layer is not None or other.layer is not None:
            layer = _layer(layers, one.layer)
            summaries.append(_summary(recording, [layer]))
            titles.append(replace(one, layer=layers.index(layer)).title)
        else:
            summaries.append(_summary(recording, layers))
            titles.append(one.title)
    return (both[0][0], both[1][0]), compare(*summaries), (titles[0], titles[1])


def _page(recording: Recording, wanted: Wanted) -> str:
    """All of the recording as a page that stands on its own."""
    from pellucid.rendering.recording_page import recording_page

    command = ["pellucid", "inspect", wanted.model, *([] if wanted.text is None else [wanted.text])]
    command += [] if wanted.pair is None else ["--pair", wanted.pair]
    command += [] if wanted.generate is None else ["--generate", str(wanted.generate)]
    heads = sum(layer.num_heads for layer in recording.layers)
    with counting("looking at heads", heads) as progress:
        told = None if progress is None else lambda done, total: progress(1)
        return recording_page(recording, title=Path(wanted.model).name, command=shlex.join(command), progress=told)


def _summary(recording: Recording, layers: Sequence[Layer]) -> Summary:
    with counting("looking at heads", len(layers)) as progress:
        return recording.summary(layers, progress=progress)
