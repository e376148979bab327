"""A recording, or two, as a document: its numbers are those of the summary and of the comparison."""

import io
import json
import math

import numpy as np
import openpyxl
import pytest
import torch
from torch import nn

import pellucid
from pellucid.rendering import Appearance, render
from pellucid.rendering.recording_document import comparison_document, summary_document

N = 6
MIXED = -(7 / 12) * math.log2(7 / 12) - 5 / 12 * math.log2(1 / 12) - math.log2(6) / 2
"""From one token to all six alike: H(7/12, five of 1/12) − (0 + log2 6) / 2."""


class Uneven(nn.Module):
    """Attention of heads that look at one token or at all alike: one layer for each list of them."""

    def forward(self, layers):
        for sharp in layers:
            heads = len(sharp)
            query = torch.stack([torch.eye(N) * (200.0 if one else 0.0) for one in sharp])[None]
            key, value = torch.eye(N).expand(1, heads, N, N), torch.ones(1, heads, N, 2)
            yield nn.functional.scaled_dot_product_attention(query, key, value)


def recorded(*layers):
    with pellucid.capture(model := Uneven()) as recording:
        list(model(layers))
    return recording


def test_every_head_has_its_number():
    recording = recorded([True, False, False], [False, True, True])
    document = summary_document(recording, recording.summary(), "six tokens")
    (derivation,) = document.derivations
    np.testing.assert_allclose(derivation["evenness"].value, [[0, 1, 1], [1, 0, 0]], atol=1e-6)
    text = render(document, "markdown", Appearance())
    assert "2 of 2 attentions verified" in text
    assert "| themselves | 0.0 100 %, 1.1 100 %, 1.2 100 %" in text


def test_layers_with_other_numbers_of_heads_have_matrices_of_their_own():
    recording = recorded([True, False, False], [False, True])
    (derivation,) = summary_document(recording, recording.summary(), "six tokens").derivations
    np.testing.assert_allclose(derivation["evenness_3_heads"].value, [[0, 1, 1]], atol=1e-6)
    np.testing.assert_allclose(derivation["evenness_2_heads"].value, [[1, 0]], atol=1e-6)
    assert derivation["evenness_2_heads"].axes[0].labels == ("1",)


def compared(left, right):
    recordings = recorded(*left), recorded(*right)
    comparison = recordings[0].compare(recordings[1])
    return comparison, comparison_document(recordings, comparison, ("the one", "the other"))


def test_two_recordings_have_the_distances_of_their_heads():
    comparison, document = compared([[True, False, True]], [[True, False, False]])
    (derivation,) = document.derivations
    np.testing.assert_array_equal(derivation["divergence"].value, comparison.distances)
    assert derivation["divergence"].value[0, :2] == pytest.approx([0, 0], abs=1e-6)
    assert derivation["divergence"].value[0, 2] == pytest.approx(MIXED, abs=1e-6)
    text = render(document, "markdown", Appearance())
    assert f"| 0.2 | {MIXED:.3f}" in text
    assert "## 2. A: the one" in text
    assert "## 3. B: the other" in text


def test_what_cannot_be_compared_says_so():
    _, document = compared([[True, False]], [[True, False, False]])
    assert "They have not the same layers" in render(document, "markdown", Appearance())
    (derivation,) = document.derivations
    assert [step.name for step in derivation] == ["evenness_of_A", "evenness_of_B"]


@pytest.mark.parametrize("file_format", ["terminal", "markdown", "latex", "html", "svg"])
def test_every_format_shows_it(file_format):
    _, document = compared([[True, False]], [[False, False]])
    shown = render(document, file_format, Appearance())
    assert f"{MIXED:.3f}" in shown
    assert "evenness" in shown


def test_programs_get_every_number():
    comparison, document = compared([[True, False]], [[False, False]])
    first = json.loads(render(document, "json", Appearance()))["steps"][0]
    assert (first["name"], first["values"]) == ("divergence", comparison.distances)
    book = openpyxl.load_workbook(io.BytesIO(render(document, "xlsx", Appearance())))
    numbers = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    for distance in comparison.distances[0]:
        assert any(isinstance(number, float) and math.isclose(number, distance, abs_tol=1e-12) for number in numbers)
