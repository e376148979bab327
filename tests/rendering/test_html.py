"""The page as it stands, before any script runs."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.expressions import Number, Sum
from pellucid.rendering.document import Document, Grid, Line, Section, Working
from pellucid.rendering.formats import Appearance
from pellucid.rendering.html import render

HOSTILE = """</script><img src=x onerror="window.hacked='yes'">'"]]>&lt;\x00\ud800"""
VOID = {"meta", "link", "img", "br", "input"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    children: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag, **attributes):
        """Every element below with this tag and these attributes; `class_` is one of its classes."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if child.is_(tag, attributes) else []
                found += child.all(tag, **attributes)
        return found

    def is_(self, tag, attributes):
        classes = self.attributes.get("class", "").split()
        return self.tag == tag and all(
            value in classes if name == "class_" else self.attributes.get(name.replace("_", "-")) == value
            for name, value in attributes.items()
        )


class Tree(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(page)
        self.close()
        assert self.open == [self.root], "an element is not closed"

    def handle_starttag(self, tag, attributes):
        node = Node(tag, dict(attributes))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, text):
        self.open[-1].children.append(text)


def parse(page):
    return Tree(page).root


def cells(tree):
    """The text of every cell of a matrix, by step and index."""
    numbers = [cell for cell in tree.all("td") if "data-index" in cell.attributes]
    return {(cell.attributes["data-step"], cell.attributes["data-index"]): cell.text for cell in numbers}


def printed(step):
    """The same from the derivation."""
    heads = [None] if step.value.ndim < 3 else range(step.shape[0])
    for head in heads:
        grid = Grid(step, "", head)
        for row, column in np.ndindex(*grid.shape):
            yield (step.name, ",".join(map(str, grid.index(row, column)))), grid.text(row, column)


def workings(tree):
    return {
        line.all("dt")[0].text: " ".join(line.all("dd")[0].text.split()) for line in tree.all("div") if line.all("dt")
    }


@pytest.fixture(scope="module")
def dog():
    return explain("dog-on-the-mat")


def test_the_weights_of_sitting_are_in_their_row(dog):
    found = cells(parse(dog.to_html()))
    row = [found["weights", f"3,{key}"] for key in range(6)]
    assert row == ["0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637"]


@pytest.mark.parametrize("name", ["dog-on-the-mat", "complete-sentence", "fully-masked-row"])
def test_every_number_is_in_a_matrix(name):
    derivation = explain(name)
    found = cells(parse(derivation.to_html()))
    shown = [step for step in derivation if not step.operation.is_copy]
    assert {step.name for step in shown} == {step for step, _ in found}
    for step in shown:
        for place, text in printed(step):
            assert found[place] == text, place


def test_workings_read_as_in_plain_text(dog):
    lines = workings(parse(dog.to_html()))
    assert lines["sitting · dog"] == "= 0.29/√3 = 0.1674"
    assert lines["dog"] == "= e^(0.29/√3)/7.0963 = 1.1823/7.0963 = 0.1666"
    assert lines["output[sitting, 2]"] == (
        "= 0.1591×0.8 + 0.1666×0.9 + 0.1705×0.7 + 0.1666×0.9 + 0.1735×0.8 + 0.1637×0.9 = 0.8326"
    )


def test_formulas_are_set_with_fractions_and_indices(dog):
    (softmax,) = parse(dog.to_html()).all("p", class_="display")
    assert softmax.text == "weight_j = e^(score_j) / Σ_k e^(score_k)"
    assert [part.text for part in softmax.all("sub")] == ["j", "j", "k", "k"]
    (fraction,) = softmax.all("span", class_="fraction")
    assert [part.text for part in fraction.all("sup")] == ["score_j", "score_k"]


def test_rows_and_columns_have_heads(dog):
    (scores,) = parse(dog.to_html()).all("figure", data_step="scores")
    assert [head.text for head in scores.all("th", scope="col")] == ["The", "dog", "is", "sitting", "on", "the"]
    assert [head.text for head in scores.all("th", scope="row")] == ["The", "dog", "is", "sitting", "on", "the"]


def test_larger_weights_are_darker(dog):
    (weights,) = parse(dog.to_html()).all("figure", data_step="weights")
    styles = {cell.attributes.get("data-index"): cell.attributes.get("style", "") for cell in weights.all("td")}
    shades = {index: float(style.removeprefix("--shade:")) for index, style in styles.items() if style}
    assert shades["1,4"] == 1.0  # 0.1741, the largest of all
    assert shades["1,0"] == pytest.approx(0.1569 / 0.1741, abs=1e-3)


def test_nothing_is_fetched(dog):
    page = parse(dog.to_html())
    policies = [meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes]
    assert policies[0].startswith("default-src 'none'; ")
    assert "'unsafe-eval'" not in policies[0]
    assert [link.attributes["href"] for link in page.all("link")] == ["data:,"]
    assert not re.search(r"\bsrc=|@import|url\(|https?://(?!www\.w3\.org/2000/svg)", dog.to_html())


def test_text_of_users_stays_text():
    example = Example(
        title=HOSTILE, purpose=HOSTILE, tokens=[HOSTILE, "b"], query=[[1], [2]], key=[[1], [2]], value=[[3], [4]]
    )
    page = parse(explain(example).to_html())
    assert not page.all("img")
    assert len(page.all("script")) == 2
    assert page.all("h1")[0].text == HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert page.all("script", type="application/json")[0].text.isascii()


def test_a_fragment_is_the_page_without_its_frame(dog):
    fragment = dog.to_html(fragment=True)
    assert fragment.startswith('<div class="pellucid"')
    assert fragment.rstrip().endswith("</div>")
    assert fragment in dog.to_html()
    assert dog._repr_html_() == fragment
    assert not [node for node in parse(fragment).all("h1") if "id" in node.attributes]


def test_rules_apply_below_the_fragment_only(dog):
    (style,) = parse(dog.to_html(fragment=True)).all("style")
    rules = re.sub(r"/\*.*?\*/", "", style.text, flags=re.DOTALL)
    while re.search(r"\{[^{}]*\}", rules):
        rules = re.sub(r"\{[^{}]*\}", ";", rules)
    selectors = [selector for rule in rules.split(";") for selector in rule.split(",") if selector.strip()]
    assert selectors
    assert all(re.search(r"(^|\s)\.pellucid", selector.strip()) for selector in selectors)


def test_a_worksheet_has_boxes_and_no_answers(dog):
    page = dog.to_html(blanks=frozenset({"scores", "weights"}))
    tree = parse(page)
    found = cells(tree)
    for name in ("scores", "weights"):
        assert {text for (step, _), text in found.items() if step == name} == {""}
    questions = {text for step in dog for _, text in printed(step) if step.name not in ("scores", "weights")}
    answers = {text for name in ("scores", "weights") for _, text in printed(dog[name])} - questions
    assert "0.1666" in answers
    words_and_data = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not [answer for answer in answers if re.search(rf"(?<![\d.]){re.escape(answer)}(?!\d)", words_and_data)]
    assert workings(tree)["dog"] == "="
    assert tree.all("span", class_="box")


def test_a_blank_line_keeps_its_label_only(dog):
    line = Line("7 + 8", (Sum((Number(Decimal(71)), Number(Decimal(82)))),), Number(Decimal(153)), blank=True)
    section = Section("On paper", (Working((line,)),))
    page = parse(render(Document("Title", "", (section,), dog.notation, (dog,)), Appearance(fragment=True)))
    assert workings(page) == {"7 + 8": "="}


def test_a_copy_of_a_blank_step_is_blank_too(dog):
    example = Example(scores=[[0.1234, 0.5678]], scale="none", value=[[1], [2]])
    page = explain(example).to_html(blanks=frozenset({"scores"}))
    assert "0.1234" not in page
    assert "0.5678" not in page


def test_a_large_matrix_shows_a_window_with_the_marked_row():
    n_q, n_k, d = 31, 43, 2
    random = np.random.default_rng(7)
    query, key, value = (random.normal(size=(n, d)) for n in (n_q, n_k, n_k))
    page = parse(explain(Example(query=query, key=key, value=value, focus=25)).to_html())
    (scores,) = page.all("figure", data_step="scores")
    rows = [head.text for head in scores.all("th", scope="row")]
    assert rows == [*map(str, range(17)), "25", "30"]
    assert scores.all("p", class_="left-out")[0].text == "19 of 31 rows and 19 of 43 columns shown"
