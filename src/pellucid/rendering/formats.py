"""The formats by name, and how a document or a derivation becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import OutputError, nearest

if TYPE_CHECKING:  # what renders is loaded when something is rendered: commands start without it
    from pellucid.derivation import Derivation
    from pellucid.rendering.document import Document


@dataclass(frozen=True)
class Format:
    """A format.

    Args:
        name: what `--to` takes.
        suffixes: of files that hold it; the first is the usual one.
        module: the renderer, a module of this package with `render(document, appearance)`.
        shows_every_head: whether it has room for the matrices of every head.
        binary: whether the renderer returns bytes.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    shows_every_head: bool = False
    binary: bool = False


FORMATS = {
    form.name: form
    for form in (
        Format("terminal", (".txt",), "terminal"),
        Format("markdown", (".md", ".markdown"), "markdown"),
        Format("latex", (".tex",), "latex"),
        Format("html", (".html", ".htm"), "html", shows_every_head=True),
        Format("xlsx", (".xlsx",), "xlsx", shows_every_head=True, binary=True),
        Format("json", (".json",), "json"),
        Format("svg", (".svg",), "svg"),
    )
}


@dataclass(frozen=True)
class Appearance:
    """How a document is to look, where a format leaves a choice.

    Args:
        fragment: without the frame of a whole document (LaTeX preamble, HTML head), to be put into another.
        colour: with colours, in the terminal.
        width: columns of the terminal.
    """

    fragment: bool = False
    colour: bool = False
    width: int = 80


_PLAIN = Appearance()


def format_of(path: Path) -> str:
    """The name of the format that a file's suffix stands for.

    Raises:
        OutputError: no format has that suffix.
    """
    for form in FORMATS.values():
        if path.suffix.lower() in form.suffixes:
            return form.name
    known = ", ".join(suffix for form in FORMATS.values() for suffix in form.suffixes)
    raise OutputError(f"{path} has no suffix of a known format ({known}); name the file so, or give the format.")


def render(document: Document, file_format: str, appearance: Appearance = _PLAIN) -> str | bytes:
    """The document in a format, as text, or as bytes where the format is binary.

    Raises:
        OutputError: there is no such format.
    """
    module = import_module(f"pellucid.rendering.{_format(file_format).module}")
    rendered: str | bytes = module.render(document, appearance)
    return rendered


def present(derivation: Derivation, file_format: str, **options: Any) -> str | bytes:
    """A derivation in a format: what `Derivation.to` calls.

    Args:
        derivation: of attention, or a whole pass that ends with a choice.
        file_format: its name.
        options: the fields of `Selection` and of `Appearance`; of a whole pass also the `layer`.

    Raises:
        OutputError: there is no such format.
        PositionError: a chosen token, head or layer does not exist.
    """
    from pellucid.rendering.explanation import Selection, explain_attention

    appearance = Appearance(**{k: options.pop(k) for k in ("fragment", "colour", "width") if k in options})
    every_head = _format(file_format).shows_every_head
    if "choice" not in derivation:
        document = explain_attention(derivation, Selection(**{"all_heads": every_head, **options}))
    else:
        from pellucid.rendering.whole_pass import explain_pass  # which explaining attention does without

        layer = options.pop("layer", None)
        document = explain_pass(derivation, Selection(**{"all_heads": every_head, **options}), layer)
    return render(document, file_format, appearance)


def present_recording(recording: Any, file_format: str, **options: Any) -> str:
    """A recording in a format: what `Recording.to_html` and `Recording.to_text` call.

    Args:
        recording: a `pellucid.capturing.Recording`.
        file_format: "html" or "terminal".
        options: those of `recording_page`; in the terminal a `title`, and the fields of `Appearance`.
    """
    if file_format == "html":
        from pellucid.rendering.recording_page import recording_page  # loaded with capturing

        return recording_page(recording, **options)
    from pellucid.rendering.recording_summary import summary_text

    title = options.pop("title", "Attention, recorded")
    return summary_text(recording, recording.summary(), title, Appearance(**options))


def present_report(report: Any, file_format: str, **options: Any) -> str | bytes:
    """A report on a checked file in a format: what `Report.to` calls.

    Args:
        report: a `pellucid.checking.Report`.
        file_format: its name, one of `pellucid.rendering.report.REPORT_FORMATS`.
        options: the fields of `Appearance`.

    Raises:
        OutputError: there is no such format.
    """
    from pellucid.rendering.report import render_reports  # loaded with checking, which explaining does without

    return render_reports([report], file_format, Appearance(**options))


def present_production(production: Any, file_format: str, **options: Any) -> str | bytes:
    """A production in a format: what `Production.to` calls.

    Args:
        production: a `pellucid.production.Production`.
        file_format: its name.
        options: `layer` and `head`; `step` for one step alone, and its `query`; the fields of `Appearance`.

    Raises:
        OutputError: there is no such format.
        PositionError: a chosen step, token, head or layer does not exist.
    """
    appearance = Appearance(**{k: options.pop(k) for k in ("fragment", "colour", "width") if k in options})
    return render(production_document(production, file_format, **options), file_format, appearance)


def production_document(
    production: Any,
    file_format: str,
    *,
    layer: int | None = None,
    head: int | None = None,
    step: int | str | None = None,
    query: int | str | None = None,
    further: Sequence[tuple[str, str]] = (),
) -> Document:
    """The document about a production that suits a format: to be stepped through where there is room.

    Args:
        production: a `pellucid.production.Production`.
        file_format: the name of the format.
        layer: of the decoder; the last by default.
        head: of it; what tells most by default.
        step: one step alone; `None` for all.
        query: of one step, the token whose row is spelled out.
        further: options that show more, each with what it shows.

    Raises:
        OutputError: there is no such format.
        PositionError: a chosen step, token, head or layer does not exist.
    """
    if step is not None:
        from pellucid.rendering.produced_step import explain_step  # which explaining attention does without

        return explain_step(production, step, layer, head, query)
    from pellucid.rendering.production import explain_production

    walks = _format(file_format).shows_every_head
    return explain_production(production, layer, head, walks=walks, further=further)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise OutputError(f"{name!r} is no format{nearest(name, list(FORMATS))}; there are {', '.join(FORMATS)}.")
    return FORMATS[name]
