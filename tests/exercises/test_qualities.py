import numpy as np
import pytest

from pellucid.examples import Example
from pellucid.exercises.qualities import COSTS, count_blemishes, penalty


def blemishes(structure: Example, digits: int = 2, **inputs: list) -> dict[str, int]:
    """What is wrong with one candidate; kinds that do not occur are left out."""
    counts = count_blemishes(structure, {name: np.array([array], float) for name, array in inputs.items()}, digits)
    return {kind: int(count[0]) for kind, count in counts.items() if count[0]}


def of_scores(*scores: float) -> dict[str, int]:
    return blemishes(Example(scores=[list(scores)], scale="none"), scores=[scores])


def test_nice_scores_have_no_blemish():
    # e^2 = 7.39, e^1 = 2.72, e^0 = 1, in all 11.11: 0.67, 0.24, 0.09, on paper and exactly.
    assert of_scores(2, 1, 0) == {}


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ((3, -3), "vanishing weights"),  # 1/(1 + e^6) = 0.0025
        ((0.2, 0), "flat rows"),  # 0.55 and 0.45
        ((5, 4), "large scores"),  # e^5 = 148.41
        ((1, 0.125), "halves"),
        ((2, 1.99, 0), "weights alike"),  # 0.47 and 0.47
    ],
)
def test_each_kind_of_blemish_is_seen(scores: tuple[float, ...], kind: str):
    assert of_scores(*scores)[kind] == 1


def test_masked_weights_may_vanish_and_rows_with_one_key_may_be_flat():
    structure = Example(scores=[[1, 0], [1, 0]], scale="none", mask="causal", tokens=["a", "b"])
    assert blemishes(structure, scores=[[1, 0], [1, 0]]) == {}


def test_what_paper_changes_is_counted_in_units():
    # To one place 0.7311×3 = 2.1932 is 2.2, and on paper 0.7×3 = 2.1.
    structure = Example(query=[[1]], key=[[1], [0]], value=[[3], [3]])
    found = blemishes(structure, 1, query=[[1]], key=[[1], [0]], value=[[3], [0]])
    assert found["paper differs"] == 1


def test_dull_vectors_are_counted():
    structure = Example(query=np.ones((2, 2)), key=np.ones((2, 2)), value=np.ones((2, 1)))
    nice = {"query": [[1, 2], [2, 1]], "key": [[1, 2], [2, 1]], "value": [[1], [2]]}
    assert "dull vectors" not in blemishes(structure, **nice)
    assert blemishes(structure, **{**nice, "query": [[1, 0], [2, 1]]})["dull vectors"] == 1  # picks a number out
    assert blemishes(structure, **{**nice, "key": [[1, 2], [1, 2]]})["dull vectors"] == 1  # two keys alike
    assert blemishes(structure, **{**nice, "value": [[0], [0]]})["dull vectors"] == 2  # nothing to sum, and alike


def test_the_same_word_may_have_the_same_embedding():
    structure = Example(embeddings=np.ones((3, 2)), tokens=["the", "dog", "the"])
    embeddings = [[1, 2], [2, 1], [1, 2]]
    assert "dull vectors" not in blemishes(structure, embeddings=embeddings)
    other = Example(embeddings=np.ones((3, 2)), tokens=["the", "dog", "sat"])
    assert blemishes(other, embeddings=embeddings)["dull vectors"] == 3  # query, key and value


def test_candidates_are_weighed_by_their_blemishes():
    structure = Example(scores=[[0, 0]], scale="none")
    counts = count_blemishes(structure, {"scores": np.array([[[2.0, 1.0]], [[0.0, 0.0]]])}, 2)
    assert penalty(counts).tolist() == [0, COSTS["flat rows"]]
