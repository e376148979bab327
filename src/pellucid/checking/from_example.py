"""From an example file to a problem: its inputs, and its claims with their places in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import yaml

from pellucid.checking.mapped_text import Span
from pellucid.checking.printed import Printed
from pellucid.checking.problem import CHAIN, Claim, Problem, Setting
from pellucid.checking.tokens import NUMBER, SIGN, tokens_of
from pellucid.checking.tokens import number_of as number_of_token
from pellucid.derivation import Derivation, Step
from pellucid.errors import ExampleError, PositionError, nearest
from pellucid.examples import Example, explain
from pellucid.expressions import Expression, Name, Number, with_parts

_GIVEN = ("embeddings", "memory", "positions", "x")


def problem_of(example: Example, derivation: Derivation | None = None) -> Problem:
    """The problem that an example states, without its claims.

    Raises:
        InputError: its results are too large.
    """
    derivation = explain(example) if derivation is None else derivation
    inputs = {}
    for step in derivation:
        if step.name in _GIVEN or step.name.endswith(("_weight", "_bias")) or (step.is_given and step.name != "mask"):
            inputs[step.name] = step.value
    assert isinstance(example.scale, Expression)
    d_k = derivation["query"].shape[-1] if "query" in derivation else None
    return Problem(
        inputs=inputs,
        setting=Setting(scale=_in_numbers(example.scale, d_k), mask=example.mask),
        axes={step.name: step.axes for step in derivation},
        num_heads=example.num_heads,
        num_key_value_heads=example.num_key_value_heads or example.num_heads,
    )


def _in_numbers(scale: Expression, d_k: int | None) -> Expression:
    if isinstance(scale, Name) and d_k is not None:
        return Number(Decimal(d_k))
    return with_parts(scale, lambda part: _in_numbers(part, d_k))


def claims_of(example: Example, derivation: Derivation, places: Sequence[Any] | None = None) -> tuple[Claim, ...]:
    """The claims of an example, number by number.

    Args:
        example: with its claims as read from a file.
        derivation: of it.
        places: where each claim's `printed` stands, as `claim_places` gives them; `None` where that is unknown.

    Raises:
        ExampleError: a claim names no step, no such position, or has another shape than the step.
    """
    claims: list[Claim] = []
    for number, given in enumerate(example.claims):
        where = f"claims[{number}]"
        step = _step(derivation, given.step, where)
        try:
            head = tuple(
                step.axes[axis].position(
                    int(at) if isinstance(at, str) and at.isdecimal() and not step.axes[axis].labels else at
                )
                for axis, at in enumerate(given.at)
            )
        except PositionError as error:
            raise ExampleError(f"{where}: {error}") from None
        except IndexError:
            raise ExampleError(
                f"{where}.at has {len(given.at)} positions, and {given.step} has {len(step.axes)} axes; "
                "give at most as many."
            ) from None
        place = places[number] if places is not None and number < len(places) else None
        claims += _printed(given.printed, place, step, head, where)
    return tuple(claims)


def _step(derivation: Derivation, name: str, where: str) -> Step:
    if name not in derivation:
        known = [step for step in CHAIN if step in derivation]
        raise ExampleError(
            f"{where}.step is {name!r}, which this example does not have{nearest(name, known)}; "
            f"its steps are {', '.join(known)}."
        )
    step = derivation[name]
    if step.value.dtype == bool:
        raise ExampleError(f"{where}.step is {name!r}, which holds no numbers.")
    return step


def _printed(given: Any, place: Any, step: Step, head: tuple[int, ...], where: str) -> Iterator[Claim]:
    depth = len(step.axes) - len(head)
    if depth == 0:
        if isinstance(given, list):
            raise ExampleError(
                f"{where}.printed is a list, and {step.name} at this place is one number; give one text."
            )
        if given is not None:
            yield Claim(step.name, head, printed_number(str(given), place, where))
        return
    size = step.axes[len(head)].size
    if not isinstance(given, list):
        raise ExampleError(
            f"{where}.printed is one text, and {step.name} at this place has {size} entries; "
            "give a list of them, with null for what is not printed, or say which one with `at`."
        )
    if len(given) != size:
        raise ExampleError(
            f"{where}.printed has {len(given)} entries, and {step.name} at this place has {size}; "
            "give all of them, with null for what is not printed."
        )
    for position, item in enumerate(given):
        if item is None or item in ("null", "~", ""):
            continue
        inner = place[position] if isinstance(place, list) and position < len(place) else None
        yield from _printed(item, inner, step, (*head, position), f"{where}.printed[{position}]" if depth else where)


def printed_number(text: str, place: Any, where: str) -> Printed:
    """A number as printed, from its text.

    Raises:
        ExampleError: it is no number.
    """
    tokens = tokens_of(text.strip().replace("\u2212", "-"))
    sign = ""
    while tokens and tokens[0].kind == SIGN and tokens[0].text in "+-":
        sign = tokens.pop(0).text if sign != "-" else "-"
    span = place if isinstance(place, Span) else Span(-1, -1)
    if len(tokens) in (1, 2) and tokens[0].kind == NUMBER and (len(tokens) == 1 or tokens[1].text == "%"):
        number = number_of_token(
            tokens[0], percent=tokens[1] if len(tokens) == 2 else None, program=tokens[0].text.endswith(".")
        )
        if number is not None:
            value = -number.value if sign == "-" else number.value
            return Printed(value, text.strip(), number.places, span.start, span.end, number.program)
    if len(tokens) == 1 and tokens[0].text.lower() in ("inf", "infinity", "∞"):
        return Printed(Decimal(f"{sign}Infinity"), text.strip(), 0, span.start, span.end)
    raise ExampleError(
        f"{where}.printed is {text[:40]!r}; it needs a number as it is printed, such as '0.13' or '-inf'."
    )


def claim_places(text: str, start: int = 0) -> list[Any] | None:
    """Where the `printed` of each claim stands: spans, in lists where `printed` is a list.

    Args:
        text: of the example file, YAML or JSON.
        start: where it begins in its source.

    Returns:
        `None` where the text has another form.
    """
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return None
    claims = _child(root, "claims")
    if not isinstance(claims, yaml.SequenceNode):
        return None
    offsets = _line_starts(text)
    return [_place(_child(claim, "printed"), text, offsets, start) for claim in claims.value]


def _child(node: Any, key: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                return value
    return None


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _place(node: Any, text: str, offsets: list[int], start: int) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_place(item, text, offsets, start) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        return None
    first, last = (offsets[mark.line] + mark.column for mark in (node.start_mark, node.end_mark))
    if text[first : first + 1] in "\"'":
        first, last = first + 1, last - 1
    return Span(start + first, start + last)
