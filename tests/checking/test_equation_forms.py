"""Texts that differ in their numbers only: read by the form of the first, they say what parsing each of them says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.checking import equation_forms
from pellucid.checking.equation_forms import EquationForms
from pellucid.checking.equations import chains_of
from pellucid.checking.mapped_text import MappedText

TEMPLATES = (
    "q{} · k = {}×{} + {}×{} = {}",
    "In {} of {} rows a = {}, and (see {}) b · c = {}*{} - {}/{} = -{} ≈ {}.",
    "x = {}/√{} = {}; y = -{}·{} = -{}",
    "- row {}: {} + {} = {}\n- row {}: f({}) = {}",
    "scores: {},{} = {} (version {} = {})",
    "[{}, {}] · [{}, {}] = {} e {} = {}e{}",
    "p = {}% of {} = {}... and {}^{} = {}",
)
NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 1000, places=2, allow_nan=False).map(str),
    st.sampled_from(["0", "007", "3.", ".5", "1,234", "12'000", "1e3", "2" * 20, "0.66…"]),
)


def said(chains):
    """All that consumers of equations look at."""
    for chain in chains:
        yield chain.label
        for side in chain.sides:
            value = side.value
            tree = None if value is None else value.tree
            shown = tree.tolist() if isinstance(tree, np.ndarray) else tree
            flags = None if value is None else (value.plain, value.elementwise, value.single)
            yield side.start, side.end, side.relation, shown, flags


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEMPLATES), st.data(), st.booleans())
def test_a_form_gives_what_the_parser_gives(template, data, program):
    forms = EquationForms({})
    for _ in range(3):
        numbers = [data.draw(NUMBERS) for _ in range(template.count("{}"))]
        text = MappedText.whole(template.format(*numbers), 7)
        expected = list(said(chains_of(text, {}, program=program)))
        assert list(said(forms.chains(text, program=program))) == expected


def test_the_second_text_of_a_form_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    forms = EquationForms({})
    forms.chains(MappedText.whole("a · b = 0.3×0.1 + 0.4×0.2 = 0.11"), program=False)
    monkeypatch.setattr(equation_forms, "chains_of", lambda *_, **__: pytest.fail("it was parsed"))
    (chain,) = forms.chains(MappedText.whole("a · b = 10.25×3.1 + 7.5×0.2 = 33.27"), program=False)
    assert [chain.text.text[side.start : side.end] for side in chain.sides] == [
        "a · b ",
        "10.25×3.1 + 7.5×0.2",
        "33.27",
    ]
