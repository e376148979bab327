"""What a document says again of its inputs, where an example file states them."""

import pytest

from pellucid.checking import check_file

GIVEN = (
    "tokens: [moon, sun]\nquery: [[0.2, 0.5, 1/3], [0.4, 0.6, 1]]\n"
    "key: [[0.1, 0.3, 0], [0.2, 0.4, 0]]\nvalue: [[1, 2], [3, 4]]\n"
)
BLOCK = f"```attention\n{GIVEN}```\n\n"


def told(report):
    return [(one.severity, one.cause, one.step, one.at, one.line, one.printed, one.correct) for one in report.findings]


def test_claims_of_inputs_in_an_example_file():
    claims = 'claims:\n- {step: query, at: [moon], printed: ["0.2", "0.9", "0.33"]}\n'
    report = check_file("x.yaml", (GIVEN + claims).encode())
    assert report.checked == 3
    assert told(report) == [("error", "stale", "query", ("moon", 1), 6, "0.9", "0.5")]


@pytest.mark.parametrize(("printed", "wrong"), [("0.33", []), ("0.3", []), ("0.34", [("0.34", "0.33")])])
def test_a_document_says_its_inputs_again(printed, wrong):
    text = f"{BLOCK}Q = [[0.2, 0.5, {printed}], [0.4, 0.6, 1]]\n\nmoon · sun = 0.2×0.2 + 0.5×0.4 + 0.33×0 = 0.24\n"
    report = check_file("x.md", text.encode())
    assert [(one.printed, one.correct) for one in report.findings] == wrong
    assert report.checked == 7


def test_without_a_block_the_document_itself_states_them():
    given = "Q = [[0.2, 0.5, 0.34], [0.4, 0.6, 1]]\n\nK = [[0.1, 0.3, 0], [0.2, 0.4, 0]]\n\n"
    text = f"{given}S = [[0.17, 0.24], [0.22, 0.32]]\n"
    assert check_file("x.md", text.encode()).findings == []
