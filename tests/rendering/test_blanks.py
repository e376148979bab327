import numpy as np
import pytest

from pellucid.derivation import Derivation
from pellucid.examples import Example, explain
from pellucid.rendering.blanks import with_repetitions


def derivation(heads: int = 2, d_k: int = 2, **settings: object) -> Derivation:
    shapes = {"query": (3, heads * d_k), "key": (3, heads * d_k), "value": (3, heads * 4)}
    projections = {name: np.ones((5, columns)) for name, (_, columns) in shapes.items()}
    return explain(Example(embeddings=np.ones((3, 5)), weights=projections, num_heads=heads, **settings))


@pytest.mark.parametrize(
    ("blank", "settings", "closed"),
    [
        ("output", {}, {"output", "concatenated", "head_outputs"}),
        ("head_outputs", {}, {"output", "concatenated", "head_outputs"}),
        ("projected_key", {}, {"projected_key", "key"}),
        ("key", {}, {"projected_key", "key"}),
        ("weights", {}, {"weights"}),
        ("scaled_scores", {}, {"scaled_scores", "masked_scores"}),
        ("masked_scores", {}, {"scaled_scores", "masked_scores"}),
        ("scaled_scores", {"mask": "causal"}, {"scaled_scores", "masked_scores"}),
        ("masked_scores", {"mask": "causal"}, {"masked_scores"}),
        ("scores", {"scale": "none"}, {"scores", "scaled_scores", "masked_scores"}),
        ("scores", {"d_k": 1}, {"scores", "scaled_scores", "masked_scores"}),
        ("scores", {"d_k": 4}, {"scores"}),
    ],
)
def test_what_repeats_blank_numbers_is_blank_too(blank: str, settings: dict, closed: set[str]):
    assert with_repetitions([blank], [derivation(**settings)]) == closed


def test_of_two_derivations_each_adds_its_repetitions():
    masked, scaled = derivation(mask="causal"), derivation(scale="none")
    assert with_repetitions(["scores"], [masked, scaled]) == {"scores", "scaled_scores", "masked_scores"}
