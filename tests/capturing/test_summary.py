"""Summaries of attention that was made by hand, so that every share is known beforehand."""

import math

import pytest
import torch
from torch import nn

import pellucid
from capturing.induction import INDUCTION, PREVIOUS, InductionModel, Letters, repeated
from pellucid.capturing import summary as module
from pellucid.errors import InputError, PositionError

WORDS = ("a", "b", "c", "a", "b", "d")
N = len(WORDS)


class Spelled:
    """A tokenizer whose ids are letters."""

    def convert_ids_to_tokens(self, ids):
        return [chr(ord("a") + number) for number in ids]


IDS = torch.tensor([[ord(word) - ord("a") for word in WORDS]])


class GivenAttention(nn.Module):
    """Attention whose weights are given: the scores are their logarithms, made of one-hot queries and keys.

    Args:
        weights: (heads, n, n).
    """

    def __init__(self, weights):
        super().__init__()
        self.weights = weights

    def forward(self, ids):
        n_q, n_k = self.weights.shape[-2:]
        keys = self.weights.log()[None].transpose(-1, -2)  # q is the identity, so that q kᵀ is the logarithm
        finite = keys.clamp(min=-30)
        scores = torch.eye(n_q)[None, None].expand(1, len(self.weights), n_q, n_q) @ finite.transpose(-1, -2)
        scores = scores.masked_fill(self.weights[None] == 0, -math.inf)
        values = torch.arange(n_k * 3.0).reshape(1, 1, n_k, 3).expand(1, len(self.weights), n_k, 3)
        return (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)


def summary_of(*heads, tokenizer=None, ids=IDS):
    model = GivenAttention(torch.stack([torch.tensor(head, dtype=torch.float32) for head in heads]))
    with torch.no_grad(), pellucid.capture(model, tokenizer) as recording:
        model(ids)
    (layer,) = recording.layers
    assert layer.status == "verified"
    return recording.summary()


def row(**weights):
    """A row of the keys k0, k1, …"""
    return [weights.get(f"k{key}", 0) for key in range(N)]


CAUSAL = [
    row(k0=1),
    row(k0=0.25, k1=0.75),
    row(k0=0.5, k1=0.25, k2=0.25),
    row(k0=0.125, k1=0.5, k2=0.25, k3=0.125),  # the second a: induction at k1, same word at k0
    row(k0=0.125, k1=0.125, k2=0.5, k3=0.125, k4=0.125),  # the second b: induction at k2, same word at k1
    row(k0=0.0625, k1=0.0625, k2=0.5, k3=0.125, k4=0.125, k5=0.125),
]
"""Every number is a power of 1/2 or 3/4, so that all below is derived by hand."""


def test_shares_are_means_over_the_queries_that_have_such_a_key():
    ((head,),) = summary_of(CAUSAL, tokenizer=Spelled()).heads
    # The first query has no choice and counts nowhere.
    assert head.shares == pytest.approx(
        {
            "previous": (0.25 + 0.25 + 0.25 + 0.125 + 0.125) / 5,
            "own": (0.75 + 0.25 + 0.125 + 0.125 + 0.125) / 5,
            "first": (0.25 + 0.5 + 0.125 + 0.125 + 0.0625) / 5,
            "same_word": (0.125 + 0.125) / 2,
            "induction": (0.5 + 0.5) / 2,
        }
    )
    assert head.pattern == "induction"


def test_entropy_is_in_bits_and_a_share_of_the_largest_there_can_be():
    ((head,),) = summary_of(CAUSAL).heads
    entropies = [
        0.25 * 2 + 0.75 * math.log2(4 / 3),
        0.5 * 1 + 2 * 0.25 * 2,
        2 * 0.125 * 3 + 0.5 * 1 + 0.25 * 2,
        4 * 0.125 * 3 + 0.5 * 1,
        2 * 0.0625 * 4 + 3 * 0.125 * 3 + 0.5 * 1,
    ]
    assert head.entropy == pytest.approx(sum(entropies) / 5)
    assert head.evenness == pytest.approx(
        sum(e / math.log2(n) for e, n in zip(entropies, range(2, 7), strict=True)) / 5
    )


def test_without_tokens_there_are_no_words():
    ((head,),) = summary_of(CAUSAL).heads
    assert set(head.shares) == {"previous", "own", "first"}
    assert head.pattern is None


@pytest.mark.parametrize("block", [1, 2, 4, 10**6])
def test_blocks_make_no_difference(block, monkeypatch):
    whole = summary_of(CAUSAL, tokenizer=Spelled())
    monkeypatch.setattr(module, "BLOCK", block * N)
    parts = summary_of(CAUSAL, tokenizer=Spelled())
    for one, other in zip(whole, parts, strict=True):
        assert one.entropy == pytest.approx(other.entropy)
        assert one.shares == pytest.approx(other.shares)


def one_key(choose):
    """Every query gives 0.9 to one key and the rest to all that it may see."""
    rows = []
    for query in range(N):
        weights = [0.1 / (query + 1) if key <= query else 0 for key in range(N)]
        weights[choose(query)] += 0.9
        rows.append(weights)
    return rows


def followers(query):
    earlier = [key for key in range(query - 1) if WORDS[key] == WORDS[query]]
    return earlier[-1] + 1 if earlier else query


