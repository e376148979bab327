"""What a kernel that shows nothing was handed is recorded by it."""

import pytest
import torch
from torch import nn

from pellucid.capturing.interface import Handed
from pellucid.capturing.recorder import Recorder
from pellucid.capturing.verification import verify


class BlockMask:
    """As FlexAttention's: a function of places."""

    @staticmethod
    def mask_mod(sequence, head, query, key):
        return (key <= query) & (key > query - 3)


@pytest.mark.parametrize("cap", [None, 0.5])
@pytest.mark.parametrize("wrong", [False, True])
def test_a_block_mask_is_read_by_its_function(cap, wrong):
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 4, 6, 8), torch.randn(2, 2, 6, 8), torch.randn(2, 2, 6, 8)
    scores = 0.3 * query @ key.repeat_interleave(2, 1).mT
    scores = scores if cap is None else cap * torch.tanh(scores / cap)
    place = torch.arange(6)
    window = (place <= place[:, None]) & (place > place[:, None] - (4 if wrong else 3))
    output = scores.masked_fill(~window, -torch.inf).softmax(-1) @ value.repeat_interleave(2, 1)
    recorder = Recorder(nn.Identity())
    others = {"attention_mask": BlockMask(), "scaling": 0.3, "softcap": cap}
    recorder._handed(Handed(nn.Identity(), query, key, value, others), (output.transpose(1, 2), None))
    (record,) = recorder.passes[0].records
    record.batch = 2
    assert verify(record).status == ("unverified" if wrong else "verified")
