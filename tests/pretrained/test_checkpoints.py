"""Checkpoints of transformers, written here by transformers itself, as models behind glass."""

import sys

import numpy as np
import pytest
import torch

import pellucid
from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.errors import InputError, MissingExtraError
from pellucid.pretrained import open_model
from tiny_checkpoints import save_checkpoint

transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    """A model of theirs in a directory, with a tokenizer of letters."""
    folder = tmp_path_factory.mktemp("hub") / "tiny-gpt2"
    tokenizer = train_tokenizer(["abcdefg"], "characters", byte_fallback=False)
    torch.manual_seed(2)
    config = transformers.GPT2Config(
        vocab_size=tokenizer.vocab_size,
        n_embd=24,
        n_layer=2,
        n_head=3,
        n_positions=12,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=50256,  # beyond its own vocabulary; one text needs none
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    save_checkpoint(model, tokenizer, folder, 4)
    return folder, model


@torch.no_grad()
def test_a_checkpoint_generates_behind_glass(gpt2):
    folder, model = gpt2
    produced = pellucid.load(folder).generate("cab", max_tokens=3)
    assert produced.model == "tiny-gpt2"
    for step in produced.steps:
        output = model(torch.tensor([step.before]), output_attentions=False)
        logits = output.logits[0, -1].numpy()
        np.testing.assert_allclose(step.logits, logits, atol=1e-4)
        assert step.id == logits.argmax()
        assert step.verified
    assert open_model(str(folder)).transformer.dtype == np.float32


def test_without_huggingface_hub_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"pellucid\[hub\]"):
        pellucid.load("owner/name")


def test_without_a_tokenizer_it_says_so(gpt2, monkeypatch):
    folder, _ = gpt2
    tokenizer = folder / "tokenizer.json"
    content = tokenizer.read_bytes()
    try:
        tokenizer.unlink()
        monkeypatch.setitem(sys.modules, "transformers", None)
        with pytest.raises(InputError, match=r"has no tokenizer\.json; install transformers"):
            open_model(folder)
    finally:
        tokenizer.write_bytes(content)


def test_what_the_hub_does_not_give_is_no_model(monkeypatch):
    import huggingface_hub

    def download(name, **options):
        raise OSError("Repository Not Found.\nand more")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(
        InputError, match=r"no model 'owner/name'.*, and the hub does not give it: Repository Not Found;"
    ):
        open_model("owner/name")
