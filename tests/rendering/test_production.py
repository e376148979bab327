"""How a translation and a text are shown: the numbers of their steps, in every format."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import openpyxl
import pytest

import pellucid
from pellucid.errors import PositionError
from pellucid.numbers import Notation
from pellucid.rendering import Appearance, production_document, render
from pellucid.rendering.beam_tree import beam_tree, completed_tree
from pellucid.rendering.document import Bar, Bars, Branch, Document, Grid, Note, Section, Stop, Tree, Walk
from pellucid.rendering.production import fidelity
from pellucid.search import Sampling

WIDE = Appearance(width=100)


@pytest.fixture(scope="module")
def translation():
    return pellucid.load("by-hand-translator").translate("The dog is sitting on the mat.", num_beams=3, num_best=2)


@pytest.fixture(scope="module")
def story():
    return pellucid.load("stories260k").generate(
        "Once upon a time", max_tokens=5, settings=Sampling(0.9, top_p=0.9), seed=3
    )


@pytest.fixture(scope="module")
def forced():
    return pellucid.load("by-hand-translator").translate("The dog is sitting on the mat.", force="Die Katze liegt.")


def of_blocks(*blocks):
    return Document("A title", "", (Section("A section", blocks),), Notation(4), ())


def shown(blocks, file_format):
    return render(of_blocks(*blocks), file_format, WIDE)


def test_every_word_has_its_probability_and_what_it_looked_at(translation):
    lines = translation.to("terminal", width=100).splitlines()
    text, attention = Notation(2).text, translation.attention().output
    for step in translation.steps:
        (line,) = (line for line in lines if re.match(rf" +{step.number} +{re.escape(step.token)} +0\.9", line))
        assert f"{step.probability:.4f}" in line
        row = attention.value[step.number]
        looked_at = attention.axes[1].label(int(row.argmax()))
        assert f"{looked_at} {text(row.max(), 2)}" in line
    assert max(map(len, lines)) <= 100
    assert "The row of “<bos>”, the token before, decides" in " ".join(lines)


def test_the_tree_has_the_hypotheses_with_their_probabilities(translation):
    """Against the sums of the model's log probabilities, which are computed here in one pass for each."""
    transformer = translation.steps[0].passes.transformer
    ids = {token: id_ for id_, token in translation.vocabulary.items()}
    memory = transformer.encode(translation.given_ids)

    def log_probability(tokens):
        written = [1, *(ids[token] for token in tokens)]
        logits = transformer.logits(written[:-1], memory)
        rows = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        return sum(float(row[id_]) for row, id_ in zip(rows, written[1:], strict=True))

    def leaves(branches, before=()):
        for branch in branches:
            tokens = (*before, *branch.text.split())
            total, _, rest = branch.note.partition(", ")
            assert float(total) == pytest.approx(log_probability(tokens), abs=1e-4)
            assert rest.startswith("score ") == (tokens[-1] == "<eos>")
            assert rest.endswith(", taken") == (tokens == (*translation.tokens, "<eos>"))
            yield tokens, branch, rest
            yield from leaves(branch.branches, tokens)

    found = list(leaves(beam_tree(translation, Notation(4)).branches))
    marked = [tokens for tokens, branch, _ in found if branch.marked]
    assert marked[-1] == (*translation.tokens, "<eos>")
    assert all(marked[-1][: len(tokens)] == tokens for tokens in marked)
    scores = {tokens[:-1]: rest for tokens, _, rest in found if rest.startswith("score ")}
    for one in (translation, *translation.others):
        assert scores[one.tokens].removesuffix(", taken") == f"score {Notation(4).text(one.score)}"
    assert len({tokens for tokens, _, _ in found}) == len(found)


def test_a_screen_has_the_completed_hypotheses_and_counts_the_others(translation):
    def leaves(branches, before=""):
        for branch in branches:
            text = f"{before} {branch.text}"
            yield from leaves(branch.branches, text) if branch.branches else [(text, branch.note)]

    whole = list(leaves(beam_tree(translation, Notation(4)).branches))
    tree, dropped = completed_tree(translation, Notation(4))
    completed = [(text, note) for text, note in whole if "score" in note]
    assert list(leaves(tree.branches)) == completed
    assert dropped == len(whole) - len(completed) > 0
    assert f"without {dropped} hypotheses" in " ".join(translation.to("terminal").split())
    assert "Every hypothesis" in translation.to("html")


