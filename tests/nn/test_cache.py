import pytest
import torch

from nn.models import BOTH, ONE, make, tokens
from pellucid.errors import LengthError
from pellucid.nn import KeyValueCache
from pellucid.transformer import TransformerConfig


def cache_of(batch=3, length=5):
    return KeyValueCache(TransformerConfig.from_mapping({**BOTH, "num_key_value_heads": 2}), batch, length)


def numbers(n, batch=3, seed=0):
    return torch.randn(batch, 2, n, 4, generator=torch.Generator().manual_seed(seed))


def test_all_keys_come_back_in_their_order():
    cache = cache_of()
    first, second = numbers(2), numbers(1, seed=1)
    cache.append(0, first, -first)
    cache.advance(2)
    keys, values = cache.append(0, second, -second)
    assert torch.equal(keys, torch.cat((first, second), dim=2))
    assert torch.equal(values, -keys)
    assert cache.append(1, second, second)[0].shape == (3, 2, 3, 4)


def test_no_room_is_taken_anew():
    cache = cache_of()
    places = set()
    for _ in range(5):
        keys, _ = cache.append(0, numbers(1), numbers(1))
        places.add(keys.data_ptr())
        cache.advance(1)
    assert len(places) == 1


def test_too_many_tokens_or_sequences_are_refused():
    cache = cache_of()
    with pytest.raises(LengthError, match="room for 3 sequences of 5 tokens, not for 3 of 6"):
        cache.append(0, numbers(6), numbers(6))
    with pytest.raises(LengthError, match="not for 2 of 1"):
        cache.append(0, numbers(1, batch=2), numbers(1, batch=2))


def test_the_model_s_longest_is_the_default():
    assert KeyValueCache(TransformerConfig.from_mapping(ONE), 1).max_length == 17


@pytest.mark.parametrize("indices", [[2, 0, 1], [0, 0, 2], [1, 1], [2], [0, 1, 2, 2, 0], []])
@torch.no_grad()
def test_a_reordered_cache_goes_on_as_the_rows_it_holds(indices):
    model = make(num_key_value_heads=2)
    order = torch.tensor(indices, dtype=torch.int64)
    source, target = tokens(3, 7), tokens(3, 4, seed=9)
    allowed = torch.arange(7)[None] < torch.tensor([7, 4, 2])[:, None]
    memory, cache = model.encode(source, allowed), model.new_cache(3, 6)
    model.decode(target[:, :3], memory, allowed, cache)
    cache.reorder(order)
    assert cache.batch_size == len(indices)
    if not indices:
        return
    logits = model.decode(target[order, 3:], memory[order], allowed[order], cache)
    expected = model(source[order], target[order], allowed[order])[:, 3:]
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_beams_of_one_source_change_places_without_their_source():
    model = make()
    source = tokens(1, 7).expand(3, 7)
    target, order = tokens(3, 4, seed=9), torch.tensor([2, 2, 0])
    memory, cache = model.encode(source), model.new_cache(3, 6)
    model.decode(target[:, :3], memory, None, cache)
    held = cache.cross(0)
    cache.reorder(order, same_source=True)
    assert cache.cross(0) is held
    logits = model.decode(target[order, 3:], memory, None, cache)
    torch.testing.assert_close(logits, model(source, target[order])[:, 3:], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_cut_cache_goes_on_from_there():
    model = make(ONE, positions="rotary")
    ids, cache = tokens(2, 6), model.new_cache(2, 6)
    model(ids[:, :5], cache=cache)
    cache.truncate(2)
    torch.testing.assert_close(model(ids[:, 2:], cache=cache), model(ids)[:, 2:], rtol=1e-4, atol=1e-4)
    with pytest.raises(LengthError, match="holds 6 tokens and cannot be cut to 7"):
        cache.truncate(7)
