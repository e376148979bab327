import pytest

from pellucid.data.synthetic import synthetic_pairs


@pytest.mark.parametrize("task", ["copy", "reverse"])
def test_words_are_copied_or_reversed(task):
    pairs = synthetic_pairs(task, 200, letters=3, shortest=2, longest=5, seed=1)
    assert len(pairs) == 200
    assert {len(pair.source) for pair in pairs} == {2, 3, 4, 5}
    assert {letter for pair in pairs for letter in pair.source} == set("abc")
    for pair in pairs:
        assert pair.references == ("".join(reversed(pair.source)) if task == "reverse" else pair.source,)
