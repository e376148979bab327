"""What a whole pass says: everything once, in order, and the gist on two screens."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from pellucid.derivation import Derivation
from pellucid.errors import PositionError
from pellucid.numbers import Exact
from pellucid.pretrained import open_directory, open_model
from pellucid.pretrained.names import SHIPPED
from pellucid.rendering import Appearance, render
from pellucid.rendering.document import Block, Document, Grid, Grids, Part, Table
from pellucid.rendering.focus import Selection
from pellucid.rendering.pass_overview import overview
from pellucid.rendering.training_step import explain_training_step
from pellucid.rendering.whole_pass import explain_pass
from small_transformers import OPTIONS, small_pass

SOURCE, TARGET, STORY = "The dog is sitting on the mat.", "Der Hund", "The dog saw the cat."


@pytest.fixture(scope="module")
def translation() -> Derivation:
    return open_model("by-hand-translator").passes.explain(SOURCE, TARGET)


@pytest.fixture(scope="module")
def story() -> Derivation:
    return open_model("by-hand-generator").passes.explain(STORY)


def grids(blocks: tuple[Block, ...]) -> list[Grid]:
    found: list[Grid] = []
    for block in blocks:
        match block:
            case Grid():
                found.append(block)
            case Grids():
                found.extend(block.grids)
            case Part():
                found.extend(grids(block.blocks))
    return found


def shown(document: Document) -> set[str]:
    return {grid.step.name for section in document.sections for grid in grids(section.blocks)}


def everything(derivation: Derivation) -> set[str]:
    """Steps with numbers of their own; the choice is one number, in words and in a working."""
    return {step.name for step in derivation if not step.operation.is_copy} - {"choice"}


@torch.no_grad()
def test_the_pass_is_the_one_that_the_model_makes(translation: Derivation) -> None:
    opened = open_directory(SHIPPED / "by-hand-translator")
    source = torch.tensor([[*opened.source_tokenizer.encode(SOURCE), 2]])
    logits = opened.model(source, torch.tensor([[1, *opened.tokenizer.encode(TARGET)]]))[0, -1:]
    np.testing.assert_allclose(translation["logits"].value, logits.numpy(), rtol=1e-4, atol=1e-5)
    assert opened.tokenizer.tokens(logits.argmax(-1).tolist()) == ["sitzt"]


def test_every_number_is_shown(translation: Derivation) -> None:
    everywhere = Selection(all_heads=True)
    for derivation in (translation, *map(small_pass, OPTIONS)):
        assert shown(explain_pass(derivation, everywhere)) >= everything(derivation), derivation.title


def test_sections_are_the_sublayers_in_their_order(translation: Derivation) -> None:
    titles = [section.title for section in explain_pass(small_pass("gelu_tanh")).sections]
    assert titles == [
        "Words",
        "Decoder: embeddings and positions",
        *(
            f"Decoder, layer {layer}: {words}"
            for layer in (0, 1)
            for words in (
                "norm before self-attention",
                "self-attention",
                "residual connection around self-attention",
                "norm before feed-forward network",
                "feed-forward network",
                "residual connection around feed-forward network",
            )
        ),
        "Decoder: the last token",
        "Decoder: norm",
        "The next word",
    ]
    titles = [section.title for section in explain_pass(translation).sections]
    assert "Decoder: norm after cross-attention" in titles
    assert "Encoder: norm after feed-forward network" in titles


def test_one_layer_can_be_told_alone() -> None:
    document = explain_pass(small_pass("gelu_tanh"), layer=1)
    assert not any(name.startswith("decoder.layers.0") for name in shown(document))
    assert {"decoder.layers.1.feed_forward.up", "logits", "decoder.embedding.x"} <= shown(document)
    with pytest.raises(PositionError, match="layer 2 does not exist; there are 2"):
        explain_pass(small_pass("gelu_tanh"), layer=2)


def marked(document: Document) -> dict[str, str]:
    """By step, the label of the row that is spelled out."""
    found = [grid for section in document.sections for grid in grids(section.blocks)]
    return {grid.step.name: grid.row_label(grid.marked_row) for grid in found if grid.marked_row is not None}


def test_the_token_that_is_spelled_out_can_be_of_either_text(translation: Derivation) -> None:
    last = marked(explain_pass(translation))
    assert last["decoder.layers.0.cross_attention.weights"] == "Hund"
    weights = translation["decoder.layers.0.cross_attention.weights"]
    looked_at = weights.axes[2].label(int(weights.value[0, 2].argmax()))
    assert last["encoder.layers.0.self_attention.weights"] == last["encoder.embedding.x"] == looked_at
    chosen = marked(explain_pass(translation, Selection(query="mat")))
    assert chosen["encoder.layers.0.feed_forward.up"] == "mat"
    assert chosen["decoder.embedding.x"] == "Hund"
    chosen = marked(explain_pass(translation, Selection(query="Der")))
    assert chosen["decoder.layers.0.feed_forward_norm.output"] == "Der"
    with pytest.raises(
        PositionError, match=r"'cow' is no token of the encoder \(The, .*\) nor of the decoder \(<bos>, Der, "
    ):
        explain_pass(translation, Selection(query="cow"))
    with pytest.raises(PositionError, match="head 2 does not exist"):
        explain_pass(translation, Selection(head=2))


def test_the_gist_fits_two_screens(translation: Derivation, story: Derivation) -> None:
    for derivation, word in ((translation, "sitzt"), (story, "The")):
        text = render(overview(derivation), "terminal", Appearance(width=80))
        assert isinstance(text, str)
        assert len(text.splitlines()) <= 96
        assert max(map(len, text.splitlines())) <= 80
        assert f"The likeliest is chosen: “{word}”." in text


def test_words_stand_in_sentences_without_the_space_before_them() -> None:
    text = render(overview(open_model("stories260k").passes.explain("Once upon")), "terminal")
    assert isinstance(text, str)
    assert "The way of “upon”" in text
    assert "The likeliest is chosen: “a”." in text


def test_the_way_of_a_token_is_its_row_in_every_sublayer(translation: Derivation) -> None:
    (way,) = grids(overview(translation, Selection(query="Der")).sections[1].blocks)
    layer = "decoder.layers.0"
    names = [f"decoder.embedding.{name}" for name in ("scaled_embeddings", "x")]
    for sublayer in ("self_attention", "cross_attention", "feed_forward"):
        names += [f"{layer}.{sublayer}.output", f"{layer}.{sublayer}_norm.output"]
    np.testing.assert_array_equal(way.values, [translation[name].value[1] for name in names])
    pre = small_pass("gelu_tanh")
    (way,) = grids(overview(pre, layer=0).sections[1].blocks)
    np.testing.assert_array_equal(way.values[3], pre["decoder.layers.0.self_attention_sum"].value[-1])


def test_a_pass_shows_itself_in_every_format(story: Derivation) -> None:
    assert "### The choice" in story.to("markdown")
    assert "1 Words" in story.to_text(query="dog")
    assert story.to("html") == render(explain_pass(story, Selection(all_heads=True)), "html", Appearance())
    with pytest.raises(PositionError, match="layer 1"):
        story.to("latex", layer=1)


def test_exact_decimals_say_every_digit() -> None:
    exact = open_model("by-hand-generator").passes.explain("The dog", numbers=Exact(20))
    floats = open_model("by-hand-generator").passes.explain("The dog")
    np.testing.assert_allclose(exact["logits"].value.astype(float), floats["logits"].value, rtol=1e-12)
    np.testing.assert_array_equal(exact["choice"].value, floats["choice"].value)
    last = explain_pass(exact).sections[-1]
    (table,) = [block for block in last.blocks if isinstance(block, Table)]
    (word, digits), *_ = table.rows
    assert word == exact["probabilities"].axes[1].label(int(exact["choice"].value[0]))
    assert len(digits.removeprefix("0.")) == 20
    assert float(digits) == pytest.approx(floats["probabilities"].value.max(), rel=1e-12)


def test_the_handout_compiles_and_nothing_sticks_out(
    translation: Derivation, story: Derivation, pdflatex: str, tmp_path: Path
) -> None:
    step = open_model("by-hand-generator").passes.train(STORY)
    documents = {"whole": explain_pass(story), "gist": overview(translation), "step": explain_training_step(step)}
    for name, document in documents.items():
        source = render(document, "latex", Appearance())
        assert isinstance(source, str)
        (tmp_path / f"{name}.tex").write_text(source, encoding="ascii")
        command = [pdflatex, "-halt-on-error", "-interaction=nonstopmode", f"{name}.tex"]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
        assert result.returncode == 0, result.stdout[-3000:]
        log = (tmp_path / f"{name}.log").read_text(errors="replace")
        overfull = [float(points) for points in re.findall(r"Overfull \\[hv]box \((\d+\.?\d*)pt", log)]
        assert max(overfull, default=0) <= 5, overfull


def test_markdown_has_a_heading_for_every_stage(story: Derivation) -> None:
    text = render(explain_pass(story), "markdown", Appearance())
    assert isinstance(text, str)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[1:4] == ["## 1. Words", "## 2. Decoder: embeddings and positions", "## 3. Decoder: self-attention"]
    assert headings.count("### Softmax") == 1
    assert headings[-3:] == ["### Logits", "### Probabilities", "### The choice"]
