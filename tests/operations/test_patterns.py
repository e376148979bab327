"""The arithmetic that is spelled is the arithmetic that is done, element by element."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.expressions import Element, Number, Sum, evaluate, parse
from pellucid.numbers import FLOAT32, FLOAT64, Exact
from pellucid.operations import (
    GELU,
    Add,
    AppendTokens,
    ArgMax,
    Centre,
    ConcatenateHeads,
    Copy,
    Descend,
    Gain,
    LastRow,
    Linear,
    LookUp,
    Mask,
    MatMul,
    Mean,
    MeanOverHeads,
    MeanSquare,
    Multiply,
    NegativeLogLikelihood,
    Normalise,
    ReLU,
    RotaryCosines,
    RotaryFrequencies,
    RotarySines,
    Rotate,
    Rows,
    Scale,
    SiLU,
    SinusoidalPositions,
    Softmax,
    SoftmaxGradient,
    SplitHeads,
    TanhGELU,
    TransposedProduct,
    bind,
)
from pellucid.operations.pattern import Source

CASES = {
    "add": (Add(), [(2, 3), (2, 3)]),
    "copy": (Copy(), [(3, 2)]),
    "scores": (MatMul(transpose=True), [(2, 4), (3, 4)]),
    "scores of heads": (MatMul(transpose=True), [(5, 2, 4), (5, 3, 4)]),
    "scores of grouped heads": (MatMul(transpose=True), [(6, 2, 4), (3, 5, 4)]),
    "weighted sums": (MatMul(), [(2, 4), (4, 3)]),
    "weighted sums of grouped heads": (MatMul(), [(6, 2, 4), (2, 4, 3)]),
    "one feature": (MatMul(transpose=True), [(2, 1), (3, 1)]),
    "projection": (Linear(), [(2, 4), (4, 3)]),
    "projection with a bias": (Linear(), [(2, 4), (4, 3), (3,)]),
    "scale": (Scale(parse("1/sqrt(d_k)"), {"d_k": 3}), [(2, 3)]),
    "scale of heads": (Scale(parse("d_k/7"), {"d_k": 3}), [(2, 3, 4)]),
    "no scale": (Scale(parse("1"), {}), [(2, 3)]),
    "softmax": (Softmax(), [(2, 3)]),
    "softmax of heads": (Softmax(), [(2, 3, 4)]),
    "softmax of one": (Softmax(), [(2, 1)]),
    "transposed product": (TransposedProduct(), [(4, 2), (4, 3)]),
    "gradient of scores": (SoftmaxGradient(), [(2, 3), (2, 3)]),
    "descent": (Descend(0.25), [(2, 3), (2, 3)]),
    "choice": (ArgMax(), [(3, 5)]),
    "choice of one": (ArgMax(), [(4,)]),
    "mean over heads": (MeanOverHeads(), [(3, 2, 4)]),
    "split heads": (SplitHeads(3), [(2, 12)]),
    "concatenated heads": (ConcatenateHeads(), [(3, 2, 4)]),
    "positions": (SinusoidalPositions(), [(4, 5)]),
    "positions from the third on": (SinusoidalPositions(3), [(4, 6)]),
    "positions in halves": (SinusoidalPositions(2, halves=True), [(4, 5)]),
    "product of elements": (Multiply(), [(2, 3), (2, 3)]),
    "projection to a vocabulary": (Linear(transpose=True), [(2, 4), (5, 4), (5,)]),
    "last row": (LastRow(), [(3, 4)]),
    "rows of a table": (Rows(2), [(7, 3), (4, 3)]),
    "tokens appended": (AppendTokens(), [(2, 3, 4), (2, 5, 4)]),
    "one token appended to many": (AppendTokens(), [(2, 5, 3), (2, 1, 3)]),
    "mean": (Mean(), [(2, 5)]),
    "centred": (Centre(), [(2, 5), (2,)]),
    "mean of squares": (MeanSquare(), [(2, 5)]),
    "gain": (Gain(), [(2, 5), (5,)]),
    "gain with a bias": (Gain(), [(2, 5), (5,), (5,)]),
    "relu": (ReLU(), [(2, 5)]),
    "gelu": (GELU(), [(2, 5)]),
    "gelu by tanh": (TanhGELU(), [(2, 5)]),
    "silu": (SiLU(), [(2, 5)]),
    "frequencies": (RotaryFrequencies(6, 100.0, 2.5), [(4, 6)]),
    "cosines": (RotaryCosines(2), [(3,), (4, 6)]),
    "sines": (RotarySines(2), [(3,), (4, 6)]),
    "rotation": (Rotate(), [(2, 3, 6), (3, 6), (3, 6)]),
}
TOLERANCES = {FLOAT64: 1e-13, FLOAT32: 1e-5, Exact(40): Decimal("1e-36")}


def assert_every_element_is_spelled(operation, operands, numbers, tolerance):
    shapes = [operand.shape for operand in operands]
    sources = [Source(f"operand {i}", operand, lambda index: None) for i, operand in enumerate(operands)]
    with numbers.arithmetic():
        result = operation.evaluate(*operands)
        for pattern in (operation.pattern(*shapes), operation.live_pattern(*shapes)):
            for index in np.ndindex(result.shape):
                spelled = evaluate(bind(pattern, index, sources), numbers)
                if spelled != result[index]:  # also covers −∞
                    assert abs(spelled - result[index]) <= tolerance * max(1, abs(result[index])), index


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("numbers", TOLERANCES, ids=str)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=3)
def test_every_element_evaluates_to_the_element_of_the_result(case, numbers, seed):
    operation, shapes = CASES[case]
    random = np.random.default_rng(seed)
    operands = [numbers.array(np.round(random.uniform(-2, 2, shape), 6)) for shape in shapes]
    assert_every_element_is_spelled(operation, operands, numbers, TOLERANCES[numbers])


@pytest.mark.parametrize("numbers", TOLERANCES, ids=str)
def test_looked_up_rows_are_spelled(numbers):
    table = numbers.array(np.random.default_rng(5).normal(size=(5, 3)))
    assert_every_element_is_spelled(LookUp(), [np.array([4, 0, 4, 2]), table], numbers, TOLERANCES[numbers])


@pytest.mark.parametrize("numbers", TOLERANCES, ids=str)
def test_losses_are_spelled(numbers):
    probabilities = numbers.array(np.random.default_rng(5).uniform(0.01, 1, size=(2, 5)))
    assert_every_element_is_spelled(NegativeLogLikelihood(3), [probabilities], numbers, TOLERANCES[numbers])


@pytest.mark.parametrize("numbers", TOLERANCES, ids=str)
def test_normalised_rows_are_spelled(numbers):
    random = np.random.default_rng(5)
    x, mean_square = random.normal(size=(2, 5)), random.uniform(0.1, 3, size=2)
    operands = [numbers.array(x), numbers.array(mean_square)]
    assert_every_element_is_spelled(Normalise(1e-5), operands, numbers, TOLERANCES[numbers])


@pytest.mark.parametrize("heads", [(), (3,)])
@pytest.mark.parametrize("numbers", TOLERANCES, ids=str)
def test_masked_scores_and_their_softmax_are_spelled(heads, numbers):
    scores = numbers.array(np.random.default_rng(5).normal(size=(*heads, 4, 2)))
    mask = np.array([[True, False], [False, False], [True, True], [False, True]])
    assert_every_element_is_spelled(Mask(), [scores, mask], numbers, TOLERANCES[numbers])
    with numbers.arithmetic():
        masked = Mask().evaluate(scores, mask)
    assert_every_element_is_spelled(Softmax(), [masked], numbers, TOLERANCES[numbers])


def test_the_live_softmax_stays_finite_where_the_plain_one_would_overflow():
    scores = np.array([[1000.0, 999.0]])
    sources = [Source("scores", scores, lambda index: None)]
    spelled = bind(Softmax().live_pattern((1, 2)), (0, 1), sources)
    assert evaluate(spelled, FLOAT64) == pytest.approx(1 / (1 + np.e), rel=1e-14)


def test_elements_carry_how_they_were_written():
    third = parse("1/3")
    source = Source("query", np.array([[1 / 3]]), lambda index: third)
    plain = Source("key", np.array([[0.5]]), lambda index: None)
    (term,) = bind(MatMul(transpose=True).pattern((1, 1), (1, 1)), (0, 0), [source, plain]).terms
    assert term.factors == (Element("query", (0, 0), 1 / 3, third), Element("key", (0, 0), 0.5))


def test_a_projection_with_its_bias_reads_as_one_sum():
    operands = [np.ones((2, 4)), np.ones((4, 3)), np.ones(3)]
    sources = [Source(name, operand, lambda index: None) for name, operand in zip("xwb", operands, strict=True)]
    spelled = bind(Linear().pattern(*(operand.shape for operand in operands)), (1, 2), sources)
    assert isinstance(spelled, Sum)
    assert len(spelled.terms) == 5
    assert spelled.terms[-1] == Element("b", (2,), 1.0)
    assert [len(spelled.terms[k].factors) for k in range(4)] == [2] * 4


def test_the_terms_of_a_bound_sum_are_a_sequence():
    sources = [
        Source(name, np.arange(6.0).reshape(shape), lambda index: None)
        for name, shape in (("a", (1, 6)), ("b", (6, 1)))
    ]
    terms = bind(MatMul().pattern((1, 6), (6, 1)), (0, 0), sources).terms
    assert len(terms) == 6
    assert terms[2].factors[0].value == 2
    assert terms[-1] == terms[5]
    assert list(terms[1:3]) == [terms[1], terms[2]]
    assert terms == tuple(terms)
    assert hash(terms) == hash(tuple(terms))
    for outside in (6, -7):
        with pytest.raises(IndexError):
            terms[outside]


def test_a_row_with_nothing_to_attend_to_is_spelled_as_zero():
    empty = np.full((1, 2), -np.inf)
    spelled = bind(Softmax().pattern((1, 2)), (0, 0), [Source("masked_scores", empty, lambda index: None)])
    assert spelled == Number(Decimal(0))


@pytest.mark.parametrize(
    ("expression", "d_k", "is_paper"), [("1/sqrt(d_k)", 3, True), ("1/sqrt(3)", 3, True), ("1/d_k", 3, False)]
)
def test_the_scaling_of_the_paper_is_recognised(expression, d_k, is_paper):
    assert Scale(parse(expression), {"d_k": d_k}).is_inverse_root_of(d_k) is is_paper