def test_the_row_in_brief_begins_with_what_counts_most(translation):
    """Of "sitzt": the two largest weights, and sums whose first term is theirs; nothing is wider than the page."""
    row, head = translation.most_telling()
    weights = translation.steps[row].cross_attention(head=head)["weights"]
    first, second = np.argsort(-weights.value[-1])[:2]
    narrow, wide = (
        [line.strip() for line in translation.to("terminal", width=width).splitlines()] for width in (60, 200)
    )
    label = weights.axes[1].label
    shares = [line.split()[2] for line in wide if line.startswith("weight of ")]
    assert shares == [label(int(first)), label(int(second))]
    text = Notation(4).text
    for lines, terms in ((narrow, 2), (wide, 9)):
        (line,) = (line for line in lines if line.startswith("output[") and ", 0]" in line)
        assert line.split(" = ")[1].startswith(f"{text(weights.value[-1, first])}×")
        assert line.count("×") == terms
        assert ("…" in line) == (terms < 9)
    assert max(map(len, narrow)) <= 60


@pytest.mark.parametrize("which", ["translation", "story", "forced"])
def test_json_has_every_step(which, request):
    production = request.getfixturevalue(which)
    data = json.loads(production.to("json"))
    assert [step["token"] for step in data["steps"]] == [step.token for step in production.steps]
    for step, expected in zip(data["steps"], production.steps, strict=True):
        assert step["probability"] == expected.probability
        assert step["rank"] == expected.rank
        candidates = [(each["token"], each["probability"]) for each in step["candidates"]]
        assert candidates == [(each.token, each.probability) for each in expected.candidates]
        assert step["distance"] <= data["distance"] < 1e-4
        assert ("drawn" in step["candidates"][0]) == (which == "story")
    assert data["verified"] is True
    np.testing.assert_array_equal(data["attention"]["weights"], production.attention().output.value)
    assert ("beams" in data) == (which == "translation")
    if which == "story":
        assert (data["prompt"], data["text"]) == ("Once upon a time", production.text)
    else:
        assert (data["source"], data["translation"]) == (production.given, production.text)


def test_distances_of_one_pass_are_those_of_every_step(translation, story):
    for production in (translation, story):
        expected = [step.distance for step in production.steps]
        np.testing.assert_allclose(production.distances, expected, atol=1e-12)
        assert production.distance == production.distances.max()


def test_what_the_model_did_not_compute_is_not_called_proven(translation):
    steps = [replace(step, logits=step.logits + np.float32(0.5 * (step.number == 2))) for step in translation.steps]
    wrong = replace(translation, steps=tuple(steps))
    assert not wrong.verified
    assert wrong.distance == pytest.approx(0.5, abs=1e-4)
    text = wrong.to("terminal", width=100)
    assert "more than rounding explains: what is shown is not what the model computed" in " ".join(text.split())
    notes = [block for section in production_document(wrong, "terminal").sections for block in section.blocks]
    assert any(isinstance(block, Note) for block in notes)
    assert "rounding" in translation.to("markdown")
    assert "more than rounding" not in translation.to("markdown")


def test_a_page_has_a_stop_for_every_word_with_numbers_of_its_own(translation):
    document = production_document(translation, "html")
    (walk,) = (block for section in document.sections for block in section.blocks if isinstance(block, Walk))
    assert [stop.title for stop in walk.stops] == [step.token for step in translation.steps]
    assert walk.overview.step is translation.attention().output or walk.overview.shape == (8, 9)
    for stop, step in zip(walk.stops, translation.steps, strict=True):
        derivation = document.derivations[stop.derivation]
        _, head = translation.most_telling(step=step.number)
        expected = step.cross_attention(head=head)["weights"].value
        np.testing.assert_array_equal(derivation["weights"].value, expected)
    page = translation.to("html")
    assert [page.count(f'id="word-{number}"') for number in range(9)] == [1] * 8 + [0]


def test_a_spreadsheet_has_a_sheet_for_every_word(translation):
    book = openpyxl.load_workbook(io.BytesIO(translation.to("xlsx")))
    assert len(book.sheetnames) == 1 + len(translation.steps)
    formulas = [cell.value for row in book.worksheets[3].iter_rows() for cell in row if cell.data_type == "f"]
    assert any("SUMPRODUCT" in formula for formula in formulas)
    mean = [cell.value for row in book.worksheets[0].iter_rows() for cell in row if cell.data_type == "f"]
    assert len(mean) >= 8 * 9


