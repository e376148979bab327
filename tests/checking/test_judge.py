"""One mistake in an otherwise right example: what is named, where it begins, and what follows from it.

The numbers are worked out here by plain NumPy; the claims are given as an example file.
"""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.checking import check_file
from pellucid.checking.causes import CAUSES

TOKENS = ["red", "fox", "ran"]
QUERY = np.array([[0.9, 0.2, 1.4, 0.5], [0.3, 1.1, 0.7, 0.8], [1.2, 0.6, 0.1, 1.5]])
KEY = np.array([[0.4, 1.3, 0.6, 0.2], [1.0, 0.5, 1.6, 0.9], [0.7, 0.8, 0.3, 1.7]])
VALUE = np.array([[1.23, 0.34], [0.42, 2.17], [2.63, 0.91]])
STEPS = ("scores", "scaled_scores", "weights", "output")
SCALED = QUERY @ KEY.T / 2  # √d_k = √4
CAUSAL = np.tril(np.ones((3, 3))) == 1


def softmax(x, axis=-1):
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def chain(query=QUERY, key=KEY, value=VALUE, scale=0.5, mask=None, **replaced):
    """Every step; a step may be replaced, by an array or by a function of its right value."""
    made = {}

    def put(step, values):
        change = replaced.get(step)
        made[step] = values if change is None else change(values) if callable(change) else change

    put("scores", query @ key.T)
    put("scaled_scores", made["scores"] * scale)
    masked = made["scaled_scores"]
    if mask is not None:
        put("masked_scores", np.where(mask, made["scaled_scores"], -np.inf))
        masked = made["masked_scores"]
    put("weights", softmax(masked))
    put("output", made["weights"] @ value)
    return made


def written(values, places):
    if np.ndim(values):
        return [written(value, places) for value in values]
    return "-inf" if np.isneginf(values) else f"{values:.{places}f}"


def places_of(step, places):
    return max(1, places - 2) if step == "output" else places


def example(steps, places=4, shown=STEPS, **fields):
    """Outputs have two places less, so that weights carried on unrounded give the same as those that are printed."""
    claims = [
        {"step": step, "printed": written(steps[step], places_of(step, places))} for step in shown if step in steps
    ]
    return {
        "title": "Fox",
        "tokens": TOKENS,
        "query": QUERY.tolist(),
        "key": KEY.tolist(),
        "value": VALUE.tolist(),
        "claims": claims,
        **fields,
    }


def check(fields):
    report = check_file("fox.json", json.dumps(fields, indent=1).encode())
    assert report.reason == ""
    for finding in report.findings:
        assert finding.cause in CAUSES
        assert report.source.text[finding.span.start : finding.span.end] == finding.printed
        assert report.source.line(finding.span.start) == finding.line
        if finding.follows_from is not None:
            assert report.findings[finding.follows_from].follows_from is None
    return report


def errors(report):
    return [finding for finding in report.findings if finding.severity == "error"]


def causes(report):
    return {finding.cause for finding in errors(report)}


def nudged(row, column, by):
    def change(values):
        moved = values.copy()
        moved[row, column] += by
        return moved

    return change


def assert_put_right(report):
    fixed = check_file("fox.json", report.fixed())
    assert (fixed.verdict, fixed.checked) == ("right", report.checked)


@pytest.mark.parametrize("places", [1, 2, 4, 7])
@pytest.mark.parametrize(("mask", "field"), [(None, "none"), (CAUSAL, "causal"), (CAUSAL, CAUSAL.astype(int).tolist())])
def test_right_numbers_are_right(places, mask, field):
    shown = (*STEPS, "masked_scores")
    report = check(example(chain(mask=mask), places, shown, mask=field))
    assert (report.verdict, report.findings) == ("right", [])
    assert report.checked == 9 + 9 + 9 + 6 + (9 if mask is not None else 0)


def test_the_digits_of_programs_are_right():
    steps = chain()
    for number_type in (np.float32, np.float64):
        claims = [
            {"step": step, "printed": [[str(number_type(x)) for x in row] for row in steps[step]]} for step in STEPS
        ]
        assert check(example({}) | {"claims": claims}).verdict == "right"


