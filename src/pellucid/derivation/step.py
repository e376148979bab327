"""A step: a named value that remembers its operation and operands; and its elements, spelled out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from pellucid.arrays import Array
from pellucid.derivation.axis import Axis
from pellucid.errors import PositionError
from pellucid.expressions import Element, Expression, parts, with_parts
from pellucid.expressions.latex import LatexPrinter
from pellucid.expressions.text import TextPrinter
from pellucid.numbers import Notation, Scalar
from pellucid.operations import Given, Operation, Pattern
from pellucid.operations.pattern import Source, bind


@dataclass(frozen=True, eq=False)
class Step:
    """One named step of a derivation.

    Args:
        name: its name in the chain, such as "scores".
        operation: what made it.
        operands: the steps it was made from.
        axes: one label set an axis of `value`.
        value: the numbers.
        notation: how they are printed.
        note: what a reader should know about it, in a sentence; may be empty.
    """

    name: str
    operation: Operation
    operands: tuple[Step, ...]
    axes: tuple[Axis, ...]
    value: Array
    notation: Notation
    note: str = ""
    _sources: tuple[Source, ...] = field(init=False, repr=False)
    _pattern: Pattern | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        assert self.value.shape == tuple(axis.size for axis in self.axes), (
            self.name,
            self.value.shape,
            self.axes,
        )
        sources = tuple(Source(step.name, step.value, step.operation.written) for step in self.operands)
        object.__setattr__(self, "_sources", sources)
        pattern = None if self.is_given else self.operation.pattern(*self._operand_shapes)
        object.__setattr__(self, "_pattern", pattern)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return tuple(self.value.shape)

    @property
    def short_name(self) -> str:
        """The name without the place where the step was made: "scores"."""
        return self.name.rpartition(".")[2]

    @property
    def place(self) -> str:
        """Where the step was made: "decoder.layers.0.self_attention"; empty where there is one place only."""
        return self.name.rpartition(".")[0]

    @property
    def is_given(self) -> bool:
        """Whether this is an input."""
        return isinstance(self.operation, Given)

    @property
    def pattern(self) -> Pattern | None:
        """How any element comes about; `None` for inputs."""
        return self._pattern

    @property
    def live_pattern(self) -> Pattern | None:
        """The pattern that stays right when operands change; `None` for inputs."""
        return None if self.is_given else self.operation.live_pattern(*self._operand_shapes)

    @property
    def _operand_shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(step.shape for step in self.operands)

    def index(self, *where: int | str) -> tuple[int, ...]:
        """The index that names and numbers point at, one an axis.

        Raises:
            PositionError: a position is missing, too many are given, or one does not exist.
        """
        if len(where) != len(self.axes):
            names = ", ".join(axis.name for axis in self.axes)
            raise PositionError(f"{self.name} has {len(self.axes)} axes ({names}); {len(where)} positions were given.")
        return tuple(axis.position(place) for axis, place in zip(self.axes, where, strict=True))

    def at(self, *where: int | str) -> Entry:
        """One element, spelled out: `weights.at("sitting", "dog")`; positions count from 0.

        Raises:
            PositionError: there is no such element.
        """
        return Entry(self, self.index(*where))

    def spell(self, index: tuple[int, ...], *, live: bool = False) -> Expression | None:
        """The expression of the element at `index`; for an input how it was written, if more than a number."""
        if self._pattern is None:
            return self.operation.written(index)
        pattern = self.live_pattern if live else self._pattern
        assert pattern is not None
        return bind(pattern, index, self._sources)

    def label(self, index: tuple[int, ...]) -> str:
        """`scores[sitting, The]`; tokens without the spaces that begin them, as `at` takes them too."""
        words = (axis.word(place) for axis, place in zip(self.axes, index, strict=True))
        return f"{self.name}[{', '.join(words)}]"


@dataclass(frozen=True, eq=False)
class Entry:
    """The element of `step` at `index`: its value and how it came about."""

    step: Step
    index: tuple[int, ...]

    @property
    def value(self) -> Scalar:
        """The number, in the derivation's number type."""
        return self.step.value[self.index]

    @property
    def expression(self) -> Expression:
        """The arithmetic in terms of the operands; an input is itself."""
        return self.step.spell(self.index) or self.element

    @property
    def element(self) -> Element:
        """This element as a leaf of an expression."""
        return Element(self.step.name, self.index, self.value)

    def expand(self, through: Collection[str], *, live: bool = False) -> Expression:
        """The arithmetic with the elements of the named steps replaced by their own arithmetic.

        `weights.at("sitting", "dog").expand(["masked_scores", "scaled_scores"])` is in terms of the scores:
        e^(0.29/√3) / (e^(0.21/√3) + …). With `live` the outermost arithmetic is the operation's live pattern.
        """
        spelled = self.step.spell(self.index, live=live) or self.element
        return _expand(self.step, spelled, frozenset(through))

    @property
    def operands(self) -> tuple[Entry, ...]:
        """The entries of other steps this one is computed from, in the order in which they are written."""
        steps = {step.name: step for step in self.step.operands}
        return tuple(Entry(steps[leaf.array], leaf.index) for leaf in _leaves(self.expression))

    def __str__(self) -> str:
        text = TextPrinter(self.step.notation)
        label, value = self.step.label(self.index), self.step.notation.text(self.value)
        spelled = text(self.expression)
        return f"{label} = {value}" if spelled == value else f"{label} = {spelled} = {value}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        latex = LatexPrinter(self.step.notation)
        return f"$\\displaystyle {latex(self.expression)} = {latex(self.element)}$"


def _expand(step: Step, expression: Expression, through: frozenset[str]) -> Expression:
    steps = {operand.name: operand for operand in step.operands}

    def visit(node: Expression) -> Expression:
        if isinstance(node, Element) and node.array in through and node.array in steps:
            spelled = steps[node.array].spell(node.index)
            return node if spelled is None else _expand(steps[node.array], spelled, through)
        return with_parts(node, visit)

    return visit(expression)


def _leaves(expression: Expression) -> list[Element]:
    if isinstance(expression, Element):
        return [expression]
    return [leaf for part in parts(expression) for leaf in _leaves(part)]
