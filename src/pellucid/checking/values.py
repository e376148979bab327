"""What a side of an equation says: a number or an array of numbers, as expression trees.

Vectors and matrices are arrays of trees, so that everything ends in the one tree of `pellucid.expressions`: the
softmax of a vector is a vector of quotients of exponentials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from pellucid.arrays import Array
from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.printed import Printed
from pellucid.checking.tokens import Token
from pellucid.errors import InputError
from pellucid.expressions import (
    Exponential,
    Expression,
    Negative,
    Number,
    Product,
    Quotient,
    SquareRoot,
    Sum,
    evaluate,
    parts,
    with_parts,
)
from pellucid.numbers import Enclosed

Tree = Expression | Array
"""An expression, or an object array of expressions."""

MOST_ELEMENTS = 4_096
"""Of an array in which every element is more than a number."""


class Value(msgspec.Struct, frozen=True, eq=False):
    """What a side of an equation says.

    Args:
        tree: the number or array.
        plain: whether it is printed numbers only, without any arithmetic.
        elementwise: whether two vectors were multiplied with a sign that can also mean their dot product.
        single: whether it is the softmax of a single number.
    """

    tree: Tree
    plain: bool = False
    elementwise: bool = False
    single: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Empty for a number."""
        return self.tree.shape if isinstance(self.tree, np.ndarray) else ()


def is_literal(value: Value) -> bool:
    """Whether a value is written down number by number, such as [1/3, 0.5], not computed."""
    if value.plain:
        return True
    if not isinstance(value.tree, np.ndarray):
        return False
    return all(
        isinstance(element, Number)
        or (
            isinstance(element, Quotient)
            and isinstance(element.numerator, Number)
            and isinstance(element.denominator, Number)
        )
        or (isinstance(element, SquareRoot) and isinstance(element.radicand, Number))
        for element in value.tree.reshape(-1)
    )


def mapped(function: Callable[..., Expression], *trees: Tree) -> Tree:
    """The function on every element, with NumPy's broadcasting.

    Raises:
        NoValueError: the shapes do not fit.
    """
    if not any(isinstance(tree, np.ndarray) for tree in trees):
        return function(*trees)
    boxed = [tree if isinstance(tree, np.ndarray) else _box(tree) for tree in trees]
    try:
        result = np.frompyfunc(function, len(trees), 1)(*boxed)
    except ValueError:
        raise NoValueError from None
    if result.size > MOST_ELEMENTS:
        raise NoValueError
    return np.asarray(result, dtype=object)


def _box(tree: Expression) -> Array:
    box = np.empty((), dtype=object)
    box[()] = tree
    return box


def add(left: Expression, right: Expression) -> Expression:
    """Left + right, as one sum."""
    return Sum((*left.terms, right)) if isinstance(left, Sum) else Sum((left, right))


def negative(tree: Expression, sign: Token) -> Expression:
    """−tree; a printed number behind its sign is a negative number."""
    if isinstance(tree, Printed) and not tree.text.startswith("-"):
        return Printed(tree.value.copy_negate(), f"-{tree.text}", tree.places, sign.start, tree.end, tree.program)
    return Negative(tree)


def multiply(left: Expression, right: Expression) -> Expression:
    """Left × right, as one product."""
    return Product((*left.factors, right)) if isinstance(left, Product) else Product((left, right))


def matrix_product(left: Tree, right: Tree) -> Tree:
    """Left @ right for vectors and matrices; a plain product where one side is a number.

    Raises:
        NoValueError: the shapes do not fit.
    """
    if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
        return mapped(multiply, left, right)
    if left.ndim == 1 and right.ndim == 1:
        return _dot(left, right)
    rows = left if left.ndim == 2 else left[np.newaxis]
    columns = right if right.ndim == 2 else right[:, np.newaxis]
    if rows.ndim != 2 or columns.ndim != 2 or rows.shape[1] != columns.shape[0]:
        raise NoValueError
    if rows.shape[0] * columns.shape[1] > MOST_ELEMENTS:
        raise NoValueError
    result = np.empty((rows.shape[0], columns.shape[1]), dtype=object)
    for i, j in np.ndindex(*result.shape):
        result[i, j] = _dot(rows[i], columns[:, j])
    if left.ndim == 1:
        return np.asarray(result[0], dtype=object)
    return np.asarray(result[:, 0], dtype=object) if right.ndim == 1 else result


