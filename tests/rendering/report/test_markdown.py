"""Markdown with its corrections in it."""

import re

import pytest

from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Finding, Report, Unchecked
from pellucid.checking.source import Source


def corrected(found, text: str, name: str = "a.md", **fields) -> str:
    finding = found(text, "0.13", correct="0.21", message="No.", **fields)
    return Report(name, 1, [finding], source=Source(name, text)).to_markdown()


def test_the_article_keeps_its_words_and_shows_its_corrections(article):
    shown = article.to_markdown()
    body, _, rest = shown.partition("\n\n---\n\n")
    assert body == article.source.text.rstrip().replace("=0.13", "=~~0.13~~ **0.21**[^1]").replace(
        "0.0751", "~~0.0751~~ **0.1212**[^2]"
    ).replace("| 0.15 ", "| ~~0.15~~ **0.16**[^3] ")
    assert "**wrong**: 3 wrong · 1 convention · 24 checked" in rest
    assert "- *row vectors*. Tokens are rows." in rest
    assert "- The scale is 1/√3." in rest
    assert "output   0.5175  0.3505  0.8326" in rest
    assert (
        "[^1]: scores\\[sitting, The\\]: printed 0.13, right 0.21. `0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.21`. "
        "*wrong dot product*. 0.13 is printed; the terms of this sum give 0.21.\n" in rest
    )
    assert rest.endswith("[^3]: weights\\[sitting, The\\]: printed 0.15, right 0.16. *follows from line 5*[^1]\n")


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 0.13\n```\n",
        "~~~\n0.13\n~~~\n",
        "- ```\n  0.13\n  ```\n",
        "```\n0.13 never closed",
        "    x = 0.13\n",
        "text\n\n\tx = 0.13\n",
        "$x = 0.13$",
        "a $\\$ 0.13$ b",
        "$$\nx = 0.13\n$$",
        "\\[ x = 0.13 \\]",
        "\\( 0.13 \\)",
        "\\begin{align}\n0.13\n\\end{align}",
        "the `x = 0.13` of",
        "``a ` 0.13``",
        "<!-- 0.13 -->",
        '<p title="0.13">',
        "<pre>\n0.13\n</pre>",
        "[here](a-0.13.html)",
        "see https://example.org/0.13/",
        "[a]: b-0.13.html\n",
        "---\nversion: 0.13\n---\n\n# Title\n",
        "about ~0.13",
        "---\r\nv: 0.13\r\n---\r\n",
        "text\r\n\r\n    0.13\r\n",
        "```\r\n0.13\r\n```\r\n\r\ntext",
    ],
)
def test_where_a_mark_would_not_be_read_as_one_the_text_stays(found, text):
    shown = corrected(found, text)
    line = text[: text.index("0.13")].count("\n") + 1
    assert shown.startswith(text.rstrip("\r\n"))
    assert f"- line {line}: printed 0.13, right 0.21. *dot product*. No.\n" in shown
    assert "[^1]" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "0.13",
        "| a | 0.13 |",
        "**0.13**",
        "costs 5$ or 0.13",
        "`code` 0.13 `code`",
        "$x$ is 0.13 and $y$",
        "```\nx\n```\n0.13",
        "```\r\nx\r\n```\r\n0.13",
        "> quoted 0.13",
        "- item\n  0.13",
    ],
)
def test_elsewhere_the_number_is_struck_through(found, text):
    shown = corrected(found, text)
    assert shown.startswith(text.replace("0.13", "~~0.13~~ **0.21**[^1]"))
    assert "\n\n[^1]: printed 0.13, right 0.21. *dot product*. No.\n" in shown


def test_footnotes_of_the_document_keep_their_numbers(found):
    shown = corrected(found, "0.13 and[^1]\n\n[^1]: mine\n")
    assert shown.startswith("~~0.13~~ **0.21**[^pellucid-1] and[^1]")


def test_a_finding_without_a_right_number_is_a_footnote_only():
    finding = Finding("missing", "missing", "Where from?", span=Span(0, 4), printed="0.13")
    shown = Report("a.md", 1, [finding], source=Source("a.md", "0.13 is")).to_markdown()
    assert shown.startswith("0.13[^1] is\n")


def test_a_right_document_stays_as_it_is():
    text = "# Title\r\n\r\ntext"
    assert Report("a.md", 3, reading=["So."], source=Source("a.md", text)).to_markdown() == text


def test_what_was_not_checked_is_listed_below_the_document():
    text = "q = [1, 2]\n\nweights: [0.3, 0.6]\n"
    place = text.index("0.3")
    line = Unchecked(3, Span(place, place + 3), ("0.3", "0.6"))
    shown = Report("a.md", 1, source=Source("a.md", text), unchecked=[line]).to_markdown()
    assert shown == (
        f"{text}\n---\n\n## What pellucid found\n\n**right**: 1 checked · 2 not checked\n\n"
        "### Not checked\n\n- line 3: 0.3, 0.6\n"
    )


def test_other_formats_are_listed_below_their_corrections(found):
    text = "\\section{Dog}\n% ``` ````\n$x = 0.13$\n"
    shown = corrected(found, text, "a.tex")
    assert shown == (
        "# a.tex: wrong\n\n**wrong**: 1 wrong · 1 checked\n\n"
        "- line 3: printed 0.13, right 0.21. *dot product*. No.\n\n"
        "## The text\n\n`````text\n  1 │ \\section{Dog}\n  2 │ % ``` ````\n✗ 3 │ $x = 0.13$\n`````\n"
    )


def test_a_document_that_cannot_be_read_says_why():
    assert Report("a.pdf", reason="it is <b>.").to_markdown() == "# a.pdf: unreadable\n\nit is \\<b\\>.\n"


def test_messages_cannot_bring_markup():
    finding = Finding("error", "x", "[a](b) <b> `c` **d** $e$\n# f", label="|")
    shown = Report("a.md", 1, [finding], source=Source("a.md", "text")).to_markdown()
    line = next(line for line in shown.splitlines() if line.startswith("- "))
    assert re.sub(r"\\.", "", line).count("*") == 2
    assert "\\[a\\](b) \\<b\\>" in line


def test_a_document_of_a_megabyte_is_marked_in_no_time(found):
    text = "a $ `b` <c ( $$ \\[ [d](\n\n" * 20_000 + "0.13\n"
    assert "0.13" in corrected(found, text)
