import re
from functools import cache
from xml.etree import ElementTree

import numpy as np
import pytest

from pellucid import Example, explain
from pellucid.numbers import Notation
from pellucid.rendering import Appearance, render
from pellucid.rendering.document import Document, Grid, Section
from pellucid.rendering.explanation import Selection, explain_attention
from pellucid.rendering.svg import _INK, _PAPER

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<script>", "a&b", '"', "]]>", "\x00\x1b", "\ud800\ufffe", "", "中文👩‍👧", "w" * 200]


def picture(document):
    return ElementTree.fromstring(render(document, "svg", Appearance()))


@cache
def picture_of(name, **selection):
    return picture(explain_attention(explain(name), Selection(**selection)))


def heatmap(weights, tokens=None, **options):
    """The picture of one grid of these numbers."""
    step = explain(Example(scores=weights, scale=1.0, tokens=tokens))["scores"]
    grid = Grid(step, "weights", heat=True, **options)
    return grid, picture(Document("title", "", (Section("s", (grid,)),), Notation(4), ()))


def texts(root):
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def cells(root):
    """The rectangles that say which number they stand for."""
    return [box for box in root.iter(f"{SVG}rect") if box.find(f"{SVG}title") is not None]


def numbers(root):
    return [text for text in texts(root) if re.fullmatch(r"-?\d+\.\d+", text)]


def test_every_cell_holds_its_number():
    root = picture_of("dog-on-the-mat")
    weights = explain_attention(explain("dog-on-the-mat"), Selection()).sections[3].blocks[-1]
    assert isinstance(weights, Grid)
    assert len(cells(root)) == 36
    assert numbers(root) == [weights.text(row, column) for row in range(6) for column in range(6)]
    assert numbers(root)[18:24] == ["0.1591", "0.1666", "0.1705", "0.1666", "0.1735", "0.1637"]


def test_a_cell_names_its_row_and_column():
    assert cells(picture_of("dog-on-the-mat"))[19].findtext(f"{SVG}title") == "sitting → dog: 0.1666"


def test_axes_are_named_and_labelled_on_both_sides():
    shown = texts(picture_of("translation"))
    assert shown.count("query") == shown.count("key") == 1
    assert all(shown.count(token) == 1 for token in ("Der", "Hund", "sitzt", "The", "dog", "is", "sitting"))


def test_column_labels_slope_where_they_do_not_fit():
    turned = [
        [text.text for text in picture_of(name).iter(f"{SVG}text") if "rotate(-45)" in text.get("transform", "")]
        for name in ("self-and-cross", "dog-on-the-mat")
    ]
    assert turned == [[], ["The", "dog", "is", "sitting", "on", "the"]]


def test_every_head_and_both_sides_of_a_comparison_are_drawn():
    assert {"weights, head 0", "weights, head 1"} <= set(texts(picture_of("complete-sentence", all_heads=True)))
    shown = texts(picture_of("self-and-cross"))
    assert {"Self-attention: weights", "Cross-attention: weights"} <= set(shown)
    assert len(cells(picture_of("self-and-cross"))) == 3 * 3 + 3 * 2


def test_it_can_be_read_aloud():
    root = picture_of("dog-on-the-mat")
    assert root.get("role") == "img"
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root.findtext(f"{SVG}title") == "Self-attention: The dog is sitting on the"
    assert "The largest of row sitting is 0.1735, in column on." in (root.findtext(f"{SVG}desc") or "")


def test_it_needs_nothing_from_outside_and_runs_nothing():
    source = render(explain_attention(explain("dog-on-the-mat"), Selection()), "svg", Appearance())
    assert not re.search(r"href|url\(|@import|<script|<style|<image|<foreignObject|\son\w+=", source)
    assert re.findall(r"https?://[^\"]*", source) == ["http://www.w3.org/2000/svg"]


def test_darker_is_larger_and_the_largest_is_darkest():
    _, root = heatmap([[0.0, 0.25], [0.5, 1.0]])
    brightness = [sum(bytes.fromhex(str(box.get("fill"))[1:])) for box in cells(root)]
    assert brightness == sorted(brightness, reverse=True)
    assert len(set(brightness)) == 4


