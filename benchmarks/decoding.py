"""Decoding speed against transformers' `generate` and CTranslate2, with the same random weights.

python benchmarks/decoding.py [--rounds N] [--models NAME…] [--peers NAME…]

Every peer is a process of its own with a fixed number of threads. In every round all of them run each case, one after
the other, so that what else the machine does falls on all alike. What counts is the time of the processor, not of the
clock. Lengths are forced: 20 source tokens and 24 target tokens, or a prompt of 32 tokens and 64 new ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from machine import write_result

BASELINE = "ctranslate2 float32"
PEERS = ("pellucid float32", "pellucid bfloat16", "transformers float32", BASELINE, "ctranslate2 int8")
SOURCE, TARGET, PROMPT, NEW = 20, 24, 32, 64


@dataclass(frozen=True)
class Case:
    """What is measured of a model."""

    batch: int
    beams: int

    @property
    def name(self) -> str:
        return f"batch {self.batch}, {'greedy' if self.beams == 1 else f'beam {self.beams}'}"


def model_config(name: str) -> Any:
    from pellucid.transformer import TransformerConfig, preset

    if name == "gpt2":
        return TransformerConfig(
            architecture="decoder-only",
            vocab_size=50257,
            d_model=768,
            d_ff=3072,
            num_heads=12,
            num_decoder_layers=12,
            max_length=1024,
            norm_position="pre",
            positions="learned",
            activation="gelu_tanh",
            attention_bias=True,
            scale_embeddings=False,
            dropout=0.0,
        )
    if name == "small":
        return preset("small", max_length=128)
    return preset("base", vocab_size=32000, max_length=128)


MODELS = {
    "small": ("3+3 layers, 256 wide, 8,000 tokens", (Case(1, 1), Case(32, 1), Case(1, 4), Case(32, 4))),
    "base": ("6+6 layers, 512 wide, 32,000 tokens", (Case(1, 1), Case(32, 1), Case(1, 4), Case(32, 4))),
    "gpt2": ("decoder-only, 12 layers, 768 wide, 50,257 tokens", (Case(1, 1), Case(8, 1))),
}


def prepare(name: str, folder: Path) -> None:
    """The model in the formats of all peers."""
    import torch

    from pellucid.decoding.ctranslate2 import export_ctranslate2
    from pellucid.nn import build
    from pellucid.nn.converters import to_transformers
    from pellucid.nn.weights import save_model

    torch.manual_seed(0)
    model = build(model_config(name)).eval()
    save_model(model, None, folder / "pellucid")
    to_transformers(model, folder / "transformers")
    for quantization in ("float32", "int8"):
        export_ctranslate2(model, folder / f"ctranslate2 {quantization}", quantization=quantization)


# A peer's process


def work(peer: str, name: str, folder: Path, threads: int) -> None:
    """Reads cases from standard input, answers with the processor's seconds of one run."""
    run = RUNNERS[peer.split()[0]](peer.split()[1], name, folder, threads)
    inputs: dict[int, list[list[int]]] = {}
    vocabulary, length = model_config(name).vocab_size, PROMPT if name == "gpt2" else SOURCE
    for line in sys.stdin:
        batch, beams, repetitions = json.loads(line)
        numbers = random.Random(batch)
        rows = inputs.setdefault(
            batch, [[numbers.randrange(4, vocabulary) for _ in range(length)] for _ in range(batch)]
        )
        start = time.process_time()
        for _ in range(repetitions):
            run(rows, beams)
        print(json.dumps((time.process_time() - start) / repetitions), flush=True)


Run = Callable[[list[list[int]], int], object]


def pellucid_runner(number_type: str, name: str, folder: Path, threads: int) -> Run:
    import torch

    from pellucid.decoding import beam_search, greedy
    from pellucid.nn.weights import load_model

    torch.set_num_threads(threads)
    model = load_model(folder / "pellucid", dtype=getattr(torch, number_type))
    length = NEW if name == "gpt2" else TARGET

    def run(rows: list[list[int]], beams: int) -> object:
        given = {"prompts": rows} if name == "gpt2" else {"sources": rows}
        if beams == 1:
            return greedy(model, **given, max_length=length, min_length=length)
        return beam_search(model, **given, max_length=length, min_length=length, num_beams=beams)

    return run


