"""The page of a recording: what it carries, and what a reader sees who clicks or uses the keyboard."""

import base64
import gzip
import itertools
import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import pellucid
from capturing.attentions import EVERY, SomeAttention, matrices, plain, side_by_side
from pellucid.errors import InputError, PositionError
from pellucid.expressions.text import TextPrinter
from pellucid.rendering.recording_page import budget as budgets
from pellucid.rendering.recording_page import maps, recording_page
from pellucid.rendering.recording_page.budget import Size, budget
from pellucid.rendering.recording_page.palette import palettes
from rendering.test_html import HOSTILE, parse
from tiny_models import BART, GPT2, tiny

WORDS = ["the", "dog", "is", "on", "a", "mat"]


class Names:
    """A tokenizer that gives ids names."""

    def __init__(self, words):
        self.words = words

    def pieces(self, ids):
        return [self.words[k % len(self.words)] for k in ids]


def recorded(function=plain):
    model = SomeAttention(function)
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(*matrices())
    return recording


class Two(nn.Module):
    """Two attentions of different sizes over the same ids, one head of which is sharp on the token before."""

    def __init__(self):
        super().__init__()
        self.attention = SomeAttention(self.causal)

    @staticmethod
    def causal(q, k, v):
        later = torch.ones(q.shape[-2], k.shape[-2]).triu(1).bool()
        return side_by_side((q @ k.mT * 0.5).masked_fill(later, -torch.inf).softmax(-1) @ v)

    def forward(self, ids, q, k, v):
        return self.attention(q, k, v)


def of_text(n, heads=2, sharpness=2.0):
    """A recording of a text of n tokens: d_k 3, d_v 5."""
    generator = torch.Generator().manual_seed(n)
    q, k, v = (torch.randn(1, heads, n, width, generator=generator) for width in (3, 3, 5))
    ids = torch.arange(n)[None] % len(WORDS)
    model = Two()
    with torch.no_grad(), pellucid.capture(model, Names(WORDS)) as recording:
        model(ids, q * sharpness, k * sharpness, v)
    return recording


def of_model(**settings):
    model = tiny(**settings)
    ids = torch.tensor([[5, 7, 9, 11, 6], [8, 7, 6, 5, 4]])
    with torch.no_grad(), pellucid.capture(model, Names(WORDS)) as recording:
        if settings["architecture"] == "encoder-decoder":
            model(ids, target=ids[:, :3])
        else:
            model(ids)
    return recording


def data_of(page):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def unpacked(packed):
    return packed.encode() if isinstance(packed, str) else gzip.decompress(base64.b64decode(packed["gzip"]))


def level_of(weight):
    return round(31 * weight**0.5)


def planes(packed):
    low, middle, high = np.frombuffer(unpacked(packed), dtype=np.uint8).reshape(3, -1).astype(int)
    return low + 256 * middle + 65536 * high


def steps_of(data, head):
    return data["derivations"][head["derivation"]]["steps"]


def texts_of(step):
    """What the page prints of a step's numbers."""
    return [re.split("[|=]", entry)[0] for entry in unpacked(step["texts"]).decode().split(" ")]


# What it carries


@pytest.mark.parametrize("name", [name for name in EVERY if name != "with_sink"])
def test_a_short_text_is_carried_whole_and_says_what_derivations_say(name):
    recording = recorded(EVERY[name])
    data = data_of(recording_page(recording))
    (layer,) = data["layers"]
    for sequence, number in itertools.product(range(2), range(recording.layers[0].num_heads)):
        head = layer["sequences"][sequence]["heads"][number]
        derivation = recording.layers[0].head(number, sequence=sequence).derivation()
        carried = steps_of(data, head)
        assert list(carried) == [step.name for step in derivation]
        printed = TextPrinter(derivation.notation)
        for step in derivation:
            if "copyOf" in carried[step.name] or step.value.dtype == bool:
                continue
            assert texts_of(carried[step.name]) == [
                printed(step.at(*index).element) for index in np.ndindex(*step.shape)
            ]
        weights = recording.layers[0].head(number, sequence=sequence).weights()
        shades = np.frombuffer(unpacked(head["largest"]), dtype=np.uint8).reshape(head["size"])
        assert shades.tolist() == [[level_of(weight) for weight in row] for row in weights]


