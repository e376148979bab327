"""Examples small enough to be worked out by hand."""

from decimal import Decimal

import numpy as np
import pytest

from pellucid import Example, explain

LN2 = "0.693147180559945309417232121458176568"


def test_scores_in_steps_of_ln_2_give_weights_in_powers_of_two():
    # e^0 : e^(ln 2) : e^(2 ln 2) = 1 : 2 : 4
    derivation = explain(Example(scores=[["0", LN2, f"2*{LN2}"]], value=[[7], [14], [28]], scale="none"))
    np.testing.assert_allclose(derivation["weights"].value, [[1 / 7, 2 / 7, 4 / 7]], rtol=1e-15)
    np.testing.assert_allclose(derivation["output"].value, [[1 + 4 + 16]], rtol=1e-15)


def test_the_scale_is_one_over_the_root_of_d_k():
    # d_k = 2, so q·k / √2 = 0·1 + √2·ln 2 / √2 = ln 2 for the first key and 0 for the second
    derivation = explain(Example(query=[[0, "sqrt(2)"]], key=[[1, LN2], [5, 0]], value=[[3, 0], [0, 6]]))
    np.testing.assert_allclose(derivation["scaled_scores"].value, [[np.log(2), 0]], rtol=1e-15)
    np.testing.assert_allclose(derivation["weights"].value, [[2 / 3, 1 / 3]], rtol=1e-15)
    np.testing.assert_allclose(derivation["output"].value, [[2, 2]], rtol=1e-15)


@pytest.mark.parametrize(
    ("scale", "scaled"),
    [("1/sqrt(d_k)", 6.0), ("1/d_k", 3.0), ("none", 12.0), (0.25, 3.0), ("-1/4", -3.0), ("d_k/3", 16.0)],
)
def test_scales(scale, scaled):
    derivation = explain(Example(query=[[1, 2, 0, 0]], key=[[2, 5, 9, 9]], value=[[1]], scale=scale))
    assert derivation["scores"].value.tolist() == [[12.0]]
    np.testing.assert_allclose(derivation["scaled_scores"].value, [[scaled]], rtol=1e-15)


def test_a_mask_leaves_what_is_left_to_share_the_weight():
    mask = [[1, 0, 1], [0, 0, 0]]
    derivation = explain(Example(scores=[[0, 9, 0], [1, 2, 3]], value=[[2], [100], [4]], mask=mask, scale="none"))
    assert derivation["masked_scores"].value.tolist() == [[0, -np.inf, 0], [-np.inf] * 3]
    assert derivation["weights"].value.tolist() == [[0.5, 0, 0.5], [0, 0, 0]]
    assert derivation["output"].value.tolist() == [[3], [0]]


def test_scores_of_minus_infinity_mask_too():
    derivation = explain(Example(scores=[["-inf", 0], ["-inf", "-inf"]], value=[[1], [2]], scale="none"))
    assert derivation["weights"].value.tolist() == [[0, 1], [0, 0]]
    assert derivation["output"].value.tolist() == [[2], [0]]


def test_grouped_query_heads_share_keys_in_runs_of_neighbours():
    # Heads 0 and 1 read the first keys and values, heads 2 and 3 the second.
    derivation = explain(
        Example(
            query=[[1, 1, 1, 1]],
            key=[[5, 7]],
            value=[[10, 20]],
            num_heads=4,
            num_key_value_heads=2,
            scale="none",
        )
    )
    assert derivation["scores"].value.reshape(-1).tolist() == [5, 5, 7, 7]
    assert derivation["output"].value.tolist() == [[10, 10, 20, 20]]


def test_projections_are_x_times_w_plus_b():
    derivation = explain(
        Example(
            embeddings=[[1, 2]],
            weights={
                "query": [[1, 0], [10, 0]],
                "key": [[1, 1], [2, 2]],
                "value": [[1, 2, 3], [4, 5, 6]],
                "output": [[1], [10], [100]],
            },
            biases={"query": [100, 200], "output": [7]},
        )
    )
    assert derivation["query"].value.tolist() == [[121, 200]]
    assert derivation["key"].value.tolist() == [[5, 5]]
    assert derivation["value"].value.tolist() == [[9, 12, 15]]
    assert derivation["output"].value.tolist() == [[9 + 120 + 1500 + 7]]


def test_the_article_row_of_sitting():
    derivation = explain("dog-on-the-mat")
    row = derivation["scores"].index("sitting", 0)[0]
    np.testing.assert_allclose(derivation["scores"].value[row], [0.21, 0.29, 0.33, 0.29, 0.36, 0.26], rtol=1e-14)
    np.testing.assert_allclose(
        derivation["weights"].value[row], [0.1591, 0.1666, 0.1705, 0.1666, 0.1735, 0.1637], atol=5e-5
    )
    np.testing.assert_allclose(derivation["output"].value[row], [0.5175, 0.3505, 0.8326], atol=5e-5)


def test_the_article_scores_are_exact_in_exact_mode():
    scores = explain("dog-on-the-mat", exact=True)["scores"]
    row = scores.index("sitting", 0)[0]
    assert scores.value[row].tolist() == [Decimal(text) for text in ("0.21", "0.29", "0.33", "0.29", "0.36", "0.26")]


@pytest.mark.parametrize("exact", [False, True])
def test_one_query_one_key_one_feature(exact):
    derivation = explain(Example(query=[[2]], key=[[3]], value=[["0.5"]]), exact=exact)
    assert derivation["scores"].value[0, 0] == 6
    assert derivation["weights"].value[0, 0] == 1
    assert derivation["output"].value[0, 0] == Decimal("0.5")
