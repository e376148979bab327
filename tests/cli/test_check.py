"""`pellucid check` around the checking: files, formats, fixing, exit codes."""

import importlib
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from pellucid.checking import check_file
from pellucid.checking.documents.reading import FORMATS
from pellucid.checking.example_files import SUFFIXES as EXAMPLE_SUFFIXES
from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Finding, Report
from pellucid.checking.source import Source
from pellucid.cli import main

check_module = importlib.import_module("pellucid.cli.check")
Run = Callable[..., tuple[int, str, str]]


def check_thirteens(name: str, data: bytes, side_file: bytes | None = None, side_name: str = "") -> Report:
    """Stands for the checking: every 0.13 is wrong, every 0.29 has drifted, and zero bytes cannot be read."""
    if b"\0" in data:
        return Report(name, reason="it holds no text.")
    text = data.decode()
    findings = []
    for printed, severity, correct in (("0.13", "error", "0.21"), ("0.29", "drift", "0.28"), ("0.5", "missing", None)):
        start = text.find(printed)
        while start >= 0:
            span = Span(start, start + len(printed))
            line = text.count("\n", 0, start) + 1
            findings.append(Finding(severity, "sum", f"{printed}?", None, None, span, line, printed, correct))
            start = text.find(printed, start + 1)
    reading = [] if side_file is None else [f"{side_name} holds {len(side_file)} bytes."]
    return Report(name, text.count("."), findings, reading, Source(name, text))


@pytest.fixture
def check(monkeypatch, capfdbinary, tmp_path) -> Run:
    """The command in this process, in an empty folder: exit code, standard output, standard error."""
    monkeypatch.setattr(check_module, "check_content", check_thirteens)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main.run(["check", *arguments])
        output, errors = capfdbinary.readouterr()
        return end.value.code, output.decode(), errors.decode()

    return run


@pytest.fixture
def standard_input(monkeypatch) -> Callable[[bytes], None]:
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Exit codes


