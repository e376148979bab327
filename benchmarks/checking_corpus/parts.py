"""What styles are put together from: introductions, inputs, and the spelled-out arithmetic of one row."""

from __future__ import annotations

from checking_corpus.chain import Place
from checking_corpus.writer import Writer

SYMBOLS = {"x": "X", "memory": "M", "query": "Q", "key": "K", "value": "V"}
SYMBOLS |= {"weight_query": "W_Q", "weight_key": "W_K", "weight_value": "W_V"}
FILLERS = (
    "The Transformer was published in 2017; its base model has 8 heads of 64, and 8 × 64 = 512.",
    "Real models use hundreds of dimensions (GPT-2 small: 768), we use a handful.",
    "About 30% of the readers asked for numbers, so here they are.",
    "This note was updated on 2023-05-14 and refers to version 1.12 of the slides.",
    "All results below are worked out by hand and rounded.",
    "",
)


def symbol(w: Writer, step: str, head: int = 0) -> str:
    """The name of a matrix, with its head where there are several."""
    name = SYMBOLS[step]
    base, _, index = name.partition("_")
    if w.chain.problem.heads > 1 and step not in ("x", "memory"):
        index += str(head + 1)
    return w.m.sub(base, index) if index else base


def introduction(w: Writer, *, columns: bool = False, formula: bool = True) -> None:
    """Title, sentence, formula, mask and scale."""
    problem, random = w.chain.problem, w.random
    cross = problem.is_cross
    w.heading(
        random.choice(("Cross-attention by hand",) if cross else ("Self-attention by hand", "A worked example")), 1
    )
    filler = random.choice(FILLERS)
    if filler:
        w.para(filler)
    sentence = " ".join(problem.tokens) + w.sentence_end
    wording = random.choice(('Sentence: "{}"', 'We follow the tokens of "{}".', 'Input: "{}"'))
    if cross:
        w.para(f'Queries come from "{sentence}", keys and values from "{" ".join(problem.key_tokens)}".')
    else:
        w.para(wording.format(sentence))
    if formula:
        w.para(w.math(w.m.formula(problem.scale == "sqrt", columns)))
    if problem.scale == "none":
        w.para(random.choice(("We leave out the scaling here.", "To keep it simple, the scores are not scaled.")))
    if problem.mask == "causal":
        w.para(
            random.choice(
                ("A causal mask is used: no token sees what comes after it.", "With a causal mask (decoder).")
            )
        )
    if problem.heads > 1:
        w.para(f"There are {problem.heads} heads.")


def entries(w: Writer, step: str, head: int, role: str = "") -> list[list[str]]:
    """The numbers of a matrix."""
    rows, columns = w.chain.shape(step)
    return [[w.n(step, (head, i, j), role) for j in range(columns)] for i in range(rows)]


def row_of(w: Writer, step: str, head: int, i: int, role: str = "operand", about: Place | None = None) -> list[str]:
    """The numbers of one row."""
    context = None if about is None else ("output", about)
    return [w.n(step, (head, i, j), role, context) for j in range(w.chain.shape(step)[1])]


def vectors(w: Writer, head: int = 0) -> None:
    """Query, key and value of every token, as authors list them."""
    problem, random = w.chain.problem, w.random
    same = not problem.is_cross
    wording = random.choice(("line", "line", "names", "of"))
    names = random.choice((("Query", "Key", "Value"), ("Q", "K", "V"), ("query", "key", "value")))
    quote = random.choice(('"{}"', "{}", "'{}'"))
    steps = ("query", "key", "value")
    if wording == "line" and same:
        lines = []
        for i, token in enumerate(problem.tokens):
            given = [
                w.math(f"{name} = {w.m.vector(row_of(w, step, head, i, 'input'))}")
                for name, step in zip(names, steps, strict=True)
            ]
            lines.append(f"{quote.format(token)}: {', '.join(given)}")
        w.items(lines)
        return
    for name, step in zip(names, steps, strict=True):
        tokens = problem.tokens if step == "query" else problem.key_tokens
        lines = []
        for i, token in enumerate(tokens):
            vector = w.m.vector(row_of(w, step, head, i, "input"))
            if wording == "of":
                lines.append(f'{name} of "{token}" = {w.math(vector)}')
            else:
                lines.append(w.math(f"{w.m.sub(name[0].lower(), label(w, tokens, i))} = {vector}"))
        w.items(lines)


def label(w: Writer, tokens: tuple[str, ...], i: int, named: bool = False) -> str:
    """A token as an index: its position, or the word, with a number where it occurs more than once."""
    if w.is_numbered and not named:
        return str(i + 1)
    return tokens[i] if tokens.count(tokens[i]) == 1 else f"{tokens[i]}{tokens[: i + 1].count(tokens[i])}"


def dot_products(w: Writer, head: int, i: int) -> None:
    """`q_a · k_b = 0.1×0.2 + … = 0.28` for every key."""
    problem, m, random = w.chain.problem, w.m, w.random
    wording = random.choice(("dots", "score", "dot product"))
    lines = []
    for j in range(len(problem.key_tokens)):
        about = ("scores", (head, i, j))
        products = [
            m.multiplied(w.n("query", (head, i, k), "operand", about), w.n("key", (head, j, k), "operand", about))
            for k in range(w.chain.d_k)
        ]
        named = wording != "dots"
        query, key = label(w, problem.tokens, i, named), label(w, problem.key_tokens, j, named)
        if wording == "dots":
            left = f"{m.sub('q', query)} {m.dot} {m.sub('k', key)}"
        else:
            left = m.pair("score" if wording == "score" else "Dot Product", query, key)
        lines.append(f"{left} = {' + '.join(products)} = {w.n('scores', (head, i, j))}")
    w.equations([w.math(line) if w.has_equations and not _displayed(w) else line for line in lines])


