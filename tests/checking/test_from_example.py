"""Claims of example files: where they stand, and what is said of those that cannot be read."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pellucid.checking import check_file
from pellucid.checking.from_example import claim_places
from sentences import assert_one_sentence

# q·k = [1×3 + 2×1, 1×1 + 2×2] = [5, 5] and [0×3 + 1×1, 0×1 + 1×2] = [1, 2]; with three columns of values.
INPUTS = {
    "tokens": ["a", "b"],
    "query": [[1, 2], [0, 1]],
    "key": [[3, 1], [1, 2]],
    "value": [[1, 0, 2], [0, 1, 4]],
    "scale": "none",
}


def files(claims):
    fields = {**INPUTS, "claims": claims}
    yield "x.json", json.dumps(fields)
    yield "x.json", json.dumps(fields, indent=2)
    yield "x.yaml", yaml.safe_dump(fields, sort_keys=False)
    yield "x.yml", yaml.safe_dump(fields, default_flow_style=True)


def check(name, text):
    return check_file(name, text.encode())


@pytest.mark.parametrize(
    ("claims", "printed", "correct", "at"),
    [
        ([{"step": "scores", "at": ["a", "b"], "printed": "7"}], "7", "5", ("a", "b")),
        ([{"step": "scores", "at": [0, 1], "printed": "7"}], "7", "5", ("a", "b")),
        ([{"step": "scores", "at": ["b"], "printed": ["1", "3"]}], "3", "2", ("b", "b")),
        ([{"step": "scores", "printed": [["5", "5"], ["-1", "2"]]}], "-1", "1", ("b", "a")),
        ([{"step": "scores", "printed": [[None, "5"], ["1", "2.5"]]}], "2.5", "2.0", ("b", "b")),
        ([{"step": "weights", "at": ["a"], "printed": ["50%", "60%"]}], "60%", "50%", ("a", "b")),
        ([{"step": "output", "at": ["a", 2], "printed": "9.0"}], "9.0", "3.0", ("a", 2)),
        (
            [
                {"step": "scores", "printed": [["5", "5"], ["1", "2"]]},
                {"step": "scores", "at": ["a"], "printed": ["5", "6"]},
            ],
            "6",
            "5",
            ("a", "b"),
        ),
    ],
)
def test_a_wrong_claim_stands_where_it_says(claims, printed, correct, at):
    for name, text in files(claims):
        report = check(name, text)
        (finding,) = report.findings
        assert (finding.printed, finding.correct, finding.at) == (printed, correct, at)
        assert report.source.text[finding.span.start : finding.span.end] == printed
        assert finding.line == text[: finding.span.start].count("\n") + 1
        assert check(name, report.fixed().decode()).verdict == "right"


def test_claims_that_are_written_without_quotation_marks():
    text = yaml.safe_dump(INPUTS) + "claims:\n  - step: scores\n    at: [a]\n    printed: [5.0, 5.5]\n"
    (finding,) = check("x.yaml", text).findings
    assert (finding.printed, finding.correct) == ("5.5", "5.0")
    assert text[finding.span.start : finding.span.end] == "5.5"


def test_a_byte_order_mark_and_letters_outside_ascii_do_not_move_places():
    text = json.dumps(
        {**INPUTS, "title": "Œuvre 𝒳", "claims": [{"step": "scores", "at": [0, 0], "printed": "8"}]}, ensure_ascii=False
    )
    report = check_file("x.json", b"\xef\xbb\xbf" + text.encode())
    (finding,) = report.findings
    assert report.source.text[finding.span.start : finding.span.end] == "8"


@pytest.mark.parametrize("minus", ["-", "−"])
def test_infinities_and_signs(minus):
    fields = {
        **INPUTS,
        "mask": "causal",
        "claims": [{"step": "masked_scores", "at": ["a"], "printed": ["5", f"{minus}inf"]}],
    }
    assert check("x.json", json.dumps(fields, ensure_ascii=False)).verdict == "right"
    fields["claims"][0]["printed"] = ["5", f"{minus}5"]
    (finding,) = check("x.json", json.dumps(fields, ensure_ascii=False)).findings
    assert (finding.correct, finding.cause) == ("-inf", "mask_as_zero")


def test_a_file_without_claims():
    report = check("x.json", json.dumps(INPUTS))
    assert (report.verdict, report.checked) == ("right", 0)
    assert any("no claims" in sentence for sentence in report.reading)


@pytest.mark.parametrize(
    ("claim", "named"),
    [
        ({"step": "scroes", "printed": [["1"]]}, "scores"),
        ({"step": "scores", "printed": "1"}, "claims[0]"),
        ({"step": "scores", "printed": ["1", "2"]}, "claims[0]"),
        ({"step": "scores", "printed": [["1", "2"], ["3"]]}, "claims[0]"),
        ({"step": "scores", "printed": [["1", "2"], ["3", "4"], ["5", "6"]]}, "3"),
        ({"step": "scores", "at": ["c"], "printed": ["1", "2"]}, "'c'"),
        ({"step": "scores", "at": [2], "printed": ["1", "2"]}, "2"),
        ({"step": "scores", "at": [0, 0], "printed": ["1"]}, "claims[0]"),
        ({"step": "scores", "at": [0, 0, 0], "printed": "1"}, "claims[0]"),
        ({"step": "scores", "at": [0, 0], "printed": "one"}, "one"),
        ({"step": "scores", "at": [0, 0], "printed": "1 2"}, "1 2"),
        ({"step": "scores", "at": [0, 0], "printed": "1/2"}, "1/2"),
        ({"step": "mask", "printed": [["1", "0"], ["1", "1"]]}, "mask"),
    ],
)
def test_bad_claims(claim, named):
    for name, text in files([claim]):
        report = check(name, text)
        assert (report.verdict, report.source) == ("unreadable", None)
        assert named in report.reason
        assert_one_sentence(report.reason)


@given(
    printed=st.lists(
        st.lists(st.sampled_from(["5", "1", "2.0", "-3", "7%", None]), min_size=2, max_size=2), min_size=2, max_size=2
    )
)
def test_every_number_stands_where_its_place_says(printed):
    for _, text in files([{"step": "scores", "printed": printed}]):
        (places,) = claim_places(text, 0)
        for of_row, row in zip(places, printed, strict=True):
            for place, number in zip(of_row, row, strict=True):
                if number is not None:
                    assert text[place.start : place.end] == number
