"""The terminal report, as it is read."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

import pellucid  # installs the presenters
from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Finding, Report, Unchecked
from pellucid.checking.source import Source
from pellucid.rendering import Appearance
from pellucid.rendering.report import render_reports

WHOLE = """\
article.md: wrong   3 wrong · 1 convention · 24 checked

  How it was read
    “sitting” is the query; “The” and “dog” are keys.
    The scale is 1/√3.

  ✗ line 5  scores[sitting, The]  printed 0.13, right 0.21     wrong dot product
    5 │ Dot Product (sitting, The)=0.3×0.1+0.4×0.3+0.1×0.6=0.13
      │                                                    ^^^^
        0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.21
        0.13 is printed; the terms of this sum give 0.21.
        → follows: line 7: scaled_scores[sitting, The] printed 0.0751, right
          0.1212
        → follows: line 11: weights[sitting, The] printed 0.15, right 0.16

  · row vectors
    Tokens are rows.

  The right numbers of “sitting”
  weights  0.1591  0.1666  0.1705  0.1666  0.1735  0.1637
  output   0.5175  0.3505  0.8326

  sitting · The     = 0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.21
  sitting · dog     = 0.3×0.2 + 0.4×0.4 + 0.1×0.7 = 0.29
  sitting · is      = 0.3×0.3 + 0.4×0.5 + 0.1×0.4 = 0.33
  sitting · sitting = 0.3×0.4 + 0.4×0.3 + 0.1×0.5 = 0.29
  sitting · on      = 0.3×0.6 + 0.4×0.4 + 0.1×0.2 = 0.36
  sitting · the     = 0.3×0.4 + 0.4×0.2 + 0.1×0.6 = 0.26

  sum     = e^(0.21/√3) + e^(0.29/√3) + e^(0.33/√3) + e^(0.29/√3) + e^(0.36/√3)
            + e^(0.26/√3) = 7.0963
  The     = e^(0.21/√3)/7.0963 = 1.1289/7.0963 = 0.1591
  dog     = e^(0.29/√3)/7.0963 = 1.1823/7.0963 = 0.1666
  is      = e^(0.33/√3)/7.0963 = 1.2099/7.0963 = 0.1705
  sitting = e^(0.29/√3)/7.0963 = 1.1823/7.0963 = 0.1666
  on      = e^(0.36/√3)/7.0963 = 1.2310/7.0963 = 0.1735
  the     = e^(0.26/√3)/7.0963 = 1.1620/7.0963 = 0.1637

  output[sitting, 0] = 0.1591×0.3 + 0.1666×0.5 + 0.1705×0.2 + 0.1666×0.6 +
                       0.1735×0.7 + 0.1637×0.8 = 0.5175
  output[sitting, 1] = 0.1591×0.2 + 0.1666×0.3 + 0.1705×0.1 + 0.1666×0.4 +
                       0.1735×0.5 + 0.1637×0.6 = 0.3505
  output[sitting, 2] = 0.1591×0.8 + 0.1666×0.9 + 0.1705×0.7 + 0.1666×0.9 +
                       0.1735×0.8 + 0.1637×0.9 = 0.8326
