"""The processes that `training.py` measures: each trains one model its own way and counts what its steps take.

python benchmarks/training_peers.py PEER CASE FOLDER [--peer-folder DIR]

On standard input comes how many steps to do; on standard output goes a line of JSON with the processor's and the
clock's seconds, the target tokens and the mean loss of those steps.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pellucid.nn import build, choose_precision
from pellucid.training.memory import keep_freed_memory
from pellucid.training.progress import Progress
from pellucid.training.read_recipe import read_recipe
from pellucid.training.recipe import Recipe
from pellucid.training.task import Place
from pellucid.training.tasks import TOKENIZER, make_task
from pellucid.training.train import train

RECIPES = Path(__file__).parent.parent / "recipes"
WITHOUT_END = (
    "training.steps=1000000000",
    "training.checkpoint_every=1000000000",
    "training.tensorboard=false",
    "validation.every=1000000000",
    'schedule.kind="constant"',
    "schedule.warmup=0",
)
CASES = {
    "small": ("shakespeare-char", ()),
    "large": (
        "shakespeare-char",
        (
            "model.d_model=384",
            "model.d_ff=1536",
            "model.num_heads=6",
            "model.num_decoder_layers=6",
            "model.max_length=256",
            "training.context=256",
        ),
    ),
    "translation": (
        "multi30k-tiny",
        (
            'optimizer.kind="adam"',
            "optimizer.learning_rate=1e-3",
            "optimizer.weight_decay=0.0",
            "training.ema_decay=0.0",
            "training.average_last=0",
            "validation.scores=false",
        ),
    ),
}


def recipe_of(case: str, *changes: str) -> Recipe:
    name, own = CASES[case]
    return read_recipe(RECIPES / f"{name}.toml", [*WITHOUT_END, *own, *changes])


class Pace:
    """Waits for a number of steps, and answers when they are done."""

    def __init__(self) -> None:
        # What a peer prints is for the log: standard output carries answers only.
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def wait(self) -> int:
        """The steps to do; ends the process when there are no more."""
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return int(line)

    def answer(self, tokens: int, loss: float) -> None:
        taken = {"cpu": time.process_time() - self._cpu, "wall": time.perf_counter() - self._wall}
        print(json.dumps({**taken, "tokens": tokens, "loss": loss}), file=self._answers, flush=True)


class Paced(Progress):
    """Stops pellucid's own loop where others stop."""

    def __init__(self, pace: Pace) -> None:
        self._pace, self._tokens = pace, 0

    def start(self, step: int, steps: int) -> None:
        self._until, self._losses = step + self._pace.wait(), list[tuple[float, float]]()

    def advance(self, step: int, values: dict[str, float] | None) -> None:
        assert values is not None
        tokens = int(values["tokens"]) - self._tokens
        self._tokens += tokens
        self._losses.append((values["loss"], tokens))
        if step == self._until:
            total = sum(count for _, count in self._losses)
            mean = sum(loss * count for loss, count in self._losses) / total
            self._pace.answer(int(total), mean)
            self._until, self._losses = step + self._pace.wait(), []


def pellucid(case: str, way: str, folder: Path, peer_folder: Path | None) -> None:
    """`pellucid train`, whole, with its log."""
    changes = [f"training.compile={'true' if 'compiled' in way else 'false'}", "training.log_every=1"]
    if "bfloat16" in way:
        changes.append('training.precision="bfloat16"')
    if case == "translation":
        changes.append(f"tokenizer.file={json.dumps(str(folder / TOKENIZER))}")
    keep_freed_memory()  # as the command does
    with tempfile.TemporaryDirectory() as temporary:
        train(recipe_of(case, *changes), temporary, progress=Paced(Pace()))


