"""Why a printed number is wrong: the causes that findings name."""

from __future__ import annotations

CAUSES: dict[str, str] = {
    "arithmetic": "a slip in the arithmetic",
    "dot_product": "a wrong dot product",
    "scaling": "a wrong division by the scale",
    "exponential": "a wrong exponential",
    "softmax": "a wrong softmax",
    "weighted_sum": "a wrong weighted sum",
    "projection": "a wrong product with a weight matrix",
    "operand": "a mistyped operand",
    "stale": "a number from an earlier version",
    "no_scale": "the scores are not scaled",
    "scale_d_k": "divided by d_k in place of √d_k",
    "hidden_constant": "scaled by a constant that is not stated",
    "unscaled_carried_on": "the unscaled scores are carried on although scaled ones were printed",
    "softmax_subset": "the softmax is taken over a part of the keys",
    "softmax_single": "the softmax of a single number",
    "wrong_axis": "the softmax is taken over the wrong axis",
    "linear_normalisation": "divided by the sum in place of a softmax",
    "mask_forgotten": "the mask is left out",
    "mask_as_zero": "masked scores are set to 0 in place of −∞",
    "transposed": "a matrix is transposed",
    "swapped": "two matrices are swapped",
    "weights_sum": "weights that do not sum to 1",
    "output_range": "an output outside the range of its values",
    "not_symmetric": "QKᵀ is not symmetric although Q = K",
    "truncation": "digits are cut off in place of rounded",
    "last_digit": "the last digit is off",
    "drift": "computed on from rounded numbers",
    "follows": "follows from an earlier wrong number",
    "convention": "a choice of the document",
    "missing": "something is not there",
    "formula": "the formula does not say what is computed",
}
"""What the `cause` of a finding can be, and what it means in words."""
