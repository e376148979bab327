"""Arithmetic expressions as trees: parsed from text, evaluated in any number type, and printed."""

from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.parse import parse
from pellucid.expressions.tree import (
    Cosine,
    Element,
    ErrorFunction,
    Exponential,
    Expression,
    HyperbolicTangent,
    Largest,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sine,
    SquareRoot,
    Sum,
    Terms,
    parts,
    with_parts,
)

__all__ = [
    "Cosine",
    "Element",
    "ErrorFunction",
    "Exponential",
    "Expression",
    "HyperbolicTangent",
    "Largest",
    "Name",
    "Negative",
    "Number",
    "Power",
    "Product",
    "Quotient",
    "Sine",
    "SquareRoot",
    "Sum",
    "Terms",
    "evaluate",
    "parse",
    "parts",
    "with_parts",
]
