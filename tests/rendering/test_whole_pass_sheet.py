"""A whole forward pass as a spreadsheet: LibreOffice must agree with the Transformer on NumPy."""

import re
import shutil
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pellucid.derivation import Derivation
from pellucid.nn.weight_names import named_parts
from pellucid.nn.weights import load_model, save_model
from pellucid.operations import Given
from pellucid.pretrained import Pretrained, open_directory, open_model
from pellucid.rendering import Appearance
from pellucid.rendering.document import Document
from pellucid.rendering.xlsx import render
from sheets import assert_same, block, cells_of, convert
from small_transformers import OPTIONS, small_pass

SOURCE, TARGET = "The dog is sitting on the mat.", "Der Hund"
STORY = "The dog saw the cat."
ODD_WORDS, ODD_IDS = ("a", " a", "A", "\x01", "\x02", "=1+1", "a*"), (1, 2, 4, 5, 6)
CHANGED_WEIGHT = ("decoder.layers.0.cross_attention.query", (4, 2), -1.75)


def written(derivation: Derivation) -> bytes:
    return render(Document(derivation.title, "", (), derivation.notation, (derivation,)), Appearance())


def read(content: bytes) -> Workbook:
    return load_workbook(BytesIO(content))


def set_words(sheet: Worksheet, place: str, words: str) -> None:
    (cells,) = block(sheet, f"{place}.embedding.words")
    for cell, word in zip(cells, words.split(), strict=True):
        cell.value = word


@pytest.fixture(scope="module")
def translator() -> Pretrained:
    return open_model("by-hand-translator")


@pytest.fixture(scope="module")
def generator() -> Pretrained:
    return open_model("by-hand-generator")


@pytest.fixture(scope="module")
def translation(translator: Pretrained) -> bytes:
    """As pellucid writes it, with formulas."""
    return written(translator.passes.explain(SOURCE, TARGET))


@pytest.fixture(scope="module")
def computed(
    translator: Pretrained,
    translation: bytes,
    generator: Pretrained,
    soffice: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Worksheet]:
    """Sheets by name, computed by LibreOffice: openpyxl drops our numbers, so that every one of them is its own."""
    folder = tmp_path_factory.mktemp("sheets")
    story = written(generator.passes.explain(STORY))
    books = {name: read(translation) for name in ("translation", "word", "weight", "unknown")}
    books |= {name: read(story) for name in ("story", "other story")}
    set_words(books["word"].active, "encoder", "The child is lying under the bed . <eos>")
    set_words(books["word"].active, "decoder", "<bos> Das Kind")
    name, (into, out), value = CHANGED_WEIGHT
    block(books["weight"].active, f"{name}_weight")[out][into].value = value
    set_words(books["unknown"].active, "decoder", "<bos> Der HUND")
    set_words(books["other story"].active, "decoder", "<bos> The child met the bird .")
    books |= {name: read(written(small_pass(name))) for name in OPTIONS}
    books["training"] = read(written(translator.passes.train(SOURCE, f"{TARGET} sitzt").head))
    books["odd words"] = read(written(small_pass("swiglu", ODD_WORDS, ODD_IDS)))
    for name, book in books.items():
        book.save(folder / f"{name}.xlsx")
    convert(soffice, folder, "xlsx", "computed")
    return {path.stem: load_workbook(path, data_only=True).active for path in (folder / "computed").iterdir()}


def assert_follows(sheet: Worksheet, opened: Pretrained, *texts: str) -> None:
    """Every cell holds what the model computes for these texts, and the word it chooses."""
    derivation = opened.passes.explain(*texts)
    assert_same(sheet, derivation, rtol=1e-9)
    (chosen,) = opened.tokenizer.tokens([int(derivation["choice"].value[0])])
    assert block(sheet, "next_word")[0][0].value == chosen


