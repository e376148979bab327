"""Whole documents: one worked example in several styles, right and with one mistake, by plain NumPy."""

import numpy as np
import pytest

from pellucid.checking import check_file
from sentences import assert_one_sentence

QUERY = np.array([[0.9, 0.2], [0.3, 1.1], [1.2, 0.6]])
KEY = np.array([[0.4, 1.3], [1.0, 0.5], [0.7, 0.8]])
VALUE = np.array([[1.2, 0.3, 0.7, 1.5], [0.4, 2.1, 1.6, 0.2], [2.6, 0.9, 0.5, 1.1]])
TOKENS = ["red", "fox", "ran"]
SCALE = 2**-0.5
CAUSAL = np.tril(np.ones((3, 3))) == 1
PLACES = {"scores": 2, "scaled": 3, "weights": 3, "output": 2}


def softmax(x, axis=-1):
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def chain(scale=SCALE, mask=None, **replaced):
    made = {}

    def put(step, values):
        made[step] = replaced.get(step, values)
        return made[step]

    scores = put("scores", QUERY @ KEY.T)
    scaled = put("scaled", scores * scale)
    weights = put("weights", softmax(scaled if mask is None else np.where(mask, scaled, -np.inf)))
    put("output", weights @ VALUE)
    return made


def row(values, places=1):
    return f"[{', '.join(f'{x:.{places}f}' for x in values)}]"


def matrix(values, places=1):
    return f"[{', '.join(row(one, places) for one in values)}]"


