"""Beam search and greedy decoding against transformers."""

import pytest
import torch
import transformers

from pellucid.decoding import beam_search, greedy
from pellucid.errors import InputError
from pellucid.nn.converters import to_transformers
from pellucid.search import length_penalty
from tiny_models import BART, GPT2, LLAMA, MODERN, PAPER, tiny

EOS = 2
SOURCES = [[5, 9, 3, 2], [7, 2], [11, 4, 6, 8, 13, 2]]
PROMPTS = [[1, 6, 3], [1], [1, 4, 5, 8]]


@pytest.fixture(scope="module", params=["paper", "bart", "gpt2", "llama"])
def both(request, tmp_path_factory):
    """A model and the same one in transformers."""
    kinds = {"paper": PAPER, "bart": BART, "gpt2": GPT2, "llama": LLAMA}
    model = tiny(seed=3, **kinds[request.param])
    directory = tmp_path_factory.mktemp(request.param)
    name = to_transformers(model, directory)
    theirs = getattr(transformers, name).from_pretrained(directory).eval()
    theirs.generation_config = transformers.GenerationConfig(
        pad_token_id=0, bos_token_id=1, eos_token_id=EOS, decoder_start_token_id=1
    )
    return model, theirs


def generated(model, theirs, **changes):
    """What transformers generates for each sequence alone: the ids without eos, and its score."""
    pair = model.config.is_encoder_decoder
    results = []
    for row in SOURCES if pair else PROMPTS:
        given = torch.tensor([row])
        output = theirs.generate(
            given,
            attention_mask=torch.ones_like(given),
            return_dict_in_generate=True,
            output_scores=True,
            max_new_tokens=10,
            do_sample=False,
            **changes,
        )
        ids = output.sequences[0].tolist()[1 if pair else len(row) :]
        score = float(output.sequences_scores[0]) if "sequences_scores" in output else None
        results.append((tuple(ids[: ids.index(EOS)] if EOS in ids else ids), score))
    return results


def inputs(model):
    if model.config.is_encoder_decoder:
        return {"sources": SOURCES, "prompts": None}
    return {"sources": None, "prompts": PROMPTS}


@pytest.mark.parametrize(
    ("num_beams", "alpha", "early_stopping"), [(2, 0.0, True), (3, 0.6, True), (5, 1.0, True), (3, 0.6, False)]
)
def test_beams_are_those_of_transformers(both, num_beams, alpha, early_stopping):
    """With transformers' length penalty length^α in place of the paper's; everything else is the same."""
    model, theirs = both
    expected = generated(
        model,
        theirs,
        num_beams=num_beams,
        length_penalty=alpha,
        early_stopping=True if early_stopping else "never",
    )
    found = beam_search(
        model,
        inputs(model)["sources"],
        prompts=inputs(model)["prompts"],
        max_length=10,
        num_beams=num_beams,
        length_penalty=alpha,
        penalty=length_penalty.power,
        early_stopping=early_stopping,
    )
    assert [best.ids for (best, *_) in found] == [ids for ids, _ in expected]
    assert [best.score for (best, *_) in found] == pytest.approx([score for _, score in expected], abs=1e-4)


@pytest.mark.parametrize("changes", [{}, {"min_new_tokens": 5}, {"repetition_penalty": 1.7}])
def test_greedy_decoding_is_that_of_transformers(both, changes):
    model, theirs = both
    expected = [ids for ids, _ in generated(model, theirs, **changes)]
    ours = {"min_length": changes.get("min_new_tokens", 0)}
    found = greedy(
        model, **inputs(model), max_length=10, repetition_penalty=changes.get("repetition_penalty", 1.0), **ours
    )
    assert [hypothesis.ids for hypothesis in found] == expected


# One's own laws


@pytest.mark.parametrize("kind", [PAPER, MODERN, GPT2, LLAMA])
def test_batched_equals_single_and_fused_equals_cached(kind):
    model = tiny(seed=5, **kind)
    given = inputs(model)
    together = beam_search(model, **given, max_length=12, n_best=4)
    cached = beam_search(model, **given, max_length=12, n_best=4, fused=False)
    alone = [
        beam_search(
            model,
            None if given["sources"] is None else [given["sources"][i]],
            prompts=None if given["prompts"] is None else [given["prompts"][i]],
            max_length=12,
            n_best=4,
        )[0]
        for i in range(3)
    ]
    for other in (cached, alone):
        for ours, theirs in zip(together, other, strict=True):
            assert [hypothesis.ids for hypothesis in ours] == [hypothesis.ids for hypothesis in theirs]
            assert [each.score for each in ours] == pytest.approx([each.score for each in theirs], abs=1e-4)


def test_one_beam_is_greedy():
    model = tiny(seed=6, **PAPER)
    found = [best.ids for (best,) in beam_search(model, SOURCES, max_length=12, num_beams=1)]
    assert found == [hypothesis.ids for hypothesis in greedy(model, SOURCES, max_length=12)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"num_beams": 0}, "num_beams must be at least 1"),
        ({"num_beams": 2, "n_best": 3}, "from 1 to num_beams"),
        ({"length_penalty": -1.0}, "at least 0"),
        ({"max_length": 0}, "at least 1 token"),
        ({"max_length": [3, 4]}, "2 limits are given for 3 sequences"),
    ],
)
def test_settings_out_of_range(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        beam_search(tiny(**PAPER), SOURCES, **{"max_length": 5, **changes})
