"""One way to look at attention, in a process of its own: what `capture.py` starts for each of them.

    python benchmarks/capture_peers.py WAY FOLDER N [--memory GIB]

The last line that it writes is JSON: seconds of the processor, memory in bytes beyond what the loaded model takes, the
bytes of the page where one is made, and the weights that the last token gives in the first and in the last head.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

Look = Callable[[torch.Tensor], "tuple[Sequence[Any], str]"]
"""`look(ids)`: the last token's weights, of each layer (heads, n), or none; and a page, or nothing."""


def gpt2(folder: Path, **options: Any) -> Any:
    from transformers import GPT2Model

    return resident(GPT2Model.from_pretrained(folder, use_cache=False, **options))


def resident(model: Any) -> Any:
    """With weights in memory of their own: those of a mapped file would only be read while they are measured."""
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()
    return model.eval()


def forward(folder: Path) -> Look:
    """The forward pass alone."""
    model = gpt2(folder)

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        model(ids)
        return [], ""

    return look


def pellucid_rows(folder: Path) -> Look:
    """A row of every head, each a derivation."""
    import pellucid

    model = gpt2(folder)

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        with pellucid.capture(model) as recording:
            model(ids)
        rows = []
        for layer in recording.layers:
            heads = [layer.head(head).row(ids.shape[1] - 1)["weights"].value[0] for head in range(layer.num_heads)]
            rows.append(torch.tensor(heads))
        return rows, ""

    return look


def pellucid_page(folder: Path) -> Look:
    """The page of the whole model."""
    import pellucid

    model = gpt2(folder)

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        with pellucid.capture(model) as recording:
            model(ids)
        return [], recording.to_html()

    return look


def output_attentions(folder: Path) -> Look:
    """What transformers gives when it is asked for attention."""
    model = gpt2(folder, attn_implementation="eager")

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        return [layer[0, :, -1] for layer in model(ids, output_attentions=True).attentions], ""

    return look


def bertviz(folder: Path, layers: list[int] | None) -> Look:
    """BertViz's view of heads, as a page, of some layers or of all."""
    from bertviz import head_view

    model = gpt2(folder, attn_implementation="eager")

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        attentions = model(ids, output_attentions=True).attentions
        tokens = [f"w{one}" for one in ids[0].tolist()]
        page = head_view(attentions, tokens, include_layers=layers, html_action="return").data
        return [layer[0, :, -1] for layer in attentions], page

    return look


def transformer_lens(folder: Path, hook: str) -> Look:
    """What TransformerLens keeps of a pass: attention's weights, or everything."""
    from tokenizers import Tokenizer, models
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"<|endoftext|>": 0}, unk_token="<|endoftext|>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<|endoftext|>")
    whole = resident(GPT2LMHeadModel.from_pretrained(folder, use_cache=False, attn_implementation="eager"))
    bridge = TransformerBridge.boot_transformers(str(folder), hf_model=whole, tokenizer=tokenizer, device="cpu")
    last = bridge.cfg.n_layers  # what follows the last layer, the words' logits, is left out

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        _, cache = bridge.run_with_cache(
            ids, names_filter=lambda name: name.endswith(hook), stop_at_layer=last, return_type=None
        )
        return [cache[f"blocks.{layer}.attn.hook_pattern"][0, :, -1] for layer in range(last)], ""

    return look


def nnsight_weights(folder: Path) -> Look:
    """A row that nnsight takes from the weights of explicit attention."""
    import nnsight

    model = nnsight.NNsight(gpt2(folder, attn_implementation="eager"))

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        with model.trace(ids):
            rows = nnsight.save([])
            for layer in model.h:
                rows.append(layer.attn.output[1][0, :, -1].clone())
        return rows, ""

    return look


def nnsight_projections(folder: Path) -> Look:
    """A row made by hand of the queries and keys that nnsight takes from the projection; the kernel stays fused."""
    import nnsight

    plain = gpt2(folder)
    heads, width = plain.config.n_head, plain.config.n_embd // plain.config.n_head
    model = nnsight.NNsight(plain)

    def look(ids: torch.Tensor) -> tuple[Sequence[Any], str]:
        with model.trace(ids):
            rows = nnsight.save([])
            for layer in model.h:
                query, key, _ = layer.attn.c_attn.output[0].split(heads * width, dim=-1)
                scores = torch.einsum("hd,nhd->hn", query[-1].view(heads, width), key.view(-1, heads, width))
                rows.append((scores / width**0.5).softmax(-1))
        return rows, ""

    return look


WAYS: dict[str, Callable[[Path], Look]] = {
    "forward pass alone": forward,
    "pellucid, a row of every head": pellucid_rows,
    "pellucid, page of all layers": pellucid_page,
    "transformers, output_attentions": output_attentions,
    "TransformerLens, weights": lambda folder: transformer_lens(folder, "hook_pattern"),
    "TransformerLens, everything": lambda folder: transformer_lens(folder, ""),
    "nnsight, row of the weights": nnsight_weights,
    "nnsight, row of q and k by hand": nnsight_projections,
    "BertViz, page of one layer": lambda folder: bertviz(folder, [0]),
    "BertViz, page of all layers": lambda folder: bertviz(folder, None),
}


def memory(field: str) -> int:
    """Bytes that the process has now (VmRSS), or had at most since `forget_peak` (VmHWM); Linux."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"this system does not tell {field}")


def forget_peak() -> None:
    """Lets the peak of memory begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=list(WAYS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("n", type=int)
    parser.add_argument("--memory", type=float, default=16)
    options = parser.parse_args()
    most = int(options.memory * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    torch.set_num_threads(1)
    with torch.no_grad():
        look = WAYS[options.way](options.folder)
        ids = torch.randint(0, 50_000, (1, options.n), generator=torch.Generator().manual_seed(1))
        look(ids[:, :16])  # whatever is set up at the first use
        forget_peak()
        before, began = memory("VmRSS"), time.process_time()
        rows, page = look(ids)
        seconds, peak = time.process_time() - began, memory("VmHWM") - before
    ends = [rows[0][0].tolist(), rows[-1][-1].tolist()] if rows else []
    print(json.dumps({"seconds": seconds, "peak": peak, "page": len(page.encode()), "ends": ends}))


if __name__ == "__main__":
    main()