def _dot(left: Array, right: Array) -> Expression:
    if left.shape != right.shape or left.size == 0:
        raise NoValueError
    terms = tuple(multiply(a, b) for a, b in zip(left, right, strict=True))
    return Sum(terms) if len(terms) > 1 else terms[0]


def softmax(tree: Array) -> Array:
    """e^x / Σ e^x over the last axis.

    Raises:
        NoValueError: it is empty or too large to be spelled.
    """
    if tree.size == 0 or tree.shape[-1] * tree.size > MOST_ELEMENTS * 16:
        raise NoValueError
    result = np.empty(tree.shape, dtype=object)
    for row in np.ndindex(*tree.shape[:-1]):
        powers = tuple(Exponential(x) for x in tree[row])
        total = Sum(powers)
        for column, power in enumerate(powers):
            result[(*row, column)] = Quotient(power, total)
    return result


def is_softmax(tree: Array) -> bool:
    """Whether the elements of a vector are exponentials over a sum of exponentials."""
    return bool(tree.size) and all(
        isinstance(element, Quotient)
        and isinstance(element.numerator, Exponential)
        and isinstance(element.denominator, Sum)
        for element in tree
    )


def total(tree: Array) -> Expression:
    """The sum of all elements."""
    flat = tuple(tree.reshape(-1))
    if not flat:
        raise NoValueError
    return Sum(flat) if len(flat) > 1 else flat[0]


def numbers(tree: Tree) -> Array:
    """The values of all elements, as float64 (a scalar has shape ()).

    Raises:
        NoValueError: one has none.
    """
    if not isinstance(tree, np.ndarray):
        return np.asarray(float_of(tree))
    sums: dict[int, float] = {}

    def value(element: Expression) -> float:
        # All quotients of a softmax share one denominator.
        if isinstance(element, Quotient) and isinstance(element.denominator, Sum):
            key = id(element.denominator)
            if key not in sums:
                sums[key] = float_of(element.denominator)
            if sums[key] == 0:
                raise NoValueError
            return float_of(element.numerator) / sums[key]
        return float_of(element)

    return np.array([value(element) for element in tree.reshape(-1)], dtype=float).reshape(tree.shape)


def exact_text(tree: Expression, digits: int = 15) -> str:
    """The value with so many certain digits, or empty where they cannot be had."""
    try:
        numbers_in = Enclosed(digits + 20)
        with numbers_in.arithmetic():
            interval: Any = evaluate(tree, numbers_in)
            certain = interval.certain(digits)
    except (InputError, ArithmeticError, AttributeError, RecursionError):
        return ""
    return "" if certain is None else f"{certain:f}"


def leaves(tree: Tree) -> list[Printed]:
    """The printed numbers in a tree, in the order in which they are written."""
    found: list[Printed] = []
    for element in tree.reshape(-1) if isinstance(tree, np.ndarray) else (tree,):
        if element is not None:  # a cell of a table in which nothing is printed
            _collect(element, found)
    before = -1
    for leaf in found:
        if leaf.start <= before:
            break
        before = leaf.start
    else:
        return found
    distinct = {(leaf.start, leaf.end): leaf for leaf in reversed(found)}
    return sorted(distinct.values(), key=lambda leaf: leaf.start)


def _collect(node: Expression, found: list[Printed]) -> None:
    kind = type(node)
    if kind is Printed:
        found.append(node)  # type: ignore[arg-type]  # told by its type, which is quicker than isinstance
    elif isinstance(node, Product):
        for factor in node.factors:
            if type(factor) is Printed:  # the usual case, which needs no call
                found.append(factor)
            else:
                _collect(factor, found)
    elif kind is not Number:
        for part in parts(node):
            _collect(part, found)


def factors_of(tree: Expression) -> list[tuple[Printed, Printed]] | None:
    """The pairs of a sum of products; `None` where it is something else."""
    terms = tree.terms if isinstance(tree, Sum) else (tree,)
    pairs = []
    for term in terms:
        if not isinstance(term, Product) or len(term.factors) != 2:
            return None
        first, second = term.factors
        if not (isinstance(first, Printed) and isinstance(second, Printed)):
            return None
        pairs.append((first, second))
    return pairs


def replaced(tree: Expression, change: Callable[[Printed], Expression]) -> Expression:
    """The tree with every printed number changed."""
    if isinstance(tree, Printed):
        return change(tree)
    return with_parts(tree, lambda part: replaced(part, change))
