"""From a recipe to a trained model in a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from pellucid.errors import CheckpointError, OutputError, PellucidError, TrainingError
from pellucid.files import write_atomically
from pellucid.nn import Model, build
from pellucid.nn.weights import save_model
from pellucid.training.averaging import mean_of_files
from pellucid.training.checkpoint import read_tensors
from pellucid.training.distributed import Strategy, join_processes, leave_processes
from pellucid.training.progress import Progress, spell
from pellucid.training.read_recipe import convert_recipe
from pellucid.training.recipe import Recipe
from pellucid.training.tasks import SOURCE_TOKENIZER, TOKENIZER, make_task
from pellucid.training.trainer import BEST, Trainer, is_better
from pellucid.transformer.weights_file import WEIGHTS

RECIPE = "recipe.json"

_FIXED_SECTIONS = ("data", "model", "tokenizer", "seed")
_FIXED_KEYS = {
    "training": ("start", "batch_tokens", "batch_size", "context", "accumulate", "skip_longer", "ema_decay"),
    "optimizer": ("kind",),
}


@dataclass(frozen=True)
class Trained:
    """What a training came to.

    Args:
        folder: holds the model.
        measures: of the delivered weights on the validation set.
        origin: which weights were delivered, in words.
        num_parameters: of the model.
        seconds: of training, validations included.
    """

    folder: Path
    measures: dict[str, float]
    origin: str
    num_parameters: int
    seconds: float


def train(
    recipe: Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    strategy: Strategy = "ddp",
    progress: Progress | None = None,
) -> Trained:
    """Train a model and write it to a folder: config.json, model.safetensors, tokenizer.json.

    Under `torchrun`, all processes call this and share the work.

    Args:
        recipe: what is to be done.
        folder: where; its checkpoints, its log and the recipe are kept there too.
        resume: go on from the latest checkpoint in it; begin if there is none.
        strategy: how several processes share a model.
        progress: hears of it.

    Raises:
        CheckpointError: the folder holds a training and `resume` is false, or one of another recipe.
        CorpusError, TokenizerError, ConfigError, WeightsError, RecipeError: what the recipe names cannot be used.
        TrainingError: the training cannot go on.
        OutputError: a file cannot be written.
    """
    folder, progress = Path(folder), progress or Progress()
    processes = join_processes()
    say = progress.say if processes.is_first else Progress().say
    try:
        if processes.is_first:
            made = _prepare(folder, recipe, resume, say)
            try:
                task = make_task(recipe, folder if resume else None)
            except PellucidError:
                _remove_empty(made)  # a recipe that is refused leaves nothing behind
                raise
            _keep_recipe(folder, recipe)  # not before: what its data refuse is mended and begun again
            for name, tokenizer in task.tokenizers.items():
                tokenizer.save(folder / name)
            for remark in task.remarks:
                say(remark)
        processes.barrier()
        if not processes.is_first:
            task = make_task(recipe, folder)

        def make_model() -> Model:
            torch.manual_seed(recipe.seed)
            return build(task.config)

        trainer = Trainer(recipe, task, make_model, folder, processes, strategy, progress)
        say(f"{recipe.name}: {trainer.model.num_parameters:,} parameters, on {processes.device.type}.")
        goes_on = resume and trainer.resume()
        if resume:
            say(f"going on after step {trainer.state.step}." if goes_on else "there is no checkpoint yet; beginning.")
        if recipe.training.start and not goes_on:
            say(f"it begins with the weights of {recipe.training.start}.")
        trainer.run()
        origin, measures = _deliver(trainer, folder) if processes.is_first else ("", {})
        processes.barrier()
        say(f"the model is in {folder}: {origin}; validation: {spell(measures)}.")
        return Trained(folder, measures, origin, trainer.model.num_parameters, trainer.state.seconds)
    except OSError as error:
        raise OutputError(f"{error.filename or folder} cannot be written: {error.strerror or error}.") from None
    except RuntimeError as error:
        if recipe.training.compile and type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise TrainingError(
                f"torch.compile failed ({str(error).strip().splitlines()[0]}); it needs a C++ compiler such as g++."
                " Install one, or set training.compile = false."
            ) from None
        if processes.world_size == 1 or not any(word in str(error).lower() for word in ("gloo", "nccl")):
            raise
        raise TrainingError(
            f"process {processes.rank} lost its connection to the others, one of which has probably ended; start again"
            " with --resume, or let torchrun restart with --max-restarts."
        ) from None
    finally:
        leave_processes()


def _prepare(folder: Path, recipe: Recipe, resume: bool, say: Any) -> list[Path]:
    """Make the folder; of an earlier training in it, check that it is the same or refuse.

    Returns: the folders that were not there before, the innermost first.
    """
    path = folder / RECIPE
    if (path.exists() or (folder / WEIGHTS).exists()) and not resume:
        raise CheckpointError(
            f"{folder} already holds a training or a model; --resume goes on with a training, -o names another folder."
        )
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made: {error.strerror or error}.") from None
    if path.exists():
        _check_same(path, recipe, say)
    return made


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that hold nothing, as far as that goes."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _keep_recipe(folder: Path, recipe: Recipe) -> None:
    content = msgspec.json.format(msgspec.json.encode(recipe), indent=2)
    write_atomically(folder / RECIPE, content + b"\n")


def _check_same(path: Path, recipe: Recipe, say: Any) -> None:
    try:
        values = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, OSError):
        raise CheckpointError(
            f"{path} cannot be read, so it is unknown what was trained here; choose another folder."
        ) from None
    before, now = msgspec.to_builtins(convert_recipe(values, str(path))), msgspec.to_builtins(recipe)
    fixed = [change for name in _FIXED_SECTIONS for change in _changes(name, before[name], now[name])]
    fixed += [
        change
        for s, keys in _FIXED_KEYS.items()
        for key in keys
        for change in _changes(f"{s}.{key}", before[s][key], now[s][key])
    ]
    if fixed:
        raise CheckpointError(
            f"{path.parent} holds a training of another recipe: {', '.join(fixed)}; a training that goes on must keep"
            " what it began with. Choose another folder with -o to begin anew."
        )
    for section in ("training", "optimizer", "schedule", "validation"):
        for key, value in now[section].items():
            if before[section][key] != value:
                say(f"{section}.{key} was {before[section][key]} and is {value} from here on.")


def _changes(name: str, before: object, now: object) -> list[str]:
    """What has changed in a value of a recipe, key by key: `model.d_model was 16 and is 32`."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = dict.fromkeys([*before, *now])
        return [change for key in keys for change in _changes(f"{name}.{key}", before.get(key), now.get(key))]
    if before == now:
        return []
    words = [
        value if isinstance(value, str) and value else msgspec.json.encode(value).decode() for value in (before, now)
    ]
    return [f"{name} was {words[0]} and is {words[1]}"]


def _deliver(trainer: Trainer, folder: Path) -> tuple[str, dict[str, float]]:
    """Write the best weights of those that were validated and of the average of the last snapshots."""
    state, recipe = trainer.state, trainer.recipe
    weights, content = read_tensors(folder / BEST)
    measures = {name: float(value) for name, value in content.items() if name != "step"}
    kind = "moving average" if recipe.training.ema_decay else "weights"
    origin = f"the {kind} of step {state.best_step}"
    if recipe.training.average_last:
        paths = trainer.snapshots.paths()
        average = mean_of_files(paths)
        values = trainer.measure_here(average)
        if is_better(values, measures, recipe.validation.select):
            weights, measures, origin = average, values, f"the average of the last {len(paths)} snapshots"
    model = trainer.with_weights(weights)
    source = folder / SOURCE_TOKENIZER
    save_model(model, folder / TOKENIZER, folder, source_tokenizer_file=source if source.exists() else None)
    return origin, measures
