import pytest

from pellucid.checking.bare_lists import bare_lists


@pytest.mark.parametrize(
    ("text", "label", "words", "numbers"),
    [
        ("Weights of tea: 0.4595 and 0.6405", "Weights of tea", (), ["0.4595", "0.6405"]),
        ("Gewichte: 0.46 und 0.54.", "Gewichte", (), ["0.46", "0.54"]),
        ("The weights are 0.4, 0.3, and 0.3.", "The weights are", (), ["0.4", "0.3", "0.3"]),
        ("Scores: tea 1, milk -2 and sugar 0.5", "Scores", ("tea", "milk", "sugar"), ["1", "-2", "0.5"]),
        ("Softmax gives the weights 0.4, 0.3, 0.3.", "Softmax gives the weights", (), ["0.4", "0.3", "0.3"]),
        ("It is 1.5. Divided by √3 we get 1, 2 and 0.5.", "Divided by √3 we get", (), ["1", "2", "0.5"]),
        ("Softmax ergibt die Gewichte 0.4, 0.6", "Softmax ergibt die Gewichte", (), ["0.4", "0.6"]),
        ("Scores: andes 1; milk 2", "Scores", ("andes", "milk"), ["1", "2"]),
    ],
)
def test_lists_in_sentences(text, label, words, numbers):
    (found,) = bare_lists(text)
    assert (found.label, found.words) == (label, words)
    assert [value.text for value in found.values] == numbers
    assert text[found.start : found.end].startswith(numbers[0] if not words else words[0])


@pytest.mark.parametrize(
    "text", ["Weights: 0.4", "Scores: tea 1, 2", "from 1 and 2", "of scores 1 and 2", "Sizes: 3 and 4.5.6"]
)
def test_what_is_no_list(text):
    assert list(bare_lists(text)) == []


def test_a_list_is_not_named_by_the_one_before_it():
    found = bare_lists("The weights are 0.4, 0.6 and the scores become 0.5, 0.9.")
    assert [one.label.strip() for one in found] == ["The weights are", "and the scores become"]


def test_a_passage_of_nothing_but_a_list_is_named_by_the_line_before_it():
    (found,) = bare_lists("  0.67, 0.33.\n", "The weights of tea:")
    assert (found.label, [value.text for value in found.values]) == ("The weights of tea", ["0.67", "0.33"])
    assert list(bare_lists("0.67, 0.33", "The weights of tea")) == []
    assert list(bare_lists("0.67, 0.33 and so on", "The weights of tea:")) == []
    assert list(bare_lists("tea 0.67, 0.33", "The weights of tea:")) == []
