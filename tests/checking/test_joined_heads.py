"""Heads that are worked out one by one, and then printed side by side."""

from pellucid.checking import check_file

# Queries of 0 attend to both keys alike, so that the output of a head is the mean of its values: 1.5, 6 and 5.
HEADS = "".join(
    f"### Head {head}\n\nQ_{head} = [[0], [0]]\n\nK_{head} = [[1], [2]]\n\nV_{head} = {values}\n\n"
    f"head_{head} = A_{head} V_{head} = {output}\n\n"
    for head, values, output in (
        (1, "[[1], [2]]", "[[1.5], [1.5]]"),
        (2, "[[4], [8]]", "[[6], [6]]"),
        (3, "[[0], [10]]", "[[5], [5]]"),
    )
)
TEXT = f"Attention(Q, K, V) = softmax(QKᵀ/√d_k) V\n\n{HEADS}## Together\n\nConcat = [[1.5, 6, 5], [1.5, 6, 5]]\n"


def told(text):
    report = check_file("x.md", text.encode())
    assert report.unchecked == []
    assert report.checked == 12  # six outputs of heads, and six again
    return [(one.severity, one.cause, one.step, one.printed, one.correct, one.follows_from) for one in report.findings]


def test_a_right_concatenation():
    assert told(TEXT) == []


def test_a_slip_in_the_concatenation():
    text = TEXT.replace("[1.5, 6, 5]]", "[1.5, 8, 5]]")
    assert told(text) == [("error", "arithmetic", "concatenated", "8", "6", None)]


def test_a_wrong_head_is_carried_on():
    text = TEXT.replace("[[6], [6]]", "[[6], [7.5]]").replace("[1.5, 6, 5]]", "[1.5, 7.5, 5]]")
    assert told(text) == [
        ("error", "weighted_sum", "output", "7.5", "6.0", None),
        ("drift", "follows", "concatenated", "7.5", "6.0", 0),
    ]


def test_another_order_of_heads_is_wrong():
    swapped = TEXT.replace("[[1.5, 6, 5], [1.5, 6, 5]]", "[[6, 1.5, 5], [6, 1.5, 5]]")
    assert {step for _, _, step, *_ in told(swapped)} == {"concatenated"}
