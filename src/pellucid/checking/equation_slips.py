"""What kind of arithmetic an equation is, and the likely slip behind a wrong result."""

from __future__ import annotations

from pellucid.checking.floats import NoValueError, float_of
from pellucid.checking.printed import Printed, is_right
from pellucid.expressions import Exponential, Expression, Number, Product, Quotient, SquareRoot, Sum, parts


def kind_of(tree: Expression) -> str:
    """What kind of arithmetic a tree is, as the cause of an error in its result."""
    if isinstance(tree, Exponential):
        return "exponential"
    if isinstance(tree, Quotient):
        if has(tree, Exponential):
            return "softmax"
        if isinstance(tree.denominator, SquareRoot):
            return "scaling"
        return "arithmetic"
    if isinstance(tree, Sum):
        products = [term for term in tree.terms if isinstance(term, Product)]
        if len(products) * 2 >= len(tree.terms) and products:
            return "dot_product"
        if any(has(term, Exponential) for term in tree.terms):
            return "exponential"
    return "arithmetic"


def has(tree: Expression, kind: type[Expression]) -> bool:
    """Whether a node of a kind is anywhere in a tree."""
    return has_one(tree, (kind,))


def has_one(tree: Expression, kinds: tuple[type[Expression], ...]) -> bool:
    """Whether a node of one of some kinds is anywhere in a tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, kinds):
            return True
        if not isinstance(node, Number):
            waiting += parts(node)
    return False


def hint(tree: Expression, printed: Printed) -> str:
    """A likely slip behind a wrong sum of products: a term left out."""
    if not isinstance(tree, Sum) or len(tree.terms) > 32:
        return ""
    try:
        terms = [float_of(term) for term in tree.terms]
    except NoValueError:
        return ""
    whole = sum(terms)
    for position, term in enumerate(terms):
        if term and is_right(printed, whole - term):
            return f"term {position + 1} of the sum is left out"
        if term and is_right(printed, whole - 2 * term):
            return f"term {position + 1} of the sum has the wrong sign"
    return ""
