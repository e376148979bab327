"""Known errors, one a document, as authors make them; whatever follows from an error follows here too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from checking_corpus.build import FORMATS, Plan, make_plan, styles_of
from checking_corpus.chain import Faults, Place, Problem, work
from checking_corpus.numbers import is_rounding_of
from checking_corpus.problems import make_problem
from checking_corpus.writer import Document, Printed

FULL = ("matrices", "tables", "columns", "rows", "program", "torch", "claims")
BY_HAND = ("focus", "matrices", "tables", "columns", "rows", "claims")
ENDINGS = (" quietly", " today", " on Sunday", " forever", " again")


@dataclass(frozen=True)
class Plant:
    """What one mutation changes.

    Args:
        faults: of the computation.
        overrides: texts of single numbers, by their position in the document.
        truth: the example that the document states, where its inputs are what was changed.
        plan: the document's plan, where the error is one of its words.
    """

    faults: Faults | None = None
    overrides: dict[int, str] | None = None
    truth: Problem | None = None
    plan: Plan | None = None


Planter = Callable[[Plan, Document, Random], Plant | None]


@dataclass(frozen=True)
class Kind:
    """One kind of error.

    Args:
        causes: what its root may be called.
        styles: the layouts in which it can be seen.
        plant: plants it; `None` where the document has no place for it.
        severities: of a finding that counts.
        problem: what the example must be like.
        formats: where it can occur.
    """

    causes: frozenset[str]
    styles: tuple[str, ...]
    plant: Planter
    severities: frozenset[str] = frozenset({"error"})
    problem: dict[str, object] | None = None
    formats: tuple[str, ...] = FORMATS


@dataclass(frozen=True)
class Mutant:
    """A document with one error.

    Args:
        affected: the numbers that are not what the document's own inputs give, as printed.
        truth: the same document without the error.
    """

    kind: str
    plan: Plan
    document: Document
    truth: Document
    affected: Sequence[Printed]

    @property
    def expected(self) -> Kind:
        return KINDS[self.kind]


def make_mutant(kind_name: str, seed: str, formats: Sequence[str] = FORMATS) -> Mutant | None:
    """A mutant by its seed; `None` where the draw had no place for the error, or nothing printed would change."""
    random = Random(f"{kind_name}/{seed}")
    kind = KINDS[kind_name]
    possible = [(f, s) for f in kind.formats if f in formats for s in dict.fromkeys(styles_of(f)) if s in kind.styles]
    if not possible:
        return None
    format_name = random.choice([f for f in kind.formats if any(f == g for g, _ in possible)])
    style = random.choice([s for f, s in possible if f == format_name])
    problem = make_problem(random, **(kind.problem or {}))  # type: ignore[arg-type]
    plan = make_plan(problem, format_name, style, f"{kind_name}-{seed}")
    clean = plan.write()
    planted = kind.plant(plan, clean, random)
    if planted is None:
        return None
    plan = planted.plan or plan
    truth = replace(plan, sentence_end="").write(problem=planted.truth)
    bad = plan.write(planted.faults, planted.overrides)
    right = [n.text for n in truth.numbers]
    if [(n.step, n.place, n.role) for n in truth.numbers] != [(n.step, n.place, n.role) for n in bad.numbers]:
        # The error spells out other numbers than the right document does.
        chain = work(plan.problem)
        right = [chain.text(n.step, n.place) for n in bad.numbers]
    touched = planted.overrides or {}
    affected = [
        new
        for index, (new, text) in enumerate(zip(bad.numbers, right, strict=True))
        if new.text != text or (index in touched and planted.truth is not None)
    ]
    # The sum of rounded exponentials is right as it stands; only what a reader would look up counts as drifted.
    is_visible = (
        any(n.step not in ("sums", "exponentials") for n in affected) if kind_name == "drift" else bool(affected)
    )
    if not is_visible and kind_name != "missing":
        return None
    return Mutant(kind_name, plan, bad, truth, affected)


# --- numbers that are mistyped ---------------------------------------------------------------------------------------


def slipped(text: str, random: Random) -> str:
    """Another number with as many decimals, well above rounding: a wrong digit, a sign, a neighbour."""
    places = len(text.partition(".")[2])
    unit = Decimal(1).scaleb(-places)
    number = Decimal(text)
    size = max(2, int(abs(number) / unit) // 8)
    steps = [s for s in (10, -10, 20, -20, 9, 5, -5, 3, -3, 2, -2, size, -size) if abs(s) >= (1 if places == 0 else 2)]
    if places == 0:
        steps = [1, -1, 2, -2, 3]
    return f"{number + unit * random.choice(steps):.{places}f}"


def _operand(plan: Plan, clean: Document, random: Random) -> Plant | None:
    candidates = [
        index
        for index, n in enumerate(clean.numbers)
        if n.role == "operand" and n.about is not None and n.about[0] in ("scores", "output") and "inf" not in n.text
    ]
    if not candidates:
        return None
    index = random.choice(candidates)
    number = clean.numbers[index]
    text = slipped(number.text, random)
    assert number.about is not None
    step, place = number.about
    if random.random() < 0.5 or (step == "output" and number.step == "weights"):
        return Plant(overrides={index: text})
    return Plant(faults=Faults(replaced=_recomputed(plan, number, text, [(step, place)])), overrides={index: text})


def _recomputed(
    plan: Plan, number: Printed, text: str, results: Sequence[tuple[str, Place]]
) -> dict[tuple[str, Place], Decimal]:
    """Results with a mistyped operand in place of the right one."""
    chain = work(plan.problem)
    difference = Decimal(text) - chain.value(number.step, number.place)
    replaced = {}
    for step, (head, i, j) in results:
        if number.step == "value":
            # A vector in a weighted sum changes the component that it stands at.
            j = number.place[2]
            factor = chain.value("weights", (head, i, number.place[1]))
        else:
            other = (head, j, number.place[2]) if number.step == "query" else (head, i, number.place[2])
            factor = chain.value("key" if number.step == "query" else "query", other)
        replaced[step, (head, i, j)] = chain.value(step, (head, i, j)) + difference * factor
    return replaced


def _stale(plan: Plan, clean: Document, random: Random) -> Plant | None:
    restated = [i for i, n in enumerate(clean.numbers) if n.role == "operand" and n.step in ("query", "value")]
    if restated and random.random() < 0.4:
        number = clean.numbers[random.choice(restated)]
        same = [i for i in restated if (clean.numbers[i].step, clean.numbers[i].place) == (number.step, number.place)]
        text = slipped(number.text, random)
        overrides = dict.fromkeys(same, text)
        if random.random() < 0.5:
            return Plant(overrides=overrides)
        results = [about for i in same if (about := clean.numbers[i].about) is not None]
        return Plant(faults=Faults(replaced=_recomputed(plan, number, text, results)), overrides=overrides)
    inputs = [i for i, n in enumerate(clean.numbers) if n.role == "input"]
    if plan.style == "focus" and not plan.problem.is_projected:
        # Only what the one row uses can be seen to be stale.
        inputs = [
            i for i in inputs if clean.numbers[i].step != "query" or clean.numbers[i].place[1] == plan.problem.focus
        ]
    index = random.choice(inputs)
    number = clean.numbers[index]
    text = slipped(number.text, random)
    head, i, j = number.place
    grids = {name: [[list(row) for row in grid] for grid in heads] for name, heads in plan.problem.inputs.items()}
    grids[number.step][head][i][j] = text.removesuffix(".0") if plan.style == "torch" else text
    truth = replace(plan.problem, inputs=grids)
    changed = [
        n.text != old.text and n.role != "input"
        for n, old in zip(plan.write(problem=truth).numbers, clean.numbers, strict=True)
    ]
    return Plant(overrides={index: text}, truth=truth) if any(changed) else None


# --- slips in results ------------------------------------------------------------------------------------------------


def _results(clean: Document, *steps: str) -> list[int]:
    return [i for i, n in enumerate(clean.numbers) if n.step in steps and n.role == "" and "inf" not in n.text]


def _plain(text: str) -> str:
    """A program's print as an author's text: `1.` has two decimals to slip in."""
    if "e" in text:
        return f"{Decimal(text):.8f}"
    return text + "00" if text.endswith(".") else text


def _slip(*steps: str, share: float = 0.6) -> Planter:
    """A wrong result that what comes later follows, or one that stands alone."""

    def plant(plan: Plan, clean: Document, random: Random) -> Plant | None:
        candidates = _results(clean, *steps)
        if not candidates:
            return None
        index = random.choice(candidates)
        number = clean.numbers[index]
        if number.step == "scores" and _is_hidden_by_mask(plan, number.place):
            return None
        text = slipped(_plain(number.text), random)
        if random.random() < share:
            return Plant(faults=Faults(replaced={(number.step, number.place): Decimal(text)}))
        return Plant(overrides={index: text})

    return plant


def _is_hidden_by_mask(plan: Plan, place: Place) -> bool:
    return plan.problem.mask == "causal" and place[2] > place[1]


def _not_symmetric(plan: Plan, clean: Document, random: Random) -> Plant | None:
    candidates = [i for i in _results(clean, "scores") if clean.numbers[i].place[1] != clean.numbers[i].place[2]]
    index = random.choice(candidates)
    number = clean.numbers[index]
    text = slipped(_plain(number.text), random)
    return Plant(faults=Faults(replaced={("scores", number.place): Decimal(text)}))


def _weights_sum(plan: Plan, clean: Document, random: Random) -> Plant | None:
    index = random.choice(_results(clean, "weights"))
    number = clean.numbers[index]
    changed = Decimal(_plain(number.text)) + Decimal(random.choice(("0.05", "0.1", "0.2", "-0.04")))
    if changed < 0:
        changed = Decimal("0.09") + changed.copy_abs()
    return Plant(faults=Faults(replaced={("weights", number.place): changed}))


def _output_range(plan: Plan, clean: Document, random: Random) -> Plant | None:
    index = random.choice(_results(clean, "output"))
    number = clean.numbers[index]
    head, _, column = number.place
    column_values = [row[column] for row in work(plan.problem).steps["value"][head]]
    beyond = Decimal(random.choice(("0.1", "0.25", "1.3")))
    value = max(column_values) + beyond if random.random() < 0.7 else min(column_values) - beyond
    return Plant(faults=Faults(replaced={("output", number.place): value}))


def _last_digit(plan: Plan, clean: Document, random: Random) -> Plant | None:
    chain = work(plan.problem)
    candidates = [
        i
        for i in _results(clean, "scaled", "weights", "output")
        if "." in clean.numbers[i].text and not _is_exact(chain.value(clean.numbers[i].step, clean.numbers[i].place))
    ]
    random.shuffle(candidates)
    for index in candidates:
        number = clean.numbers[index]
        places = len(number.text.partition(".")[2])
        text = f"{Decimal(number.text) + Decimal(random.choice((1, -1))).scaleb(-places):.{places}f}"
        if not is_rounding_of(text, chain.value(number.step, number.place)) and Decimal(text) > 0:
            return Plant(overrides={index: text})
    return None


def _is_exact(value: Decimal | None) -> bool:
    return value is None or value == round(value, 6)


def _exponential(plan: Plan, clean: Document, random: Random) -> Plant | None:
    return _slip("exponentials")(plan, clean, random)


# --- errors of the method --------------------------------------------------------------------------------------------


def _fault(**fields: object) -> Planter:
    return lambda plan, clean, random: Plant(faults=Faults(**fields))  # type: ignore[arg-type]


def _showing(plan: Plan, *steps: str) -> Plan:
    return replace(plan, hidden=plan.hidden - set(steps))


def _hiding(plan: Plan, step: str) -> Plan:
    return replace(plan, hidden=plan.hidden | {step})


def _no_scale(plan: Plan, clean: Document, random: Random) -> Plant:
    return Plant(faults=Faults(scale="none"), plan=_hiding(plan, "scaled"))


def _scale(*choices: str) -> Planter:
    def plant(plan: Plan, clean: Document, random: Random) -> Plant:
        shown = _showing(plan, "scaled") if random.random() < 0.5 else _hiding(plan, "scaled")
        # A hidden 4 is no hidden constant where d_k is 4.
        d_k = str(work(plan.problem).d_k)
        return Plant(faults=Faults(scale=random.choice([c for c in choices if c != d_k])), plan=shown)

    return plant


def _unscaled(plan: Plan, clean: Document, random: Random) -> Plant:
    return Plant(faults=Faults(unscaled=True), plan=_showing(plan, "scaled"))


def _subset(plan: Plan, clean: Document, random: Random) -> Plant | None:
    count = len(plan.problem.key_tokens)
    return Plant(faults=Faults(softmax="subset", subset=random.randint(2, count - 1))) if count > 2 else None


def _linear(plan: Plan, clean: Document, random: Random) -> Plant | None:
    scores = work(plan.problem).steps["scores"]
    positive = all(x > 0 for head in scores for row in head for x in row)
    return Plant(faults=Faults(softmax="linear")) if positive else None


def _mask(choice: str) -> Planter:
    def plant(plan: Plan, clean: Document, random: Random) -> Plant:
        if plan.problem.focus == len(plan.problem.tokens) - 1:
            plan = replace(plan, problem=replace(plan.problem, focus=0))
        if choice == "forgotten" and random.random() < 0.7:
            plan = _hiding(plan, "masked")
        return Plant(faults=Faults(mask=choice), plan=plan)

    return plant


def _truncation(plan: Plan, clean: Document, random: Random) -> Plant:
    return Plant(faults=Faults(cut_step=random.choice(("scaled", "weights", "output"))))


def _drift(plan: Plan, clean: Document, random: Random) -> Plant:
    # Only what is on the paper can be computed on from.
    return Plant(faults=Faults(carried=frozenset(n.step for n in clean.numbers)))


def _missing(plan: Plan, clean: Document, random: Random) -> Plant | None:
    if plan.problem.is_cross:
        return None
    return Plant(plan=replace(plan, sentence_end=random.choice(ENDINGS)))


_TEXTUAL = tuple(name for name in FORMATS if name not in ("yaml", "json"))
_SQRT: dict[str, object] = {"scale": "sqrt"}
_UNMASKED: dict[str, object] = {"mask": "none"}
_CAUSAL: dict[str, object] = {"mask": "causal"}
ROUNDING = frozenset({"last_digit", "drift", "error"})


def _kind(causes: str, styles: tuple[str, ...], plant: Planter, **rest: object) -> Kind:
    return Kind(frozenset(causes.split()), styles, plant, **rest)  # type: ignore[arg-type]


KINDS: dict[str, Kind] = {
    "operand": _kind("operand", ("focus",), _operand),
    "dot_product": _kind("dot_product", ("focus", *FULL), _slip("scores")),
    "no_scale": _kind("no_scale", ("focus", *FULL), _no_scale, problem=_SQRT),
    "scale_d_k": _kind("scale_d_k", ("focus", *FULL), _scale("d_k"), problem=_SQRT),
    "hidden_constant": _kind("hidden_constant", ("focus", *FULL), _scale("4", "8"), problem=_SQRT),
    "wrong_axis": _kind("wrong_axis", FULL, _fault(softmax="columns"), problem=_UNMASKED),
    "softmax_subset": _kind("softmax_subset", ("focus", *FULL), _subset, problem=_UNMASKED),
    "softmax_single": _kind("softmax_single", ("focus", *FULL), _fault(softmax="single")),
    "linear_normalisation": _kind("linear_normalisation", ("focus", *FULL), _linear),
    "mask_forgotten": _kind("mask_forgotten", ("focus", *FULL), _mask("forgotten"), problem=_CAUSAL),
    "mask_as_zero": _kind("mask_as_zero", ("focus", *FULL), _mask("zero"), problem=_CAUSAL),
    "transposed": _kind("transposed swapped", FULL, _fault(transposed=True), problem={"square": True}),
    "swapped": _kind("swapped", ("focus", *FULL), _fault(value_is_key=True), problem={"square": True}),
    "unscaled_carried_on": _kind("unscaled_carried_on", ("focus", *FULL), _unscaled, problem=_SQRT),
    "stale": _kind("stale operand", ("focus", *FULL), _stale),
    "weights_sum": _kind("weights_sum softmax", ("focus", *FULL), _weights_sum),
    "output_range": _kind("output_range weighted_sum", ("focus", *FULL), _output_range),
    "weighted_sum": _kind("weighted_sum output_range", ("focus", *FULL), _slip("output")),
    "truncation": _kind("truncation", BY_HAND, _truncation, severities=ROUNDING),
    "last_digit": _kind("last_digit truncation", BY_HAND, _last_digit, severities=ROUNDING),
    "drift": _kind("drift", BY_HAND, _drift, severities=ROUNDING),
    "missing": _kind(
        "missing", ("focus", *FULL), _missing, severities=frozenset({"missing"}), formats=_TEXTUAL, problem=_UNMASKED
    ),
    "not_symmetric": _kind(
        "dot_product not_symmetric transposed", FULL, _not_symmetric, problem={"equal": True, "mask": "none"}
    ),
    "exponential": _kind("exponential arithmetic", ("focus",), _exponential),
}
