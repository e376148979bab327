"""The loss of a model that nanoGPT trained on tiny Shakespeare, over the whole of the validation split.

python benchmarks/nanogpt_loss.py DIR

DIR is nanoGPT's folder, after `train.py` has run there. It estimates its validation loss from a few random batches;
`pellucid train` takes every window of the split, one behind the other, and so does this.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch


@torch.no_grad()
def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    from model import GPT, GPTConfig

    checkpoint = torch.load(folder / "out-shakespeare-char" / "ckpt.pt", map_location="cpu", weights_only=True)
    model = GPT(GPTConfig(**checkpoint["model_args"])).eval()
    model.load_state_dict(checkpoint["model"])
    ids = torch.from_numpy(np.fromfile(folder / "data" / "shakespeare_char" / "val.bin", np.uint16).astype(np.int64))
    length = model.config.block_size
    rows = (len(ids) - 1) // length
    windows, following = (ids[start : start + rows * length].view(rows, length) for start in (0, 1))
    total = 0.0
    for batch, targets in zip(windows.split(64), following.split(64), strict=True):
        total += float(model(batch, targets)[1]) * len(batch)
    print(f"step {checkpoint['iter_num']}: its own estimate {float(checkpoint['best_val_loss']):.4f},", end=" ")
    print(f"over the whole split {total / rows:.4f}")


if __name__ == "__main__":
    main()
