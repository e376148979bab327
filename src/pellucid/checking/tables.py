"""Tables: which cells are queries, scores or weights, and of which tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import structs

from pellucid.arrays import Array
from pellucid.checking.mapped_text import MappedText
from pellucid.checking.mention import UNNAMED, located
from pellucid.checking.named_places import mentioned
from pellucid.checking.naming import NO_STEPS, Quantity, quantity
from pellucid.checking.passages import Table
from pellucid.checking.printed import Printed
from pellucid.checking.problem import PER_KEY
from pellucid.checking.sides import NotASideError, SideParser
from pellucid.checking.tokens import CLOSE, OPEN, tokens_of
from pellucid.checking.values import leaves
from pellucid.expressions import Expression, Number

_LONGEST_NAME = 90
_TERM = re.compile(r"(?i)weighted value|weight\w* ?[×·*] ?value|contribution")
_TOTALS = re.compile(r"^\W*(?:sum|total|Σ|∑|row sum|summe|somme|suma|check)\W*$", re.IGNORECASE)
_ROLES = ("query", "key", "value", "embeddings")


@dataclass(frozen=True, eq=False)
class TableMention:
    """What a table, or a part of it, says."""

    quantity: Quantity
    values: Array
    label: str
    rows: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    offset: int


Cell = Expression | Array | str | None
"""A number, a vector, words, or nothing."""


def table_mentions(table: Table, caption: str, context: Sequence[str], tokens: Sequence[str]) -> Iterator[TableMention]:
    """What a table says, as mentions; nothing for a table that is about something else.

    Args:
        table: the table.
        caption: its title; empty where it has none.
        context: headings and lines before it.
        tokens: known tokens.
    """
    texts = [[cell.text.strip() for cell in row] for row in table.rows]
    cells = [[read_cell(cell) for cell in row] for row in table.rows]
    if not cells:
        return
    named: set[int] = set()
    for start, end, title in _regions(texts, cells):
        for mention in _region(table, texts[start:end], cells[start:end], start, title or caption, context, tokens):
            named.update(leaf.start for leaf in leaves(mention.values))
            yield mention
    left = [leaf for row in cells for leaf in _decimals(row) if leaf.start not in named]
    if left:
        values = np.empty(len(left), dtype=object)
        values[:] = left
        yield TableMention(Quantity(UNNAMED), values, "", None, None, left[0].start)


def _decimals(row: Sequence[Cell]) -> Iterator[Printed]:
    """The printed numbers in the cells of a row that have decimals."""
    for cell in row:
        if isinstance(cell, Expression | np.ndarray):
            yield from (leaf for leaf in leaves(cell) if leaf.places > 0)


def read_cell(text: MappedText) -> Cell:
    """A cell as a number, a vector or words."""
    stripped = text.text.strip()
    if not stripped:
        return None
    if not any(character.isdigit() or character == "∞" for character in stripped) and "inf" not in stripped.lower():
        return stripped
    tokens = [token for token in tokens_of(text.text) if token.text not in ("$",)]
    try:
        value, end = SideParser(tokens).parse(0)
        if end == len(tokens):
            return located(value.tree, text)
    except NotASideError:
        pass
    bare = [token for token in tokens if token.kind not in (OPEN, CLOSE)]
    if len(bare) >= 3 and all(re.fullmatch(r"[\d.eE+,;−–-]+", token.text) for token in bare):
        # 0.2, 0.5, 0.1 without brackets
        opening, closing = tokens[0], tokens[-1]
        listed = [
            opening._replace(kind=OPEN, text="[", end=opening.start),
            *tokens,
            closing._replace(kind=CLOSE, text="]"),
        ]
        try:
            value, end = SideParser(listed).parse(0)
            if end == len(listed):
                return located(value.tree, text)
        except NotASideError:
            pass
    return stripped


def _regions(texts: list[list[str]], cells: list[list[Cell]]) -> Iterator[tuple[int, int, str]]:
    """Parts of a table under a title of their own: a row with one cell of words."""
    start, title = 0, ""
    for row, line in enumerate(texts):
        filled = [text for text in line if text]
        if len(filled) == 1 and isinstance(cells[row][line.index(filled[0])], str) and row + 1 < len(texts):
            if row > start:
                yield start, row, title
            start, title = row + 1, filled[0]
    if start < len(texts):
        yield start, len(texts), title


def _region(
    table: Table,
    texts: list[list[str]],
    cells: list[list[Cell]],
    first: int,
    caption: str,
    context: Sequence[str],
    tokens: Sequence[str],
) -> Iterator[TableMention]:
    width = max(map(len, texts))
    header = _header(texts, cells)
    body = cells[1:] if header else cells
    body_texts = texts[1:] if header else texts
    if not body:
        return
    has_labels = _has_row_labels(body, header, texts)
    labels = tuple(row[0] if row else "" for row in body_texts) if has_labels else None
    if labels is not None and not any(labels):
        labels = None  # a column that is left empty names nothing
    kept = [
        number
        for number, row in enumerate(body)
        if any(cell is not None for cell in row)
        and not (has_labels and _TOTALS.match(body_texts[number][0] if body_texts[number] else ""))
    ]
    body = [body[number] for number in kept]
    labels = None if labels is None else tuple(labels[number] for number in kept)
    offset = table.rows[first][0].span(0, 1).start if table.rows[first] else 0
    first_column = 1 if has_labels else 0
    if header:
        columns = [(column, header[column]) for column in range(first_column, min(width, len(header)))]
        columns = [(column, name) for column, name in columns if not _TOTALS.match(name)]
        named = [(column, name, quantity(name, tokens)) for column, name in columns]
        by_role = [entry for entry in named if entry[2] is not None]
        letters = {name.strip().lower() for _, name in columns}
        if all(len(letter) <= 1 for letter in letters) and not letters <= set("qkv"):
            by_role = []  # x | y: names of features
        if labels and (steps := _steps_by_key(labels, [role for _, _, role in named], tokens)):
            for row, step, label in zip(body, steps, labels, strict=True):
                values = _vector(row[first_column:])
                if values is not None:
                    yield TableMention(step, values, label, None, None, offset)
            return
        known = sum(name in tokens for _, name in columns)
        if by_role and len(by_role) >= max(1, len(columns) / 2) and known < max(1, len(columns) / 2):
            if any(role is not None and role.step == "weights" for _, _, role in named):
                named = [entry for entry in named if not _TERM.search(entry[1])]
            yield from _by_column(body, labels, named, caption, offset, context, tokens)
            return
    named_by = (caption, _corner(header), *(text for text in reversed(context) if names_one(text)))
    label = next((text for text in named_by if text and quantity(text, tokens)), "")
    named_as = quantity(label, tokens) if label else None
    if (
        labels
        and (row_roles := [quantity(label, tokens) for label in labels])
        and all(role is not None and (role.indices or role.step in _ROLES) for role in row_roles)
        and not _are_tokens(row_roles, named_as, label)
    ):
        for row, role, label in zip(body, row_roles, labels, strict=True):
            assert role is not None
            values = _vector(row[first_column:])
            if values is not None:
                names = tuple(name for _, name in columns) if header and all(n in tokens for _, n in columns) else None
                yield TableMention(role, values, label, None, names, offset)
        return
    if named_as is None:
        return
    matrix = _matrix(body, first_column, width, [] if not header else [c for c, _ in columns])
    if matrix is None:
        return
    column_labels = tuple(name for _, name in columns) if header else None
    yield TableMention(named_as, matrix, label, labels, column_labels, offset)


def _steps_by_key(
    labels: Sequence[str], columns: Sequence[Quantity | None], tokens: Sequence[str]
) -> list[Quantity] | None:
    """The steps that rows are, `score`, `scaled`, `weight`, above which keys stand: k1, k2, k3; else `None`."""
    keys = [role.indices[0] for role in columns if role is not None and role.step == "key" and len(role.indices) == 1]
    if len(keys) < len(columns) or keys not in ([str(n + first) for n in range(len(keys))] for first in (0, 1)):
        return None
    rows = [quantity(label, tokens) for label in labels]
    named = [row for row in rows if row is not None and row.step in PER_KEY and not row.indices]
    return named if len(named) == len(rows) else None


def _are_tokens(roles: Sequence[Quantity | None], whole: Quantity | None, title: str) -> bool:
    """Whether labels that read like symbols (w1, w2) are tokens, because words say what the whole table is."""
    steps = {role.step for role in roles if role is not None and role.symbol}
    named = whole is not None and not whole.symbol and names_one(title)
    return named and whole is not None and len(steps) == 1 and whole.step not in (*steps, *NO_STEPS)


def names_one(text: str) -> bool:
    """Whether a heading or line can name a table: it is short, and does not speak of queries and keys alike."""
    words = re.sub(r"\([^()]*\)", "", text.lower())  # (rows are queries, columns are keys)
    if re.search(r"(?i)\bmatrices\b", words):
        return False  # a title: “Weight matrices”
    return len(text) <= _LONGEST_NAME and sum(role in words for role in ("quer", "key", "value")) <= 1


def _corner(header: list[str] | None) -> str:
    """What stands over the row labels, unless it only says what rows and columns are: `query \\ key`."""
    corner = header[0] if header else ""
    divides = re.search(r"√|sqrt", corner)  # QKᵀ/√d_k is a name
    names_axes = (re.search(r"[\\/×|]", corner) and not divides) or (
        re.search(r"(?i)quer", corner) and re.search(r"(?i)key", corner)
    )
    return "" if names_axes else corner


def _header(texts: list[list[str]], cells: list[list[Cell]]) -> list[str] | None:
    """The first row, where it holds words and not numbers (or plain positions above numbers)."""
    first = cells[0]
    if len(cells) < 2:
        return None
    numbers = [cell for cell in first if isinstance(cell, Expression | np.ndarray)]
    if not numbers:
        return texts[0]
    counted = [text for text in texts[0] if text]
    positions = list(counted[-len(numbers) :])
    if len(numbers) >= len(first) - 1 and positions in (
        [str(n) for n in range(len(positions))],
        [str(n) for n in range(1, len(positions) + 1)],
    ):
        below = [cell for cell in cells[1][-len(numbers) :] if isinstance(cell, Printed)]
        named = isinstance(first[0], str) and (re.search(r"[\\/×]", first[0]) or quantity(first[0]) is not None)
        if any(cell.places > 0 for cell in below) or not first[0] or named:
            return texts[0]
    return None


def _has_row_labels(body: list[list[Cell]], header: list[str] | None, texts: list[list[str]]) -> bool:
    firsts = [row[0] if row else None for row in body]
    if all(isinstance(cell, str) or cell is None for cell in firsts):
        return True
    # Rows counted 0, 1, 2 under an empty or wordy corner.
    counted = [str(cell.value) if isinstance(cell, Printed) else "?" for cell in firsts]
    size = len(counted)
    is_counted = counted in ([str(n) for n in range(size)], [str(n) for n in range(1, size + 1)])
    corner = header[0] if header else "?"
    return (
        is_counted
        and size > 1
        and (not corner or bool(re.search(r"(?i)token|row|query|key|word|pos|^#$|^i$|[\\/×]", corner)))
    )


def _by_column(
    body: list[list[Cell]],
    labels: tuple[str, ...] | None,
    named: Sequence[tuple[int, str, Quantity | None]],
    caption: str,
    offset: int,
    context: Sequence[str],
    tokens: Sequence[str],
) -> Iterator[TableMention]:
    """Columns that are quantities: vectors in cells, components q1 q2 q3, or scores and weights of one query."""
    pair = _pair_columns(body, named)
    if pair is not None:
        yield from _long(body, pair, named, offset)
        return
    groups: dict[str, list[tuple[int, str, Quantity]]] = {}
    for column, name, role in named:
        if role is not None and role.step not in NO_STEPS:
            groups.setdefault(role.step, []).append((column, name, role))
    about = next((text for text in (caption, *reversed(context)) if text), "")
    for step, entries in groups.items():
        first = [row[entries[0][0]] if entries[0][0] < len(row) else None for row in body]
        if all(isinstance(cell, np.ndarray) for cell in first if cell is not None) and any(
            first_cell is not None for first_cell in first
        ):
            for position, cell in enumerate(first):
                if not isinstance(cell, np.ndarray):
                    continue
                index = (labels[position],) if labels else (str(position + 1),)
                yield TableMention(Quantity(step, index), cell, entries[0][1], None, None, offset)
        elif step in _ROLES or len(entries) > 1:
            rows = [[row[column] if column < len(row) else None for column, _, _ in entries] for row in body]
            values = _matrix(rows, 0, len(entries), list(range(len(entries))))
            if values is not None:
                yield TableMention(Quantity(step), values, entries[0][1], labels, None, offset)
        else:
            column, name, role = entries[0]
            values = _vector([row[column] if column < len(row) else None for row in body])
            if values is not None:
                row_of = role.indices or _query_of(about, context, tokens, labels)
                yield TableMention(structs.replace(role, indices=row_of), values, name, None, labels, offset)


def _pair_columns(body: list[list[Cell]], named: Sequence[tuple[int, str, Quantity | None]]) -> tuple[int, int] | None:
    """The columns that name the query and the key of each row, in a table of one row a pair."""
    found = {}
    for column, _, role in named:
        words = [row[column] for row in body if column < len(row)]
        if role is not None and role.step in ("query", "key") and all(isinstance(word, str) for word in words):
            found[role.step] = column
    if body and all(row and isinstance(row[0], str) for row in body) and "query" not in found and "key" in found:
        found["query"] = 0  # the row labels
    return (found["query"], found["key"]) if len(found) == 2 else None


def _long(
    body: list[list[Cell]], pair: tuple[int, int], named: Sequence[tuple[int, str, Quantity | None]], offset: int
) -> Iterator[TableMention]:
    """A table of one row a pair of query and key."""
    for row in body:
        query, key = (row[column] for column in pair)
        if not isinstance(query, str) or not isinstance(key, str):
            continue
        for column, name, role in named:
            cell = row[column] if column < len(row) else None
            if role is None or role.step in (*_ROLES, *NO_STEPS) or not isinstance(cell, Expression):
                continue
            values = np.empty((), dtype=object)
            values[()] = cell
            yield TableMention(Quantity(role.step, (query, key)), values, name, None, None, offset)


def _query_of(
    about: str, context: Sequence[str], tokens: Sequence[str], labels: tuple[str, ...] | None
) -> tuple[str, ...]:
    """The query whose row a table of keys shows: named in its title or in the lines before it."""
    for text in (about, *reversed(context)):
        if found := mentioned(text, [*tokens, *(labels or ())]):
            return found[:1]
    return ()


def _vector(cells: Sequence[Cell]) -> Array | None:
    if len(cells) == 1 and isinstance(cells[0], np.ndarray):
        return cells[0]
    if not cells or not any(isinstance(cell, Expression) for cell in cells):
        return None
    values = np.empty(len(cells), dtype=object)
    for position, cell in enumerate(cells):
        if isinstance(cell, np.ndarray) or (isinstance(cell, str) and any(map(str.isdigit, cell))):
            return None
        values[position] = cell if isinstance(cell, Expression) else None
    return values


def _matrix(body: list[list[Cell]], first: int, width: int, columns: Sequence[int]) -> Array | None:
    """The numbers of a table as a matrix; `None` where it holds something else."""
    chosen = list(columns) or list(range(first, width))
    rows = [[row[column] if column < len(row) else None for column in chosen] for row in body]
    values = np.empty((len(rows), len(chosen)), dtype=object)
    numbers = 0
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, np.ndarray):
                return None
            if isinstance(cell, Expression):
                values[r, c] = cell
                numbers += 1
            elif isinstance(cell, str) and any(map(str.isdigit, cell)) and not isinstance(cell, Number):
                return None
    return values if numbers * 2 >= values.size and numbers else None
