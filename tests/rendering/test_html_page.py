"""The page in a browser: what a reader sees who clicks, or uses the keyboard."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import pellucid
from pellucid import Example, explain
from pellucid.expressions.text import TextPrinter
from pellucid.pretrained import open_model
from pellucid.rendering import Appearance, render
from pellucid.rendering.document import Grid
from pellucid.rendering.focus import Selection
from pellucid.rendering.training_step import explain_training_step
from pellucid.rendering.whole_pass import explain_pass
from small_transformers import small_pass

OPEN = "return !document.querySelector('.panel').hidden"
LIT = "return [...document.querySelectorAll('td.lit')].map((cell) => [cell.dataset.step, cell.dataset.index])"
CHOSEN = "return [...document.querySelectorAll('td.chosen')].map((cell) => [cell.dataset.step, cell.dataset.index])"
FOCUS = "const { step, index } = document.activeElement.dataset; return [step ?? null, index ?? null]"


@pytest.fixture
def show(browser, tmp_path):
    """Opens a page; what it draws is for a screen of a fixed size."""

    def show(page):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        browser.open(path.as_uri())
        return browser

    return show


def cell(step, index):
    return f'td[data-step="{step}"][data-index="{index}"]'


def read(browser, part):
    """The text of a part of the panel, as it would be copied."""
    text = browser.run("return document.querySelector('.panel ' + arguments[0])?.textContent ?? ''", part)
    return " ".join(text.split()).removeprefix("=").strip()


def row(step, index, columns):
    return [[step, f"{index},{column}"] for column in range(columns)]


def everything_at_once():
    """Two query heads on one key head, biases, positions, a mask, negative numbers, inputs such as 1/3."""
    random = np.random.default_rng(3)
    matrix = lambda *shape: np.round(random.normal(size=shape), 1).tolist()  # noqa: E731
    return Example(
        tokens=["I", "saw", "it"],
        embeddings=matrix(3, 5),
        positions="sinusoidal",
        weights={"query": matrix(5, 4), "key": matrix(5, 2), "value": matrix(5, 2), "output": matrix(4, 2)},
        biases={"query": ["1/3", "-1/3", "sqrt(2)", -2], "output": [0.25, "-1/8"]},
        num_heads=2,
        num_key_value_heads=1,
        mask="causal",
    )


def test_a_clicked_weight_shows_its_arithmetic_and_lights_its_operands(show):
    browser = show(explain("dog-on-the-mat").to_html())
    browser.click(cell("weights", "3,1"))
    browser.wait(OPEN)
    assert read(browser, ".name") == "weights[sitting, dog]"
    assert read(browser, ".symbols") == "e^scaled scores[sitting, dog]/(Σk e^scaled scores[sitting, k])"
    assert read(browser, ".spelled") == "e^0.1674/(e^0.1212 + e^0.1674 + e^0.1905 + e^0.1674 + e^0.2078 + e^0.1501)"
    assert read(browser, ".result") == "0.1666"
    assert browser.run(LIT) == row("scaled_scores", 3, 6)
    assert browser.run(CHOSEN) == [["weights", "3,1"]]


def test_a_number_of_a_working_can_be_clicked_too(show):
    browser = show(explain("dog-on-the-mat").to_html())
    browser.click('.working [data-step="output"][data-index="3,2"]')
    browser.wait(OPEN)
    assert read(browser, ".result") == "0.8326"
    assert browser.run(LIT) == [*[["value", f"{k},2"] for k in range(6)], *row("weights", 3, 6)]


def test_a_reader_walks_on_by_clicking_operands_and_back_by_the_trail(show):
    browser = show(explain("dog-on-the-mat").to_html())
    browser.click(cell("scaled_scores", "3,1"))
    browser.wait(OPEN)
    browser.click(".panel .spelled [data-index]")
    browser.wait("return document.querySelector('.panel .name').textContent.startsWith('scores')")
    assert read(browser, ".spelled") == "0.3×0.2 + 0.4×0.4 + 0.1×0.7"
    assert browser.run(LIT) == [*row("query", 3, 3), *row("key", 1, 3)]
    browser.click(".panel .trail button")
    browser.wait("return document.querySelector('.panel .name').textContent.startsWith('scaled scores')")
    assert read(browser, ".spelled") == "0.29/√3"


def test_the_keyboard_reaches_everything(show):
    browser = show(explain("dog-on-the-mat").to_html())
    browser.press("Tab", "Tab")
    assert browser.run(FOCUS) == ["query", "3,0"]
    browser.press("Up", "Right", "Right", "Right", "Tab", "Tab", "Tab")
    assert browser.run(FOCUS) == ["query", "3,0"]
    browser.press("Tab")
    assert browser.run(FOCUS) == ["scores", "3,0"]
    browser.press("Right", "Enter")
    browser.wait(OPEN)
    assert read(browser, ".name") == "scores[sitting, dog]"
    assert browser.wait("const { step, index } = document.activeElement.dataset; return step + index") == "query3,0"
    browser.press("Right", "Enter")
    browser.wait("return document.querySelector('.panel .name').textContent.startsWith('key')")
    assert read(browser, ".words") == "given"
    browser.press("Escape")
    assert not browser.run(OPEN)
    assert browser.run(FOCUS) == ["scores", "3,1"]
    assert browser.run(LIT) == []


def test_the_panel_follows_the_arrow_keys(show):
    browser = show(explain("dog-on-the-mat").to_html())
    browser.click(cell("weights", "3,1"))
    browser.wait(OPEN)
    browser.press("Down")
    browser.wait("return document.querySelector('.panel .name').textContent === 'weights[on, dog]'")
    assert browser.run(LIT) == row("scaled_scores", 4, 6)


@pytest.mark.parametrize("exact", [False, True])
def test_every_number_spells_itself_as_in_plain_text(show, exact):
    derivation = explain(everything_at_once(), exact=exact)
    steps = assert_spelled_as_in_plain_text(show(derivation.to_html()), derivation)
    assert steps == {step.name for step in derivation if not step.operation.is_copy}


def test_every_number_of_a_whole_pass_spells_itself(show):
    derivation = small_pass("gelu")
    page = render(explain_pass(derivation, Selection(all_heads=True)), "html", Appearance())
    corners = "figure tbody tr:last-child td:last-child[data-index]"
    steps = assert_spelled_as_in_plain_text(show(page), derivation, corners)
    assert steps == {step.name for step in derivation if not step.operation.is_copy} - {"choice"}


@pytest.mark.parametrize(("name", "function"), [("gelu_tanh", "tanh("), ("swiglu", "/(1 + e^")])
def test_activations_spell_themselves(show, name, function):
    derivation = small_pass(name)
    place = (
        "decoder.layers.0.feed_forward.activated_gate" if name == "swiglu" else "decoder.layers.1.feed_forward.hidden"
    )
    browser = show(render(explain_pass(derivation), "html", Appearance()))
    browser.click(f'td[data-step="{place}"][data-index="2,4"]')
    browser.wait(OPEN)
    assert function in read(browser, ".spelled")
    assert read(browser, ".spelled") == TextPrinter(derivation.notation)(derivation[place].at(2, 4).expression)


def test_the_chain_rule_of_a_training_step_spells_itself(show):
    step = open_model("by-hand-translator").passes.train("The dog is sitting on the mat.", "Der Hund sitzt")
    page = render(explain_training_step(step), "html", Appearance())
    cells = "figure tbody tr:last-child td:last-child[data-index], .working [data-step$=loss]"
    spelled = assert_spelled_as_in_plain_text(show(page), step.head, cells)
    assert {"loss", "scaled_gradient", "key_gradient", "new_value_weight"} <= spelled


def test_a_choice_can_be_clicked_and_names_all_that_were_compared(show):
    derivation = open_model("by-hand-translator").passes.explain("The dog is sitting on the mat.")
    browser = show(render(explain_pass(derivation), "html", Appearance()))
    browser.click('.working [data-step="choice"]')
    browser.wait(OPEN)
    assert read(browser, ".spelled").startswith("argmax(")
    browser.click(".panel .more")
    assert read(browser, ".spelled").count(",") == 20
    places = row("probabilities", 0, 21)
    assert browser.run(LIT) == [*places[:18], places[20]]  # those that the page shows
    assert read(browser, ".result") == "4"


def assert_spelled_as_in_plain_text(browser, derivation, cells="td[data-index]"):
    """Clicks every number of a page, or some; gives back the steps they are of."""
    spelled = browser.run(
        """
        const root = document.querySelector(".pellucid");
        const text = (part) => root.querySelector(".panel " + part)?.textContent ?? "";
        const found = {};
        for (const cell of root.querySelectorAll(arguments[0])) {
          root.querySelector(".panel .name")?.remove();
          cell.click();
          while (!root.querySelector(".panel .name")) await new Promise((done) => setTimeout(done));
          found[`${cell.dataset.step} ${cell.dataset.index}`] = [text(".spelled .side"), text(".result .side")];
        }
        return found;
        """,
        cells,
    )
    text = TextPrinter(derivation.notation)
    for place, (arithmetic, result) in spelled.items():
        name, index = place.split()
        entry = derivation[name].at(*map(int, index.split(",")))
        if derivation[name].value.dtype == bool:
            assert result == str(int(entry.value))
            continue
        assert result == text(entry.element), place
        expected = text(entry.expression)
        assert arithmetic == ("" if expected == result else expected), place
    return {place.split()[0] for place in spelled}


def test_a_masked_score_names_the_mask_and_lights_it(show):
    browser = show(explain(everything_at_once()).to_html())
    browser.click(cell("masked_scores", "1,0,2"))
    browser.wait(OPEN)
    assert read(browser, ".words") == "because mask[I, it] is 0"
    assert read(browser, ".result") == "-∞"
    assert browser.run(LIT) == [["mask", "0,2"]]


def test_long_sums_are_shortened_until_the_reader_asks(show):
    example = Example(query=[list(range(1, 15))], key=[[2] * 14], value=[[3]])
    browser = show(explain(example).to_html())
    browser.click(cell("scores", "0,0"))
    browser.wait(OPEN)
    assert read(browser, ".spelled").endswith(" + 11×2 + … + 14×2")
    browser.click(".panel .more")
    assert read(browser, ".spelled") == " + ".join(f"{k}×2" for k in range(1, 15))
    assert len(browser.run(LIT)) == 28


@pytest.fixture(scope="module")
def large():
    random = np.random.default_rng(5)
    tokens = [f"t{k}" for k in range(64)]
    query, key, value = (random.normal(size=(64, width)) for width in (3, 3, 2))
    return explain(Example(tokens=tokens, query=query, key=key, value=value, focus="t40"))


@pytest.fixture(scope="module")
def large_page(large):
    return large.to_html()


def test_a_window_moves_to_any_row_and_shows_its_numbers(show, large, large_page):
    browser = show(large_page)
    assert browser.run("return document.querySelector('[data-step=weights] .status').textContent") == (
        "19 of 64 rows, 19 of 64 columns"
    )
    go = "const inputs = document.querySelectorAll('[data-step=weights] .mover input');"
    browser.run(go + "inputs[0].value = 't31'; inputs[0].dispatchEvent(new Event('change'))")
    browser.wait("return document.querySelector('td[data-step=weights][data-index=\"31,0\"]')")
    browser.run(go + "inputs[1].value = '50'; inputs[1].dispatchEvent(new Event('change'))")
    browser.wait("return document.querySelector('td[data-step=weights][data-index=\"31,63\"]')")
    assert browser.run("return document.querySelector('[data-step=weights] .status').textContent") == (
        "rows 31–50 of 64, columns 44–63 of 64"
    )
    shown = browser.run(
        "return Object.fromEntries([...document.querySelectorAll('td[data-step=weights]')].map("
        "(cell) => [cell.dataset.index, [cell.textContent, cell.style.getPropertyValue('--shade')]]))"
    )
    grid = Grid(large["weights"], "", heat=True)
    assert len(shown) == 20 * 20
    for index, (text, shade) in shown.items():
        row, column = map(int, index.split(","))
        assert text == grid.text(row, column)
        assert float(shade or 0) == pytest.approx(grid.shade(row, column), abs=0.04)


def test_windows_move_to_the_operands(show, large_page):
    browser = show(large_page)
    browser.run(
        "const [input] = document.querySelectorAll('[data-step=scores] .mover input');"
        "input.value = 't25'; input.dispatchEvent(new Event('change'))"
    )
    browser.wait("return document.querySelector('td[data-step=scores][data-index=\"25,0\"]')")
    browser.click(cell("scores", "25,2"))
    browser.wait(OPEN)
    assert browser.run(LIT) == [*row("query", 25, 3), *row("key", 2, 3)]
    browser.press("Up")
    browser.wait("return document.querySelector('.panel .name').textContent === 'scores[t24, t2]'")
    assert browser.run(LIT) == [*row("query", 24, 3), *row("key", 2, 3)]


def test_what_does_not_exist_is_refused(show, large_page):
    browser = show(large_page)
    browser.run(
        "const input = document.querySelector('[data-step=scores] .mover input');"
        "input.value = 't64'; input.dispatchEvent(new Event('change'))"
    )
    assert browser.run("return document.querySelector('[data-step=scores] .mover input').ariaInvalid") == "true"


def test_the_overview_leads_to_a_place(show, large_page):
    browser = show(large_page)
    browser.click("figure[data-step=weights] canvas")
    index = "return document.querySelector('td[data-step=weights]').dataset.index"
    browser.wait(f"{index} !== '0,0'")
    assert browser.run(index) in ("21,22", "22,22")  # 20 rows and columns around the middle of 64


def test_of_a_very_large_step_the_shown_rows_are_carried(show, monkeypatch, large):
    monkeypatch.setattr("pellucid.rendering.html_page.data.MOST_NUMBERS", 64 * 20)
    browser = show(large.to_html())
    status = browser.run("return document.querySelector('[data-step=weights] .status').textContent")
    assert status == "19 of 64 rows (the page carries no more), 19 of 64 columns"
    browser.click(cell("weights", "63,17"))
    browser.wait(OPEN)
    assert read(browser, ".spelled") == TextPrinter(large.notation)(large["weights"].at(63, 17).expression)
    browser.run("document.querySelector('[data-step=weights] [aria-label=\"later columns\"]').click()")
    browser.wait("return document.querySelector('td[data-step=weights][data-index=\"63,39\"]')")
    text = browser.run("return document.querySelector('td[data-step=weights][data-index=\"63,39\"]').textContent")
    assert text == Grid(large["weights"], "").text(63, 39)


def test_a_number_that_is_not_carried_is_printed_as_its_place(show, monkeypatch):
    monkeypatch.setattr("pellucid.rendering.html_page.data.MOST_NUMBERS", 100)
    query, key, value = np.ones((2, 2, 3)), np.full((2, 64, 3), 2), np.ones((2, 64, 1))
    browser = show(explain(Example(query=query, key=key, value=value, num_heads=2)).to_html())
    browser.click('figure[data-step="scores"][data-head="1"] [aria-label="later columns"]')
    browser.wait("return document.querySelector('td[data-step=scores][data-index=\"1,0,39\"]')")
    browser.click(cell("scores", "1,0,39"))
    browser.wait(OPEN)
    assert read(browser, ".spelled") == "1×key[1, 39, 0] + 1×key[1, 39, 1] + 1×key[1, 39, 2]"
    browser.press("Escape")
    browser.click(cell("scores", "0,0,63"))
    browser.wait("return document.querySelector('.panel .name')?.textContent === 'scores[0, 0, 63]'")
    assert read(browser, ".spelled") == "1×2 + 1×2 + 1×2"


def test_two_derivations_are_kept_apart(show):
    example, other = (
        Example(title=title, tokens=["a", "b"], query=[[1], [2]], key=[[1], [2]], value=[[value], [4]])
        for title, value in (("left", 3), ("right", 5))
    )
    example.beside = other
    browser = show(explain(example).to_html())
    browser.click(f'[data-derivation="1"] {cell("output", "0,0")}')
    browser.wait(OPEN)
    assert "×5 + " in read(browser, ".spelled")
    sides = (
        "return [...document.querySelectorAll('td.lit')].map((cell) => cell.closest('.beside > *').dataset.derivation)"
    )
    assert browser.run(sides) == ["1"] * 4


def test_a_worksheet_shows_places_and_no_numbers(show):
    browser = show(explain("dog-on-the-mat").to_html(blanks=frozenset({"scores", "weights"})))
    browser.click(cell("weights", "3,1"))
    browser.wait(OPEN)
    assert read(browser, ".symbols").startswith("e^scaled scores[sitting, dog]/")
    assert (read(browser, ".spelled"), read(browser, ".result")) == ("", "")
    assert browser.run(LIT) == row("scaled_scores", 3, 6)
    browser.press("Escape")
    browser.click(cell("scaled_scores", "3,1"))
    browser.wait(OPEN)
    assert (read(browser, ".symbols"), read(browser, ".spelled")) == ("scores[sitting, dog]/√3", "")
    assert read(browser, ".result") == "0.1674"


def test_text_of_users_never_runs(show):
    hostile = "</script><img src=x onerror=\"window.hacked='yes'\"><b>'\"]]>"
    example = Example(title=hostile, tokens=[hostile, "b"], query=[[1], [2]], key=[[1], [2]], value=[[3], [4]])
    browser = show(explain(example).to_html())
    browser.click(cell("weights", "0,0"))
    browser.wait(OPEN)
    assert "onerror" in read(browser, ".name") or "<" in read(browser, ".name")
    assert browser.run("return [window.hacked ?? null, document.querySelectorAll('img, b').length]") == [None, 0]


def test_only_the_page_itself_is_requested(browser):
    page = explain("dog-on-the-mat").to_html().encode()
    requested = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requested.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        browser.open(f"http://127.0.0.1:{server.server_port}/")
        browser.click(cell("weights", "3,1"))
        browser.wait(OPEN)
        blocked = browser.run(
            "return new Promise((done) => {"
            "  document.addEventListener('securitypolicyviolation', ({ blockedURI }) => done(blockedURI));"
            "  const image = document.body.appendChild(new Image()); image.src = '/leak'; })"
        )
    finally:
        server.shutdown()
        server.server_close()
    assert requested == ["/"]
    assert blocked.endswith("/leak")


HOST = "<!doctype html><style>td { color: red }</style><h1>Host</h1><table><tr><td>1</td></tr></table>"
STYLES = (
    "const look = (selector) => { const { font, color, padding, margin } = getComputedStyle("
    "document.querySelector(selector)); return [font, color, padding, margin]; };"
    "return ['body > h1', 'body > table td', 'body'].map(look).concat([Object.keys(window).length])"
)


def test_fragments_share_a_page_without_disturbing_it_or_each_other(show):
    fragment = explain("dog-on-the-mat").to_html(fragment=True)
    alone = show(HOST).run(STYLES)
    browser = show(HOST + fragment + fragment)
    assert browser.run(STYLES) == alone
    browser.click(f".pellucid:last-of-type {cell('weights', '3,1')}")
    browser.wait("return !document.querySelectorAll('.panel')[1].hidden")
    assert browser.run("return document.querySelectorAll('.panel')[0].hidden")
    assert browser.run("return document.querySelectorAll('.pellucid:first-of-type :is(.lit, .chosen)').length") == 0
    assert browser.run("return document.querySelectorAll('.pellucid:last-of-type .lit').length") == 6


def test_a_fragment_starts_where_its_host_runs_the_script_elsewhere(show):
    fragment = explain("dog-on-the-mat").to_html(fragment=True)
    browser = show("<!doctype html><div id=cell></div>")
    browser.run(
        "const cell = document.querySelector('#cell'); cell.innerHTML = arguments[0];"
        "const script = document.createElement('script');"
        "script.textContent = cell.querySelector('script:not([type])').textContent; document.head.append(script)",
        fragment,
    )
    browser.click(cell("weights", "3,1"))
    assert browser.wait(OPEN)


CONTRAST = """
const root = document.querySelector(".pellucid");
const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const luminance = (colour) => {
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const probe = root.appendChild(document.createElement("span"));
const lightness = (name) => {
  probe.style.color = `var(--${name})`;
  return luminance(getComputedStyle(probe).color);
};
return arguments[0].map((name) => arguments[1].map((ground) => {
  const [low, high] = [lightness(name), lightness(ground)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}));
"""


def test_colours_are_legible_in_light_and_dark(show):
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1."""
    browser = show(explain("dog-on-the-mat").to_html())
    names = ["ink", "muted", "query", "key", "value", "weight", "output"]
    grounds = []
    for _ in range(2):
        contrasts = browser.run(CONTRAST, names, ["paper", "raised"])
        assert min(min(pair) for pair in contrasts) >= 4.5, dict(zip(names, contrasts, strict=True))
        assert browser.run(CONTRAST, ["ink"], ["chosen"])[0][0] >= 4.5
        grounds.append(browser.run("return getComputedStyle(document.querySelector('.pellucid')).backgroundColor"))
        browser.click(".theme")
    assert grounds[0] != grounds[1]


def test_paper_has_no_panel_and_no_controls(show, large_page):
    browser = show(large_page)
    browser.click(cell("weights", "40,1"))
    browser.wait(OPEN)
    visible = (
        "const parts = ['.panel', '.theme', '.hint', '.mover', 'table'];"
        "return parts.map((part) => document.querySelector(part).checkVisibility())"
    )
    assert browser.run(visible) == [True] * 5
    browser.chrome("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.run(visible) == [False, False, False, False, True]
    finally:
        browser.chrome("Emulation.setEmulatedMedia", {"media": ""})


def test_on_a_phone_matrices_scroll_in_their_own_box(show, large_page):
    browser = show(large_page)
    browser.chrome(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    )
    try:
        assert browser.run("return document.documentElement.scrollWidth") == 360
        assert browser.run("const box = document.querySelector('.scroll'); return box.scrollWidth >= box.clientWidth")
    finally:
        browser.chrome("Emulation.clearDeviceMetricsOverride", {})


SHOWN = (
    "return [...document.querySelectorAll('.stop')].map((stop, at) => (stop.hidden ? -1 : at)).filter((at) => at >= 0)"
)
ROW = "return [...document.querySelectorAll('.walk > .matrix tr.at th')].map((head) => head.textContent)"


def test_a_page_steps_through_the_words(show):
    translation = pellucid.load("by-hand-translator").translate("The dog is sitting on the mat.", num_beams=2)
    browser = show(translation.to("html"))
    assert (browser.run(SHOWN), browser.run(ROW)) == ([0], ["Der"])
    browser.press("Right", "Right")
    assert (browser.run(SHOWN), browser.run(ROW)) == ([2], ["sitzt"])
    browser.click("#word-5-tab")
    assert (browser.run(SHOWN), browser.run(ROW)) == ([5], ["Matte"])
    browser.press("Left")  # now among the tabs
    assert browser.run(SHOWN) == [4]
    assert browser.run("return document.activeElement.id") == "word-4-tab"
    browser.click(".stops > button:last-of-type")
    assert browser.run(SHOWN) == [5]
    browser.run("document.querySelector('.walk > .matrix tbody tr:nth-child(8) th').click()")
    assert browser.run(SHOWN) == [7]
    assert browser.run("return document.querySelector('.stops > button:last-of-type').disabled")
    assert browser.run("return document.querySelector('.progress').textContent") == "word 8 of 8"
    weights = "#word-7 td[data-step='weights'][data-index='7,0']"
    browser.click(weights)
    assert browser.wait(OPEN)
    assert browser.run("return document.querySelector(arguments[0]).classList.contains('chosen')", weights)