def test_the_strongest_heads_of_every_pattern_are_found():
    heads = {
        "previous": lambda query: max(query - 1, 0),
        "own": lambda query: query,
        "first": lambda query: 0,
        "same_word": lambda query: WORDS.index(WORDS[query]),
        "induction": followers,
    }
    summary = summary_of(*map(one_key, heads.values()), tokenizer=Spelled())
    for number, name in enumerate(heads):
        first, second = summary.strongest(name, 2)
        assert (first.layer, first.head) == (0, number), name
        assert first.shares[name] > 0.9
        assert first.shares[name] > second.shares[name]
    assert [head.pattern for head in summary][:3] == ["previous", "own", "first"]


def test_even_heads_look_at_all_alike():
    ((head,),) = summary_of([[1 / N] * N] * N).heads
    assert head.entropy == pytest.approx(math.log2(N))
    assert head.evenness == pytest.approx(1)


def test_sharp_heads_look_at_one():
    ((head,),) = summary_of([row(k2=1.0, k0=1e-9) for _ in range(N)]).heads
    assert head.entropy == pytest.approx(0, abs=1e-6)
    assert head.evenness == pytest.approx(0, abs=1e-6)


def test_masks_of_large_negative_numbers_leave_no_choice():
    class Masked(nn.Module):
        def forward(self, q):
            later = torch.full((N, N), torch.finfo(torch.float32).min).triu(1)
            return ((q @ q.mT + later).softmax(-1) @ q).transpose(1, 2).flatten(2)

    class MaskedAttention(Masked):
        pass

    model = MaskedAttention()
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(torch.zeros(1, 2, N, 3))
    for head in recording.summary():
        assert head.evenness == pytest.approx(1)  # all that may be seen, alike
        assert head.entropy == pytest.approx(sum(math.log2(n) for n in range(2, N + 1)) / (N - 1))


def test_a_lone_query_and_key_have_no_entropy():
    ((head,),) = summary_of([[1.0]], ids=torch.tensor([[0]])).heads
    assert (head.entropy, head.evenness, head.shares, head.pattern) == (None, None, {}, None)


def test_what_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'sideways' is no pattern; there are previous"):
        summary_of(CAUSAL).strongest("sideways")
    model = GivenAttention(torch.tensor([CAUSAL]))
    with torch.no_grad(), pellucid.capture(model) as recording:
        model(IDS)
    with pytest.raises(PositionError, match="sequence 1 does not exist"):
        recording.summary(sequence=1)


def test_an_induction_head_is_found_on_repeated_text():
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        model(repeated())
    assert {layer.status for layer in recording.layers} == {"verified"}
    summary = recording.summary()
    best, second = summary.strongest("induction", 2)
    assert (best.layer, best.head) == INDUCTION
    assert best.shares["induction"] > 0.9
    assert best.pattern == "induction"
    assert second.shares["induction"] < 0.5
    before = summary.strongest("previous", 1)[0]
    assert (before.layer, before.head) == PREVIOUS
    assert before.pattern == "previous"


def test_no_induction_head_is_found_where_nothing_is_repeated():
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        model(repeated()[:, :11])
    assert recording.summary().strongest("induction") == []


def test_recordings_show_themselves():
    model = InductionModel()
    with torch.no_grad(), pellucid.capture(model, Letters()) as recording:
        model(repeated())
    text = recording.to_text(title="By hand")
    assert text.startswith("By hand\n22 tokens: ")
    assert "what followed (induction)   1.1 9" in text
    page = recording.to_html(title="By hand")
    assert "<title>By hand</title>" in page


class WithSpecialTokens(Letters):
    """Letters of which the first two are special, as [CLS] and a padding token."""

    all_special_ids = (0, 1)
    bos_token_id, pad_token_id, eos_token_id, unk_token_id = 0, 1, None, None


def test_special_tokens_are_no_words_and_padding_does_not_count():
    # a at the beginning and the end is special; b is padding, and what it looks at is nobody's business.
    ids = torch.tensor([[0, 2, 3, 2, 0, 1]])
    weights = [[1 / (query + 1) if key <= query else 0 for key in range(N)] for query in range(N - 1)]
    weights.append(row(k0=0.75, k5=0.25))
    ((words,),) = summary_of(weights, tokenizer=Letters(), ids=ids).heads
    ((head,),) = summary_of(weights, tokenizer=WithSpecialTokens(), ids=ids).heads
    assert words.shares["same_word"] == pytest.approx((1 / 4 + 1 / 5) / 2)  # the second c, and a as a word
    assert head.shares["same_word"] == pytest.approx(1 / 4)
    assert words.shares["own"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 4) / 5)
    assert head.shares["own"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 4)


def test_where_few_keys_can_be_chosen_no_pattern_is_told():
    """Four letters and two of padding, each looking at itself: four keys are few, six are not."""
    ids = torch.tensor([[2, 3, 2, 4, 1, 1]])
    weights = [
        [0.75 if key == query else 0.25 / max(query, 1) if key < query else 0 for key in range(N)] for query in range(N)
    ]
    enough, few = (summary_of(weights, tokenizer=spelled(), ids=ids) for spelled in (Letters, WithSpecialTokens))
    assert [next(iter(summary)).choices for summary in (enough, few)] == [6, 4]
    assert [next(iter(summary)).pattern for summary in (enough, few)] == ["own", None]
    assert [len(summary.strongest("own")) for summary in (enough, few)] == [1, 0]