# Mistakes that explain whole rows

WHOLE = [
    ("no_scale", "weights", chain(scale=1), ("scores", "weights", "output"), {}),
    ("no_scale", "scaled_scores", chain(scale=1), STEPS, {}),
    ("scale_d_k", "scaled_scores", chain(scale=1 / 4), STEPS, {}),
    ("scale_d_k", "weights", chain(scale=1 / 4), ("scores", "weights", "output"), {}),
    ("hidden_constant", "scaled_scores", chain(scale=1 / 8), STEPS, {}),
    ("hidden_constant", "weights", chain(scale=1 / 3), ("weights",), {}),
    ("hidden_constant", "scaled_scores", chain(scale=1 / 7), ("scaled_scores",), {}),
    ("unscaled_carried_on", "weights", chain(weights=softmax(QUERY @ KEY.T)), STEPS, {}),
    ("wrong_axis", "weights", chain(weights=softmax(SCALED, axis=0)), STEPS, {}),
    ("linear_normalisation", "weights", chain(weights=SCALED / SCALED.sum(axis=1, keepdims=True)), STEPS, {}),
    ("softmax_single", "weights", chain(weights=np.ones((3, 3))), STEPS, {}),
    ("mask_forgotten", "weights", chain(), ("weights", "output"), {"mask": "causal"}),
    (
        "mask_as_zero",
        "weights",
        chain(scaled_scores=lambda s: np.where(CAUSAL, s, 0)),
        ("weights",),
        {"mask": "causal"},
    ),
    ("mask_as_zero", "weights", chain(weights=lambda w: w * CAUSAL), ("weights",), {"mask": "causal"}),
    ("transposed", "scores", chain(scores=KEY @ QUERY.T), STEPS, {}),
    ("transposed", "output", chain(output=(chain()["weights"].T @ VALUE)), STEPS, {}),
    ("swapped", "scores", chain(scores=QUERY @ QUERY.T), STEPS, {}),
    ("swapped", "scores", chain(scores=KEY @ KEY.T), STEPS, {}),
    ("softmax", "output", chain(output=SCALED @ VALUE), STEPS, {}),
    ("weighted_sum", "output", chain(output=lambda o: chain()["weights"][:, :2] @ VALUE[:2]), STEPS, {}),
]


@pytest.mark.parametrize(("cause", "step", "steps", "shown", "fields"), WHOLE)
def test_a_mistake_that_explains_everything(cause, step, steps, shown, fields):
    report = check(example(steps, 4, shown, **fields))
    right = chain(mask=CAUSAL if fields else None)
    assert report.verdict == "wrong"
    assert causes(report) == {cause}
    assert {finding.step for finding in errors(report)} == {step}
    for finding in errors(report):
        row, column = TOKENS.index(finding.at[0]), finding.at[1]
        column = TOKENS.index(column) if isinstance(column, str) else column
        assert finding.printed == written(steps[step][row, column], places_of(step, 4))
        assert finding.correct == written(right[step][row, column], places_of(step, 4))
        assert float(finding.exact) == pytest.approx(right[step][row, column], abs=1e-11)
    later = [finding for finding in report.findings if finding.step in shown[shown.index(step) + 1 :]]
    assert all(finding.cause == "follows" and finding.severity == "drift" for finding in later)
    assert all(report.findings[finding.follows_from].step == step for finding in later)
    assert_put_right(report)


def test_what_is_right_before_the_mistake_is_no_finding():
    report = check(example(chain(weights=softmax(SCALED, axis=0))))
    assert {finding.step for finding in report.findings} == {"weights", "output"}


def test_a_softmax_over_some_of_the_keys():
    scaled = QUERY @ KEY.T / 2
    weights = softmax(scaled)
    weights[2] = [*softmax(scaled[2, :2]), 0]
    report = check(example(chain(weights=weights)))
    assert causes(report) == {"softmax_subset"}
    assert {finding.at[0] for finding in errors(report)} == {"ran"}
    assert {finding.at for finding in report.findings if finding.cause == "follows"} == {("ran", 0), ("ran", 1)}


