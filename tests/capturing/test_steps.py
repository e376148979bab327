"""The steps of a generation: each has its pass, and what it looked at is what the model computed."""

import numpy as np
import pytest
import torch

import pellucid
from capturing.induction import InductionModel, Letters, repeated
from pellucid.capturing import generation_steps
from pellucid.errors import InputError

transformers = pytest.importorskip("transformers")


def test_every_token_has_its_pass_and_its_weights():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        n_layer=2, n_head=3, n_embd=12, vocab_size=19, n_positions=20, bos_token_id=0, eos_token_id=0, pad_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    model.set_attn_implementation("eager")
    ids = torch.tensor([[5, 9, 13, 7]])
    settings = {"attention_mask": torch.ones_like(ids), "max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False}
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        written = model.generate(ids, **settings)
    tokens = Letters().convert_ids_to_tokens(written[0, 4:].tolist())
    steps = generation_steps(recording, tokens)
    assert [step.token for step in steps] == tokens
    assert [len(step.layers) for step in steps] == [2, 2, 2]
    with torch.no_grad():
        given = model(written[:, :-1], output_attentions=True).attentions
    for number, step in enumerate(steps):
        n_k = 4 + number
        axis, weights = step.looks()
        expected = np.mean([layer[0, :, n_k - 1, :n_k].mean(0).numpy() for layer in given], axis=0)
        np.testing.assert_allclose(weights, expected, atol=1e-6)
        assert list(axis.labels) == Letters().convert_ids_to_tokens(written[0, :n_k].tolist())
        assert step.looks("cross") is None


def test_tokens_without_a_pass_are_refused():
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(repeated())
    with pytest.raises(InputError, match="2 tokens were generated in 1 passes"):
        generation_steps(recording, ["a", "b"])