def test_libreoffice_computes_the_pass_and_chooses_the_word(
    computed: dict[str, Worksheet], translator: Pretrained, generator: Pretrained
) -> None:
    assert_follows(computed["translation"], translator, SOURCE, TARGET)
    assert_follows(computed["story"], generator, STORY)
    assert block(computed["translation"], "next_word")[0][0].value == "sitzt"
    assert block(computed["story"], "next_word")[0][0].value == "The"


def test_everything_follows_changed_words(
    computed: dict[str, Worksheet], translator: Pretrained, generator: Pretrained
) -> None:
    """Words that differ by case only, The and the, are told apart."""
    assert_follows(computed["word"], translator, "The child is lying under the bed.", "Das Kind")
    assert_follows(computed["other story"], generator, "The child met the bird.")
    labels = [row[0].offset(column=-1).value for row in block(computed["word"], "encoder.embedding.x")]
    assert labels == ["The", "child", "is", "lying", "under", "the", "bed", ".", "<eos>"]


def test_everything_follows_a_changed_weight(
    computed: dict[str, Worksheet], translator: Pretrained, tmp_path: Path
) -> None:
    name, place, value = CHANGED_WEIGHT
    model = load_model(translator.directory)
    with torch.no_grad():
        dict(named_parts(model))[f"{name}.weight"][place] = value
    save_model(model, None, tmp_path)
    for file in ("tokenizer.json", "source_tokenizer.json"):
        shutil.copy(translator.directory / file, tmp_path)
    other = open_directory(tmp_path)
    before, after = (one.passes.explain(SOURCE, TARGET)["logits"].value for one in (translator, other))
    assert np.abs(before - after).max() > 1e-3
    assert_follows(computed["weight"], other, SOURCE, TARGET)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_is_computed(computed: dict[str, Worksheet], name: str) -> None:
    assert_same(computed[name], small_pass(name), rtol=1e-9)


def test_words_that_spreadsheets_might_confuse_are_told_apart(computed: dict[str, Worksheet]) -> None:
    """Spaces, case, formulas, wildcards; two that look the same are given by their numbers."""
    assert_same(computed["odd words"], small_pass("swiglu", ODD_WORDS, ODD_IDS), rtol=1e-9)
    words = [cell.value for cell in block(computed["odd words"], "decoder.embedding.words")[0]]
    assert words == ["␣a", "A", "\ufffd", "=1+1", "a*"]


def test_the_chain_rule_of_a_training_step_is_computed(computed: dict[str, Worksheet], translator: Pretrained) -> None:
    assert_same(computed["training"], translator.passes.train(SOURCE, f"{TARGET} sitzt").head, rtol=1e-9)


def test_a_word_that_is_not_in_the_vocabulary_gives_no_number(computed: dict[str, Worksheet]) -> None:
    assert [cell.value for cell in block(computed["unknown"], "decoder.embedding.ids")[0]] == [1, 4, "#N/A"]
    assert block(computed["unknown"], "next_word")[0][0].value == "#N/A"


def test_only_words_and_weights_and_the_mask_are_no_formulas(translator: Pretrained, translation: bytes) -> None:
    sheet = read(translation).active
    for step in translator.passes.explain(SOURCE, TARGET):
        is_number = isinstance(step.operation, Given) and step.short_name != "ids"
        for _, cell in cells_of(sheet, step):
            assert cell.data_type == ("n" if is_number else "f"), step.name


def test_weights_are_the_decimals_that_a_person_reads(translator: Pretrained) -> None:
    for name, (array, _) in translator.doubles.named_weights.items():
        np.testing.assert_array_equal(array, array.round(2), err_msg=name)


def test_names_of_cells_are_told_apart(translation: bytes) -> None:
    """A file in which two cells have one name is taken for damaged."""
    with ZipFile(BytesIO(translation)) as file:
        names = re.findall('<definedName name="([^"]+)"', file.read("xl/workbook.xml").decode())
    assert len(names) == len({name.casefold() for name in names})
    assert {"encoder.embedding.scale", "decoder.layers.0.self_attention.scale", "next_word"} <= set(names)
