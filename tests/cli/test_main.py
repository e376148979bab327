import json
import os
import subprocess
import sys

import pytest


def test_explain_shows_the_numbers_of_the_article_put_right(pellucid):
    result = pellucid("explain")
    assert (result.returncode, result.stderr) == (0, "")
    assert "sitting · The     = 0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.21" in result.stdout
    assert "sitting  0.1591  0.1666  0.1705   0.1666  0.1735  0.1637" in result.stdout
    assert "sitting  0.5175  0.3505  0.8326" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout


def test_without_a_command_there_is_a_tour_from_the_sentence_to_the_weighted_sum(pellucid):
    result = pellucid()
    assert (result.returncode, result.stderr) == (0, "")
    assert "0.36/√3 = 0.2078" in result.stdout
    assert "= 0.5175" in result.stdout
    assert "pellucid explain --list" in result.stdout


def test_json_holds_every_step_with_full_precision(pellucid):
    document = json.loads(pellucid("explain", "--to", "json").stdout)
    assert list(document) == ["title", "tokens", "steps"]
    assert document["tokens"] == ["The", "dog", "is", "sitting", "on", "the"]
    steps = {step["name"]: step for step in document["steps"]}
    assert steps["weights"]["axes"] == ["query", "key"]
    assert steps["weights"]["shape"] == [6, 6]
    assert sum(steps["weights"]["values"][3]) == pytest.approx(1, abs=1e-15)
    assert steps["scores"]["values"][3] == pytest.approx([0.21, 0.29, 0.33, 0.29, 0.36, 0.26], abs=1e-15)


