import json

import openpyxl
import pytest


def test_worksheet_and_answer_key_follow_one_another(pellucid):
    shown = pellucid("exercise", "--seed", "7")
    assert (shown.returncode, shown.stderr) == (0, "")
    worksheet, key = shown.stdout.split("Answer key")
    assert "Name: ____" in worksheet
    assert "(seed 7)" in worksheet
    assert "______" in worksheet
    assert "______" not in key
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_the_same_seed_makes_the_same_sheet_and_another_seed_another(pellucid):
    sheets = [pellucid("exercise", "--seed", seed, "--part", "worksheet").stdout for seed in ("7", "7", "8")]
    assert sheets[0] == sheets[1]
    assert sheets[0] != sheets[2].replace("seed 8", "seed 7")


@pytest.mark.parametrize("suffix", [".txt", ".md", ".tex", ".html", ".xlsx", ".json", ".svg"])
def test_every_format_writes_the_sheet_and_its_key_beside_it(pellucid, suffix, tmp_path):
    result = pellucid("exercise", "-s", "I like tea", "-o", f"sheet{suffix}", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"sheet-answers{suffix}", f"sheet{suffix}"]
    assert all(path.stat().st_size > 500 for path in tmp_path.iterdir())


def test_variants_are_files_named_by_their_seeds(pellucid, tmp_path):
    pellucid("exercise", "--seed", "5", "--variants", "2", "-o", "a.json", cwd=tmp_path)
    names = ["a-seed5-answers.json", "a-seed5.json", "a-seed6-answers.json", "a-seed6.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    first, second = (json.loads((tmp_path / name).read_text()) for name in ("a-seed5.json", "a-seed6.json"))
    assert first["steps"] != second["steps"]


def test_json_to_standard_output_holds_both_parts(pellucid):
    both = json.loads(pellucid("exercise", "dog-on-the-mat", "--json").stdout)
    values = {part: {step["name"]: step["values"] for step in both[part]["steps"]} for part in both}
    assert values["worksheet"]["weights"] is None
    assert values["worksheet"]["query"] == values["answers"]["query"]
    assert values["answers"]["weights"][3][4] == pytest.approx(0.1735, abs=5e-5)


def test_the_spreadsheet_of_a_worksheet_gives_no_answer_away(pellucid, tmp_path):
    pellucid("exercise", "dog-on-the-mat", "--blanks", "hard", "-o", "s.xlsx", cwd=tmp_path)
    book = openpyxl.load_workbook(tmp_path / "s.xlsx", data_only=True)
    values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert 0.5 in values
    assert not [value for value in values if isinstance(value, float) and abs(value - 0.1735) < 1e-4]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--blanks", "wieghts"], ["'wieghts'", "'weights'"]),
        (["--seed", "-1"], ["-1", "0 or more"]),
        (["-s", " "], ["empty"]),
        (["-s", "a b", "--d-k", "0"], ["d_k", "1 or more"]),
        (["dog-on-the-mat", "-s", "a b"], ["give one of them"]),
        (["dog-on-the-mat", "--heads", "2"], ["--sentence"]),
        (["--variants", "3"], ["-o"]),
        (["--variants", "0", "-o", "x.md"], ["1 or more"]),
        (["--to", "latex"], ["two documents", "--part"]),
        (["--digits", "0"], ["digits"]),
    ],
)
def test_bad_input_is_one_sentence(pellucid, assert_one_sentence, arguments, parts, tmp_path):
    assert_one_sentence(pellucid("exercise", *arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []
