"""What a list says of its first token holds for those that it goes on with."""

import pytest

import pellucid

DOCUMENT = """# Two keys

Query of "cat": [1, 2]. {keys}

Values: "cat" [1, 0], "sat" [0, 1].

Output of cat: [{output}].
"""
# q · k is 2 for both keys: the weights are 1/2 and 1/2.


@pytest.mark.parametrize(
    "keys",
    [
        'Keys: "cat" [0, 1], "sat" [2, 0].',
        'Keys: "cat" = [0, 1], "sat" = [2, 0].',
        "Keys: cat: [0, 1]; sat: [2, 0].",
        "Keys: cat [0, 1] and sat [2, 0].",
    ],
)
def test_every_token_of_a_list_has_its_vector(keys, tmp_path):
    path = tmp_path / "keys.md"
    path.write_text(DOCUMENT.format(keys=keys, output="0.5, 0.5"), encoding="utf-8")
    report = pellucid.check(path)
    assert (report.verdict, report.checked) == ("right", 2)
    path.write_text(DOCUMENT.format(keys=keys, output="0.4, 0.5"), encoding="utf-8")
    report = pellucid.check(path)
    assert report.verdict == "wrong"
    assert [(finding.printed, finding.correct) for finding in report.findings] == [("0.4", "0.5")]