def test_exact_json_holds_strings_of_digits(pellucid):
    document = json.loads(pellucid("explain", "--exact", "--json").stdout)
    steps = {step["name"]: step["values"] for step in document["steps"]}
    assert steps["scores"][3] == ["0.21", "0.29", "0.33", "0.29", "0.36", "0.26"]
    assert steps["weights"][3][0].startswith("0.15908285722977413511630389910086")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["explain", "dog-on-the-matt"], ["dog-on-the-matt", "did you mean 'dog-on-the-mat'?"]),
        (["explain", "no/such/file.yaml"], ["no/such/file.yaml", "No such file"]),
        (["explain", "--query", "cat"], ["'cat'", "The, dog, is, sitting, on, the"]),
        (["explain", "--query", "The#2"], ["The#2", "once"]),
        (["explain", "--head", "1"], ["head 1", "there is one, number 0"]),
        (["explain", "--digits", "-1"], ["-1", "0 to"]),
        (["explain", "--precision", "0"], ["0 digits"]),
        (["explain", "--to", "htm"], ["'htm'", "'html'"]),
        (["explain", "-o", "dog.docx"], ["dog.docx", ".html"]),
        (["explain", "--no-such-option"], ["--no-such-option"]),
        (["explian"], ["explian"]),
    ],
)
def test_what_a_user_can_mend_is_one_sentence_and_exit_code_2(
    pellucid, assert_one_sentence, arguments, parts, tmp_path
):
    assert_one_sentence(pellucid(*arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_or_not_at_all(pellucid, assert_one_sentence, tmp_path):
    target = tmp_path / "dog.md"
    target.write_text("precious")
    assert_one_sentence(pellucid("explain", "--query", "cat", "-o", str(target)), "'cat'")
    assert target.read_text() == "precious"
    assert pellucid("explain", "-o", str(target)).returncode == 0
    assert "0.1735" in target.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["dog.md"]


def test_a_folder_or_a_missing_folder_cannot_be_written_to(pellucid, assert_one_sentence, tmp_path):
    assert_one_sentence(pellucid("explain", "--to", "json", "-o", str(tmp_path)), "is a folder")
    assert_one_sentence(pellucid("explain", "-o", str(tmp_path / "none" / "dog.json")), "cannot be written")


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "--json"],
        ["generate", "Once", "--max-tokens", "3"],
        ["diff", "dog-on-the-mat", "complete-sentence", "--json"],
        ["exercise", "--help"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_a_reader_that_has_gone_ends_a_command_quietly(arguments):
    """The pipe is closed before anything is written; the exit code is a shell's for a program that SIGPIPE ended."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = [sys.executable, "-m", "pellucid", *arguments]
        result = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=120)
    assert (result.returncode, result.stderr) == (141, "")


def test_a_reader_that_stops_early_is_quiet_too():
    """As `| head -1` does, while tokens are still being written."""
    command = [sys.executable, "-m", "pellucid", "generate", "Once upon a time", "--max-tokens", "200"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(4) == b"Once"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_complaints_that_nobody_reads_are_quiet_too():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = [sys.executable, "-m", "pellucid", "explain", "nothing"]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=pipe, timeout=120)
    assert (result.returncode, result.stdout) == (141, b"")


def test_a_closed_standard_output_is_one_sentence():
    command = f"{sys.executable} -m pellucid explain >&-"
    result = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True, timeout=120)
    assert result.returncode == 2
    assert result.stderr == "pellucid: standard output is closed; write to a file with -o NAME.\n"


def test_output_is_utf_8_whatever_the_locale(pellucid):
    result = pellucid("explain", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, "")
    assert "√3" in result.stdout


def test_the_file_of_a_shipped_example_is_a_start_for_ones_own(pellucid, tmp_path):
    (tmp_path / "mine.yaml").write_text(pellucid("explain", "--source").stdout, encoding="utf-8")
    assert pellucid("explain", "mine.yaml", cwd=tmp_path).stdout == pellucid("explain").stdout


def test_every_shipped_example_is_listed_with_its_purpose_and_can_be_explained(pellucid):
    listed = json.loads(pellucid("explain", "--list", "--json").stdout)
    assert listed[0]["name"] == "dog-on-the-mat"
    lines = pellucid("explain", "--list").stdout.splitlines()
    for example, line in zip(listed, lines, strict=True):
        assert line.split(maxsplit=1) == [example["name"], example["purpose"]]
        assert pellucid("explain", example["name"]).returncode == 0


@pytest.mark.parametrize("command", ["diff", "evaluate", "explain", "generate", "inspect", "translate"])
def test_every_command_says_alike_what_a_model_may_be(command):
    from click.testing import CliRunner

    from pellucid.cli import options
    from pellucid.cli.main import pellucid as commands
    from pellucid.pretrained.names import KINDS

    assert options.MODEL == KINDS
    result = CliRunner().invoke(commands, [command, "--help"], terminal_width=10_000)
    assert result.exit_code == 0
    assert KINDS in " ".join(result.output.split())


def test_the_version_is_printed(pellucid):
    from importlib.metadata import version

    assert pellucid("--version").stdout == f"pellucid {version('pellucid')}\n"


def test_an_unforeseen_fault_is_not_blamed_on_the_user_and_shows_no_traceback(monkeypatch, capsys):
    from pellucid.cli import main

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(main.pellucid, "main", fail)
    with pytest.raises(SystemExit) as exit_:
        main.run([])
    assert exit_.value.code == 70
    assert "a fault of pellucid" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "mine.json", "-o", "mine.json"],
        ["explain", "mine.json", "-o", "link.json"],
        ["exercise", "mine.json", "-o", "./mine.json"],
        ["exercise", "mine-answers.json", "-o", "mine.json"],  # the answer key stands beside the sheet
        ["tokenizer", "words", "mine.json", "-o", "mine.json"],
        ["inspect", "mine.json", "a text", "--export", "mine.json"],
    ],
)
def test_what_a_command_reads_it_does_not_write_over(pellucid, assert_one_sentence, tmp_path, arguments):
    example = (
        '{"tokens": ["a", "b"], "query": [[1, 0]], "query_tokens": ["a"], "key": [[1, 2], [0, 1]], "value": [[1], [3]]}'
    )
    for name in ("mine.json", "mine-answers.json"):
        (tmp_path / name).write_text(example.replace('"tokens"', '"key_tokens"'))
    (tmp_path / "link.json").symlink_to("mine.json")
    (tmp_path / "words").write_text("a b")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert_one_sentence(pellucid(*arguments, cwd=tmp_path), "would be lost")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
