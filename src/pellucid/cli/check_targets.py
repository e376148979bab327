"""What `check` may write where: nothing that it reads, and nothing of the user's that it was not told to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pellucid.cli.checked_files import CheckedFile, corrected_path, identity
from pellucid.cli.output import write_atomically
from pellucid.errors import InputError, OutputError
from pellucid.rendering.report import ONE_DOCUMENT


@dataclass(frozen=True)
class Fixing:
    """How `--fix` is asked to write.

    Args:
        is_wanted: whether it is asked for at all.
        in_place: over the file itself.
        force: over what already stands where it writes.
    """

    is_wanted: bool = False
    in_place: bool = False
    force: bool = False

    def target(self, path: Path) -> Path:
        """Where the right numbers of a file go."""
        return path if self.in_place else corrected_path(path)

    def write(self, path: Path, data: bytes) -> None:
        """Write the right numbers of the file at `path`.

        Raises:
            OutputError: it cannot be written, or something else stands there.
        """
        target = self.target(path)
        if not self.in_place and target.is_file():
            if _holds(target, data):
                return
            if not self.force:
                raise OutputError(
                    f"{target} is there already, with other contents, and is left as it is; move it away, write over"
                    " it with --force, or write over the original with --in-place."
                )
        write_atomically(target, data)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def refuse_contradictions(
    files: Sequence[CheckedFile], wanted: str | None, output: Path | None, example: Path | None, fixing: Fixing
) -> None:
    """Stop before anything is read or written.

    Args:
        files: what is checked.
        wanted: the format of the report; `None` where none is named.
        output: where it goes; `None` for standard output.
        example: the file that says how documents are to be read.
        fixing: how files are put right.

    Raises:
        InputError: the options contradict each other or the files.
    """
    _refuse_options(files, wanted, output, fixing)
    reads = {identity(file.path): f"{file.path}, which is checked" for file in files if file.path is not None}
    if example is not None:
        reads[identity(example)] = f"{example}, the file that --example names"
    if output is not None and (read := reads.get(identity(output))):
        advice = "" if "--example" in read else " (--fix --in-place puts its numbers right)"
        raise OutputError(f"-o would write the report over {read}; name another file{advice}.")
    for path, target in _targets(files, fixing):
        if output is not None and identity(target) == identity(output):
            raise OutputError(f"--fix writes {target} and -o would write the report there; name another file with -o.")
        read = reads.get(identity(target))
        if read is None or (fixing.in_place and "--example" not in read):
            continue
        raise OutputError(f"--fix would write the right numbers of {path} over {read}; give only one of the two.")


def _targets(files: Sequence[CheckedFile], fixing: Fixing) -> Iterator[tuple[Path, Path]]:
    """Each file that may be put right, and where that is written."""
    if fixing.is_wanted:
        yield from ((file.path, fixing.target(file.path)) for file in files if file.path is not None)


def _refuse_options(files: Sequence[CheckedFile], wanted: str | None, output: Path | None, fixing: Fixing) -> None:
    reads_standard_input = any(file.path is None for file in files)
    if fixing.in_place and not fixing.is_wanted:
        raise InputError("--in-place says where --fix writes; give both.")
    if fixing.force and not fixing.is_wanted:
        raise InputError("--force says what --fix may write over; give both.")
    if wanted in ONE_DOCUMENT and len(files) != 1:
        raise InputError(f"--to {wanted} shows one document with its corrections; {len(files)} files are given.")
    if not (fixing.is_wanted and reads_standard_input):
        return
    if fixing.in_place:
        raise InputError("--in-place writes over a file, and standard input is none; leave it out.")
    if len(files) > 1:
        raise InputError("--fix prints standard input with the right numbers; give no other file beside it.")
    if wanted is not None and output is None:
        raise InputError("--fix prints standard input with the right numbers; write the report to a file with -o.")