def test_weights_of_two_keys_that_sum_to_one():
    fields = example({}, claims=[{"step": "weights", "at": ["ran"], "printed": ["0.3", "0.7", None]}])
    report = check(fields)
    assert "softmax_subset" in causes(report)
    assert all(finding.at[0] == "ran" for finding in report.findings)


def test_a_stale_input():
    old = KEY.copy()
    old[1, 2] = 0.6
    report = check(example(chain(scores=QUERY @ old.T)))
    assert causes(report) == {"stale"}
    assert {finding.at for finding in errors(report)} == {(token, "fox") for token in TOKENS}
    assert "0.6" in errors(report)[0].message
    assert "1.6" in errors(report)[0].message


def test_weight_matrices():
    x = np.array([[0.5, 1.0, 0.2, 0.7, 0.9], [1.1, 0.3, 0.8, 0.4, 0.6], [0.2, 1.3, 0.5, 1.0, 0.1]])
    random = np.random.default_rng(5)
    matrices = {name: random.integers(1, 19, (5, 4)) / 10 for name in ("query", "key", "value")}
    right = {name: x @ matrix for name, matrix in matrices.items()}

    def check_printed(printed):
        claims = [{"step": step, "printed": written(values, 3)} for step, values in printed.items()]
        fields = {"tokens": TOKENS, "embeddings": x.tolist(), "claims": claims}
        return check(fields | {"weights": {name: matrix.tolist() for name, matrix in matrices.items()}})

    assert check_printed(right).verdict == "right"
    report = check_printed(right | {"key": x @ matrices["value"]})
    assert causes(report) == {"swapped"}
    assert {finding.step for finding in report.findings} == {"key"}
    slipped = right["value"].copy()
    slipped[1, 3] += 1
    report = check_printed(right | {"value": slipped})
    (finding,) = report.findings
    assert (finding.cause, finding.at) == ("projection", ("fox", 3))
    assert finding.correct == f"{right['value'][1, 3]:.3f}"


def test_a_transposed_weight_matrix():
    x = QUERY
    matrices = {
        name: (np.arange(16).reshape(4, 4) * k % 7 + 1) / 10 for k, name in enumerate(("query", "key", "value"), 3)
    }
    claims = [{"step": "query", "printed": written(x @ matrices["query"].T, 3)}]
    fields = {"tokens": TOKENS, "embeddings": x.tolist(), "claims": claims}
    report = check(fields | {"weights": {name: matrix.tolist() for name, matrix in matrices.items()}})
    assert causes(report) == {"transposed"}


# Slips in one number


@pytest.mark.parametrize(
    ("step", "row", "column", "by", "cause"),
    [
        ("scores", 0, 1, 1.0, "dot_product"),
        ("scores", 2, 0, -0.3, "dot_product"),
        ("scaled_scores", 1, 2, 0.3, "scaling"),
        ("weights", 1, 0, 0.1, "weights_sum"),
        ("output", 2, 1, 0.25, "weighted_sum"),
        ("output", 0, 0, 5.0, "output_range"),
        ("output", 0, 0, -3.0, "output_range"),
    ],
)
def test_a_slip_in_one_number(step, row, column, by, cause):
    right, steps = chain(), chain(**{step: nudged(row, column, by)})
    report = check(example(steps))
    (finding,) = errors(report)
    assert (finding.cause, finding.step) == (cause, step)
    assert finding.at == (TOKENS[row], column if step == "output" else TOKENS[column])
    assert finding.printed == written(steps[step][row, column], places_of(step, 4))
    assert finding.correct == written(right[step][row, column], places_of(step, 4))
    assert report.findings[0] is finding
    following = report.findings[1:]
    assert all((follower.cause, follower.follows_from) == ("follows", 0) for follower in following)
    assert all(follower.at[0] == TOKENS[row] for follower in following)
    assert_put_right(report)