def table(values, places, head):
    lines = [f"| | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for token, one in zip(TOKENS, values, strict=True):
        lines.append(f"| {token} | {' | '.join(f'{x:.{places}f}' for x in one)} |")
    return "\n".join(lines)


def as_matrices(steps):
    return f"""# Attention(Q, K, V) = softmax(QK^T/√d_k) V

Q = {matrix(QUERY)}

K = {matrix(KEY)}

V = {matrix(VALUE)}

Scores Q K^T = {matrix(steps["scores"], 2)}

Scaled scores Q K^T / √2 = {matrix(steps["scaled"], 3)}

Attention weights = {matrix(steps["weights"], 3)}

Output = {matrix(steps["output"], 2)}
"""


def as_tables(steps):
    return "\n\n".join(
        [
            "We compute softmax(QK^T / √d_k) V.",
            "Queries:",
            table(QUERY, 1, "12"),
            "Keys:",
            table(KEY, 1, "12"),
            "Values:",
            table(VALUE, 1, "1234"),
            "Scores:",
            table(steps["scores"], 2, TOKENS),
            "Scaled by 1/√2:",
            table(steps["scaled"], 3, TOKENS),
            "Attention weights:",
            table(steps["weights"], 3, TOKENS),
            "Output:",
            table(steps["output"], 2, "1234"),
        ]
    )


def as_sentences(steps):
    lines = ["We compute softmax(QK^T / √d_k) V."]
    for i, token in enumerate(TOKENS):
        lines.append(f'"{token}": Query = {row(QUERY[i])}, Key = {row(KEY[i])}, Value = {row(VALUE[i])}')
    for i, token in enumerate(TOKENS):
        for j, other in enumerate(TOKENS):
            terms = " + ".join(f"{a}×{b}" for a, b in zip(QUERY[i], KEY[j], strict=True))
            lines.append(f"{token} · {other} = {terms} = {steps['scores'][i, j]:.2f}")
    for i, token in enumerate(TOKENS):
        lines.append(f'Scaled scores for "{token}" = {row(steps["scaled"][i], 3)}')
        lines.append(f'Attention weights for "{token}" = {row(steps["weights"][i], 3)}')
        lines.append(f'Output for "{token}" = {row(steps["output"][i], 2)}')
    return "\n\n".join(lines)


def as_latex(steps):
    def pmatrix(name, values, places):
        rows = " \\\\ ".join(" & ".join(f"{x:.{places}f}" for x in one) for one in values)
        return f"\\[ {name} = \\begin{{pmatrix}} {rows} \\end{{pmatrix}} \\]"

    return "\n\n".join(
        [
            "We compute $\\mathrm{softmax}(QK^T/\\sqrt{d_k}) V$.",
            pmatrix("Q", QUERY, 1),
            pmatrix("K", KEY, 1),
            pmatrix("V", VALUE, 1),
            pmatrix("QK^T", steps["scores"], 2),
            pmatrix("\\frac{QK^T}{\\sqrt{2}}", steps["scaled"], 3),
            pmatrix("A", steps["weights"], 3),
            pmatrix("AV", steps["output"], 2),
        ]
    )


def as_html(steps):
    def cells(values, places):
        rows = "".join(f"<tr>{''.join(f'<td>{x:.{places}f}</td>' for x in one)}</tr>" for one in values)
        return f"<table>{rows}</table>"

    parts = [("Q", QUERY, 1), ("K", KEY, 1), ("V", VALUE, 1), ("Scores", steps["scores"], 2)]
    parts += [("Scaled scores", steps["scaled"], 3), ("Weights", steps["weights"], 3), ("Output", steps["output"], 2)]
    body = "".join(f"<h3>{name}</h3>{cells(values, places)}" for name, values, places in parts)
    return f"<html><body><p>softmax(QK<sup>T</sup>/√d<sub>k</sub>)V</p>{body}</body></html>"


STYLES = [(as_matrices, "x.md"), (as_tables, "x.md"), (as_sentences, "x.txt"), (as_latex, "x.tex"), (as_html, "x.html")]


def check(text, name="x.md", *more):
    report = check_file(name, text.encode(), *more)
    assert report.reason == ""
    for finding in report.findings:
        if finding.printed is not None and finding.span is not None:
            assert report.source.text[finding.span.start : finding.span.end] == finding.printed
    return report


def errors(report):
    return [finding for finding in report.findings if finding.severity == "error"]


def place(at):
    return tuple(TOKENS.index(label) if isinstance(label, str) else label for label in at)


@pytest.mark.parametrize(("style", "name"), STYLES)
def test_right_documents_are_right_in_every_style(style, name):
    report = check(style(chain()), name)
    assert (report.findings, report.verdict, report.checked) == ([], "right", 9 + 9 + 9 + 12)


NO_SCALE = chain(weights=softmax(QUERY @ KEY.T))
SLIPPED = QUERY @ KEY.T
SLIPPED[1, 2] += 0.4
MISTAKES = [
    ({"scores": KEY @ QUERY.T}, "scores", {"transposed"}),
    ({"scaled": QUERY @ KEY.T / 2}, "scaled_scores", {"scale_d_k"}),
    ({"scaled": QUERY @ KEY.T / 8}, "scaled_scores", {"hidden_constant"}),
    ({"weights": softmax(QUERY @ KEY.T)}, "weights", {"unscaled_carried_on"}),
    ({"weights": softmax(QUERY @ KEY.T * SCALE, axis=0)}, "weights", {"wrong_axis"}),
    ({"output": softmax(QUERY @ KEY.T * SCALE).T @ VALUE}, "output", {"transposed"}),
    ({"scores": SLIPPED}, "scores", {"dot_product"}),
]


# Every style with some of the mistakes, and every mistake in some of the styles: less time than all pairs.
PAIRS = [
    (*style, *mistake)
    for style in STYLES
    for number, mistake in enumerate(MISTAKES)
    if (number + STYLES.index(style)) % 3 == 0
]


@pytest.mark.parametrize(("style", "name", "replaced", "step", "causes"), PAIRS)
def test_one_mistake_in_every_style(style, name, replaced, step, causes):
    steps, right = chain(**replaced), chain()
    report = check(style(steps), name)
    assert report.verdict == "wrong"
    assert report.checked == 39
    first = report.findings[0]
    assert (first.severity, first.follows_from) == ("error", None)
    short = step.removesuffix("_scores")
    wrong = errors(report)
    assert {finding.cause for finding in wrong} <= causes | {"arithmetic", "transposed"}
    assert first.cause in causes
    for finding in wrong:
        assert finding.step == step
        assert finding.printed == f"{steps[short][place(finding.at)]:.{PLACES[short]}f}"
        assert finding.correct == f"{right[short][place(finding.at)]:.{PLACES[short]}f}"
    for finding in report.findings:
        if finding.cause == "follows":
            assert finding.severity == "drift"
            assert report.findings[finding.follows_from].step == step
    fixed = check(report.fixed().decode(), name)
    assert not errors(fixed)


def given(rows=("Q", "K", "V")):
    matrices = {"Q": QUERY, "K": KEY, "V": VALUE}
    return "\n\n".join(f"{name} = {matrix(matrices[name])}" for name in rows) + "\n\n"


UNSCALED = chain(scale=1)
RESULTS = f"Attention weights = {matrix(UNSCALED['weights'], 3)}\n\nOutput = {matrix(UNSCALED['output'], 2)}\n"


def test_no_scaling_is_a_convention_where_nothing_else_is_said():
    report = check(given() + RESULTS)
    assert report.verdict == "right"
    assert [(finding.severity, finding.cause) for finding in report.findings] == [("convention", "convention")]
    assert report.findings[0].printed is None
    assert any("Scale: none" in sentence for sentence in report.reading)


@pytest.mark.parametrize("words", ["We do not scale.", "The scores are not scaled.", "Weights are softmax(QK^T)."])
def test_no_scaling_that_is_stated_is_no_finding(words):
    report = check(f"{words}\n\n{given()}{RESULTS}")
    assert (report.verdict, report.findings) == ("right", [])


@pytest.mark.parametrize("formula", ["softmax(QK^T/√d_k)V", "$\\mathrm{softmax}(QK^T/\\sqrt{d_k})V$"])
def test_no_scaling_against_the_formula_of_the_document_is_an_error(formula):
    report = check(f"We use {formula}.\n\n{given()}{RESULTS}")
    assert report.verdict == "wrong"
    assert {finding.cause for finding in errors(report)} == {"no_scale"}


def test_a_causal_mask():
    masked = chain(mask=CAUSAL)
    results = f"Attention weights = {matrix(masked['weights'], 3)}\n\nOutput = {matrix(masked['output'], 2)}\n"
    assert check(f"We use a causal mask.\n\n{given()}{results}").findings == []
    assert [finding.severity for finding in check(given() + results).findings] == ["convention"]
    report = check(f"We use a causal mask.\n\n{given()}Attention weights = {matrix(chain()['weights'], 3)}\n")
    assert {finding.cause for finding in report.findings} == {"mask_forgotten"}
    assert errors(report)[0].correct == "1.000"


def test_an_input_that_is_given_again_with_another_number():
    other = KEY.copy()
    other[2, 1] = 0.3
    report = check(f"{as_matrices(chain())}\n\nRemember that K = {matrix(other)}.\n")
    (finding,) = report.findings
    assert (finding.cause, finding.step, finding.at) == ("stale", "key", (2, 1))
    assert (finding.printed, finding.correct) == ("0.3", "0.8")


def test_two_examples_in_one_document():
    # Q Kᵀ = [[2 + 1, 4 + 0.5], [0.5 + 3, 1 + 1.5]]
    second = (
        "\n## Another\n\nQ = [[2, 1], [0.5, 3]]\n\nK = [[1, 1], [2, 0.5]]\n\nScores Q K^T = [[3, 4.5], [{}, 2.5]]\n"
    )
    report = check(as_matrices(chain()) + second.format("3.5"))
    assert (report.verdict, report.checked) == ("right", 39 + 4)
    (finding,) = check(as_matrices(chain()) + second.format("5.5")).findings
    assert (finding.printed, finding.correct, finding.step) == ("5.5", "3.5", "scores")


def test_tokens_as_columns():
    right = chain()
    text = (
        f"Tokens are columns.\n\nQ = {matrix(QUERY.T)}\n\nK = {matrix(KEY.T)}\n\nV = {matrix(VALUE.T)}\n\n"
        f"Output = {matrix(right['output'].T, 2)}\n"
    )
    report = check(text)
    assert (report.verdict, report.checked) == ("right", 12)
    assert "Tokens are columns." in report.reading
    wrong = right["output"].T.copy()
    wrong[3, 1] += 0.2
    (finding,) = check(text.replace(matrix(right["output"].T, 2), matrix(wrong, 2))).findings
    assert (finding.at, finding.correct) == ((1, 3), f"{right['output'][1, 3]:.2f}")


def test_queries_of_one_sentence_and_keys_of_another():
    scores = QUERY[:2] @ KEY.T
    text = f"Q = {matrix(QUERY[:2])}\n\nK = {matrix(KEY)}\n\nQ K^T = {{}}\n"
    assert check(text.format(matrix(scores, 2))).verdict == "right"
    scores[1, 2] += 1
    (finding,) = check(text.format(matrix(scores, 2))).findings
    assert (finding.cause, finding.at) == ("dot_product", (1, 2))


def test_percentages():
    weights = chain()["weights"]
    shown = [[f"{100 * x:.1f}%" for x in one] for one in weights]
    lines = "\n".join(f"| {token} | {' | '.join(one)} |" for token, one in zip(TOKENS, shown, strict=True))
    text = f"{given()}Attention weights in percent:\n\n| | red | fox | ran |\n|---|---|---|---|\n{lines}\n"
    assert (check(text).verdict, check(text).checked) == ("right", 9)
    (finding,) = check(text.replace(shown[0][1], "83.1%")).findings
    assert (finding.printed, finding.correct) == ("83.1%", shown[0][1])


def test_a_row_that_a_sentence_names():
    weights = chain()["weights"]
    sentences = given() + 'The tokens are "red", "fox", "ran".\n\nAttention weights of "ran" = {}\n'
    assert check(sentences.format(row(weights[2], 3))).checked == 3
    assert check(sentences.format(row(weights[2], 3))).findings == []
    slipped = weights[2].copy()
    slipped[1] += 0.2
    (finding,) = check(sentences.format(row(slipped, 3))).findings
    assert finding.at == ("ran", "fox")


# Example blocks and side files

BLOCK = f"tokens: [red, fox, ran]\nquery: {QUERY.tolist()}\nkey: {KEY.tolist()}\nvalue: {VALUE.tolist()}\n"


def test_a_block_says_what_the_inputs_are():
    text = f"```attention\n{BLOCK}{{}}```\n\nAttention weights = {matrix(UNSCALED['weights'], 3)}\n"
    assert check(text.format("scale: none\n")).verdict == "right"
    report = check(text.format(""))
    assert {finding.cause for finding in errors(report)} == {"no_scale"}
    assert errors(report)[0].at == ("red", "red")


def test_a_side_file_says_what_the_inputs_are():
    text = f"Attention weights = {matrix(UNSCALED['weights'], 3)}\n"
    assert check(text).checked == 0
    report = check(text, "x.md", f"scale: none\n{BLOCK}".encode(), "x.yaml")
    assert (report.verdict, report.checked) == ("right", 9)
    assert check(text, "x.md", BLOCK.encode(), "x.yaml").verdict == "wrong"


@pytest.mark.parametrize(
    ("text", "more", "named"),
    [
        ("a\n\n```attention\nquery: [[1, 2], [3]]\n```\n", (), "line 4"),
        ("a\n\n```attention\nquery: [[1,\n```\n", (), "line 4"),
        ("a", (b"query: [[1", "side.yaml"), "side.yaml"),
        ("a", (b"{", "side.json"), "side.json"),
    ],
)
def test_bad_blocks_and_side_files(text, more, named):
    report = check_file("x.md", text.encode(), *more)
    assert report.verdict == "unreadable"
    assert named in report.reason
    assert_one_sentence(report.reason)


# An article with a handful of errors

SIX = ["We", "rowed", "across", "the", "quiet", "lake"]
SIX_QUERY = np.array(
    [[0.1, 0.6, 0.3], [0.7, 0.2, 0.5], [0.4, 0.4, 0.1], [0.2, 0.1, 0.6], [0.5, 0.3, 0.8], [0.8, 0.9, 0.4]]
)
SIX_KEY = np.array(
    [[0.5, 0.2, 0.4], [0.3, 0.7, 0.6], [0.6, 0.1, 0.9], [0.2, 0.2, 0.3], [0.9, 0.4, 0.5], [0.7, 0.8, 0.1]]
)
SIX_VALUE = np.array([[0.3, 0.9], [0.6, 0.2], [0.1, 0.8], [0.5, 0.4], [0.7, 0.1], [0.2, 0.6]])


def article(scores, weights, output):
    lines = [
        "# How a model reads a sentence",
        f'Our sentence is "{" ".join(SIX)}". The formula of 2017 is Attention(Q, K, V) = softmax(QK^T/√d_k)V.',
    ]
    for token, q, k, v in zip(SIX, SIX_QUERY, SIX_KEY, SIX_VALUE, strict=True):
        lines.append(f'"{token}": Query = {row(q)}, Key = {row(k)}, Value = {row(v)}')
    for token, key, score in zip(SIX, SIX_KEY, scores, strict=True):
        terms = " + ".join(f"{a}×{b}" for a, b in zip(SIX_QUERY[5], key, strict=True))
        lines.append(f"lake · {token} = {terms} = {score:.2f}")
    lines.append(f'Attention weights for "lake" = {row(weights, 3)}')
    lines.append(f'Output for "lake" = {row(output, 2)}')
    return "\n\n".join(lines)


def test_an_article_of_six_tokens():
    scores = SIX_QUERY[5] @ SIX_KEY.T
    weights = softmax(scores / np.sqrt(3))
    output = weights @ SIX_VALUE
    right = check(article(scores, weights, output))
    assert (right.verdict, right.findings, right.checked) == ("right", [], 6 + 6 + 2)

    slipped = scores.copy()
    slipped[3] += 0.18  # lake · the
    report = check(article(slipped, softmax(slipped / np.sqrt(3)), softmax(slipped / np.sqrt(3)) @ SIX_VALUE))
    first, *later = report.findings
    assert (first.cause, first.step, first.at) == ("dot_product", "scores", ("lake", "the"))
    assert (first.printed, first.correct) == (f"{slipped[3]:.2f}", f"{scores[3]:.2f}")
    assert (
        first.line
        == article(scores, weights, output)
        .splitlines()
        .index(next(line for line in article(scores, weights, output).splitlines() if line.startswith("lake · the")))
        + 1
    )
    assert later
    assert all((finding.cause, finding.follows_from) == ("follows", 0) for finding in later)
    assert {finding.step for finding in later} <= {"weights", "output"}

    unscaled = softmax(scores)
    report = check(article(scores, unscaled, unscaled @ SIX_VALUE))
    assert {finding.cause for finding in errors(report)} == {"no_scale"}
    assert {finding.step for finding in errors(report)} == {"weights"}
    assert check(report.fixed().decode()).verdict == "right"


def test_an_operand_that_is_mistyped():
    scores = SIX_QUERY[5] @ SIX_KEY.T
    weights = softmax(scores / np.sqrt(3))
    text = article(scores, weights, weights @ SIX_VALUE)
    assert "lake · rowed = 0.8×0.3 + 0.9×0.7" in text
    report = check(text.replace("lake · rowed = 0.8×0.3 + 0.9×0.7", "lake · rowed = 0.8×0.9 + 0.9×0.7"))
    first = report.findings[0]
    assert (first.severity, first.cause, first.step, first.at) == ("error", "operand", "key", ("rowed", 0))
    assert (first.printed, first.correct) == ("0.9", "0.3")
    assert check(report.fixed().decode()).verdict == "right"


def test_a_token_without_vectors():
    scores = SIX_QUERY[5] @ SIX_KEY.T
    text = article(scores, softmax(scores / np.sqrt(3)), softmax(scores / np.sqrt(3)) @ SIX_VALUE)
    report = check(text.replace("quiet lake", "quiet lake today"))
    (finding,) = [finding for finding in report.findings if finding.cause == "missing"]
    assert (finding.severity, finding.line) == ("missing", 3)
    assert "today" in finding.message
    assert report.verdict == "right"


@pytest.mark.parametrize(
    ("formula", "printed", "correct"),
    [
        (r"\begin{align} 0.3 \times 0.1 &= 0.03 & 0.4 \times 0.2 &= 0.09 \end{align}", "0.09", "0.08"),
        (r"\begin{align} x &= 0.3 \times 0.1 & &= 0.04 \end{align}", "0.04", "0.03"),
        (
            r"\[ 0.25 \begin{bmatrix} 2 \\ 4 \end{bmatrix} + 0.75 \, \begin{bmatrix} 6 \\ 8 \end{bmatrix}"
            r" = \begin{bmatrix} 5 \\ 9 \end{bmatrix} \]",
            "9",
            "7",
        ),
    ],
)
@pytest.mark.parametrize("name", ["a.tex", "a.md"])
def test_equations_side_by_side_and_sums_of_columns(formula, printed, correct, name):
    (finding,) = check_file(name, formula.encode()).findings
    assert (finding.severity, finding.printed, finding.correct) == ("error", printed, correct)
