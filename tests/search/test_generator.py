"""stories260K with its tokenizer, as it ships."""

import pytest

from pellucid.errors import InputError, LengthError
from pellucid.pretrained import open_model
from pellucid.search import Generator, Sampling


@pytest.fixture(scope="module")
def opened():
    return open_model("stories260k")


@pytest.fixture(scope="module")
def generator(opened):
    return opened.generator()


def text_of(pieces):
    return "".join(piece.text for piece in pieces)


def test_a_text_goes_on_where_its_prompt_ends(opened, generator):
    """With the space that SentencePiece takes from the beginning of a text, and nowhere else."""
    beginning = generator.encode("Once upon")
    pieces = list(generator.stream(beginning, max_length=12))
    assert text_of(pieces) == " a time, there was a little girl named Lily."[: len(text_of(pieces))]
    whole = opened.tokenizer.decode([*beginning, *(piece.token for piece in pieces)])
    assert "Once upon" + text_of(pieces) == whole


def test_a_seed_reproduces_and_another_does_not(generator):
    beginning = generator.encode("Once upon a time")

    def drawn(seed):
        return text_of(generator.stream(beginning, max_length=20, settings=Sampling(top_p=0.9), seed=seed))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_stop_string_ends_the_text(generator):
    pieces = list(generator.stream(generator.encode("Once upon a time"), max_length=50, stop=["little g"]))
    assert text_of(pieces) == ", there was a "
    assert pieces[-1].ending == "stop"


def test_prompts(opened, generator):
    bos, ids = opened.config.bos_id, opened.tokenizer.encode("Once")
    assert generator.encode("Once") == [bos, *ids]
    assert generator.encode("Once", bos=False) == ids
    assert generator.encode("", bos=False) == [bos]
    assert generator.room([bos]) == 512
    with pytest.raises(LengthError, match=r"the prompt has 1,\d+ tokens, but the model reads at most 512"):
        generator.encode("word " * 600)


def test_a_translator_generates_nothing():
    opened = open_model("by-hand-translator")
    with pytest.raises(InputError, match="pellucid translate"):
        opened.generator()
    with pytest.raises(InputError, match="needs a source"):
        Generator(opened.transformer, opened.tokenizer)
