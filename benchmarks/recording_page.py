"""How large the page of a recording is, and what its parts take: models of GPT-2's and BERT's sizes, random weights.

    python benchmarks/recording_page.py                       # all
    python benchmarks/recording_page.py --model gpt2 --tokens 2048 --layers 12

Queries and keys are enlarged threefold, so that weights are far from even; trained models have sharper ones, whose
pages are smaller.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time

import torch
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model

import pellucid
from pellucid.rendering.recording_page import recording_page

HEADER = (
    "| model | layers × heads | tokens | page, MB | seconds | peak memory, GB | map, bytes a cell "
    "| listed, bytes a key | derivations, MB |\n|---|---|---|---|---|---|---|---|---|"
)


class Numbered:
    """A tokenizer whose tokens are numbers of words."""

    def pieces(self, ids: list[int]) -> list[str]:
        return [f"w{one}" for one in ids]


def model_of(name: str, layers: int, tokens: int) -> torch.nn.Module:
    torch.manual_seed(0)
    if name == "gpt2":
        config = GPT2Config(n_layer=layers, n_positions=tokens, bos_token_id=None, eos_token_id=None)
        model: torch.nn.Module = GPT2Model(config)
    else:
        model = BertModel(BertConfig(num_hidden_layers=layers, max_position_embeddings=tokens))
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.endswith(("c_attn.weight", "query.weight", "key.weight")):
                parameter.mul_(3)
    return model.eval()


def measure(name: str, layers: int, tokens: int) -> str:
    """A row of the table."""
    model = model_of(name, layers, tokens)
    ids = torch.randint(0, 30_000, (1, tokens), generator=torch.Generator().manual_seed(1))
    with torch.no_grad(), pellucid.capture(model, Numbered()) as recording:
        model(ids)
    start = time.perf_counter()
    page = recording_page(recording)
    seconds = time.perf_counter() - start
    found = re.search(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    heads = [head for layer in data["layers"] for head in layer["sequences"][0]["heads"]]
    maps = [(head, kind) for head in heads for kind in ("largest", "mean") if kind in head]
    cells = sum(head["size"][0] * head["size"][1] for head, _ in maps)
    shades = sum(len(head[kind]["gzip"]) for head, kind in maps)
    listed = sum(len(head["listed"][part]["gzip"]) for head in heads for part in ("keys", "weights"))
    keys = sum(
        head["listed"]["top"] * len(range(head["listed"]["first"], tokens, head["listed"]["every"])) for head in heads
    )
    derivations = len(json.dumps(data["derivations"], separators=(",", ":")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return (
        f"| {name} | {layers} × 12 | {tokens:,} | {len(page.encode()) / 1e6:.2f} | {seconds:.0f} | {peak:.2f} "
        f"| {shades / cells:.2f} | {listed / keys:.2f} | {derivations / 1e6:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=("gpt2", "bert"), nargs="+", default=["gpt2", "bert"])
    parser.add_argument("--tokens", type=int, nargs="+", default=[32, 256, 1024, 2048])
    parser.add_argument("--layers", type=int, default=12)
    wanted = parser.parse_args()
    print(HEADER)
    for name in wanted.model:
        for tokens in wanted.tokens:
            print(measure(name, wanted.layers, tokens), flush=True)


if __name__ == "__main__":
    main()