def test_two_weights_changed_round_in_their_row():
    weights = chain()["weights"]
    weights[0] = weights[0, [1, 0, 2]]
    report = check(example(chain(weights=weights)))
    assert causes(report) <= {"softmax", "transposed", "swapped"}
    assert {finding.at for finding in errors(report)} == {("red", "red"), ("red", "fox")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda score: score - QUERY[0, 2] * KEY[1, 2], "left out"),
        (lambda score: score - 2 * QUERY[0, 0] * KEY[1, 0], "wrong sign"),
        (lambda score: -score, "sign is wrong"),
        (lambda score: score * 10, "decimal point"),
    ],
)
def test_the_words_for_a_slip_in_a_dot_product(change, words):
    scores = QUERY @ KEY.T
    scores[0, 1] = change(scores[0, 1])
    (finding,) = errors(check(example(chain(scores=scores), 4, ("scores",))))
    assert finding.cause == "dot_product"
    assert words in finding.message


def test_digits_changed_round():
    # red·fox = 0.9×1.0 + 0.2×0.5 + 1.4×1.6 + 0.5×0.9 = 3.69
    fields = example({}, claims=[{"step": "scores", "at": ["red", "fox"], "printed": "3.96"}])
    (finding,) = check(fields).findings
    assert (finding.cause, finding.correct) == ("dot_product", "3.69")
    assert "changed round" in finding.message


def test_a_score_that_should_be_symmetric():
    same = QUERY @ QUERY.T
    same[0, 2] += 0.37
    report = check(example(chain(query=QUERY, key=QUERY, scores=same), 3, ("scores",), key=QUERY.tolist()))
    (finding,) = errors(report)
    assert (finding.cause, finding.at) == ("not_symmetric", ("red", "ran"))


def test_a_masked_score_that_is_not_masked():
    fields = example({}, mask="causal", claims=[{"step": "masked_scores", "at": ["red", "fox"], "printed": "0"}])
    (finding,) = check(fields).findings
    assert (finding.cause, finding.correct) == ("mask_as_zero", "-inf")


# Roundings


def cut(values, places):
    return np.trunc(values * 10**places) / 10**places


def test_digits_that_are_cut_off():
    steps = {step: cut(values, 3) for step, values in chain().items()}
    report = check(example(steps, 3, ("weights",)))
    assert report.verdict == "rounding"
    assert {(finding.severity, finding.cause) for finding in report.findings} == {("last_digit", "truncation")}
    truly = [abs(x - y) > 0.0005 for x, y in zip(chain()["weights"].flat, steps["weights"].flat, strict=True)]
    assert len(report.findings) == sum(truly)
    assert_put_right(report)


def test_a_last_digit():
    weights = np.round(chain()["weights"], 3)
    weights[1, 1] += 0.001 if weights[1, 1] >= chain()["weights"][1, 1] else -0.001
    report = check(example({"weights": weights}, 3, ("weights",)))
    (finding,) = report.findings
    assert (finding.severity, finding.cause, finding.at) == ("last_digit", "last_digit", ("fox", "fox"))
    assert report.verdict == "rounding"


def test_computing_on_from_rounded_numbers_is_drift():
    rounded = {"scores": np.round(QUERY @ KEY.T, 1)}
    rounded["scaled_scores"] = np.round(rounded["scores"] / 2 + 1e-9, 1)
    rounded["weights"] = np.round(softmax(rounded["scaled_scores"]), 3)
    rounded["output"] = np.round(rounded["weights"] @ VALUE, 3)
    places = {"scores": 1, "scaled_scores": 1, "weights": 3, "output": 3}
    claims = [{"step": step, "printed": written(rounded[step], places[step])} for step in STEPS]
    report = check(example({}) | {"claims": claims})
    assert report.verdict == "rounding"
    assert {finding.cause for finding in report.findings if finding.step in ("weights", "output")} == {"drift"}
    right = chain()
    for step in ("weights", "output"):
        off = np.abs(rounded[step] - right[step]) > 0.0005 + 1e-12
        assert sum(finding.step == step for finding in report.findings) == off.sum()


def test_an_error_by_more_than_a_drift_is_an_error():
    rounded = np.round(chain()["scaled_scores"], 1)
    weights = np.round(softmax(rounded), 3)
    weights[0, 0] += 0.02
    steps = {"scaled_scores": rounded, "weights": weights}
    claims = [
        {"step": "scaled_scores", "printed": written(rounded, 1)},
        {"step": "weights", "printed": written(weights, 3)},
    ]
    report = check(example(steps) | {"claims": claims})
    (finding,) = errors(report)
    assert (finding.step, finding.at) == ("weights", ("red", "red"))


