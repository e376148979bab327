"""How authors lay an example out: one row in prose, matrices, tables, rows of softmax, a program with its prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checking_corpus import parts
from checking_corpus.numbers import NUMBER, numpy_print, torch_print
from checking_corpus.writer import Writer

Style = Callable[[Writer], None]


def heads_of(w: Writer) -> range:
    return range(w.chain.problem.heads)


def _head_heading(w: Writer, head: int) -> None:
    if w.chain.problem.heads > 1:
        w.heading(f"Head {head + 1}", 2)


def _projections(w: Writer, show: Callable[[str, int], None]) -> None:
    """Embeddings, where the example starts from them."""
    problem = w.chain.problem
    if not problem.is_projected:
        return
    w.para(w.random.choice(("Embeddings and weights:", "Each row of X is a token.")))
    for step in ("x", "memory"):
        if step in problem.inputs:
            show(step, 0)


def focus_prose(w: Writer) -> None:
    """Everything about one token, spelled out."""
    problem = w.chain.problem
    i = problem.focus
    parts.introduction(w)
    _projections(w, lambda step, head: w.matrix(parts.symbol(w, step, head), parts.entries(w, step, head, "input")))
    wording = w.random.choice(("call", "exponentials", "fractions"))
    if w.chain.faults.softmax:
        wording = "call"  # who does not take a softmax does not spell one out
    for head in heads_of(w):
        _head_heading(w, head)
        if problem.is_projected:
            for step in ("query", "key", "value"):
                _weight(w, step, head)
        else:
            w.heading(w.random.choice(("Step 1: vectors", "Inputs")), 3)
            parts.vectors(w, head)
        w.heading(w.random.choice(("Step 2: scores", "Dot products", "Similarity")), 3)
        w.para(f'We look at "{problem.tokens[i]}"{_ordinal(problem.tokens, i)}.')
        parts.dot_products(w, head, i)
        parts.scaling(w, head, i)
        if problem.mask == "causal" and i + 1 < len(problem.tokens):
            w.para("Later tokens are masked out.")
        w.heading(w.random.choice(("Softmax", "Step 3: softmax", "Weights")), 3)
        parts.softmax(w, head, i, wording)
        w.heading(w.random.choice(("Weighted sum", "Output", "Step 4: output")), 3)
        parts.weighted_sum(w, head, i)


def _ordinal(tokens: Sequence[str], i: int) -> str:
    if tokens.count(tokens[i]) == 1:
        return ""
    return f" (position {i + 1})"


def _weight(w: Writer, step: str, head: int) -> None:
    """A weight matrix and what x becomes by it."""
    source = "memory" if "memory" in w.chain.problem.inputs and step != "query" else "x"
    weight = parts.symbol(w, f"weight_{step}", head)
    w.matrix(weight, parts.entries(w, f"weight_{step}", head, "input"))
    name = parts.symbol(w, step, head)
    glue = "" if not w.has_equations else " "
    w.matrix(f"{name} = {parts.symbol(w, source)}{glue or ' '}{weight}", parts.entries(w, step, head))


def matrices(w: Writer) -> None:
    """Whole matrices, one after another."""
    _matrices(w, columns=False)


def columns(w: Writer) -> None:
    """Tokens as columns: S = KᵀQ, softmax down each column, V times the weights."""
    # Weight matrices are written as x W, for tokens as rows.
    _matrices(w, columns=not w.chain.problem.is_projected)


def _turned(rows: list[list[str]]) -> list[list[str]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _matrices(w: Writer, columns: bool) -> None:
    problem, m, random = w.chain.problem, w.m, w.random
    turn = _turned if columns else lambda rows: rows
    parts.introduction(w, columns=columns)
    if columns and random.random() < 0.5:
        w.para("Tokens are columns here: every column of Q, K and V belongs to one token.")
    _projections(w, lambda step, head: w.matrix(parts.symbol(w, step, head), parts.entries(w, step, head, "input")))
    k_t = m.transposed("K")
    product = f"{k_t} Q" if columns else f"Q {k_t}"
    steps = random.random()
    for head in heads_of(w):
        _head_heading(w, head)
        for step in ("query", "key", "value"):
            if problem.is_projected:
                _weight(w, step, head)
            else:
                w.matrix(parts.symbol(w, step, head), turn(parts.entries(w, step, head, "input")))
        w.heading(random.choice(("Scores", "Step 2: Q times K transposed", "Similarity")), 3)
        w.matrix(f"S = {product}", turn(parts.entries(w, "scores", head)))
        if parts.shows_scaling(w):
            if steps < 0.5:
                w.para(f"Divide by {w.math(m.root('d_k') + ' = ' + m.root(str(w.chain.d_k)))}:")
            w.matrix(m.fraction("S", m.root("d_k")), turn(parts.entries(w, "scaled", head)))
        if parts.shows_mask(w):
            w.para("After the mask:")
            w.matrix(m.word("masked"), turn(parts.entries(w, "masked", head)))
        w.heading(random.choice(("Softmax", "Attention weights")), 3)
        inner = m.fraction("S", m.root("d_k")) if problem.scale == "sqrt" else "S"
        name = "A" if random.random() < 0.5 else f"A = {m.word('softmax')}({inner})"
        w.matrix(name, turn(parts.entries(w, "weights", head)))
        w.heading("Output", 3)
        w.matrix("Z = V A" if columns else "Z = A V", turn(parts.entries(w, "output", head)))


def tables(w: Writer) -> None:
    """Tables with tokens at their sides."""
    problem, random = w.chain.problem, w.random
    parts.introduction(w)
    _projections(w, lambda step, head: w.matrix(parts.symbol(w, step, head), parts.entries(w, step, head, "input")))
    corner = random.choice(("", "token", "query \\ key")) if w.extension != "tex" else ""
    together = random.random() < 0.5 and not problem.is_cross and w.extension not in ("csv", "xlsx")
    for head in heads_of(w):
        _head_heading(w, head)
        if problem.is_projected:
            for step in ("query", "key", "value"):
                _weight(w, step, head)
        elif together:
            rows = []
            for i, token in enumerate(problem.tokens):
                cells = [w.m.vector(parts.row_of(w, step, head, i, "input")) for step in ("query", "key", "value")]
                rows.append([token, *map(w.math, cells)])
            w.table("Query, key and value of every token", ["Token", "Query", "Key", "Value"], rows)
        else:
            for step, caption in (("query", "Queries (Q)"), ("key", "Keys (K)"), ("value", "Values (V)")):
                tokens = problem.tokens if step == "query" else problem.key_tokens
                width = w.chain.shape(step)[1]
                letter = step[0]
                grid = parts.entries(w, step, head, "input")
                w.table(
                    caption,
                    ["token", *(f"{letter}{c + 1}" for c in range(width))],
                    [[token, *row] for token, row in zip(tokens, grid, strict=True)],
                )
        shown = [("scores", "Scores QK^T" if w.extension != "tex" else "Scores")]
        if parts.shows_scaling(w):
            shown.append(("scaled", random.choice(("Scaled scores", "Scores divided by the root of d_k"))))
        if parts.shows_mask(w):
            shown.append(("masked", "Masked scores"))
        shown.append(("weights", random.choice(("Attention weights", "Weights after softmax"))))
        for step, caption in shown:
            grid = parts.entries(w, step, head)
            rows = [[token, *row] for token, row in zip(problem.tokens, grid, strict=True)]
            w.table(caption, [corner, *problem.key_tokens], rows)
        grid = parts.entries(w, "output", head)
        header = ["token", *(f"z{c + 1}" for c in range(w.chain.shape("output")[1]))]
        rows = [[token, *row] for token, row in zip(problem.tokens, grid, strict=True)]
        w.table("Output", header, rows)


def rows(w: Writer) -> None:
    """Matrices of inputs and scores; then a softmax and a weighted sum a row."""
    problem, m = w.chain.problem, w.m
    parts.introduction(w)
    _projections(w, lambda step, head: w.matrix(parts.symbol(w, step, head), parts.entries(w, step, head, "input")))
    for head in heads_of(w):
        _head_heading(w, head)
        for step in ("query", "key", "value"):
            if problem.is_projected:
                _weight(w, step, head)
            else:
                w.matrix(parts.symbol(w, step, head), parts.entries(w, step, head, "input"))
        w.matrix(f"S = Q {m.transposed('K')}", parts.entries(w, "scores", head))
        if parts.shows_scaling(w):
            w.matrix(m.fraction("S", m.root(str(w.chain.d_k))), parts.entries(w, "scaled", head))
        for i, token in enumerate(problem.tokens):
            w.para(f'Row {i + 1}, "{token}":')
            parts.softmax(w, head, i, "call")
        w.matrix(w.random.choice(("Output", "Z = A V")), parts.entries(w, "output", head))


def program(w: Writer) -> None:
    """NumPy code, and what it printed."""
    _program(w, torch=False)


def torch_program(w: Writer) -> None:
    """PyTorch code, and what it printed."""
    _program(w, torch=True)


def _program(w: Writer, torch: bool) -> None:
    problem, random = w.chain.problem, w.random
    parts.introduction(w, formula=random.random() < 0.7)
    dtype = "float32" if torch else w.chain.arithmetic
    precision = 8 if torch or random.random() < 0.7 else 4
    library, make = ("torch", "torch.tensor") if torch else ("np", "np.array")
    suffix = ", dtype=np.float32" if dtype == "float32" and not torch else ""
    setup = ["import torch"] if torch else ["import numpy as np"]
    if precision != 8 and not torch:
        setup += ["", "np.set_printoptions(precision=4)"]
    w.code(setup)
    turned = ".T"
    for head in heads_of(w):
        tag = f"_{head + 1}" if problem.heads > 1 else ""
        lines = []
        for step in problem.inputs:
            if head and step in ("x", "memory"):
                continue
            name = parts.SYMBOLS[step] + ("" if step in ("x", "memory") else tag)
            grid = [f"[{', '.join(_literals(w, step, head, i, torch))}]" for i in range(w.chain.shape(step)[0])]
            lines.append(f"{name} = {make}([{', '.join(grid)}]{suffix})")
        if problem.is_projected:
            memory = "M" if "memory" in problem.inputs else "X"
            lines += [f"Q{tag} = X @ W_Q{tag}", f"K{tag} = {memory} @ W_K{tag}", f"V{tag} = {memory} @ W_V{tag}"]
        w.code(lines)
        if problem.is_projected:
            for step, name in (("query", "Q"), ("key", "K"), ("value", "V")):
                _printed(w, step, head, [f"print({name}{tag})"], torch, dtype, precision)
        _printed(w, "scores", head, [f"S{tag} = Q{tag} @ K{tag}{turned}", f"print(S{tag})"], torch, dtype, precision)
        carried = "S"
        if problem.scale == "sqrt":
            root = f"Q{tag}.shape[-1] ** 0.5" if torch else f"np.sqrt(Q{tag}.shape[-1])"
            lines = [f"scaled{tag} = S{tag} / {root}", f"print(scaled{tag})"]
            _printed(w, "scaled", head, lines, torch, dtype, precision)
            carried = "scaled"
        if problem.mask == "causal":
            allowed = f"{library}.tril({library}.ones({carried}{tag}.shape))"
            line = (
                f"masked{tag} = {carried}{tag}.masked_fill({allowed} == 0, float('-inf'))"
                if torch
                else f"masked{tag} = np.where({allowed} == 1, {carried}{tag}, -np.inf)"
            )
            _printed(w, "masked", head, [line, f"print(masked{tag})"], torch, dtype, precision)
            carried = "masked"
        lines = (
            [f"A{tag} = torch.softmax({carried}{tag}, dim=-1)"]
            if torch
            else [f"E{tag} = np.exp({carried}{tag})", f"A{tag} = E{tag} / E{tag}.sum(axis=1, keepdims=True)"]
        )
        _printed(w, "weights", head, [*lines, f"print(A{tag})"], torch, dtype, precision)
        _printed(w, "output", head, [f"Z{tag} = A{tag} @ V{tag}", f"print(Z{tag})"], torch, dtype, precision)


def _literals(w: Writer, step: str, head: int, i: int, torch: bool) -> list[str]:
    texts = []
    for j in range(w.chain.shape(step)[1]):
        text = w.chain.text(step, (head, i, j))
        if torch and "." not in text:
            text += ".0"
        texts.append(w.n(step, (head, i, j), "input", text=text))
    return texts


def _printed(w: Writer, step: str, head: int, lines: list[str], torch: bool, dtype: str, precision: int) -> None:
    """Statements, and the print of what they made, every number of it marked."""
    if w.shows_values:
        lines = [*lines[:-1], lines[-1].removeprefix("print(").removesuffix(")")]
    w.code(lines)
    grid = w.chain.steps[step][head]
    text = torch_print(grid) if torch else numpy_print(grid, _dtype(w, step, dtype), precision, w.shows_values)
    width = len(grid[0])
    count = iter(range(len(grid) * width))

    def marked(match: object) -> str:
        index = next(count)
        return w.n(step, (head, index // width, index % width), text=match[0])  # type: ignore[index]

    w.output(NUMBER.sub(marked, text))


def _dtype(w: Writer, step: str, dtype: str) -> str:
    """Products of whole numbers print as whole numbers, as NumPy's integers do."""
    typed = (text for grids in w.chain.problem.inputs.values() for grid in grids for row in grid for text in row)
    exact = step in ("query", "key", "value", "scores")
    return "int64" if dtype == "float64" and exact and not any("." in text for text in typed) else dtype


STYLES: dict[str, Style] = {
    "focus": focus_prose,
    "matrices": matrices,
    "columns": columns,
    "tables": tables,
    "rows": rows,
    "program": program,
    "torch": torch_program,
}
FORMAT_STYLES: dict[str, tuple[str, ...]] = {
    "md": ("focus", "focus", "matrices", "columns", "tables", "rows", "program", "torch"),
    "html": ("focus", "matrices", "columns", "tables", "tables", "rows", "program"),
    "tex": ("focus", "matrices", "columns", "tables", "rows"),
    "ipynb": ("focus", "matrices", "rows", "program", "program", "torch"),
    "txt": ("focus", "matrices", "columns", "tables", "rows", "program"),
    "rst": ("focus", "matrices", "tables", "rows", "program"),
    "py": ("focus", "matrices", "rows", "program", "torch"),
    "c": ("focus", "matrices", "rows"),
    "rs": ("focus", "matrices", "rows"),
    "csv": ("matrices", "tables", "columns"),
    "xlsx": ("matrices", "tables", "columns"),
}
