"""Special tokens and padding are told from words, whoever says which they are."""

import torch
from torch import nn

import pellucid
from capturing.attentions import SomeAttention, plain
from pellucid.capturing.marks import _spans
from pellucid.nn import build
from pellucid.transformer import TransformerConfig

PAD, BOS, EOS, UNK = 0, 1, 2, 3
IDS = torch.tensor([[BOS, 7, UNK, 5, EOS], [BOS, 9, EOS, PAD, PAD]])
MASK = IDS != PAD


class Theirs:
    """As much of transformers' tokenizers as marking needs."""

    all_special_ids = (PAD, BOS, EOS, UNK)
    pad_token_id, bos_token_id, eos_token_id, unk_token_id = PAD, BOS, EOS, UNK

    def convert_ids_to_tokens(self, ids):
        return [("[PAD]", "[CLS]", "[SEP]", "[UNK]")[id_] if id_ < 4 else f"w{id_}" for id_ in ids]


class Ours:
    """As much of pellucid's."""

    pad_id, bos_id, eos_id, unk_id = PAD, BOS, EOS, UNK

    def pieces(self, ids):
        return Theirs().convert_ids_to_tokens(ids)


class PadsWithEnd(Theirs):
    """GPT-2's way."""

    pad_token_id = EOS


class Model(nn.Module):
    """Attention over embeddings, with a mask like transformers'."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings, self.attention = nn.Embedding(12, 8), SomeAttention(plain)

    def forward(self, input_ids, attention_mask=None):
        x = self.embeddings(input_ids).unflatten(-1, (2, 4)).transpose(1, 2)
        return self.attention(x, x, x)


def recorded(*given, tokenizer=None, **named):
    model = Model()
    with torch.no_grad(), pellucid.capture(model, tokenizer) as recording:
        model(*given, **named)
    return recording


WORDS = ("special", "", "", "", "special")


def test_padding_is_what_the_mask_leaves_out():
    recording = recorded(IDS, attention_mask=MASK.long(), tokenizer=Theirs())
    layer = recording.layers[0]
    assert layer.marks[0] == (WORDS, WORDS)
    assert layer.marks[1] == (("special", "", "special", "padding", "padding"),) * 2
    assert [(token.text, token.mark) for token in recording.tokens[1]] == [
        ("[CLS]", "special"), ("w9", ""), ("[SEP]", "special"), ("[PAD]", "padding"), ("[PAD]", "padding"),
    ]  # fmt: skip


def test_without_a_mask_it_is_the_token_for_padding():
    assert recorded(IDS, tokenizer=Theirs()).layers[0].marks[1][1] == ("special", "", "special", "padding", "padding")


def test_a_token_that_also_ends_a_text_is_not_taken_for_padding():
    layer = recorded(IDS, tokenizer=PadsWithEnd()).layers[0]
    assert layer.marks[0][1] == WORDS
    padded = recorded(IDS, MASK, tokenizer=PadsWithEnd()).layers[0]
    assert padded.marks[1][1][3:] == ("padding", "padding")


def test_without_a_tokenizer_padding_is_still_known():
    recording = recorded(IDS, MASK)
    assert recording.layers[0].marks[1][1] == ("", "", "", "padding", "padding")
    assert [token.text for token in recording.tokens[0]] == ["0", "1", "2", "3", "4"]
    assert recorded(IDS).layers[0].marks == [(None, None)] * 2


def test_a_row_says_it():
    head = recorded(IDS, MASK, tokenizer=Theirs()).layers[0].head(1, sequence=1)
    purpose = head.row("w9").subject.purpose
    assert "Special tokens among the keys: [CLS] (0), [SEP] (2). Padding among the keys: 3–4." in purpose
    assert "queries" not in purpose
    assert "Special tokens among the queries: [SEP] (2)." in head.row("[SEP]").subject.purpose
    assert "Padding among the queries: 4." in head.rows([1, 4]).subject.purpose
    assert "Special" not in recorded(IDS).layers[0].head(0).row(1).subject.purpose


def test_an_encoder_decoder_of_pellucid():
    config = TransformerConfig(
        architecture="encoder-decoder", vocab_size=17, d_model=8, d_ff=12, num_heads=2, num_encoder_layers=1,
        num_decoder_layers=1, max_length=8,
    )  # fmt: skip
    model = build(config).eval()
    target = torch.tensor([[BOS, 6, 8], [BOS, 4, PAD]])
    with torch.no_grad(), pellucid.capture(model, Ours()) as recording:
        model(IDS, target, MASK)
    encoder, decoder, cross = recording.layers
    assert encoder.tokens[1][1] == ("[CLS]", "w9", "[SEP]", "[PAD]", "[PAD]")
    assert decoder.tokens[1][0] == ("[CLS]", "w4", "[PAD]")
    assert encoder.marks[1][1] == ("special", "", "special", "padding", "padding")
    assert decoder.marks[1] == (("special", "", "padding"),) * 2
    assert cross.marks[1] == (("special", "", "padding"), ("special", "", "special", "padding", "padding"))


def test_a_mask_of_queries_and_keys_is_no_padding():
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
    model = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False).eval()
    causal = torch.ones(5, 5).triu(1).bool()
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(torch.randn(5, 5, 8), causal)
    assert recording.layers[0].marks[0] == (None, None)


def test_spans_of_positions():
    assert _spans([0, 2, 3, 4, 9]) == "0, 2–4, 9"