# Heads, cross-attention


def test_several_heads():
    query = np.stack([QUERY, QUERY[::-1]])
    key, value = np.stack([KEY, KEY + 0.1]), np.stack([VALUE, VALUE * 2])
    scores = query @ key.swapaxes(1, 2)
    fields = {"tokens": TOKENS, "query": query.tolist(), "key": key.tolist(), "value": value.tolist(), "num_heads": 2}
    wrong = scores.copy()
    wrong[1, 2, 0] += 1
    assert check(fields | {"claims": [{"step": "scores", "printed": written(scores, 3)}]}).verdict == "right"
    (finding,) = check(fields | {"claims": [{"step": "scores", "printed": written(wrong, 3)}]}).findings
    assert (finding.cause, finding.at[1:]) == ("dot_product", ("ran", "red"))
    assert finding.correct == f"{scores[1, 2, 0]:.3f}"
    right = softmax(scores / 2) @ value
    claims = [{"step": "output", "printed": written(np.concatenate(list(right), axis=1), 3)}]
    assert check(fields | {"claims": claims}).verdict == "right"


def test_queries_and_keys_of_different_sentences():
    fields = {
        "query_tokens": ["ich", "gehe"],
        "key_tokens": TOKENS,
        "query": QUERY[:2].tolist(),
        "key": KEY.tolist(),
        "value": VALUE.tolist(),
    }
    scores = QUERY[:2] @ KEY.T
    claims = [{"step": "output", "printed": written(softmax(scores / 2) @ VALUE, 3)}]
    claims.append({"step": "scores", "at": ["gehe"], "printed": ["9.99", None, f"{scores[1, 2]:.2f}"]})
    report = check(fields | {"claims": claims})
    (finding,) = report.findings
    assert (finding.at, finding.printed, finding.correct) == (("gehe", "red"), "9.99", f"{scores[1, 0]:.2f}")
    assert report.checked == 4 + 2


# Laws


@st.composite
def problems(draw):
    n_q, n_k, d_k, d_v = draw(st.permutations([2, 3, 4, 5]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shapes = ((n_q, d_k), (n_k, d_k), (n_k, d_v))
    return [np.round(random.uniform(-1.5, 1.5, shape), 1) for shape in shapes]


def file_of(problem, claims):
    query, key, value = problem
    return {"query": query.tolist(), "key": key.tolist(), "value": value.tolist(), "claims": claims}


@settings(max_examples=30)
@given(problem=problems(), places=st.integers(1, 6))
def test_any_right_example_is_right(problem, places):
    query, key, value = problem
    steps = chain(query, key, value, scale=query.shape[1] ** -0.5)
    claims = [{"step": step, "printed": written(steps[step], places)} for step in STEPS]
    report = check(file_of(problem, claims))
    assert (report.verdict, report.checked) == ("right", sum(steps[step].size for step in STEPS))


@settings(max_examples=15)
@given(problem=problems(), step=st.sampled_from(STEPS), data=st.data())
def test_any_wrong_number_is_found_and_put_right(problem, step, data):
    query, key, value = problem
    right = chain(query, key, value, scale=query.shape[1] ** -0.5)
    place = tuple(data.draw(st.integers(0, size - 1)) for size in right[step].shape)
    by = data.draw(st.floats(0.2, 3)) * data.draw(st.sampled_from([-1, 1]))
    steps = chain(query, key, value, scale=query.shape[1] ** -0.5, **{step: nudged(*place, by)})
    claims = [{"step": name, "printed": written(steps[name], 4)} for name in STEPS]
    report = check(file_of(problem, claims))
    assert report.verdict == "wrong"
    assert (report.findings[0].severity, report.findings[0].step, report.findings[0].at) == ("error", step, place)
    assert all(finding.at[0] == place[0] for finding in report.findings)
    assert check_file("fox.json", report.fixed()).verdict == "right"
