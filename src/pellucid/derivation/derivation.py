"""A derivation: the named steps behind a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import presenter
from pellucid.derivation.step import Step
from pellucid.errors import PositionError, nearest
from pellucid.numbers import Notation, NumberType, Scalar


@dataclass(frozen=True)
class Drift:
    """How far rounding each step as printed has carried a step from its true value.

    Args:
        step: its name.
        largest: the largest absolute difference in it.
        index: where that is.
        exact: the true value there.
        carried: the value computed from rounded predecessors.
    """

    step: str
    largest: Scalar
    index: tuple[int, ...]
    exact: Scalar
    carried: Scalar


@dataclass(frozen=True)
class Subject:
    """What a derivation is about, for its reader.

    Args:
        title: one line.
        purpose: what it teaches, in a sentence; may be empty.
        focus: the query token its reader is led through; `None` for the last.
    """

    title: str
    purpose: str = ""
    focus: int | str | None = None


@dataclass(frozen=True, eq=False)
class Derivation:
    """Named steps, in the order in which they were computed.

    Args:
        subject: what it is about.
        steps: by name, in order.
        numbers: the number type they were computed in.
        notation: how they are printed.
        reference: with carry "rounded", the same steps carried exactly.
        beside: a second derivation to be read side by side with this one.
    """

    subject: Subject
    steps: Mapping[str, Step]
    numbers: NumberType
    notation: Notation
    reference: Mapping[str, Step] | None = None
    beside: Derivation | None = None

    @property
    def title(self) -> str:
        """One line."""
        return self.subject.title

    def __getitem__(self, name: str) -> Step:
        """The step of that name.

        Raises:
            PositionError: there is none.
        """
        if name not in self.steps:
            raise PositionError(
                f"there is no step {name!r}{nearest(name, list(self.steps))}; the steps are {', '.join(self.steps)}."
            )
        return self.steps[name]

    def __contains__(self, name: object) -> bool:
        return name in self.steps

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def output(self) -> Step:
        """The last step."""
        return list(self.steps.values())[-1]

    @property
    def tokens(self) -> list[str] | dict[str, list[str]]:
        """The tokens; where queries and keys are different tokens, both lists under "query" and "key"."""
        labels = {axis.name: axis.labels for step in self for axis in step.axes if axis.labels is not None}
        query, key = list(labels.get("query", ())), list(labels.get("key", ()))
        return query if query == key else {"query": query, "key": key}

    def within(self, place: str) -> Derivation:
        """The same steps of one place, by their short names, with what is given for them.

        Args:
            place: of a whole pass, such as "decoder.layers.0.cross_attention".

        Raises:
            PositionError: no step was made there.
        """
        made = [step for step in self if step.place == place and not step.is_given]
        if not made:
            places = list(dict.fromkeys(step.place for step in self if step.place))
            raise PositionError(
                f"there is no place {place!r}{nearest(place, places)}; the places are {', '.join(places)}."
            )
        steps: dict[str, Step] = {}
        for step in made:
            steps.update((operand.short_name, operand) for operand in step.operands if operand.is_given)
            steps[step.short_name] = step
        return replace(self, steps=steps, reference=None, beside=None)

    @property
    def drift(self) -> tuple[Drift, ...]:
        """Where carrying rounded values has led; empty when values are carried exactly."""
        if self.reference is None:
            return ()
        found = []
        for name, step in self.steps.items():
            if step.value.dtype == bool or step.operation.is_copy:
                continue
            exact, carried = self.reference[name].value, step.value
            finite = exact != -np.inf
            difference = np.zeros(exact.shape, dtype=exact.dtype)
            difference[finite] = np.abs(carried[finite] - exact[finite])
            index = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape))
            found.append(Drift(name, difference[index], index, exact[index], carried[index]))
        return tuple(found)

    def to(self, file_format: str, **options: Any) -> str | bytes:
        """The derivation in a format: "terminal", "markdown", "latex", "html", "xlsx", "json" or "svg".

        Args:
            file_format: its name.
            options: `query`, `key`, `head` choose what is spelled out; `fragment=True` leaves out the frame of
                a LaTeX or HTML document.
        """
        return presenter.present("derivation", self, file_format, **options)

    def to_text(self, **options: Any) -> str:
        """What the terminal shows, without colours."""
        return _text(self.to("terminal", **options))

    def to_markdown(self, **options: Any) -> str:
        """Markdown with tables and `$$` mathematics."""
        return _text(self.to("markdown", **options))

    def to_latex(self, **options: Any) -> str:
        """A LaTeX document."""
        return _text(self.to("latex", **options))

    def to_html(self, **options: Any) -> str:
        """One self-contained page."""
        return _text(self.to("html", **options))

    def to_json(self, **options: Any) -> str:
        """Every step with full precision."""
        return _text(self.to("json", **options))

    def to_svg(self, **options: Any) -> str:
        """A heatmap of the weights."""
        return _text(self.to("svg", **options))

    def to_xlsx(self, path: str | Path, **options: Any) -> None:
        """Write a spreadsheet of live formulas."""
        data = self.to("xlsx", **options)
        assert isinstance(data, bytes)
        Path(path).write_bytes(data)

    def _repr_html_(self) -> str:
        return self.to_html(fragment=True)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{step.name} {'×'.join(map(str, step.shape))}" for step in self)
        return f"<Derivation {self.title!r}: {shapes}>"


def _text(data: str | bytes) -> str:
    assert isinstance(data, str)
    return data
