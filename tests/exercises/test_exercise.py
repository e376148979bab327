import io
import json
import re
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest

from pellucid.derivation import Derivation, Step
from pellucid.errors import InputError
from pellucid.examples import Example, explain, load_example
from pellucid.exercises import Exercise, Sentence, make_exercise, variants
from pellucid.exercises.difficulty import LEVELS
from pellucid.rendering import FORMATS, render
from pellucid.rendering.document import Document, Paragraph
from pellucid.rendering.focus import Selection


def telling_example(mask: str = "causal") -> Example:
    """Numbers by which each step is known: no two of their results are the same."""
    random = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return random.uniform(0.3, 1.7, shape)

    return Example(
        embeddings=draw(3, 5),
        positions=draw(3, 5),
        weights={"query": draw(5, 4), "key": draw(5, 2), "value": draw(5, 6), "output": draw(12, 7)},
        num_heads=2,
        num_key_value_heads=1,
        mask=mask,
        tokens=["a", "b", "c"],
    )


def rows(document: Document) -> str:
    return render(document, "terminal")


def shown_numbers(document: Document, file_format: str) -> set[str]:
    """The numbers in a file, rounded to four places; those of a spreadsheet, in all of its parts."""
    rendered = render(document, file_format)
    if isinstance(rendered, bytes):
        with zipfile.ZipFile(io.BytesIO(rendered)) as archive:
            rendered = "\n".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))
    return {f"{float(number):.4f}" for number in re.findall(r"\d+\.\d+(?:e-\d+)?", rendered)}


def numbers_of(step: Step) -> set[str]:
    return {f"{abs(value):.4f}" for value in step.value.ravel() if np.isfinite(value)} - {"0.0000", "1.0000"}


def blankable(derivation: Derivation) -> Iterator[str]:
    return (step.name for step in derivation if not step.is_given)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("blanks", [*LEVELS, *blankable(explain(telling_example()))])
def test_no_blank_number_is_on_the_worksheet(blanks: str, file_format: str):
    exercise = make_exercise(telling_example(), blanks=blanks, digits=4)
    steps = list(exercise.derivation)
    hidden = set().union(*(numbers_of(step) for step in steps if step.name in exercise.blanks))
    hidden -= set().union(*(numbers_of(step) for step in steps if step.name not in exercise.blanks))
    assert hidden or blanks == "masked_scores"  # which repeats scaled scores
    assert hidden.isdisjoint(shown_numbers(exercise.worksheet(), file_format))


def test_every_blank_number_is_in_the_answer_key():
    """So that the test above would see one on the worksheet."""
    exercise = make_exercise(telling_example(mask="none"), blanks="hard", digits=4)
    hidden = set().union(*(numbers_of(exercise.derivation[name]) for name in exercise.blanks))
    for file_format in ("terminal", "markdown", "latex", "html", "xlsx", "json"):
        assert hidden <= shown_numbers(exercise.answers(), file_format), file_format


@pytest.mark.parametrize("file_format", FORMATS)
def test_exponentials_and_their_sum_are_not_on_a_worksheet_without_weights(file_format: str):
    exercise = make_exercise(telling_example(), blanks="medium", digits=4)
    exponentials = np.exp(exercise.derivation["masked_scores"].value)
    telltale = {f"{number:.4f}" for number in [*exponentials.ravel(), *exponentials.sum(axis=-1).ravel()] if number > 1}
    assert telltale.isdisjoint(shown_numbers(exercise.worksheet(), file_format))


def test_which_keys_weigh_most_is_not_told():
    # The last keys are the largest; without their weights the first twelve are spelled out.
    scores = [[float(key) for key in range(20)]]
    text = rows(make_exercise(Example(scores=scores, scale="none"), blanks="weights").worksheet())
    working = text[text.index("Softmax") :]
    assert re.findall(r"^  (\d+) += _", working, re.MULTILINE) == [str(key) for key in range(12)]


def test_worksheet_and_key_are_the_same_stages_of_the_same_numbers():
    exercise = make_exercise(sentence="A dog sat", seed=5)
    worksheet, answers = exercise.worksheet(), exercise.answers()
    assert [section.title for section in worksheet.sections[1:]] == [section.title for section in answers.sections[1:]]
    assert len(worksheet.sections) == len(answers.sections)
    assert worksheet.blanks == {"weights", "output"}
    assert not answers.blanks
    assert worksheet.title == "Worksheet: Self-attention: A dog sat (seed 5)"
    assert answers.title == "Answer key: Self-attention: A dog sat (seed 5)"
    assert json.loads(render(worksheet, "json"))["title"] == worksheet.title


def test_the_key_has_the_numbers_of_the_explanation():
    exercise = make_exercise("dog-on-the-mat", digits=4)
    key = rows(exercise.answers())
    assert "sitting  0.1591  0.1666  0.1705  0.1666  0.1735  0.1637" in re.sub(" {3,}", "  ", key)
    assert "output[sitting, 2] = " in key
    assert "= 0.8326" in key
    assert exercise.seed is None
    steps = json.loads(render(exercise.answers(), "json"))["steps"]
    assert steps == json.loads(explain("dog-on-the-mat").to_json())["steps"]


