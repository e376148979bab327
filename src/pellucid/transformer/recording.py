"""A forward pass that was kept: from the notes of its steps to derivations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from pellucid.arrays import Array
from pellucid.derivation import Axis, Derivation, Noting, Step, Subject, resolved
from pellucid.errors import PositionError, nearest
from pellucid.numbers import Notation
from pellucid.numbers.number_type import number_type_of
from pellucid.operations import Given


class Recording(Noting):
    """Keeps every step of the passes it is given to; nothing is named or spelled before somebody asks.

        recording = Recording(transformer)
        logits = transformer.logits(ids, recorder=recording)
        recording.derivation()                                             # the whole pass
        recording.derivation("decoder.layers.0.self_attention")            # one attention, a chain of its own

    Args:
        weights: the arrays of a model with the names and axes of their steps; of `Transformer.named_weights`.
        digits: places after the decimal point when numbers are printed.
    """

    def __init__(self, weights: Mapping[str, tuple[Array, tuple[Axis, ...]]], digits: int = 4) -> None:
        super().__init__()
        self._weights = weights
        self._notation = Notation(digits)
        self._built = 0
        self._source_labels: tuple[str, ...] | None = None

    def derivation(self, place: str = "", title: str = "") -> Derivation:
        """The steps of the whole pass, or those of one place, in which what comes from elsewhere is given.

        Args:
            place: "decoder.layers.0.cross_attention" and the like.
            title: one line for its reader; by default the place.

        Raises:
            PositionError: there is no such place, or nothing was recorded.
        """
        if not self._steps:
            raise PositionError("nothing was recorded; give the recording to a forward pass as its recorder.")
        chosen = self._steps
        if place:
            chosen = self._within(f"{place.rstrip('.')}.")
            if not chosen:
                places = self.places
                raise PositionError(
                    f"there is no place {place!r}{nearest(place, places)}; the places are {', '.join(places)}."
                )
        numbers = number_type_of(self.records[-1].value)
        return Derivation(Subject(title or place or "A forward pass"), chosen, numbers, self._notation)

    @property
    def places(self) -> list[str]:
        """Where steps were made: "decoder.layers.0.self_attention", "decoder.norm" and so on."""
        return list(dict.fromkeys(record.place.rstrip(".") for record in self.records if record.place))

    @property
    def attentions(self) -> list[str]:
        """Those of the places that are attentions."""
        return [place for place in self.places if place.endswith("attention")]

    @property
    def _steps(self) -> dict[str, Step]:
        if len(self._notes) != self._built:
            self.__dict__.pop("_all", None)
            self._built = len(self._notes)
        return self._all

    @cached_property
    def _all(self) -> dict[str, Step]:
        weights = {id(array): (name, array, axes) for name, (array, axes) in self._weights.items()}
        made: dict[int, Step] = {}
        steps: dict[str, Step] = {}
        for name, record in zip(self._names(), self.records, strict=True):
            operands = []
            for operand in record.operands:
                if id(operand) not in made:
                    weight_name, array, axes = weights.get(id(operand)) or self._memory_of(operand)
                    step = Step(weight_name, Given(array), (), axes, array, self._notation)
                    made[id(operand)] = steps[weight_name] = step
                operands.append(made[id(operand)])
            axes = resolved(record.axes, *(step.axes for step in operands))
            step = Step(name, record.operation, tuple(operands), axes, record.value, self._notation, record.note)
            made[id(record.value)] = steps[name] = step
        return steps

    def _memory_of(self, operand: Array) -> tuple[str, Array, tuple[Axis, ...]]:
        """The one thing that comes from outside: an encoder's output that was made without this recording."""
        tokens = Axis("token", operand.shape[0], self._source_labels)
        return "memory", operand, (tokens, Axis("d_model", operand.shape[1]))

    def label_source(self, labels: Sequence[str]) -> None:
        """What the source's tokens are, for steps whose memory was made without this recording."""
        self._source_labels = tuple(labels)

    def _names(self) -> Iterator[str]:
        """Every record's name; what is recorded again, in later passes, has the number of its pass behind it."""
        times: dict[str, int] = {}
        for record in self.records:
            name = record.place + record.name
            times[name] = times.get(name, 0) + 1
            yield name if times[name] == 1 else f"{name}@{times[name]}"

    def _within(self, prefix: str) -> dict[str, Step]:
        chosen: dict[str, Step] = {}
        renewed: dict[Step, Step] = {}
        for name, step in self._steps.items():
            if not name.startswith(prefix):
                continue
            short = name.removeprefix(prefix)
            inside = [operand for operand in step.operands if operand in renewed]
            if step.operation.is_copy and not inside:  # what comes from elsewhere, under its name here
                made = Step(short, Given(step.value), (), step.axes, step.value, step.notation, step.note)
            else:
                for operand in step.operands:
                    if operand not in renewed:
                        outside = operand.name.removeprefix(prefix)
                        renewed[operand] = chosen[outside] = Step(
                            outside, Given(operand.value), (), operand.axes, operand.value, operand.notation
                        )
                operands = tuple(renewed[operand] for operand in step.operands)
                made = Step(short, step.operation, operands, step.axes, step.value, step.notation, step.note)
            renewed[step] = chosen[short] = made
        return chosen
