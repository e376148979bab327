"""Which output belongs to which statement."""

import pytest

from pellucid.checking import check_file
from pellucid.checking.prints import Prints


def all_of(code):
    prints = Prints()
    prints.run(code)
    return list(iter(prints.next, ""))


@pytest.mark.parametrize(
    ("code", "arrays"),
    [
        ("print(scores)", ["scores"]),
        ('print("Scores:", scores)', ["scores"]),
        ("print(q, k)", ["q", "k"]),
        ("print(np.round(scores, 2))", ["np.round(scores, 2)"]),
        ('print("Scores:")\nprint(scores)', ["scores"]),
        ("print(scores.shape)\nprint(weights.sum())\nprint(len(scores))", []),
        ("scores = q @ k.T\nscores", ["scores"]),
        ("scores = q @ k.T", []),
        ("import numpy", []),
        ("w = softmax(scores)\nprint(w)", ["w = softmax(scores)"]),
        ("values = attention @ v\nprint(values)", ["attention @ v"]),
    ],
)
def test_what_code_prints(code, arrays):
    assert all_of(code) == arrays


def test_what_was_not_shown_is_forgotten_once_an_output_has_been_seen():
    prints = Prints()
    prints.run("print(a)\nprint(b)")
    prints.run("print(c)")
    assert prints.next() == "a"
    prints.run("print(d)")
    assert prints.next() == "d"


def test_a_heading_begins_something_else():
    prints = Prints()
    prints.run("print(a)")
    prints.forget()
    assert prints.next() == ""


def test_a_print_with_a_label_of_its_own_does_not_shift_the_next():
    # x @ xᵀ of the unit vectors; softmax([1, 0]) = e/(e + 1) = 0.7311
    text = (
        "```python\nx = torch.tensor([[1.0, 0.0], [0.0, 1.0]])\nw = torch.softmax(x @ x[0], dim=0)\n"
        'print("Attention weights:", w)\n```\n\n```\nAttention weights: tensor([0.7311, 0.2689])\n```\n\n'
        "```python\nattn_scores = x @ x.T\nprint(attn_scores)\n```\n\n"
        "```\ntensor([[1., 0.],\n        [0., 1.]])\n```\n"
    )
    report = check_file("x.md", text.encode())
    assert report.verdict == "right"
    wrong = check_file("x.md", text.replace("[0., 1.]])\n```", "[0., 3.]])\n```").encode())
    assert [(finding.step, finding.printed) for finding in wrong.findings] == [("scores", "3.")]