def luminance(colour):
    """Of WCAG 2.2."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_numbers_contrast_with_every_shade():
    _, root = heatmap(np.linspace(0.01, 1, 24).reshape(1, 24))
    digits = [text for text in root.iter(f"{SVG}text") if re.fullmatch(r"\d\.\d+", text.text or "")]
    inks = [str(text.get("fill")) for text in digits]
    assert set(inks) == {_INK, _PAPER}
    for ink, box in zip(inks, cells(root), strict=True):
        dark, light = sorted((luminance(ink), luminance(str(box.get("fill")))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_it_brings_its_own_background():
    background = next(picture_of("dog-on-the-mat").iter(f"{SVG}rect"))
    assert (background.get("width"), background.get("height"), background.get("fill")) == ("100%", "100%", _PAPER)


def test_any_token_can_be_drawn():
    n = len(HOSTILE)
    _, root = heatmap(np.ones((n, n)), HOSTILE)
    shown = set(texts(root))
    assert {"<script>", "a&b", '"', "]]>", "\ufffd\ufffd", "∅", "中文👩‍👧"} <= shown
    (long,) = {text for text in shown if text.startswith("www")}
    assert "…" in long
    assert len(long) < 25
    assert not list(root.iter(f"{SVG}script"))


def test_nothing_is_drawn_beyond_the_edge():
    _, root = heatmap(np.ones((9, 9)), HOSTILE)
    width, height = float(root.get("width")), float(root.get("height"))
    (group,) = [g for g in root if g.tag == f"{SVG}g"]
    x, y = map(float, re.findall(r"[\d.]+", group.get("transform")))
    left, top = map(float, re.findall(r"[\d.]+", group.find(f"{SVG}g").get("transform")))
    for box in cells(root):
        assert x + left + float(box.get("x")) + float(box.get("width")) <= width
        assert y + top + float(box.get("y")) + float(box.get("height")) <= height


def test_a_long_title_does_not_stretch_the_picture():
    step = explain(Example(scores=[[0.5]], scale=1.0))["scores"]
    document = Document("title " * 500, "", (Section("s", (Grid(step, "weights", heat=True),)),), Notation(4), ())
    assert float(picture(document).get("width")) < 1300


def test_wide_numbers_widen_their_cells():
    _, narrow = heatmap([[0.5, 0.25]])
    _, wide = heatmap([[123456.5, 0.25]])
    assert float(cells(wide)[0].get("width")) > float(cells(narrow)[0].get("width")) + 20


@pytest.mark.parametrize(("size", "squares"), [(40, 40 * 40), (300, 100 * 100)])
def test_large_matrices_are_maps_without_numbers(size, squares):
    rng = np.random.default_rng(0)
    _, root = heatmap(rng.uniform(0.5, 1, size=(size, size)))
    paths = list(root.iter(f"{SVG}path"))
    assert sum(str(path.get("d")).count("M") for path in paths) == squares
    assert not cells(root)
    pooled = [text for text in texts(root) if "pooled" in text]
    assert pooled == (["300 × 300, pooled: a cell is the largest of 3 × 3 numbers"] if size == 300 else [])


def test_a_pooled_cell_shows_its_largest_number():
    weights = np.zeros((260, 130))
    weights[200, 101] = 0.75  # pooled by 3 rows and 2 columns: row 66, column 50
    grid, root = heatmap(weights, marked_row=200)
    (path,) = root.iter(f"{SVG}path")
    assert path.get("d") == "M50 66h1v1h-1z"
    assert grid.text(200, 101) in texts(root)
    assert "260 × 130, pooled: a cell is the largest of 3 × 2 numbers" in texts(root)


def test_blank_weights_are_an_empty_grid():
    root = picture_of("dog-on-the-mat", blanks=frozenset({"weights"}))
    assert len(cells(root)) == 36
    assert len({box.get("fill") for box in cells(root)}) == 1
    assert not numbers(root)
    assert "0.1735" not in ElementTree.tostring(root, encoding="unicode")


def test_exact_decimals_are_drawn_alike():
    drawn = [numbers(picture(explain_attention(explain("dog-on-the-mat", exact=e), Selection()))) for e in (False, 30)]
    assert drawn[0] == drawn[1]