def shows_scaling(w: Writer) -> bool:
    """Whether the scaled scores are printed; many authors go from the scores to the weights."""
    return w.chain.problem.scale == "sqrt" and "scaled" not in w.hidden


def shows_mask(w: Writer) -> bool:
    """Whether the masked scores are printed."""
    return w.chain.problem.mask == "causal" and "masked" not in w.hidden


def scaling(w: Writer, head: int, i: int) -> None:
    """`0.28/√3 = 0.16` for every key."""
    problem, m = w.chain.problem, w.m
    if not shows_scaling(w):
        return
    root = m.root(str(w.chain.d_k))
    w.para(w.random.choice(("Divide by the root of the dimension:", "Scaled scores:", "Next, scale.")))
    named = w.random.random() < 0.5
    lines = []
    for j in range(len(problem.key_tokens)):
        place = (head, i, j)
        shown = m.fraction(w.n("scores", place, "operand", ("scaled", place)), root)
        pair = m.pair("scaled", label(w, problem.tokens, i, True), label(w, problem.key_tokens, j, True))
        left = f"{pair} = " if named else ""
        lines.append(f"{left}{shown} {m.approx} {w.n('scaled', place)}")
    w.equations([w.math(line) if not _displayed(w) else line for line in lines])


def visible(w: Writer, i: int) -> list[int]:
    """The keys that a row attends to; all of them where the author forgot the mask."""
    count = len(w.chain.problem.key_tokens)
    if w.chain.problem.mask == "causal" and not w.chain.faults.mask:
        return [j for j in range(count) if j <= i]
    return list(range(count))


def softmax(w: Writer, head: int, i: int, wording: str) -> None:
    """The weights of a row: as one call, as exponentials and their sum, or as a fraction each."""
    problem, m = w.chain.problem, w.m
    keys = visible(w, i)
    if wording == "call":
        inside = [w.n("masked", (head, i, j), "operand") for j in range(len(problem.key_tokens))]
        result = [w.n("weights", (head, i, j)) for j in range(len(problem.key_tokens))]
        w.equations([_inline(w, f"{m.word('softmax')}({m.vector(inside)}) {m.approx} {m.vector(result)}")])
        return
    if wording == "fractions":
        lines = []
        for j in keys:
            about = ("weights", (head, i, j))
            top = m.exp(w.n("masked", (head, i, j), "operand", about))
            below = " + ".join(m.exp(w.n("masked", (head, i, k), "operand", about)) for k in keys)
            left = m.pair("weight", label(w, problem.tokens, i, True), label(w, problem.key_tokens, j, True))
            lines.append(f"{left} = {m.fraction(top, below)} {m.approx} {w.n('weights', (head, i, j))}")
        w.equations([_inline(w, line) for line in lines])
        return
    lines = [
        f"{m.exp(w.n('masked', (head, i, j), 'operand'))} {m.approx} {w.n('exponentials', (head, i, j))}" for j in keys
    ]
    terms = " + ".join(w.n("exponentials", (head, i, j), "operand") for j in keys)
    lines.append(f"{m.word('sum')} = {terms} = {w.n('sums', (head, i, 0))}")
    w.equations([_inline(w, line) for line in lines])
    shares = [
        f"{label(w, problem.key_tokens, j, True)}: "
        + w.math(
            f"{m.fraction(w.n('exponentials', (head, i, j), 'operand'), w.n('sums', (head, i, 0), 'operand'))} "
            f"{m.approx} {w.n('weights', (head, i, j))}"
        )
        for j in keys
    ]
    w.items(shares)


def weighted_sum(w: Writer, head: int, i: int) -> None:
    """The output of a row: of whole vectors, or component by component."""
    problem, m = w.chain.problem, w.m
    keys = visible(w, i)
    width = w.chain.d_v
    token = label(w, problem.tokens, i)
    if w.random.random() < 0.5:
        terms = []
        for j in keys:
            weight = w.n("weights", (head, i, j), "operand", ("output", (head, i, 0)))
            terms.append(m.multiplied(weight, m.vector(row_of(w, "value", head, j, about=(head, i, 0)))))
        result = m.vector([w.n("output", (head, i, c)) for c in range(width)])
        w.equations([_inline(w, f"{m.sub('z', token)} = {' + '.join(terms)} {m.approx} {result}")])
        return
    lines = []
    for c in range(width):
        about = ("output", (head, i, c))
        terms = [
            m.multiplied(w.n("weights", (head, i, j), "operand", about), w.n("value", (head, j, c), "operand", about))
            for j in keys
        ]
        lines.append(f"{m.sub('z', str(c + 1))} = {' + '.join(terms)} {m.approx} {w.n('output', (head, i, c))}")
    w.equations([_inline(w, line) for line in lines])


def _displayed(w: Writer) -> bool:
    """Whether `equations` puts the mathematics into a display of its own."""
    return w.extension == "tex" or (w.extension in ("md", "ipynb", "rst") and bool(w.math("")))


def _inline(w: Writer, text: str) -> str:
    return text if _displayed(w) else w.math(text)