@pytest.mark.parametrize("file_format", ["terminal", "markdown", "latex", "html", "svg", "json", "xlsx"])
def test_one_step_is_shown_in_every_format(translation, file_format):
    step = translation.step("sitzt")
    data = translation.to(file_format, step="sitzt", layer=0, head=1, query="Der")
    if file_format == "terminal":
        row = step.cross_attention(0, 1)["weights"].value[1]
        assert "How well does each key match the query of “Der”?" in data
        assert all(f"{weight:.4f}" in data for weight in row)
    elif file_format == "json":
        assert json.loads(data)["steps"][0]["name"] == "query"
    assert len(data) > 1500
    with pytest.raises(PositionError, match="no written token is 'saß'"):
        translation.to(file_format, step="saß")


def test_a_layer_and_a_head_that_do_not_exist_are_refused(translation):
    for options in ({"layer": 1}, {"head": 2}, {"head": -1}, {"step": 9}, {"step": 0, "head": 2}):
        with pytest.raises(PositionError, match="does not exist"):
            translation.to("terminal", **options)


def test_a_forced_translation_says_what_was_likelier(forced):
    lines = forced.to("terminal", width=100).splitlines()
    (line,) = (line for line in lines if line.startswith("  0      Die"))
    assert line.split()[2:4] == [f"{forced.steps[0].probability:.4f}", str(forced.steps[0].rank)]
    assert f"Der {forced.steps[0].candidates[0].probability:.2f}" in line
    assert "It is asked about Die 17" in "\n".join(lines)
    least = min(forced.steps, key=lambda step: step.probability)
    assert least.token == "<eos>"
    assert "Of all words, the model finds “<eos>” least likely." in " ".join(lines)


# Blocks

BARS = Bars((Bar("half", 0.5, "0.5"), Bar("<it>", 0.25, "0.25", marked=True), Bar("none", 0.0, "0")))
TREE = Tree((Branch("a b", "-0.5", True, (Branch("c_1", "-1", False, ()), Branch("d", "-2", True, ()))),))


def test_bars_are_as_long_as_their_shares():
    lines = shown([BARS], "terminal").splitlines()
    counts = {line.split()[0]: line.count("█") for line in lines if "0" in line}
    assert counts == {"half": 16, "<it>": 8, "none": 0}
    page = shown([BARS], "html")
    assert re.findall(r"--share:([\d.]+)", page[page.index("<article>") :]) == ["0.5000", "0.2500", "0.0000"]
    assert page.count("&lt;it&gt;") == 1
    assert "| **\\<it\\>** | **0.25** |" in shown([BARS], "markdown")
    assert re.findall(r"\\rule\{([\d.]+)em\}\{1.4ex\}", shown([BARS], "latex")) == ["6.00", "3.00", "0.00"]


def test_trees_are_nested():
    assert [line for line in shown([TREE], "terminal").splitlines() if "─ " in line and "section" not in line] == [
        "  └─ a b  -0.5",
        "     ├─ c_1  -1",
        "     └─ d  -2",
    ]
    assert "- **a b** (-0.5)\n  - c\\_1 (-1)\n  - **d** (-2)" in shown([TREE], "markdown")
    page = shown([TREE], "html")
    assert page.count('<ul class="tree">') == page.count("</ul>") == 2
    assert r"c\_1" in shown([TREE], "latex")


def test_a_walk_is_read_from_top_to_bottom(translation):
    grid = Grid(translation.attention().output, "the map", heat=True)
    walk = Walk("word", (Stop("first", 0, (BARS,)), Stop("second", 0, (TREE,))), grid)
    document = replace(of_blocks(walk), derivations=(translation.attention(),))
    for file_format in ("terminal", "markdown", "latex", "html"):
        text = render(document, file_format, WIDE)
        text = text[text.find("<article>") :] if file_format == "html" else text
        assert text.index("the map") < text.index("first") < text.index("second")
    assert "the map" in render(document, "svg", WIDE)


@pytest.mark.parametrize(
    ("distance", "printed"), [(1.21e-5, "1.3×10^(-5)"), (9.91e-6, "1.0×10^(-5)"), (1.79e-7, "1.8×10^(-7)"), (0.0, "0")]
)
def test_what_is_at_most_so_large_is_rounded_up(distance, printed):
    text = " ".join(shown([fidelity(distance, True, "all steps")], "terminal").split())
    assert f"Over all steps, the logits are at most {printed} from the search's: rounding." in text
