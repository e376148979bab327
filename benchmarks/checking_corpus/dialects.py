"""How mathematics is written in a line: as text, as LaTeX, as HTML. Each author keeps to the habits drawn for him."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

Matrix = Sequence[Sequence[str]]


class Plain:
    """Mathematics in plain text, as in Markdown, comments and text files."""

    radicals = ("√{}", "sqrt({})", "√({})")
    exponentials = ("e^{{{}}}", "exp({})", "e^({})", "e^{}")
    infinities = ("-inf", "-∞", "−∞", "-Infinity")
    products = ("×", "*", "·")

    def __init__(self, random: Random) -> None:
        self.times = random.choice(self.products)
        self.dot = "·" if self.times != "*" else random.choice(("·", "."))
        self.approx = random.choice(("=", "=", "≈"))
        self.spaced = random.random() < 0.6
        self.radical = random.choice(self.radicals)
        self.exponential = random.choice(self.exponentials)
        self.infinity = random.choice(self.infinities)
        self.minus = random.choice(("-", "-", "−"))
        self.braces = random.random() < 0.3

    def number(self, text: str) -> str:
        return self.infinity if text == "-inf" else text.replace("-", self.minus)

    def multiplied(self, a: str, b: str) -> str:
        sign = f" {self.times} " if self.spaced else self.times
        return f"{_signed(a)}{sign}{_signed(b)}"

    def sub(self, base: str, index: str) -> str:
        return f"{base}_{{{index}}}" if self.braces else f"{base}_{index}"

    def pair(self, base: str, first: str, second: str) -> str:
        """A name with two indices."""
        return f"{base}({first}, {second})"

    def fraction(self, a: str, b: str) -> str:
        simple = all(sign not in b for sign in " +") or b.startswith(("√", "sqrt"))
        return f"{a}/{b}" if simple else f"{a} / ({b})"

    def root(self, x: str) -> str:
        return self.radical.format(x)

    def exp(self, x: str) -> str:
        return self.exponential.format(x)

    def vector(self, entries: Sequence[str]) -> str:
        return f"[{', '.join(entries)}]"

    def matrix(self, rows: Matrix) -> str:
        return f"[{', '.join(self.vector(row) for row in rows)}]"

    def transposed(self, name: str) -> str:
        return f"{name}ᵀ" if self.braces else f"{name}^T"

    def word(self, text: str) -> str:
        return text

    def formula(self, scaled: bool, columns: bool) -> str:
        product = f"{self.transposed('K')} Q" if columns else f"Q {self.transposed('K')}"
        inner = f"{product} / {self.root('d_k')}" if scaled else product
        return f"Attention(Q, K, V) = {'V ' if columns else ''}softmax({inner}){'' if columns else ' V'}"


class Latex(Plain):
    """Mathematics in LaTeX."""

    radicals = (r"\sqrt{{{}}}",)
    exponentials = ("e^{{{}}}", r"\exp({})")
    infinities = (r"-\infty",)
    products = (r"\times", r"\cdot")

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.dot = r"\cdot"
        self.minus = "-"
        self.spaced = True
        self.approx = r"\approx" if self.approx == "≈" else "="
        self.kind = random.choice(("bmatrix", "bmatrix", "pmatrix"))
        self.slanted = random.random() < 0.3

    def sub(self, base: str, index: str) -> str:
        return f"{base}_{{{self.word(index) if len(index) > 1 else index}}}"

    def pair(self, base: str, first: str, second: str) -> str:
        return rf"\text{{{base}}}({self.word(first)}, {self.word(second)})"

    def fraction(self, a: str, b: str) -> str:
        return f"{a} / {b}" if self.slanted and "+" not in b else rf"\frac{{{a}}}{{{b}}}"

    def matrix(self, rows: Matrix) -> str:
        body = r" \\ ".join(" & ".join(row) for row in rows)
        return rf"\begin{{{self.kind}}} {body} \end{{{self.kind}}}"

    def transposed(self, name: str) -> str:
        return f"{name}^T" if self.braces else rf"{name}^{{\top}}"

    def word(self, text: str) -> str:
        return rf"\text{{{text}}}"

    def formula(self, scaled: bool, columns: bool) -> str:
        product = f"{self.transposed('K')} Q" if columns else f"Q {self.transposed('K')}"
        inner = rf"\frac{{{product}}}{{\sqrt{{d_k}}}}" if scaled else product
        soft = rf"\text{{softmax}}\left({inner}\right)"
        return rf"\text{{Attention}}(Q, K, V) = {'V ' if columns else ''}{soft}{'' if columns else ' V'}"


class Html(Plain):
    """Mathematics in HTML, with the entities that authors use."""

    radicals = ("√{}", "&radic;{}", "sqrt({})")
    exponentials = ("e<sup>{}</sup>", "exp({})")
    infinities = ("-&infin;", "−∞", "-inf")
    products = ("×", "&times;", "&middot;", "*")

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.dot = "&middot;" if self.times.startswith("&") else "·"
        self.approx = "&asymp;" if self.approx == "≈" else "="
        self.minus = random.choice(("-", "-", "&minus;", "−"))

    def sub(self, base: str, index: str) -> str:
        return f"{base}<sub>{index}</sub>"

    def transposed(self, name: str) -> str:
        return f"{name}<sup>T</sup>"

    def fraction(self, a: str, b: str) -> str:
        simple = all(sign not in b for sign in " +") or b.startswith(("√", "&radic;", "sqrt"))
        return f"{a} / {b}" if simple else f"{a} / ({b})"


def _signed(text: str) -> str:
    """A negative factor in parentheses."""
    bare = text.partition("\ue001")[2] if text.startswith("\ue000") else text
    return f"({text})" if bare.startswith(("-", "−", "&minus;")) else text