def words(exercise: Exercise) -> str:
    return " ".join(
        part
        for block in exercise.worksheet().sections[0].blocks
        if isinstance(block, Paragraph)
        for part in block.parts
        if isinstance(part, str)
    )


def test_a_worksheet_says_what_to_do():
    text = words(make_exercise(Example(query=[[1]], key=[[1], [0]], value=[[1], [2]]), digits=1))
    assert "Name: ____" in text
    assert "Fill in the blanks: weights, output. Round to 1 place," in text
    # 0.7311×1 + 0.2689×2 = 1.2689 and 0.7×1 + 0.3×2 = 1.3
    assert "you arrive at exactly the matrices of the answer key" in text


def test_a_worksheet_says_what_rounding_costs():
    # 0.7311×3 = 2.1932 is 2.2, and 0.7×3 = 2.1.
    text = words(make_exercise(Example(query=[[1]], key=[[1], [0]], value=[[3], [0]]), digits=1))
    assert "you arrive at the matrices of the answer key to within 0.1. Keep more places" in text
    # 0.7311×300 = 219.32, and 0.7×300 = 210.0
    text = words(make_exercise(Example(query=[[1]], key=[[1], [0]], value=[[300], [0]]), digits=1))
    assert "Round results only" in text


def test_all_heads_are_shown_because_all_are_needed():
    sheet = rows(make_exercise("multi-head", blanks="easy").worksheet())
    assert "weights, head 1" in sheet


def test_the_reader_can_choose_the_row():
    exercise = make_exercise(sentence="A dog sat")
    assert "dog · A" in rows(exercise.worksheet(Selection(query="dog")))
    assert "dog · A" in rows(exercise.answers(Selection(query="dog")))


def test_nothing_of_the_purpose_is_on_a_worksheet():
    """It may say what comes out."""
    example = Example(query=[[1]], key=[[1]], value=[[0.25]], purpose="The output is 0.25")
    assert "output is" not in rows(make_exercise(example).worksheet())


def test_without_example_and_sentence_there_is_a_sentence():
    exercise = make_exercise()
    assert exercise.derivation.tokens == ["The", "dog", "is", "sitting"]
    assert exercise.seed == 1


def test_an_example_keeps_its_numbers_without_a_seed():
    own, fresh = make_exercise("translation"), make_exercise("translation", seed=1)
    np.testing.assert_array_equal(own.derivation["query"].value, explain("translation")["query"].value)
    assert not np.array_equal(own.derivation["query"].value, fresh.derivation["query"].value)
    assert own.derivation.tokens == fresh.derivation.tokens


def test_a_seed_is_one_sheet():
    sheets = [rows(make_exercise(sentence="A dog sat", seed=seed).worksheet()) for seed in (4, 4, 5)]
    assert sheets[0] == sheets[1]
    assert sheets[0] != sheets[2]


def test_variants_are_the_seeds_that_follow():
    exercise = make_exercise(sentence=Sentence("A dog sat", d_k=2), seed=4, blanks="hard", digits=3)
    found = variants(exercise, 3)
    assert [variant.seed for variant in found] == [4, 5, 6]
    expected = [
        make_exercise(sentence=Sentence("A dog sat", d_k=2), seed=seed, blanks="hard", digits=3) for seed in (4, 5, 6)
    ]
    assert [rows(variant.answers()) for variant in found] == [rows(variant.answers()) for variant in expected]
    assert [variant.blanks for variant in found] == [exercise.blanks] * 3


def test_variants_of_an_example_start_with_the_first_seed():
    assert [variant.seed for variant in variants(make_exercise("translation"), 2)] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed is -1; it needs to be 0 or more."),
        ({"digits": 0}, "digits is 0; results can be rounded to 1 to 9 places."),
        ({"digits": 10}, "digits is 10;"),
        ({"sentence": " "}, "the sentence is empty"),
        ({"example": "translation", "sentence": "A dog"}, "an example and a sentence are both given"),
        ({"example": "transaltion"}, "did you mean 'translation'?"),
        ({"blanks": "wieghts"}, "did you mean 'weights'?"),
        ({"sentence": Sentence(num_heads=4, num_key_value_heads=3)}, "must divide into equal groups"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(arguments: dict, message: str):
    with pytest.raises(InputError) as error:
        make_exercise(**arguments)
    assert message in str(error.value)


def test_a_class_has_at_least_one_student():
    with pytest.raises(InputError, match="0 variants were asked for"):
        variants(make_exercise("translation"), 0)


def test_shipped_examples_become_exercises():
    for name in ("complete-sentence", "fully-masked-row", "self-and-cross"):
        exercise = make_exercise(load_example(name), blanks="hard")
        assert "Fill in the blanks" in rows(exercise.worksheet())
        assert exercise.paper_gap <= 9