@pytest.mark.parametrize(
    ("contents", "code"),
    [
        (["0.21"], 0),
        (["0.29"], 0),
        (["0.5"], 0),
        (["0.13"], 1),
        (["\0"], 2),
        (["0.21", "0.13"], 1),
        (["0.13", "\0", "0.21"], 2),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",), ("--format", "github"), ("--fix",)])
def test_the_exit_code_tells_the_worst(check, tmp_path, contents, code, options):
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.md").write_text(content)
    assert check(*(f"{number}.md" for number in range(len(contents))), *options)[0] == code


@pytest.mark.parametrize("document", ["markdown", "html"])
@pytest.mark.parametrize(("content", "code"), [("0.21", 0), ("0.13", 1), ("\0", 2)])
def test_the_exit_code_is_the_same_with_a_document(check, tmp_path, document, content, code):
    (tmp_path / "a.md").write_text(content)
    assert check("a.md", "--to", document, "-o", f"out.{document}")[0] == code
    assert (tmp_path / f"out.{document}").exists() == (code != 2)


# Files and folders


def test_a_missing_file_does_not_keep_others_from_being_checked(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    code, output, errors = check("none.md", "a.md")
    assert code == 2
    assert "a.md: wrong" in output
    assert errors == (
        "pellucid: none.md: there is no such file; give the path of a file or a folder, or - for standard input.\n"
    )


def test_folders_are_walked_in_order_past_what_is_not_writing(check, tmp_path):
    for name in (
        "b.md",
        "a/z.tex",
        "a/b/c.PY",
        "x.png",
        ".git/a.md",
        "node_modules/a.md",
        "build/a.md",
        ".a.md",
        "x.min.js",
    ):
        (tmp_path / "top" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "top" / name).write_text("0.21")
    reports = json.loads(check("top", "--json")[1])
    assert [report["file"] for report in reports] == ["top/b.md", "top/a/z.tex", "top/a/b/c.PY"]


@pytest.mark.parametrize(
    ("name", "content", "is_checked"),
    [
        ("a.yaml", "tokens: [a]\nquery: [[0.13]]\nkey:\n  - [1]\n", True),
        ("a.yml", '"claims" :  # printed\n- {step: scores, printed: "0.13"}\n', True),
        ("a.yml", '\ufeffclaims: [{"printed": "0.13"}]\n', True),
        ("a.yaml", "on:\n  query: [[0.13]]\n  key: [[1]]\n", False),
        ("a.yaml", "query: SELECT 0.13\nkey: name\n", False),
        ("a.yaml", "claims:\n  - insured: 0.13\n", False),
        ("a.json", '{"query": [[0.13]], "key": [[1]]}', True),
        ("a.json", '{"claims": [{"step": "scores", "printed": "0.13"}]}', True),
        ("a.json", '{"query": "0.13", "key": "a"}', False),
        ("a.json", '{"claims": ["0.13"]}', False),
        ("a.json", '{"embeddings": [[0.13]], "texts": ["a"]}', False),
        ("a.json", '{"deep": {"query": [[0.13]], "key": [[1]]}}', False),
        ("a.json", "0.13 {", False),
        ("a.json", "[" * 100_000, False),
        ("a.txt", "0.13", True),
        ("a.csv", "0.13\0", False),
        ("a.md", "0.13\0", True),
    ],
)
def test_data_files_in_folders_are_passed_over_when_they_are_no_examples(check, tmp_path, name, content, is_checked):
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / name).write_text(content, encoding="utf-8")
    assert len(json.loads(check("top", "--json")[1])) == is_checked
    assert len(json.loads(check(f"top/{name}", "--json")[1])) == 1


def test_a_file_that_is_named_twice_is_checked_once(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    assert len(json.loads(check("a.md", ".", "./a.md", "--json")[1])) == 1


def test_a_folder_with_nothing_to_check_is_said_so(check, tmp_path):
    (tmp_path / "top").mkdir()
    assert check("top") == (0, "", "pellucid: top: there is no file in it that can be checked.\n")
    assert check("top", "--json")[1] == "[]\n"


def test_standard_input_has_a_name(check, standard_input):
    standard_input(b"0.13")
    code, output, _ = check("-", "--json")
    assert (code, json.loads(output)[0]["file"]) == (1, "<stdin>")


def test_closed_standard_input_is_said_so(check, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert check("-") == (2, "", "pellucid: <stdin>: it cannot be read: standard input is closed.\n")


def test_of_several_names_of_a_file_the_first_counts(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    (tmp_path / "link.md").symlink_to("a.md")
    for names in (("a.md", "link.md"), ("link.md", "a.md")):
        assert [report["file"] for report in json.loads(check(*names, "--json")[1])] == [names[0]]


def test_links_that_lead_in_a_circle_cannot_be_read(check, tmp_path):
    (tmp_path / "a.md").symlink_to("b.md")
    (tmp_path / "b.md").symlink_to("a.md")
    code, _, errors = check("a.md", "--fix")
    assert (code, errors.count("\n")) == (2, 1)


def test_everything_that_can_be_read_is_found_in_a_folder(check, tmp_path):
    names = sorted(f"a{suffix}" for suffixes in FORMATS.values() for suffix in suffixes if suffix)
    for name in names:
        (tmp_path / name).write_text("0.13")
    assert [report["file"] for report in json.loads(check(".", "--json")[1])] == names


def test_a_broken_example_file_in_a_folder_is_not_passed_over(check, tmp_path, monkeypatch):
    monkeypatch.setattr(check_module, "check_content", check_file)
    claims = '"claims": [{"step": "scores", "printed": "1"}]'
    for name, content in (
        ("a.yaml", "query: [[1, 0],[0, 1]\nkey: [[1, 0], [0, 1]]\n"),
        ("b.json", f'{{"query": [[1]] {claims}}}'),
        ("c.json", f"{{{claims}}}"),
        ("d.json", '{"query": 5'),
    ):
        (tmp_path / name).write_text(content)
    code, output, errors = check(".")
    assert (code, output) == (2, "")
    assert [line.split()[1] for line in errors.splitlines()] == ["a.yaml:", "b.json:", "c.json:"]


@pytest.mark.parametrize("name", ["r.txt", "r.json", "r.html"])
def test_a_report_that_lies_in_the_folder_is_written_again(check, tmp_path, name):
    (tmp_path / "a.md").write_text("0.13")
    for _ in range(3):
        assert check(".", "-o", name)[:2] == (1, "")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("r.txt", ()),
        ("r.md", ("--to", "markdown")),
        ("r.html", ()),
        ("r.txt", ("--format", "github")),
    ],
)
def test_reports_in_a_folder_are_passed_over_and_named(check, tmp_path, name, options):
    (tmp_path / "a.md").write_text("It is 0.13.\n")
    assert check("a.md", "-o", name, *options)[0] == 1
    code, output, errors = check(".", "--json")
    assert (code, errors) == (1, f"pellucid: {name}: 1 report of pellucid, passed over.\n")
    assert [report["file"] for report in json.loads(output)] == ["a.md"]
    assert [report["file"] for report in json.loads(check(name, "--json")[1])] == [name]  # it was asked for


def test_a_text_that_begins_like_a_report_is_none(check, tmp_path):
    (tmp_path / "a.txt").write_text("Answer: wrong, and 0.13 is why\n")
    (tmp_path / "b.md").write_text("# What pellucid found\n\n0.21, right: 1\n")
    (tmp_path / "c.md").write_text("It ends so:\n\n```\n## What pellucid found\n\n**right**: 1 checked\n```\n")
    (tmp_path / "d.json").write_text("[]\n")
    code, output, errors = check(".", "--json")
    assert (code, errors) == (1, "")
    assert [report["file"] for report in json.loads(output)] == ["a.txt", "b.md", "c.md"]


def test_what_lies_in_the_folder_and_is_no_report_is_not_written_over(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    (tmp_path / "notes.txt").write_text("0.13")
    code, output, errors = check(".", "-o", "notes.txt")
    assert (code, output) == (2, "")
    assert errors.startswith("pellucid: -o would write the report over notes.txt, which is checked; name another file")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there are no names for open files")
def test_a_pipe_is_read_like_standard_input(tmp_path):
    article = f"```attention\nquery: [[1]]\nkey: [[1]]\nvalue: [[1]]\n```\n\n{ARTICLE}"
    script = 'exec "$1" -m pellucid check <(printf %s "$2") --json'
    result = subprocess.run(["bash", "-c", script, "bash", sys.executable, article], capture_output=True, timeout=60)
    assert result.returncode == 1
    (report,) = json.loads(result.stdout)
    assert report["file"].startswith("/dev/fd/")
    assert [finding["printed"] for finding in report["findings"]][:1] == ["0.13"]


def test_a_pipe_that_is_come_across_is_not_opened(check, tmp_path):
    os.mkfifo(tmp_path / "a.md")
    code, _, errors = check(".")
    assert (code, errors) == (2, "pellucid: a.md: it cannot be read: it is no regular file.\n")


def test_a_report_can_go_into_a_pipe(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    os.mkfifo(tmp_path / "r.json")
    reader = subprocess.Popen(["cat", "r.json"], cwd=tmp_path, stdout=subprocess.PIPE)
    assert check("a.md", "-o", "r.json")[0] == 1
    assert reader.communicate(timeout=60)[0].startswith(b"[")
    assert stat.S_ISFIFO((tmp_path / "r.json").stat().st_mode)


def test_many_files_show_no_progress_where_nobody_looks(check, tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.md").write_text("0.21")
    assert check(".")[2] == ""


def test_an_example_file_reaches_the_checking(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    (tmp_path / "side.yaml").write_text("scale: none\n")
    assert "side.yaml holds 12 bytes." in check("a.md", "--example", "side.yaml")[1]


# Formats


def test_json_is_a_list_of_reports_and_nothing_else(check, tmp_path):
    (tmp_path / "狗.md").write_text("0.13")
    (tmp_path / "b.md").write_text("\0")
    code, output, errors = check("狗.md", "b.md", "--json")
    assert code == 2
    expected = [check_thirteens("狗.md", b"0.13").as_json(), check_thirteens("b.md", b"\0").as_json()]
    assert output == json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
    assert errors == "pellucid: b.md: it holds no text.\n"


def test_github_gets_annotations(check, tmp_path):
    (tmp_path / "a.md").write_text("x\n= 0.13")
    annotation = "::error file=a.md,line=2,col=3,endColumn=7,title=sum::printed 0.13, right 0.21%0A0.13?\n"
    assert check("a.md", "--format", "github") == (1, annotation, "")


@pytest.mark.parametrize(
    ("name", "beginning"), [("r.txt", "a.md: wrong"), ("r.json", "["), ("r.html", "<!doctype"), ("r.md", "~~0.13~~")]
)
def test_the_suffix_of_the_output_tells_its_format(check, tmp_path, name, beginning):
    (tmp_path / "a.md").write_text("0.13")
    assert check("a.md", "-o", name)[:2] == (1, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


# Fixing


def test_fixing_writes_beside_the_original(check, tmp_path):
    (tmp_path / "a.md").write_bytes(b"0.13\r\n0.29 0.5 \xe7\x8b\x97")
    code, output, errors = check("a.md", "--fix")
    assert code == 1
    assert output.startswith("a.md: wrong")
    assert errors == (
        "pellucid: a.md: 2 numbers put right in a.corrected.md; 1 finding cannot be put right automatically.\n"
    )
    assert (tmp_path / "a.md").read_bytes() == b"0.13\r\n0.29 0.5 \xe7\x8b\x97"
    assert (tmp_path / "a.corrected.md").read_bytes() == b"0.21\r\n0.28 0.5 \xe7\x8b\x97"
    assert check("a.md", "--fix") == (code, output, errors)
    assert len(json.loads(check(".", "--json")[1])) == 1


def test_a_corrected_file_with_other_contents_is_only_written_over_with_force(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    (tmp_path / "a.corrected.md").write_text("mine")
    code, output, errors = check("a.md", "--fix")
    assert (code, output[:11]) == (2, "a.md: wrong")
    assert errors == (
        "pellucid: a.corrected.md is there already, with other contents, and is left as it is; move it away, write over"
        " it with --force, or write over the original with --in-place.\n"
    )
    assert (tmp_path / "a.corrected.md").read_text() == "mine"
    assert check("a.md", "--fix", "--force")[0] == 1
    assert (tmp_path / "a.corrected.md").read_text() == "0.21"


def test_fixing_in_place_writes_over_the_file(check, tmp_path):
    (tmp_path / "a.md").write_text("0.13")
    assert check("a.md", "--fix", "--in-place")[2] == "pellucid: a.md: 1 number put right in a.md.\n"
    assert files(tmp_path) == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "0.21"


def test_a_failure_while_writing_leaves_the_original_as_it_was(check, tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.md").write_text("0.13")
    monkeypatch.setattr("os.fsync", fail)
    code, _, errors = check("a.md", "--fix", "--in-place")
    assert (code, errors) == (2, "pellucid: a.md cannot be written: No space left on device.\n")
    assert files(tmp_path) == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "0.13"


def test_what_cannot_be_written_keeps_nothing_else_from_being_written(check, tmp_path):
    for name in ("1.md", "3.md"):
        (tmp_path / name).write_text("0.13")
    (tmp_path / "1.corrected.md").mkdir()
    (tmp_path / "bad.md").write_text("\0")
    code, output, errors = check("1.md", "bad.md", "3.md", "--fix", "-o", "none/r.txt")
    assert (code, output) == (2, "")
    assert errors == (
        "pellucid: none/r.txt cannot be written: No such file or directory.\n"
        "pellucid: 1.corrected.md is a folder; name a file in it.\n"
        "pellucid: bad.md: it holds no text.\n"
        "pellucid: 3.md: 1 number put right in 3.corrected.md.\n"
    )
    assert (tmp_path / "3.corrected.md").read_text() == "0.21"


@pytest.mark.parametrize(("options", "name"), [(("--in-place",), "a.md"), (("--force",), "a.corrected.md")])
def test_what_is_write_protected_is_left_as_it_is(check, tmp_path, options, name):
    (tmp_path / "a.md").write_text("0.13")
    (tmp_path / name).write_text("0.13")
    (tmp_path / name).chmod(0o444)
    code, _, errors = check("a.md", "--fix", *options)
    assert (code, errors) == (2, f"pellucid: {name} cannot be written: it is write-protected.\n")
    assert (tmp_path / name).read_text() == "0.13"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("a.md", "-o", "a.md"), "over a.md, which is checked"),
        (("b", "-o", "link.md"), "over b/c.md, which is checked"),
        (("a.md", "--example", "ex.json", "-o", "ex.json"), "over ex.json, the file that --example names"),
        (("a.md", "a.corrected.md", "--fix"), "of a.md over a.corrected.md, which is checked"),
        (("a.md", "--fix", "--example", "a.corrected.md"), "a.corrected.md, the file that --example names"),
        (("ex.json", "--fix", "--in-place", "--example", "ex.json"), "ex.json, the file that --example names"),
        (("a.md", "--fix", "--to", "markdown", "-o", "a.corrected.md"), "--fix writes a.corrected.md and -o"),
        (("b", "--fix", "-o", "b/c.corrected.md"), "--fix writes b/c.corrected.md and -o"),
        (("d.md", "a.md", "--fix", "--force"), "of d.md over a.md, which is"),
    ],
)
def test_nothing_that_is_read_is_written_over(check, tmp_path, arguments, part):
    (tmp_path / "b").mkdir()
    for name in ("a.md", "ex.json", "a.corrected.md", "b/c.md", "d.md"):
        (tmp_path / name).write_text("0.13")
    (tmp_path / "link.md").symlink_to("b/c.md")
    (tmp_path / "d.corrected.md").symlink_to("a.md")
    before = files(tmp_path)
    code, output, errors = check(*arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert part in errors
    assert files(tmp_path) == before
    assert {(tmp_path / name).read_text() for name in before} == {"0.13"}


@pytest.mark.parametrize(
    ("content", "rest"), [("0.21", ""), ("0.5", "; 1 finding cannot be put right automatically"), ("", "")]
)
def test_nothing_to_fix_writes_nothing(check, tmp_path, content, rest):
    (tmp_path / "a.md").write_text(content)
    assert check("a.md", "--fix")[2] == f"pellucid: a.md: there is no number to put right{rest}.\n"
    assert files(tmp_path) == ["a.md"]


def test_of_many_files_only_those_are_named_that_have_something_to_put_right(check, tmp_path):
    for name, content in (("a.md", "0.21"), ("b.md", "0.5"), ("c.md", "0.21")):
        (tmp_path / name).write_text(content)
    left = "pellucid: b.md: there is no number to put right; 1 finding cannot be put right automatically.\n"
    assert check(".", "--fix")[2] == left + "pellucid: there is no number to put right in any of the 3 files.\n"
    (tmp_path / "c.md").write_text("0.13")
    assert check(".", "--fix")[2] == left + "pellucid: c.md: 1 number put right in c.corrected.md.\n"


def test_fixed_standard_input_is_standard_output(check, standard_input):
    standard_input(b"0.13\r\n")
    assert check("-", "--fix") == (1, "0.21\r\n", "pellucid: <stdin>: 1 number put right.\n")


# Options that do not go together


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "FILE"),
        (("a.md", "--in-place"), "--fix"),
        (("a.md", "--force"), "--fix"),
        (("a.md", "--json", "--format", "github"), "--json and --format"),
        (("a.md", "--json", "--to", "html"), "--json and --to"),
        (("a.md", "--format", "pdf"), "'pdf'"),
        (("a.md", "b.md", "--to", "html"), "2 files"),
        (("a.md", "-o", "a.docx"), "a.docx"),
        (("-", "--fix", "--in-place"), "standard input"),
        (("-", "a.md", "--fix"), "standard input"),
        (("-", "--fix", "--json"), "-o"),
        (("a.md", "--example", "none.yaml"), "there is no file none.yaml"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(check, tmp_path, arguments, part):
    (tmp_path / "a.md").write_text("0.13")
    code, output, errors = check(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("pellucid: ")
    assert errors.count("\n") == 1
    assert part in errors
    assert files(tmp_path) == ["a.md"]


def test_json_given_twice_is_no_contradiction(check, tmp_path):
    (tmp_path / "a.md").write_text("0.21")
    assert check("a.md", "--json", "--format", "json")[0] == 0


# With the checking itself

ARTICLE = "Dot Product (sitting, The) = 0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.13\n"


def test_a_wrong_sum_is_found_and_put_right(pellucid, tmp_path):
    (tmp_path / "a.md").write_text(ARTICLE, encoding="utf-8")
    result = pellucid("check", "a.md", "--fix", cwd=tmp_path)
    assert result.returncode == 1
    assert "printed 0.13, right 0.21" in result.stdout
    assert (tmp_path / "a.corrected.md").read_text(encoding="utf-8") == ARTICLE.replace("0.13", "0.21")
    assert pellucid("check", "a.corrected.md", cwd=tmp_path).returncode == 0


def test_the_library_checks_one_file(tmp_path):
    import pellucid

    path = tmp_path / "a.md"
    path.write_text(ARTICLE, encoding="utf-8")
    report = pellucid.check(path)
    assert isinstance(report, pellucid.Report)
    assert report.verdict == "wrong"
    assert report.fixed().decode() == ARTICLE.replace("0.13", "0.21")
    with pytest.raises(pellucid.PellucidError, match="cannot be read"):
        pellucid.check(tmp_path / "none.md")


def test_importing_pellucid_loads_neither_checking_nor_colours():
    script = "import sys, pellucid; print([m for m in sys.modules if m.startswith(('pellucid.checking', 'rich'))])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_the_manual_lists_every_suffix():
    manual = (Path(__file__).parents[2] / "docs" / "checking.md").read_text(encoding="utf-8")
    suffixes = [*chain.from_iterable(FORMATS.values()), *EXAMPLE_SUFFIXES]
    assert [suffix for suffix in suffixes if f"`{suffix}`" not in manual and suffix] == []