def test_a_sink_keeps_its_share():
    recording = recorded(EVERY["with_sink"])
    data = data_of(recording_page(recording))
    steps = steps_of(data, data["layers"][0]["sequences"][0]["heads"][2])
    first = sum(float(text) for text in texts_of(steps["weights"])[:7])
    assert first < 0.9
    assert "sink" in steps


@pytest.fixture
def small_budget(monkeypatch):
    """As if texts of eleven tokens were long."""
    monkeypatch.setattr(budgets, "_MOST_WHOLE", 100)
    monkeypatch.setattr(budgets, "_MOST_CELLS", 100)
    monkeypatch.setattr(budgets, "_MOST_LISTED", 2 * 11 * 3)
    monkeypatch.setattr(budgets, "_SIDES", (8, 5))


def test_of_a_long_text_maps_are_pooled_and_the_largest_weights_listed(small_budget):
    recording = of_text(11)
    data = data_of(recording_page(recording))
    for number in range(2):
        head = data["layers"][0]["sequences"][0]["heads"][number]
        weights = recording.layers[0].head(number).weights()
        assert (head["cell"], head["size"]) == ([3, 3], [4, 4])
        for kind, pool in (("largest", np.max), ("mean", np.mean)):
            shades = np.frombuffer(unpacked(head[kind]), dtype=np.uint8).reshape(4, 4)
            for row, column in np.ndindex(4, 4):
                cell = weights[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
                assert shades[row, column] == level_of(pool(cell))
        keys, codes = (planes(head["listed"][name]).reshape(11, 3) for name in ("keys", "weights"))
        for query in range(11):
            best = sorted(weights[query], reverse=True)[:3]
            assert (codes[query] / 10_000).tolist() == pytest.approx(best, abs=0.5e-4)
            assert weights[query][keys[query]].tolist() == pytest.approx(best, abs=1e-12)


def test_rows_that_are_asked_for_are_carried_with_the_keys_they_look_at(small_budget, monkeypatch):
    monkeypatch.setattr("pellucid.rendering.recording_page.data._TELLING", 2)
    monkeypatch.setattr("pellucid.rendering.recording_page.data.MOST_TERMS", 3)
    recording = of_text(11)
    data = data_of(recording_page(recording, rows=["is#2", 10]))
    head = data["layers"][0]["sequences"][0]["heads"][1]
    assert head["rows"] == [8, 10]
    derivation = recording.layers[0].head(1).rows([8, 10])
    steps = steps_of(data, head)
    printed = TextPrinter(derivation.notation)
    assert texts_of(steps["scores"]) == [printed(derivation["scores"].at(*i).element) for i in np.ndindex(2, 11)]
    weights = derivation["weights"].value
    telling = {int(key) for row in weights for key in np.argsort(-row)[:2]}
    assert steps["key"]["rows"] == sorted({*telling, 0, 1, 10})
    assert len(texts_of(steps["value"])) == 5 * len(steps["value"]["rows"])
    shades = [unpacked(row).decode() for row in head["shades"]]
    assert shades == ["".join(np.base_repr(level_of(weight), 32).lower() for weight in row) for row in weights]


def test_a_row_that_does_not_exist_is_refused():
    with pytest.raises(PositionError, match="cat"):
        recording_page(of_text(4), rows=["cat"])


def test_nothing_recorded_is_refused():
    with pellucid.capture(nn.Linear(2, 3)) as recording:
        pass
    with pytest.raises(InputError, match="nothing was recorded"):
        recording_page(recording)


def test_three_kinds_of_attention_stand_apart_and_batches_and_progress_count():
    recording = of_model(**BART)
    told = []
    data = data_of(recording_page(recording, progress=lambda done, total: told.append((done, total))))
    groups = [layer["group"] for layer in data["layers"]]
    assert groups == ["encoder self-attention"] * 2 + ["decoder self-attention", "cross-attention"] * 3
    assert all(len(layer["sequences"]) == 2 for layer in data["layers"])
    cross = data["layers"][3]["sequences"][1]
    assert [data["texts"][cross[side]] for side in ("queries", "keys")] == [
        Names(WORDS).pieces([8, 7, 6]),
        Names(WORDS).pieces([8, 7, 6, 5, 4]),
    ]
    assert told == [(k, 2 * 4 * 8) for k in range(1, 65)]


def test_special_tokens_and_padding_are_marked(show):
    model = tiny(**GPT2)
    names = Names(["[CLS]", *WORDS])
    names.bos_id = 0
    names.pad_id = 6
    with torch.no_grad(), pellucid.capture(model, names) as recording:
        model(torch.tensor([[0, 1, 2, 6]]))
    assert recording.layers[0].head(0).marks[1] == ("special", "", "", "padding")
    browser = show(recording_page(recording))
    titles = (
        "return [...document.querySelectorAll('.token')].map((token) => token.title.match(/[(](.*)[)]/)?.[1] ?? '')"
    )
    assert browser.run(titles) == ["special", "", "", "padding"]


def test_what_is_not_verified_says_so():
    def dropped(q, k, v):
        return side_by_side(nn.functional.dropout((q @ k.mT).softmax(-1), 0.5, training=True) @ v)

    recording = recorded(dropped)
    recording.layers[0].record.doubt = "it was dreamt"
    page = recording_page(recording)
    (note,) = parse(page).all("p", class_="note")
    assert "unverified: it was dreamt" in note.text
    assert "0 of 1 attention verified" in page
    assert data_of(page)["layers"][0]["verified"] is False


def test_it_says_what_was_verified():
    recording = of_text(4)
    found = recording.layers[0].verification
    (words,) = parse(recording_page(recording)).all("p", class_="verified")
    assert "1 of 1 attention verified: computed again in float64, the weighted sums differ" in words.text
    assert f"at most {found.difference:.1e} of the largest value, and {found.tolerance:.0e} is allowed" in words.text


def test_it_stands_alone_and_text_of_users_stays_text():
    model = Two()
    q = torch.randn(1, 2, 3, 3)
    with torch.no_grad(), pellucid.capture(model, Names([HOSTILE, "b"])) as recording:
        model(torch.tensor([[0, 1, 0]]), q, q, q)
    page = recording_page(recording, title=HOSTILE)
    tree = parse(page)
    assert len(tree.all("script")) == 2
    assert not tree.all("img")
    assert not tree.all("b")
    assert [link.attributes["href"] for link in tree.all("link")] == ["data:,"]
    outside = re.findall(r"(?:https?:)?//[\w.-]+\.\w+|url\(|@import", page.replace("http://www.w3.org/2000/svg", ""))
    assert outside == []
    assert "default-src 'none'" in page


def test_thumbnails_are_the_largest_of_blocks():
    weights = np.zeros((30, 50))
    weights[3, 8] = 0.25  # in the second block of two rows and the third of three columns
    weights[29, 49] = 1.0
    lines = maps.thumbnail(weights, relative=False)
    assert (len(lines), len(lines[0])) == (15, 17)
    assert (lines[1][2], lines[14][16]) == (np.base_repr(round(31 * 0.5), 32).lower(), "v")
    assert "".join(lines).strip("0").count("0") == 15 * 17 - 2 - (17 + 2)
    assert maps.thumbnail(weights / 10, relative=True) == lines


# How much


@given(
    st.lists(
        st.builds(Size, st.integers(1, 500), st.integers(1, 9000), st.integers(1, 9000), st.integers(2, 512)),
        min_size=1,
        max_size=40,
    )
)
def test_what_is_carried_has_a_bound(sizes):
    """Bytes of a cell, of a listed key and of a number as in `budget`'s description."""
    found = budget(sizes, 24)
    queries = sum(size.heads * len(found.listed(size.n_q)) for size in sizes)
    assert 1 <= found.top <= 8
    assert queries * found.top <= budgets._MOST_LISTED + sum(size.heads for size in sizes) * found.top
    assert found.cells == 16 or sum(size.cells(found.cells) for size in sizes) <= budgets._MOST_CELLS
    if not found.whole and found.rows:
        rows = sum(size.numbers_of_row(24) * min(found.rows, size.n_q) for size in sizes)
        assert rows <= budgets._MOST_OF_ROWS
    for size in sizes:
        rows = found.spread(size.n_q)
        assert rows == sorted(set(rows))
        assert not rows or rows[-1] == size.n_q - 1
        assert len(rows) == (size.n_q if found.whole else min(found.rows, size.n_q))
        assert found.listed(size.n_q)[-1] == size.n_q - 1


def test_of_a_model_of_the_size_of_gpt2_up_to_37_tokens_are_carried_whole():
    assert budget([Size(12, 37, 37, 128)] * 12, 24).whole
    assert not budget([Size(12, 38, 38, 128)] * 12, 24).whole


def test_a_model_of_the_size_of_gpt2_at_2048_tokens_has_a_row_of_every_head():
    found = budget([Size(12, 2048, 2048, 128)] * 12, 24)
    assert not found.whole
    assert (found.cells, found.top, found.every, found.rows) == (192, 4, 1, 1)


def test_the_page_of_a_long_text_is_small():
    """Bytes a unit, as the description of `budget` has them, of weights that hardly compress."""
    page = recording_page(of_text(300, heads=3, sharpness=1.2))
    data = data_of(page)
    heads = data["layers"][0]["sequences"][0]["heads"]
    cells = sum(2 * head["size"][0] * head["size"][1] for head in heads)
    assert sum(len(head[kind]["gzip"]) for head in heads for kind in ("largest", "mean")) <= 0.5 * cells
    listed = sum(len(head["listed"][part]["gzip"]) for head in heads for part in ("keys", "weights"))
    assert listed <= 4 * 3 * 300 * data["layers"][0]["sequences"][0]["heads"][0]["listed"]["top"]


# Colours


def luminance(colour):
    """WCAG 2.2's relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("theme", "direction"), [("light", -1), ("dark", 1)])
def test_colours_are_even_steps_of_lightness(theme, direction):
    """CIE 1976 L*, which is not what the colours were made with: told apart without any hue."""
    colours = palettes()[theme]
    lightness = [116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y for y in map(luminance, colours)]
    steps = [direction * (after - before) for before, after in itertools.pairwise(lightness)]
    assert len(colours) == maps.LEVELS
    assert min(steps) > 0.4 * max(steps) > 0
    assert abs(lightness[-1] - lightness[0]) > 70


def test_levels_begin_where_their_bounds_say():
    bounds = [float(text) for text in maps.bounds()]
    weights = np.linspace(0, 1, 4001)
    for weight, level in zip(weights, maps.levels(weights), strict=True):
        assert bounds[level] - 1e-4 <= weight
        assert level == 31 or weight <= bounds[level + 1] + 1e-4


# In a browser


@pytest.fixture
def show(browser, tmp_path):
    def show(page, place=""):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        browser.open("about:blank")
        browser.open(path.as_uri() + place)
        shown(browser)
        return browser

    return show


def shown(browser, **state):
    """Waits until the page shows this."""
    parts = [f"{name}={value}&" for name, value in state.items()]
    browser.wait(
        "const { shown } = document.querySelector('.pellucid').dataset;"
        "return shown !== undefined && arguments[0].every((part) => (shown + '&').includes(part))",
        parts,
    )


def read(browser, selector):
    text = browser.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
    return " ".join(text.split()).removeprefix("=").strip()


def test_a_reader_goes_from_the_grid_to_any_number(show):
    recording = of_model(**GPT2)
    browser = show(recording_page(recording))
    assert browser.run("return document.querySelectorAll('.head').length") == 2 * 4
    browser.click('.head[aria-label^="layer 1, head 2"]')
    shown(browser, layer=1, head=2, query=4)
    browser.click('.token[data-place="3"]')
    shown(browser, query=3)
    derivation = recording.layers[1].head(2).derivation()
    weights = derivation["weights"]
    row = [weights.at(3, key) for key in range(5)]
    cells = "return [...document.querySelectorAll('td[data-step=weights]')].map((cell) => cell.textContent)"
    assert [float(text) for text in browser.run(cells)] == [float(f"{entry.value:.4f}") for entry in row]
    browser.click('td[data-step="scores"][data-index="3,1"]')
    browser.wait("return document.querySelector('.panel .spelled')")
    printed = TextPrinter(derivation.notation)
    assert read(browser, ".panel .spelled") == printed(derivation["scores"].at(3, 1).expression)
    assert read(browser, ".panel .result") == printed(derivation["scores"].at(3, 1).element)
    browser.click(".panel .spelled [data-index]")
    browser.wait("return document.querySelector('.panel .name').textContent.startsWith('query')")
    browser.press("Escape")
    assert browser.run("return document.querySelector('.panel').hidden")


def test_the_keyboard_moves_heads_and_rows(show):
    browser = show(recording_page(of_model(**GPT2)))
    browser.run("document.querySelector('.head[tabindex=\"0\"]').focus()")
    browser.press("Right", "Down")
    shown(browser, layer=1, head=1)
    browser.run("document.querySelector('.token[tabindex=\"0\"]').focus()")
    browser.press("Left")
    shown(browser, query=3)
    browser.press("Left")
    shown(browser, query=2)
    browser.run("document.querySelector('td[tabindex=\"0\"]').focus()")
    browser.press("Right", "Enter")
    browser.wait("return !document.querySelector('.panel').hidden")
    assert read(browser, ".panel .name").startswith("scaled scores[")


def test_sequences_and_kinds_are_chosen_and_the_address_leads_back(show):
    recording = of_model(**BART)
    browser = show(recording_page(recording), "#pass=0&sequence=1&layer=3&head=1&query=0")
    shown(browser, sequence=1, layer=3, head=1, query=0)
    weights = recording.layers[3].head(1, sequence=1).weights()
    bars = "return [...document.querySelectorAll('.bars .weight')].map((bar) => bar.textContent)"
    assert [float(text) for text in browser.run(bars)] == pytest.approx(sorted(weights[0], reverse=True), abs=0.51e-4)
    browser.run("document.querySelectorAll('.directions button')[1].click()")
    browser.wait("return document.querySelector('.reading h3').textContent.startsWith('What looks at')")
    column = sorted(weights[:, 0], reverse=True)
    assert [float(text) for text in browser.run(bars)] == pytest.approx(column, abs=0.51e-4)
    assert read(browser, ".tokens.choice .name") == "keys"


def test_the_passes_of_a_generation_are_chosen(show):
    model = tiny(**GPT2)
    with torch.no_grad(), pellucid.capture(model, Names(WORDS)) as recording:
        model(torch.tensor([[5, 7, 9]]))
        model(torch.tensor([[5, 7, 9, 11]]))
    browser = show(recording_page(recording))
    pick = (
        "const select = document.querySelector('select'); select.value = '1'; select.dispatchEvent(new Event('change'))"
    )
    browser.run(pick)
    shown(browser, **{"pass": 1}, layer=0, query=3)
    weights = recording.layers_of(1)[0].head(0).weights()
    cells = "return [...document.querySelectorAll('td[data-step=weights]')].map((cell) => cell.textContent)"
    assert [float(text) for text in browser.run(cells)] == pytest.approx(weights[3], abs=0.51e-4)


def test_a_long_text_says_what_is_not_carried(show, small_budget):
    browser = show(recording_page(of_text(11), command="pellucid inspect m t", rows=[4]))
    assert read(browser, ".row-arithmetic code") == "pellucid inspect m t --layer 0 --head 0 --query 10"
    assert read(browser, ".reading .left-out") == "The page knows the 3 largest weights of this row."
    opened = "return [...document.querySelectorAll('.token.opened')].map((token) => token.dataset.place)"
    assert browser.run(opened) == ["4"]
    browser.run("document.querySelector('.token.opened').click()")
    shown(browser, query=4)
    assert browser.run("return document.querySelectorAll('.keys tbody tr').length") == 11
    assert "pooled to at most 5 × 5 cells" in read(browser, ".carried")


def test_the_map_reads_out_what_is_pointed_at(show):
    recording = of_text(6)
    browser = show(recording_page(recording))
    browser.run("document.querySelector('.map canvas').focus()")
    browser.press("Up", "Right")
    text = recording.layers[0].head(0).row(4)["weights"].at(0, 1)
    browser.wait("return document.querySelector('.readout').textContent.includes('→')")
    browser.wait("return document.querySelector('.readout').textContent.startsWith('a (4) → dog (1)')")
    assert read(browser, ".readout") == f"a (4) → dog (1): {text.value:.4f}"


def test_both_themes_draw_and_a_phone_has_no_overflow(show):
    browser = show(recording_page(of_model(**BART)))
    corner = (
        "const canvas = document.querySelector('.map canvas');"
        "return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].join()"
    )
    before = browser.run(corner)
    browser.click(".theme")
    browser.wait(f"return arguments[0] !== (() => {{ {corner} }})()", before)
    browser.chrome(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        assert browser.run("return document.documentElement.scrollWidth") == 360
    finally:
        browser.chrome("Emulation.clearDeviceMetricsOverride", {})