def transformers_runner(number_type: str, name: str, folder: Path, threads: int) -> Run:
    import torch
    import transformers

    torch.set_num_threads(threads)
    transformers.logging.set_verbosity_error()
    kind = transformers.AutoModelForCausalLM if name == "gpt2" else transformers.AutoModelForSeq2SeqLM
    model = kind.from_pretrained(folder / "transformers", dtype=getattr(torch, number_type)).eval()
    length = NEW if name == "gpt2" else TARGET
    model.generation_config = transformers.GenerationConfig(
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1
    )

    def run(rows: list[list[int]], beams: int) -> object:
        ids = torch.tensor(rows)
        return model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            num_beams=beams,
            do_sample=False,
            min_new_tokens=length,
            max_new_tokens=length,
        )

    return run


def ctranslate2_runner(number_type: str, name: str, folder: Path, threads: int) -> Run:
    import ctranslate2

    directory = str(folder / f"ctranslate2 {number_type}")
    if name == "gpt2":
        generator = ctranslate2.Generator(directory, inter_threads=1, intra_threads=threads)
    else:
        translator = ctranslate2.Translator(directory, inter_threads=1, intra_threads=threads)

    def run(rows: list[list[int]], beams: int) -> object:
        tokens = [[f"<{index}>" for index in row] for row in rows]
        if name == "gpt2":
            return generator.generate_batch(
                tokens, beam_size=beams, max_length=NEW, min_length=NEW, include_prompt_in_result=False
            )
        return translator.translate_batch(
            tokens, beam_size=beams, max_decoding_length=TARGET, min_decoding_length=TARGET, return_scores=True
        )

    return run


RUNNERS = {"pellucid": pellucid_runner, "transformers": transformers_runner, "ctranslate2": ctranslate2_runner}


# All peers


class Peer:
    """A process that measures itself."""

    def __init__(self, peer: str, name: str, folder: Path, threads: int) -> None:
        command = [sys.executable, __file__, "--work", peer, name, str(folder), "--threads", str(threads)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, case: Case, repetitions: int) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([case.batch, case.beams, repetitions]), file=self._process.stdin, flush=True)
        return float(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(name: str, peers: list[str], rounds: int, threads: int) -> list[str]:
    """The lines of one model's table."""
    title, cases = MODELS[name]
    unit, amount = ("tokens", NEW) if name == "gpt2" else ("sentences", 1)
    lines = [f"## {title}", "", f"| {unit} a second | " + " | ".join(peers) + " |", "|---" * (len(peers) + 1) + "|"]
    ratios = [f"| pellucid float32 / {BASELINE} | median | lowest | highest |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as temporary:
        prepare(name, Path(temporary))
        running = {peer: Peer(peer, name, Path(temporary), threads) for peer in peers}
        try:
            for case in cases:
                times: dict[str, list[float]] = {peer: [] for peer in peers}
                # About a second each; the first run, which prepares weights, does not count.
                often = {peer: max(1, round(1 / max(running[peer].seconds(case, 1), 1e-3))) for peer in peers}
                for _ in range(rounds):
                    for peer in peers:
                        times[peer].append(running[peer].seconds(case, often[peer]))
                rates = {peer: case.batch * amount / median(times[peer]) for peer in peers}
                base = rates.get(BASELINE)
                cells = [f"{rates[peer]:.1f}" + (f" ({rates[peer] / base:.2f}×)" if base else "") for peer in peers]
                lines.append(f"| {case.name} | " + " | ".join(cells) + " |")
                if base and peers[0] in times:
                    each = sorted(b / a for a, b in zip(times[peers[0]], times[BASELINE], strict=True))
                    ratios.append(f"| {case.name} | {median(each):.2f}× | {each[0]:.2f}× | {each[-1]:.2f}× |")
                print(lines[-1], file=sys.stderr, flush=True)
        finally:
            for peer in running.values():
                peer.close()
    return [*lines, "", *([] if len(ratios) == 2 else [*ratios, ""])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--name", default="decoding", help="of the result's file")
    parser.add_argument("--work", nargs=3, metavar=("PEER", "MODEL", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        peer, name, folder = options.work
        work(peer, name, Path(folder), options.threads)
        return
    lines = [
        f"{options.threads} thread, time of the processor, medians of {options.rounds} interleaved rounds; in "
        f"brackets the ratio to {BASELINE}. {SOURCE} source and {TARGET} target tokens, or a prompt of {PROMPT} and "
        f"{NEW} new tokens, all lengths forced.",
        "",
    ]
    for name in options.models:
        lines += measure(name, options.peers, options.rounds, options.threads)
    command = shlex.join(["python", "benchmarks/decoding.py", *sys.argv[1:]])
    write_result(options.name, command, lines, "torch", "transformers", "ctranslate2")


if __name__ == "__main__":
    main()