def nanogpt(case: str, way: str, folder: Path, peer_folder: Path | None) -> None:
    """The model of nanoGPT from pellucid's first weights, on pellucid's batches, in the steps of its train.py."""
    pace = Pace()
    sys.path.insert(0, str(peer_folder))
    from model import GPT, GPTConfig

    recipe = recipe_of(case)
    task = make_task(recipe)
    torch.manual_seed(recipe.seed)
    first = dict(build(task.config).named_parameters())
    config = task.config
    model = GPT(
        GPTConfig(
            block_size=recipe.training.context,
            vocab_size=config.vocab_size,
            n_layer=config.num_decoder_layers,
            n_head=config.num_heads,
            n_embd=config.d_model,
            dropout=0.0,
            bias=False,
        )
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(first.pop(_name_in_pellucid(name)))
    assert not first, f"nanoGPT's model has no {', '.join(first)}"
    section = recipe.optimizer
    precision = choose_precision("float32", torch.device("cpu"))
    if way == "tuned":
        torch.set_float32_matmul_precision(precision.matmul)
        _explicit_attention(model, recipe.training.context)
        groups = [
            {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": section.weight_decay},
            {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
        ]
        optimizer: Any = torch.optim.AdamW(groups, lr=section.learning_rate, betas=section.betas, fused=True)
    else:
        optimizer = model.configure_optimizers(section.weight_decay, section.learning_rate, section.betas, "cpu")
    step = model if way == "eager" else torch.compile(model)
    place, logged = Place(), 10
    while True:
        steps, losses, tokens = pace.wait(), list[Tensor](), 0
        for number in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = section.learning_rate
            batch = task.batch(place, 0, 1)
            ids, targets = batch.tensors
            place = task.after(place)
            _, loss = step(ids, targets)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe.training.clip)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.detach())
            if number % logged == 0:
                print(f"loss {loss.item():.4f}", file=sys.stderr)
            tokens += batch.tokens
        pace.answer(tokens, float(torch.stack(losses).mean()))


def _explicit_attention(model: nn.Module, context: int) -> None:
    for module in model.modules():
        if hasattr(module, "flash"):
            module.flash = False
            module.register_buffer("bias", torch.ones(context, context).tril()[None, None])


def _name_in_pellucid(name: str) -> str:
    """What a parameter of nanoGPT is called in pellucid's decoder."""
    if name in ("transformer.wte.weight", "lm_head.weight"):
        return "target_embedding"
    if name == "transformer.wpe.weight":
        return "decoder.embedding.positions.weight"
    if name == "transformer.ln_f.weight":
        return "decoder.norm.weight"
    _, _, layer, *rest, _ = name.split(".")
    inner = {
        "ln_1": "self_attention_norm",
        "ln_2": "feed_forward_norm",
        "attn.c_attn": "self_attention.query_key_value",
        "attn.c_proj": "self_attention.output",
        "mlp.c_fc": "feed_forward.up",
        "mlp.c_proj": "feed_forward.down",
    }[".".join(rest)]
    return f"decoder.layers.{layer}.{inner}.weight"


class _Absent(types.ModuleType):
    """Stands in for a package that OpenNMT-py imports for text filters that are not used here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def opennmt(case: str, way: str, folder: Path, peer_folder: Path | None) -> None:
    """OpenNMT-py's own training of the same model on the same tokens."""
    pace = Pace()
    sys.path.insert(0, str(peer_folder))
    for name in ("spacy", "fasttext", "ahocorasick", "rapidfuzz"):
        if find_spec(name) is None:
            sys.modules[name] = _Absent(name)
    import onmt.trainer
    from onmt.bin.train import _get_parser
    from onmt.bin.train import train as run

    def report(self: Any, step: int, steps: int, rate: float, statistics: Any) -> Any:
        nonlocal until
        if step < until:
            return statistics
        pace.answer(int(statistics.n_words), statistics.loss / statistics.n_words)
        until = step + pace.wait()
        return onmt.utils.Statistics()

    onmt.trainer.Trainer._maybe_report_training = report
    recipe = recipe_of(case)
    model, training = recipe.model, recipe.training
    options = {
        "save_data": folder / "opennmt",
        "save_model": folder / "opennmt-model",
        "src_vocab": folder / "vocabulary.txt",
        "tgt_vocab": folder / "vocabulary.txt",
        "encoder_type": "transformer",
        "decoder_type": "transformer",
        "enc_layers": model["num_encoder_layers"],
        "dec_layers": model["num_decoder_layers"],
        "heads": model["num_heads"],
        "hidden_size": model["d_model"],
        "word_vec_size": model["d_model"],
        "transformer_ff": model["d_ff"],
        "dropout": model["dropout"],
        "attention_dropout": 0.0,
        "label_smoothing": training.label_smoothing,
        "batch_type": "tokens",
        "batch_size": training.batch_tokens,
        "bucket_size": 32768,
        "normalization": "tokens",
        "accum_count": 1,
        "optim": "adam",
        "adam_beta2": recipe.optimizer.betas[1],
        "learning_rate": recipe.optimizer.learning_rate,
        "max_grad_norm": training.clip,
        "param_init": 0,
        "train_steps": 10**9,
        "valid_steps": 10**9,
        "save_checkpoint_steps": 10**9,
        "num_workers": 0,
        "seed": recipe.seed,
    }
    flags = ["share_vocab", "share_embeddings", "share_decoder_embeddings", "position_encoding", "param_init_glorot"]
    corpora = {"corpus": {"path_src": str(folder / "source.txt"), "path_tgt": str(folder / "target.txt")}}
    settings = folder / "opennmt.yaml"
    lines = [f"{name}: {value}" for name, value in options.items()] + [f"{flag}: true" for flag in flags]
    settings.write_text("\n".join([*lines, f"data: {json.dumps(corpora)}", ""]), encoding="utf-8")
    parsed, _ = _get_parser().parse_known_args(["--config", str(settings)])
    until = pace.wait()
    run(parsed)


def write_pairs(folder: Path) -> None:
    """The tokenizer of the translation case, and its training pairs as OpenNMT-py reads them: ids as words."""
    task = make_task(recipe_of("translation"))
    tokenizer = task.tokenizers[TOKENIZER]
    tokenizer.save(folder / TOKENIZER)
    files: Any = recipe_of("translation").data
    for side, path in (("source", files.train.source), ("target", files.train.target)):
        texts = Path(path).read_text(encoding="utf-8").splitlines()
        lines = (" ".join(f"t{index}" for index in ids) for ids in tokenizer.encode_batch(texts))
        (folder / f"{side}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = (f"t{index}\t1\n" for index in range(tokenizer.vocab_size))
    (folder / "vocabulary.txt").write_text("".join(words), encoding="utf-8")


def products(case: str, way: str, folder: Path, peer_folder: Path | None) -> None:
    """Products of the sizes of the large case's feed-forward network; "tokens" are floating-point operations."""
    pace = Pace()
    torch.set_float32_matmul_precision("medium" if way == "medium" else "highest")
    rows, width, inner = 12 * 256, 384, 1536
    a, b = torch.randn(rows, width), torch.randn(width, inner)
    a @ b
    while True:
        count = 10 * pace.wait()
        for _ in range(count):
            a @ b
        pace.answer(2 * rows * width * inner * count, math.nan)


def operations_per_token(case: str) -> Iterator[float]:
    """Floating-point operations of forward and backward a token: of all products, and without what causality masks.

    Twice the weights of matrices forward, twice that backward; attention's two products likewise.
    """
    recipe = recipe_of(case)
    config = make_task(recipe).config
    matrices = sum(p.numel() for name, p in build(config).named_parameters() if p.ndim == 2 and "positions" not in name)
    attention = 12 * config.num_decoder_layers * config.d_model * recipe.training.context
    yield 6 * matrices + attention
    yield 6 * matrices + attention / 2


PEERS = {"pellucid": pellucid, "nanoGPT": nanogpt, "OpenNMT-py": opennmt, "products": products}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", help="name and way: 'nanoGPT compiled'")
    parser.add_argument("case", choices=list(CASES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peer-folder", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    name, _, way = options.peer.partition(" ")
    PEERS[name](options.case, way, options.folder, options.peer_folder)


if __name__ == "__main__":
    main()
