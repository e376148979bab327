"""The page of a report: well-formed, safe, with every link leading somewhere."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pellucid.checking.mapped_text import Span
from pellucid.checking.report import Finding, Report, Unchecked
from pellucid.checking.source import Source

_VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """The elements of a page; every one that is opened must be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text += data

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def links(self) -> set[str]:
        return {attributes["href"] for tag, attributes in self.tags if tag == "a"}


def test_the_page_is_well_formed_and_its_links_lead_somewhere(article):
    page = Page(article.to_html())
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert page.links() <= {f"#{name}" for name in ids}
    assert sum("-finding-" in name for name in ids) == len(article.findings)


def test_every_wrong_number_is_struck_with_the_right_one_beside_it(article):
    code = re.findall("<code>(.*?)</code></div>", article.to_html())
    assert re.sub(r'<span class="card".*?</span></span></span>|<.*?>', "", code[4]) == (
        "Dot Product (sitting, The)=0.3×0.1+0.4×0.3+0.1×0.6=0.13 0.21"
    )
    assert "<del>0.13</del> <ins>0.21</ins>" in code[4]
    assert "<del>0.0751</del> <ins>0.1212</ins>" in code[6]
    assert "<del>0.15</del> <ins>0.16</ins>" in code[10]


def test_the_page_tells_counts_causes_arithmetic_and_reading(article):
    text = Page(article.to_html()).text
    for part in ("3 wrong", "24 checked", "wrong dot product", "0.3×0.1 + 0.4×0.3 + 0.1×0.6 = 0.21", "= 0.121243557"):
        assert part in text
    for part in (*article.reading, "Tokens are rows.", "follows from line 5", "The right numbers of “sitting”"):
        assert part in text
    assert "exactly 0.159082857" in text


def test_nothing_is_loaded_from_elsewhere(article):
    html = article.to_html()
    page = Page(html)
    assert "default-src 'none'" in html
    assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "embed")]
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:|//)|@import|url\(", html)
    assert "<script" not in replace(article, corrected=()).to_html()


def test_markup_of_the_document_is_text_on_the_page(found):
    evil = "</code></style></script><script>alert(1)</script> \" onload='x' 0.13 &amp; <b>"
    finding = found(evil, "0.13", message=evil, label=evil, cause=evil, correct=evil, exact=evil)
    others = [Finding("missing", "missing", evil), Finding("error", "x", evil, line=1, follows_from=0)]
    report = Report(f"{evil}.md", 1, [finding, *others], reading=[evil], source=Source("a", evil))
    page = Page(report.to_html())
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert evil in page.text


def test_invisible_characters_of_the_document_are_seen():
    source = Source("a.md", "a\x00b\u202ec\td")
    text = Page(Report("a.md", 1, source=source).to_html()).text
    assert "a\ufffdb\ufffdc    d" in text


def test_long_documents_are_folded_far_from_what_was_found(found):
    text = "".join(f"line {number}\n" for number in range(1, 301)) + "0.13\n"
    html = Report("a.md", 1, [found(text, "0.13")], source=Source("a.md", text)).to_html()
    page = Page(html)
    assert "lines 1 to 296" in page.text
    assert html.index("line 297") > html.index("</details>", html.index('class="fold"'))
    assert "line 150" in page.text


def test_lines_of_a_megabyte_are_cut(found):
    text = f"{'x' * 1_000_000} 0.13 {'y' * 1_000_000}\n{'z' * 1_000_000}"
    html = Report("a.ipynb", 1, [found(text, "0.13")], source=Source("a.ipynb", text)).to_html()
    assert len(html) < 40_000
    assert "characters …" in html


def test_overlapping_findings_are_all_told_and_the_first_is_marked():
    source = Source("a.md", "x = 0.13 + 1")
    findings = [
        Finding("error", "one", "First.", span=Span(4, 8), printed="0.13", correct="0.21"),
        Finding("error", "two", "Second.", span=Span(4, 12), printed="0.13 + 1"),
        Finding("error", "three", "Third.", span=Span(7, 10), printed="3 +", follows_from=0),
    ]
    page = Page(Report("a.md", 3, findings, source=source).to_html())
    assert sum("-finding-" in name for name in page.ids()) == 3
    assert all(word in page.text for word in ("First.", "Second.", "Third."))


@pytest.mark.parametrize(
    ("report", "part"),
    [
        (Report("a.md", 24, source=Source("a.md", "text\n")), "right"),
        (Report("a.md", reason="it is a picture."), "it is a picture."),
        (Report("a.md", source=Source("a.md", "")), "0 checked"),
    ],
)
def test_reports_without_findings_are_pages_too(report, part):
    assert part in Page(report.to_html()).text


def test_what_was_not_checked_leads_to_its_lines():
    text = "".join(f"weights: 0.{n:02}\n" for n in range(10, 30))
    lines = [Unchecked(n + 1, Span(13 * n + 9, 13 * n + 13), (f"0.{n + 10}",)) for n in range(20)]
    page = Page(Report("a.md", 1, source=Source("a.md", text), unchecked=lines).to_html())
    assert "20 not checked" in page.text
    assert "12 more lines" in page.text
    assert [href for href in page.links() if href.endswith("-line-17")]


def test_in_a_notebook_a_report_is_a_fragment(article):
    fragment = article._repr_html_()
    assert fragment.startswith('<div class="pellucid-report">')
    assert "<body" not in fragment
    Page(fragment)