"""


def test_a_report_is_told_root_causes_first(article):
    assert article.to_text() == WHOLE


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(article, columns):
    assert max(map(cell_len, article.to_text(width=columns).splitlines())) <= columns


def test_colours_change_nothing_but_colours(article):
    from rich.text import Text

    coloured = article.to_text(colour=True)
    assert "\x1b[" in coloured
    plain = "\n".join(line.rstrip() for line in Text.from_ansi(coloured).plain.splitlines())
    assert plain + "\n" == WHOLE


def excerpt_of(text: str, printed: str, found, width: int = 80, **fields) -> tuple[str, str]:
    """The quoted line and what stands below it, without the gutter."""
    report = Report("a.md", 1, [found(text, printed, **fields)], source=Source("a.md", text))
    lines = report.to_text(width=width).splitlines()
    first = next(position for position, line in enumerate(lines) if " │ " in line)
    quoted, under = lines[first : first + 2]
    assert quoted.index(" │ ") == under.index(" │ ")
    return quoted.partition(" │ ")[2], under.partition(" │ ")[2]


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        ("score ", "score "),
        ("注意 · 狗 ", "注意 · 狗 "),
        ("e\u0301 and \U0001f436 ", "e\u0301 and \U0001f436 "),
        ("a\tb\t", "a    b    "),
        ("\x1b[31m\u202e", "␣[31m␣"),
    ],
)
def test_the_underline_stands_below_the_number(found, before, shown):
    quoted, under = excerpt_of(f"first\n{before}0.13 rest\r\nlast", "0.13", found)
    assert quoted == f"{shown}0.13 rest"
    assert under == " " * cell_len(shown) + "^^^^"


@pytest.mark.parametrize("before", [0, 10, 5_000, 1_000_000])
@pytest.mark.parametrize("after", [0, 10, 5_000, 1_000_000])
def test_long_lines_are_cut_around_the_number(found, before, after):
    text = f"{'狗' * before} 0.13 {'b' * after}"
    quoted, under = excerpt_of(text, "0.13", found)
    assert cell_len(quoted) <= 75
    assert cell_len(quoted[: quoted.index("0.13")]) == under.index("^")
    assert quoted.startswith("…") == (before > 10)
    assert quoted.endswith("…") == (after > 10)


def test_a_number_wider_than_the_terminal_is_cut_itself(found):
    number = "1" * 300
    quoted, under = excerpt_of(f"x = {number} y", number, found)
    assert cell_len(quoted) <= 75
    assert under.strip() == "^" * (len(under) - under.index("^"))


def test_what_is_missing_from_a_line_shows_the_line():
    source = Source("a.md", "one\n\tweights of “sitting”\nthree")
    finding = Finding("missing", "missing", "The weights are not printed.", line=2)
    text = Report("a.md", 3, [finding], source=source).to_text()
    assert text == (
        "a.md: right. 3 numbers checked.\n\n"
        f"  ? line 2{'missing':>70}\n    2 │ weights of “sitting”\n        The weights are not printed.\n"
    )


def test_more_than_six_followers_are_counted(found):
    text = "0.13 " + " ".join(f"0.2{i}" for i in range(9))
    followers = [found(text, f"0.2{i}", cause="follows", follows_from=0) for i in range(9)]
    lines = Report("a.md", 10, [found(text, "0.13"), *followers], source=Source("a.md", text)).to_text().splitlines()
    assert sum("→ follows:" in line for line in lines) == 6
    assert lines[-1].strip() == "→ and 3 more that follow from it"


def test_findings_that_follow_from_each_other_in_a_circle_do_not_hang(found):
    text = "0.13 0.21"
    circle = [found(text, "0.13", follows_from=1), found(text, "0.21", follows_from=0)]
    assert "0.13" in Report("a.md", 2, circle, source=Source("a.md", text)).to_text()


def test_exact_values_stand_before_the_rounded_ones(found, article):
    finding = replace(article.findings[1], follows_from=None)
    text = replace(article, findings=[finding], corrected=()).to_text()
    assert "0.21/√3 = 0.121243557 ≈ 0.1212\n" in text


def test_a_right_document_gets_one_friendly_line():
    assert Report("article.md", 24).to_text() == "article.md: right. 24 numbers checked.\n"
    assert Report("article.md", 1).to_text() == "article.md: right. 1 number checked.\n"


def test_a_document_with_nothing_to_check_says_so():
    assert Report("a.md").to_text() == "a.md: there is nothing in it to check.\n"


def test_drift_and_last_digits_are_rounding(found):
    text = "0.13"
    assert (
        Report("a.md", 1, [found(text, "0.13", "drift")]).to_text().startswith("a.md: rounding   1 drift · 1 checked")
    )


def test_a_document_that_cannot_be_read_says_why():
    assert Report("a.md", reason="it is a picture.").to_text() == "a.md: unreadable. it is a picture.\n"


def test_several_files_end_with_a_sum(article):
    reports = [Report("a.md", 3), Report("b.md", 1), article, Report("c.md")]
    text = render_reports(reports, "terminal")
    assert text.startswith("a.md: right. 3 numbers checked.\nb.md: right. 1 number checked.\n\narticle.md: wrong")
    assert text.endswith("\n\n4 files: 2 right, 1 wrong, 1 with nothing to check.\n")


def test_of_many_files_those_with_nothing_to_check_are_counted():
    reports = [Report(f"{i}.md") for i in range(6)]
    assert render_reports(reports, "terminal") == "6 files: 6 with nothing to check.\n"


def test_names_and_messages_cannot_command_the_terminal():
    finding = Finding("error", "x\x1b[2J", "\x1b[31mred", label="\x1b]0;title\x07")
    report = Report("\x1b[2Ja.md", 1, [finding], reading=["\x1b[2J"])
    assert "\x1b" not in render_reports([report], "terminal", Appearance(width=80))


def test_a_span_at_the_end_of_a_text_without_line_end(found):
    text = "a\nx = 0.13"
    quoted, under = excerpt_of(text, "0.13", found)
    assert (quoted, under) == ("x = 0.13", "    ^^^^")


def test_a_span_over_two_lines_is_underlined_on_its_first():
    text = "sum = 0.\n13 end"
    finding = Finding("error", "x", "", span=Span(6, 11), printed="0.13")
    lines = Report("a.md", 1, [finding], source=Source("a.md", text)).to_text().splitlines()
    assert [line.partition("│ ")[2] for line in lines[-2:]] == ["sum = 0.", "      ^^"]


class Workbook(Source):
    """A source that counts the rows of each of its two sheets, as spreadsheets do."""

    def line(self, offset: int) -> int:
        return 1

    def line_span(self, line: int) -> Span:
        return Span(0, 6)

    def place(self, offset: int) -> str:
        return "Second!B1"


def test_places_in_a_spreadsheet_are_cells(found):
    text = "First\na\t0.2\nSecond\nb\t0.13\n"
    finding = found(text, "0.13", correct="0.21")
    report = Report("a.xlsx", 1, [finding], source=Workbook("a.xlsx", text))
    assert report.to_text().splitlines()[2:] == [
        f"  ✗ Second!B1  printed 0.13, right 0.21{'dot product':>41}",
        "    1 │ b    0.13",
        "      │      ^^^^",
    ]
    assert "✗ 4 │ b    0.13" in report.to_markdown()
    assert "<del>0.13</del> <ins>0.21</ins>" in report.to_html()


def test_a_right_report_says_what_was_not_compared():
    # The sum of three weights for two keys belongs nowhere.
    text = "q = [1, 2], k1 = [1, 0], k2 = [0, 1]\n\nscores: [1, 2]\n\nweights: [0.3, 0.3, 0.6]\n"
    shown = render_reports([pellucid.checking.check_file("x.md", text.encode())], "terminal", Appearance())
    assert shown == (
        "x.md: right, as far as it could be read. 2 numbers checked, 3 not.\n\n"
        "  Not checked\n    line 5 │ weights: [0.3, 0.3, 0.6]\n"
    )


def test_many_lines_that_were_not_checked_are_counted():
    text = "".join(f"weights: 0.{n:02}\n" for n in range(10, 30))
    lines = [Unchecked(n + 1, Span(13 * n + 9, 13 * n + 13), (f"0.{n + 10}",)) for n in range(20)]
    shown = Report("a.md", 3, source=Source("a.md", text), unchecked=lines).to_text().splitlines()
    assert shown[0] == "a.md: right, as far as it could be read. 3 numbers checked, 20 not."
    assert shown[3:] == [*(f"    line {n} │ weights: 0.{n + 9}" for n in range(1, 6)), "    and 15 more lines"]


def test_a_document_with_decimal_commas_gets_its_right_numbers_with_commas():
    text = (
        '"Hund": Query = [0,25; 0,5], Key = [0,15; 0,35], Value = [0,35; 0,25]\n\n'
        '"Katze": Query = [0,45; 0,65], Key = [0,25; 0,45], Value = [0,55; 0,35]\n\n'
        "Katze · Katze = 0,45·0,25 + 0,65·0,45 = 0,48\n"
    )
    shown = pellucid.checking.check_file("komma.md", text.encode()).to_text()
    # 0.1125 + 0.2925, exactly; nothing in the report may print it with a point
    assert "0,45×0,25 + 0,65×0,45 = 0,405" in shown.partition("The right numbers")[0]
    assert "Katze · Katze = 0,45×0,25 + 0,65×0,45 = 0,405" in shown.partition("The right numbers")[2]
    assert not [word for word in shown.split() if word[0].isdigit() and "." in word.rstrip(".")]
