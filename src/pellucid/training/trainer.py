"""The loop: batches, gradients, updates, validations, checkpoints."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from pellucid.errors import CheckpointError, TrainingError
from pellucid.nn import Model, choose_precision
from pellucid.training.averaging import MovingAverage
from pellucid.training.checkpoint import Checkpoints, State, read_tensors, write_tensors
from pellucid.training.distributed import Processes, Strategy, like_parameter, share, whole
from pellucid.training.log import Log
from pellucid.training.optimizer import Optimizer
from pellucid.training.progress import Progress, spell
from pellucid.training.recipe import Recipe
from pellucid.training.schedule import make_schedule
from pellucid.training.start import begin_with
from pellucid.training.task import Batch, Task

BEST = "best.safetensors"


class Trainer:
    """Trains a model, from the beginning or from a checkpoint.

    Args:
        recipe: how.
        task: what.
        make_model: gives a model with fresh weights, the same in every process.
        folder: of the training.
        processes: that share it.
        strategy: how they do.
        progress: hears of it.
    """

    def __init__(
        self,
        recipe: Recipe,
        task: Task,
        make_model: Callable[[], Model],
        folder: Path,
        processes: Processes,
        strategy: Strategy = "ddp",
        progress: Progress | None = None,
    ) -> None:
        self.recipe, self.task, self.folder = recipe, task, folder
        self.processes, self.progress = processes, progress
        self.state = State()
        self.checkpoints = Checkpoints(folder / "checkpoints", recipe.training.keep)
        self.snapshots = Checkpoints(folder / "snapshots", max(1, recipe.training.average_last))
        self._precision = choose_precision(recipe.training.precision, processes.device)
        self._make_model = make_model
        self.model = make_model().to(processes.device)
        if recipe.training.start and not self.checkpoints.paths():
            begin_with(self.model, recipe.training.start)
        objective = task.objective(self.model)
        self._objective = share(objective, processes, strategy)
        # Rows have one length: code for that alone, whatever was compiled before, is the same after a resume.
        compiled = recipe.training.compile
        self._compiled = torch.compile(self._objective, dynamic=False) if compiled else self._objective
        self._optimizer = Optimizer(self.model, recipe.optimizer)
        decay = recipe.training.ema_decay
        self._average = MovingAverage(self.model, decay) if decay else None
        self._schedule = make_schedule(recipe.schedule, steps=recipe.training.steps, d_model=task.config.d_model)
        self._mirror: Model | None = None

    # From and to checkpoints

    def resume(self) -> bool:
        """Go on from the latest checkpoint; false when there is none.

        Raises:
            CheckpointError: it is damaged, or of another model.
        """
        paths = self.checkpoints.paths()
        if not paths:
            return False
        tensors, content = read_tensors(paths[-1])
        try:
            self.state = msgspec.convert(content, State)
        except msgspec.ValidationError as error:
            raise CheckpointError(f"{paths[-1]} does not hold the state of a training: {error}.") from None
        self._assign(_below("model", tensors), dict(self.model.named_parameters()), paths[-1])
        self._optimizer.load(_below("optimizer", tensors))
        if self._average is not None:
            self._assign(_below("average", tensors), self._average.tensors, paths[-1])
        return True

    def _assign(self, tensors: Mapping[str, Tensor], targets: Mapping[str, Tensor], path: Path) -> None:
        if {n: t.shape for n, t in tensors.items()} != {n: t.shape for n, t in targets.items()}:
            raise CheckpointError(f"{path} is of a model of another shape than the recipe's.")
        with torch.no_grad():
            for name, target in targets.items():
                target.copy_(like_parameter(tensors[name], target))

    def _checkpoint(self) -> None:
        tensors = {f"model/{name}": whole(tensor) for name, tensor in self.model.named_parameters()}
        tensors |= {f"optimizer/{name}": whole(tensor) for name, tensor in self._optimizer.tensors()}
        if self._average is not None:
            tensors |= {f"average/{name}": whole(tensor) for name, tensor in self._average.tensors.items()}
        if self.processes.is_first:
            self.checkpoints.write(self.state.step, tensors, msgspec.to_builtins(self.state))
        self.processes.barrier()

    def _snapshot(self) -> None:
        tensors = {name: whole(tensor) for name, tensor in self.model.named_parameters()}
        if self.processes.is_first:
            self.snapshots.write(self.state.step, tensors, {"step": self.state.step})

    # The loop

    def run(self) -> None:
        """Train to the last step, or until no validation is better for as long as the recipe says.

        Raises:
            TrainingError: a gradient is not a number.
            OutputError: a file cannot be written.
        """
        recipe, state = self.recipe.training, self.state
        if self.processes.is_first:
            self.checkpoints.clean(state.step)
            self.snapshots.clean(state.step)
        log = Log(self.folder, state.step, recipe.tensorboard) if self.processes.is_first else None
        progress = self.progress if self.processes.is_first else None
        if progress is not None:
            progress.start(state.step, recipe.steps)
        meter = _Meter(self.processes)
        try:
            while state.step < recipe.steps and not self._is_stale():
                rate = self._update(meter)
                if state.step % recipe.log_every == 0 or state.step == recipe.steps:
                    values = {**meter.read(state), "learning_rate": rate}
                    if log is not None:
                        log.add(state.step, "training", values)
                    if progress is not None:
                        progress.advance(state.step, values)
                elif progress is not None:
                    progress.advance(state.step, None)
                self._after_step(log, progress, meter)
        finally:
            if log is not None:
                log.close()
            if progress is not None:
                progress.close()

    def _after_step(self, log: Log | None, progress: Progress | None, meter: _Meter) -> None:
        recipe, step = self.recipe.training, self.state.step
        last = step == recipe.steps
        if recipe.average_last and (step % recipe.snapshot_every == 0 or last):
            self._snapshot()
        if step % self.recipe.validation.every == 0 or last:
            with meter.paused():
                values = self._validated()
            if log is not None:
                log.add(step, "validation", values)
            if progress is not None:
                best = " (the best so far)" if self.state.since_best == 0 else ""
                progress.say(f"step {step}/{recipe.steps}  validation: {spell(values)}{best}")
        if step % recipe.checkpoint_every == 0 or last or self._is_stale():
            self.state.seconds += meter.since_checkpoint()
            self._checkpoint()

    def _update(self, meter: _Meter) -> float:
        """One step; gives the learning rate."""
        state, recipe, processes = self.state, self.recipe.training, self.processes
        step = state.step + 1
        seed_step(self.recipe.seed, step, processes.rank)
        place, batches = state.place, list[Batch]()
        for _ in range(recipe.accumulate):
            batches.append(self.task.batch(place, processes.rank, processes.world_size))
            place = self.task.after(place)
        tokens = sum(batch.tokens for batch in batches)
        self._objective.train()
        self._optimizer.zero_grad()
        for number, batch in enumerate(batches, start=1):
            with self._synchronised(number == len(batches)), self._precision.on(processes.device):
                loss, likelihood = self._compiled(*(tensor.to(processes.device) for tensor in batch.tensors))
                # Processes average their gradients; what is wanted is the sum over all, divided by all tokens.
                (loss * (processes.world_size / max(tokens, 1))).backward()
            meter.add(likelihood)
        norm = float(whole(nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip or math.inf)))
        if not math.isfinite(norm):
            self._refuse(step, norm)
        rate = self._optimizer.set_factor(self._schedule(step))
        with self._precision.on(processes.device):  # Muon multiplies matrices
            self._optimizer.step()
        if self._average is not None:
            self._average.update(step)
        state.step, state.place = step, place
        state.tokens += tokens
        meter.count(tokens, norm)
        return rate

    @contextlib.contextmanager
    def _synchronised(self, last: bool) -> Iterator[None]:
        """Gradients are exchanged with the last batch of an update only."""
        if isinstance(self._objective, nn.parallel.DistributedDataParallel) and not last:
            with self._objective.no_sync():
                yield
            return
        set_sync: Any = getattr(self._objective, "set_requires_gradient_sync", None)
        if set_sync is not None:
            set_sync(last)
        yield

    def _refuse(self, step: int, norm: float) -> None:
        paths = self.checkpoints.paths()
        kept = f"{paths[-1]} holds the last good weights" if paths else "no checkpoint was written yet"
        raise TrainingError(
            f"the gradient of step {step} is not a number ({norm}), so the training stops; {kept}. Lower"
            " optimizer.learning_rate, raise schedule.warmup or set training.clip, then go on with --resume."
        )

    # Validation

    def _is_stale(self) -> bool:
        patience = self.recipe.validation.patience
        return patience > 0 and self.state.since_best >= patience

    def _validated(self) -> dict[str, float]:
        weights = self._current()
        values = self.measure(weights)
        state, by = self.state, self.recipe.validation.select
        if not state.best or is_better(values, state.best, by):
            state.best, state.best_step, state.since_best = values, state.step, 0
            if self.processes.is_first:
                write_tensors(self.folder / BEST, weights, {"step": state.step, **values})
        else:
            state.since_best += 1
        return values

    def _current(self) -> dict[str, Tensor]:
        """The weights that are validated: the moving average where there is one."""
        source = dict(self.model.named_parameters()) if self._average is None else self._average.tensors
        return {name: whole(tensor) for name, tensor in source.items()}

    def measure(self, weights: Mapping[str, Tensor]) -> dict[str, float]:
        """Loss, perplexity and scores of some weights; the first process measures, all get the result."""
        values = self.measure_here(weights) if self.processes.is_first else {}
        return dict(self.processes.from_first(values))

    @torch.no_grad()
    def measure_here(self, weights: Mapping[str, Tensor]) -> dict[str, float]:
        """As `measure`, in this process alone."""
        model = self.with_weights(weights).eval()
        objective = self.task.objective(model).eval()
        total, tokens = 0.0, 0
        with self._precision.on(self.processes.device):
            for batch in self.task.validation():
                _, likelihood = objective(*(tensor.to(self.processes.device) for tensor in batch.tensors))
                total += float(likelihood)
                tokens += batch.tokens
        loss = total / max(tokens, 1)
        values = {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}
        section, step = self.recipe.validation, self.state.step
        due = section.score_every == 0 or step % section.score_every == 0 or step == self.recipe.training.steps
        if section.scores and due:
            values |= self.task.scores(model)  # in float32, in which the weights are delivered
        return values

    def with_weights(self, weights: Mapping[str, Tensor]) -> Model:
        """A model of its own with these weights, beside the one that is trained."""
        if self._mirror is None:
            with torch.random.fork_rng(devices=[]):
                self._mirror = self._make_model().to(self.processes.device)
        with torch.no_grad():
            for name, parameter in self._mirror.named_parameters():
                parameter.copy_(weights[name])
        return self._mirror


class _Meter:
    """Losses, gradients and rates since the last report."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._begun = time.monotonic()
        self._reset()

    def _reset(self) -> None:
        self._losses: list[Tensor] = []
        self._tokens, self._norm, self._steps, self._pause = 0, 0.0, 0, 0.0
        self._since = time.monotonic()

    def add(self, likelihood: Tensor) -> None:
        self._losses.append(likelihood)

    def count(self, tokens: int, norm: float) -> None:
        self._tokens += tokens
        self._norm += norm
        self._steps += 1

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Time that is not the training's."""
        begun = time.monotonic()
        yield
        self._pause += time.monotonic() - begun

    def read(self, state: State) -> dict[str, float]:
        """The means since the last reading; all processes must call this."""
        total = float(self._processes.sum(torch.stack(self._losses).sum()))
        seconds = max(time.monotonic() - self._since - self._pause, 1e-9)
        values = {
            "loss": total / max(self._tokens, 1),
            "gradient_norm": self._norm / self._steps,
            "tokens_per_second": self._tokens / seconds,
            "tokens": float(state.tokens),
            "epoch": float(state.place.epoch),
            "seconds": state.seconds + time.monotonic() - self._begun,
        }
        self._reset()
        return values

    def since_checkpoint(self) -> float:
        now = time.monotonic()
        passed, self._begun = now - self._begun, now
        return passed


def seed_step(seed: int, step: int, rank: int) -> None:
    """Set PyTorch's generators to what a step of a process needs, whatever happened before."""
    torch.manual_seed(int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0]))


def is_better(values: Mapping[str, float], best: Mapping[str, float], by: str) -> bool:
    """Whether a validation is better than another: a lower loss, or a higher score."""
    return values[by] < best[by] if by == "loss" else values[by] > best[by]


def _below(prefix: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(f"{prefix}/"): value for name, value in tensors.items() if name.startswith(f"{prefix}/")}
