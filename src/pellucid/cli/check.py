"""`pellucid check`"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from pellucid.checking.report import Report
from pellucid.cli.check_targets import Fixing, refuse_contradictions
from pellucid.cli.checked_files import CheckedFile, checked_files
from pellucid.cli.complaint import complain, remark
from pellucid.cli.output import appearance, print_data, write_atomically
from pellucid.errors import InputError, OutputError, PellucidError
from pellucid.rendering.report import format_of_report, render_reports

_RIGHT, _WRONG, _UNREADABLE = 0, 1, 2
_MANY = 5


@dataclass(frozen=True)
class Checked:
    """A file and the report on it."""

    file: CheckedFile
    report: Report


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--format",
    "report_format",
    type=click.Choice(["terminal", "json", "github"]),
    help="The report for people, for programs, or as annotations in GitHub Actions.  [default: terminal]",
)
@click.option(
    "-t", "--to", "document_format", type=click.Choice(["markdown", "html"]), help="The document, corrections marked."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the report or the document there."
)
@click.option("--fix", is_flag=True, help="Write article.corrected.md beside article.md, with the right numbers.")
@click.option("--in-place", is_flag=True, help="With --fix: write over the file itself.")
@click.option("--force", is_flag=True, help="With --fix: write over an article.corrected.md that holds something else.")
@click.option("--example", type=click.Path(path_type=Path), metavar="FILE", help="Says how the document is to be read.")
def check(
    files: tuple[str, ...],
    as_json: bool,
    report_format: str | None,
    document_format: str | None,
    output: Path | None,
    fix: bool,
    in_place: bool,
    force: bool,
    example: Path | None,
) -> int:
    """Check the arithmetic that is printed in FILEs.

    A FILE is a Markdown, HTML, LaTeX, text or source file, a notebook, a table, a spreadsheet or an example file; a
    folder, for all of these in it; or - for standard input. The exit code is 0 when no number is wrong, 1 when one
    is, and 2 when a file cannot be read or written.

    \b
    pellucid check article.md                       what is wrong, and why
    pellucid check docs --format github             in continuous integration
    pellucid check article.md --to html -o a.html   the article, corrections marked
    pellucid check article.md --fix                 the article with the right numbers
    """
    wanted = _wanted_format(as_json, report_format, document_format, output)
    fixing = Fixing(fix, in_place, force)
    named = checked_files(files, output)
    refuse_contradictions(named, wanted, output, example, fixing)
    side = {} if example is None else {"side_file": _side_file(example), "side_name": str(example)}
    passed_over: list[str] = []
    checked = list(_checked(_with_progress(named), side, passed_over))
    if passed_over:
        names = ", ".join(passed_over[:_MANY]) + (", …" if len(passed_over) > _MANY else "")
        remark(f"{names}: {_several(len(passed_over), 'report')} of pellucid, passed over.")
    if not named:
        remark(f"{', '.join(files)}: there is no file in it that can be checked.")
    has_failed = False
    prints_document = fix and output is None and any(file.path is None for file in named)
    if not prints_document:
        has_failed |= _fails(lambda: _show([one.report for one in checked], wanted or "terminal", output))
    for one in checked:
        if fix and one.report.source is not None:
            has_failed |= _fails(partial(_fix, one, fixing, is_alone=len(checked) == 1))
        if one.report.reason:
            complain(f"{one.report.file}: {one.report.reason}")
    if fix and len(checked) > 1 and not any(one.report.corrections for one in checked):
        remark(f"there is no number to put right in any of the {len(checked)} files.")
    verdicts = {one.report.verdict for one in checked}
    return _UNREADABLE if has_failed or "unreadable" in verdicts else _WRONG if "wrong" in verdicts else _RIGHT


def _fails(write: Callable[[], None]) -> bool:
    """Whether something cannot be written, which is said and keeps nothing else from being written."""
    try:
        write()
    except PellucidError as error:
        complain(str(error))
        return True
    return False


def check_content(name: str, data: bytes, **side: Any) -> Report:
    """The report on a file that holds `data`."""
    from pellucid.checking import check_file  # the reader of documents is loaded when one is read

    report: Report = check_file(name, data, **side)
    return report


# Options


def _wanted_format(
    as_json: bool, report_format: str | None, document_format: str | None, output: Path | None
) -> str | None:
    """The one format that is asked for, in whichever way; `None` where none is."""
    given = {
        option: name
        for option, name in (
            ("--json", "json" if as_json else None),
            ("--format", report_format),
            ("--to", document_format),
        )
        if name is not None
    }
    if len(set(given.values())) > 1:
        raise OutputError(f"{' and '.join(given)} ask for different formats; choose one of them.")
    if given:
        return next(iter(given.values()))
    return None if output is None else format_of_report(output)


def _side_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise InputError(f"there is no file {path}; give the path of an example file with --example.") from None
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None


# Checking


def _checked(files: Iterable[CheckedFile], side: dict[str, Any], passed_over: list[str]) -> Iterator[Checked]:
    """The reports on files; the names of those that are reports themselves are added to `passed_over`."""
    for file in files:
        try:
            data = file.content()
        except FileNotFoundError:
            words = "there is no such file; give the path of a file or a folder, or - for standard input."
            yield Checked(file, Report(file.name, reason=words))
            continue
        except OSError as error:
            yield Checked(file, Report(file.name, reason=f"it cannot be read: {error.strerror or error}."))
            continue
        if file.is_own_report(data):
            passed_over.append(file.name)
            continue
        if file.is_other_data(data):
            continue
        report = check_content(file.name, data, **side)
        if not (report.reason and file.may_be_anything):
            yield Checked(file, report)


def _with_progress(files: Sequence[CheckedFile]) -> Iterable[CheckedFile]:
    if len(files) <= _MANY or not sys.stderr.isatty():
        return files
    from rich.console import Console
    from rich.progress import track

    return track(files, "Checking", console=Console(stderr=True), transient=True)


# Results


def _show(reports: Sequence[Report], wanted: str, output: Path | None) -> None:
    """The reports; of files that could not be read only programs are told here, people on standard error."""
    shown = reports if wanted in ("json", "github") else [report for report in reports if not report.reason]
    if not shown and wanted != "json":
        return
    text = render_reports(shown, wanted, appearance(output, fragment=False))
    if output is None:
        print_data(text)
    else:
        write_atomically(output, text)


def _fix(checked: Checked, fixing: Fixing, *, is_alone: bool) -> None:
    """Write the file with the right numbers, and say what that has done; of one of many, only if something is to say.

    Raises:
        PellucidError: it cannot be written.
    """
    report, path = checked.report, checked.file.path
    count = len(report.corrections)
    left = sum(finding.severity != "convention" for finding in report.findings) - count
    rest = f"; {_several(left, 'finding')} cannot be put right automatically" if left else ""
    if path is None:
        print_data(report.fixed())
    if count == 0:
        if is_alone or left:
            remark(f"{report.file}: there is no number to put right{rest}.")
        return
    if path is not None:
        fixing.write(path, report.fixed())
    written = "" if path is None else f" in {fixing.target(path)}"
    remark(f"{report.file}: {_several(count, 'number')} put right{written}{rest}.")


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
