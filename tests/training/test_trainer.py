"""What a training does: it learns, keeps what it should, and goes on where it was."""

import json
import math
import resource

import pytest
import torch
from safetensors.torch import load_file

from pellucid.errors import CheckpointError, OutputError, PellucidError, TrainingError
from pellucid.nn.weights import load_model
from pellucid.training.checkpoint import Checkpoints, read_tensors
from pellucid.training.distributed import Processes
from pellucid.training.progress import Progress
from pellucid.training.task import Place
from pellucid.training.tasks import make_task
from pellucid.training.train import train
from pellucid.training.trainer import Trainer, is_better
from sentences import assert_one_sentence
from tiny_training import tiny


class Heard(Progress):
    def __init__(self):
        self.lines, self.values, self.closed = [], {}, False

    def say(self, line):
        self.lines.append(line)

    def advance(self, step, values):
        self.values[step] = values

    def close(self):
        self.closed = True


def weights_of(folder):
    return load_file(folder / "model.safetensors")


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def lines_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


LEARNING = {
    "data": {"train": 500, "letters": 4},
    "model": {"d_model": 32, "d_ff": 64, "dropout": 0.0},
    "training": {"steps": 120, "batch_tokens": 200, "checkpoint_every": 120, "ema_decay": 0.0, "label_smoothing": 0.0},
    "validation": {"every": 60},
}


def test_words_are_learnt_to_be_reversed(tmp_path):
    heard = Heard()
    trained = train(tiny(**LEARNING), tmp_path / "run", progress=heard)
    losses = [line["loss"] for line in lines_of(tmp_path / "run") if line["kind"] == "training"]
    assert losses[0] > 1.5
    assert trained.measures["loss"] < 0.7
    assert heard.closed
    assert "validation: loss" in "".join(heard.lines)
    model = load_model(tmp_path / "run").eval()
    task = make_task(tiny(**LEARNING))
    tokenizer = task.tokenizers["tokenizer.json"]
    for word in ["abca", "ab", "dcb", "bbad"]:
        source = torch.tensor([[*tokenizer.encode(word), 2]])
        target = tokenizer.encode(word[::-1])
        predicted = model(source, torch.tensor([[1, *target]])).argmax(-1)[0].tolist()
        right = sum(a == b for a, b in zip(predicted, [*target, 2], strict=True))
        assert right >= len(word)  # all of its letters and the end but for one


def test_the_first_update_is_the_mean_over_the_tokens_of_the_batch(tmp_path):
    recipe = tiny(
        training={"label_smoothing": 0.0, "clip": 0.0, "ema_decay": 0.0, "average_last": 0, "steps": 1},
        model={"dropout": 0.0},
        optimizer={"kind": "adam", "learning_rate": 0.01},
        schedule={"kind": "constant", "warmup": 0},
    )
    trained = train(recipe, tmp_path / "run")
    task = make_task(recipe)
    torch.manual_seed(recipe.seed)
    from pellucid.nn import build

    model = build(task.config)
    source, target = task.batch(Place(), 0, 1).tensors
    logits = model(source, target[:, :-1], source != 0)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0)
    loss.backward()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.98), eps=1e-9)
    optimizer.step()
    tensors, _ = read_tensors(Checkpoints(trained.folder / "checkpoints", 1).paths()[-1])
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(tensors[f"model/{name}"], parameter.detach(), rtol=1e-3, atol=2e-4)
    (line,) = [line for line in lines_of(trained.folder) if line["kind"] == "training"]
    assert line["loss"] == pytest.approx(float(loss.detach()), rel=1e-5)
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters() if p.grad is not None))
    assert line["gradient_norm"] == pytest.approx(norm, rel=1e-4)


def test_accumulated_batches_make_one_update(tmp_path):
    settings = {"training": {"steps": 1, "clip": 0.0, "label_smoothing": 0.0}, "model": {"dropout": 0.0}}
    recipe = tiny(**{**settings, "training": {**settings["training"], "accumulate": 3}})
    train(recipe, tmp_path / "run")
    task = make_task(recipe)
    tokens, place = 0, Place()
    for _ in range(3):
        tokens += task.batch(place, 0, 1).tokens
        place = task.after(place)
    (line,) = [line for line in lines_of(tmp_path / "run") if line["kind"] == "training"]
    assert line["tokens"] == tokens
    _, state = read_tensors(Checkpoints(tmp_path / "run" / "checkpoints", 1).paths()[-1])
    assert (state["place"]["epoch"], state["place"]["batch"]) == (place.epoch, place.batch)


def test_gradients_are_clipped(tmp_path):
    one = train(tiny(training={"clip": 1e-4, "steps": 2}, optimizer={"eps": 1.0}), tmp_path / "one")
    task = make_task(tiny())
    torch.manual_seed(5)
    from pellucid.nn import build

    start = dict(build(task.config).named_parameters())
    tensors, _ = read_tensors(Checkpoints(one.folder / "checkpoints", 1).paths()[-1])
    moved = max(float((tensors[f"model/{name}"] - value).detach().abs().max()) for name, value in start.items())
    assert 0 < moved < 1e-5  # with eps 1, a step is no larger than the rate times the gradient


def test_a_training_that_goes_on_ends_at_the_same_bits(tmp_path):
    whole = train(tiny(), tmp_path / "whole")

    class Stop(Heard):
        def advance(self, step, values):
            super().advance(step, values)
            if step == 7:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny(), tmp_path / "stopped", progress=Stop())
    heard = Heard()
    again = train(tiny(), tmp_path / "stopped", resume=True, progress=heard)
    assert "going on after step 6." in heard.lines
    assert sorted(heard.values) == list(range(7, 13))
    assert again.measures == whole.measures
    assert_same_weights(weights_of(again.folder), weights_of(whole.folder))
    ours, theirs = (
        [{k: v for k, v in line.items() if k not in ("seconds", "tokens_per_second")} for line in lines_of(run.folder)]
        for run in (again, whole)
    )
    assert ours == theirs


@pytest.mark.parametrize("kind", ["adam", "muon"])
def test_every_optimizer_goes_on_at_the_same_bits(kind, tmp_path):
    recipe = tiny(optimizer={"kind": kind}, training={"steps": 6, "accumulate": 2}, model={"norm": "rms_norm"})
    train(recipe, tmp_path / "whole")
    train(recipe, tmp_path / "parts")
    checkpoints = Checkpoints(tmp_path / "parts" / "checkpoints", 9)
    checkpoints.paths()[-1].unlink()
    train(recipe, tmp_path / "parts", resume=True)
    assert_same_weights(weights_of(tmp_path / "parts"), weights_of(tmp_path / "whole"))


@pytest.mark.parametrize(("precision", "kind"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_updates_are_computed_in_the_precision_of_the_training(precision, kind, tmp_path, monkeypatch):
    seen = set()

    def watched(matrices):
        seen.add((matrices @ matrices.mT).dtype)
        return matrices

    monkeypatch.setattr("pellucid.training.muon.orthogonalised", watched)
    train(tiny(optimizer={"kind": "muon"}, training={"steps": 1, "precision": precision}), tmp_path / "run")
    assert seen == {kind}


def test_another_seed_ends_elsewhere(tmp_path):
    train(tiny(), tmp_path / "one")
    train(tiny(seed=6), tmp_path / "other")
    one, other = weights_of(tmp_path / "one"), weights_of(tmp_path / "other")
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_the_average_of_the_last_snapshots_is_delivered_when_it_is_better(tmp_path):
    recipe = tiny(training={"ema_decay": 0.0, "steps": 9}, validation={"every": 1}, schedule={"kind": "constant"})
    trained = train(recipe, tmp_path / "run")
    snapshots = Checkpoints(tmp_path / "run" / "snapshots", 3).paths()
    assert [path.name for path in snapshots] == [f"step-0000000{n}.safetensors" for n in (3, 6, 9)]
    losses = [line["loss"] for line in lines_of(tmp_path / "run") if line["kind"] == "validation"]
    best = min(losses)
    assert trained.measures["loss"] <= best
    assert ("average" in trained.origin) == (trained.measures["loss"] < best)


def test_a_training_stops_when_nothing_gets_better(tmp_path):
    recipe = tiny(
        optimizer={"learning_rate": 0.0},
        training={"steps": 50, "ema_decay": 0.0},
        validation={"every": 2, "patience": 3},
    )
    heard = Heard()
    train(recipe, tmp_path / "run", progress=heard)
    assert max(heard.values) == 8  # the first validation, at step 2, stays the best
    train(recipe, tmp_path / "run", progress=(again := Heard()), resume=True)
    assert again.values == {}


def test_a_gradient_that_is_not_a_number_stops_with_a_sentence_and_keeps_the_last_good_weights(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    recipe = tiny()
    task = make_task(recipe)
    trainer = Trainer(recipe, task, lambda: _built(task), folder, Processes(0, 1, torch.device("cpu")))
    folder.mkdir()
    objective = trainer._compiled
    trainer._compiled = lambda *tensors: tuple(
        value * (float("nan") if trainer.state.step == 6 else 1.0) for value in objective(*tensors)
    )
    with pytest.raises(TrainingError, match="step 7 is not a number") as caught:
        trainer.run()
    assert_one_sentence(str(caught.value))
    latest = Checkpoints(folder / "checkpoints", 2).paths()[-1]
    assert str(latest) in str(caught.value)
    tensors, state = read_tensors(latest)
    assert state["step"] == 6
    assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


def _built(task):
    from pellucid.nn import build

    torch.manual_seed(5)
    return build(task.config)


def test_a_diverging_training_stops_too(tmp_path):
    recipe = tiny(optimizer={"learning_rate": 1e30}, training={"clip": 0.0, "steps": 40}, schedule={"warmup": 0})
    with pytest.raises(TrainingError, match=r"optimizer\.learning_rate") as caught:
        train(recipe, tmp_path / "run")
    assert_one_sentence(str(caught.value))


def test_without_space_for_a_checkpoint_the_earlier_one_stays(tmp_path):
    folder = tmp_path / "run"
    train(tiny(training={"steps": 4}), folder)
    before = {path.name: path.read_bytes() for path in (folder / "checkpoints").iterdir()}
    size = max(len(data) for data in before.values())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1000, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written: File too large") as caught:
            train(tiny(), folder, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_one_sentence(str(caught.value))
    assert {path.name: path.read_bytes() for path in (folder / "checkpoints").iterdir()} == before
    train(tiny(), folder, resume=True)


def test_a_folder_with_a_training_is_not_written_over(tmp_path):
    train(tiny(training={"steps": 1}), tmp_path / "run")
    before = weights_of(tmp_path / "run")
    with pytest.raises(CheckpointError, match="--resume goes on") as caught:
        train(tiny(), tmp_path / "run")
    assert_one_sentence(str(caught.value))
    assert_same_weights(weights_of(tmp_path / "run"), before)


def test_a_training_of_another_recipe_is_not_gone_on_with(tmp_path):
    train(tiny(training={"steps": 1}), tmp_path / "run")
    changed = r"model\.d_ff was 20 and is 24, training\.batch_tokens was \d+ and is 60;"
    with pytest.raises(CheckpointError, match=changed) as caught:
        train(tiny(model={"d_ff": 24}, training={"batch_tokens": 60}), tmp_path / "run", resume=True)
    assert_one_sentence(str(caught.value))
    heard = Heard()
    train(tiny(training={"steps": 2}, optimizer={"learning_rate": 0.02}), tmp_path / "run", resume=True, progress=heard)
    assert "training.steps was 1 and is 2 from here on." in heard.lines
    assert "optimizer.learning_rate was 0.01 and is 0.02 from here on." in heard.lines


def test_a_recipe_that_is_refused_leaves_nothing_behind(tmp_path):
    with pytest.raises(PellucidError, match="d_model"):
        train(tiny(model={"num_heads": 5}), tmp_path / "runs" / "wrong")
    assert list(tmp_path.iterdir()) == []
    kept = tmp_path / "notes"
    kept.mkdir()
    (kept / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PellucidError, match="d_model"):
        train(tiny(model={"num_heads": 5}), kept)
    assert [path.name for path in kept.iterdir()] == ["mine.txt"]


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    folder = tmp_path / "run"
    recipe = tiny(training={"steps": 2})
    train(recipe, folder)
    train(tiny(training={"steps": 2}, model={"d_ff": 24}), tmp_path / "other")
    path = folder / "checkpoints" / "step-00000002.safetensors"
    path.write_bytes((tmp_path / "other" / "checkpoints" / path.name).read_bytes())
    with pytest.raises(CheckpointError, match="another shape"):
        train(recipe, folder, resume=True)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="damaged"):
        train(recipe, folder, resume=True)


def test_going_on_where_nothing_was_begun_begins(tmp_path):
    heard = Heard()
    train(tiny(training={"steps": 1}), tmp_path / "run", resume=True, progress=heard)
    assert "there is no checkpoint yet; beginning." in heard.lines


def test_a_training_in_bfloat16_learns_and_keeps_its_weights_in_float32(tmp_path):
    training = {"training": {"steps": 30, "ema_decay": 0.0}, "validation": {"every": 10}}
    plain = train(tiny(**training), tmp_path / "plain")
    low = train(
        tiny(training={**training["training"], "precision": "bfloat16"}, validation={"every": 10}), tmp_path / "low"
    )
    assert low.measures["loss"] != plain.measures["loss"]
    assert low.measures["loss"] == pytest.approx(plain.measures["loss"], rel=0.05)
    assert {tensor.dtype for tensor in weights_of(tmp_path / "low").values()} == {torch.float32}


def test_better_is_a_lower_loss_or_a_higher_score():
    assert is_better({"loss": 1.0, "bleu": 3.0}, {"loss": 2.0, "bleu": 4.0}, "loss")
    assert not is_better({"loss": 1.0, "bleu": 3.0}, {"loss": 2.0, "bleu": 4.0}, "bleu")
    assert is_better({"bleu": 5.0}, {"bleu": 4.0}, "bleu")


def test_logs_for_tensorboard_hold_the_losses(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(tiny(training={"tensorboard": True, "steps": 3}, validation={"every": 3}), tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    logged = [line["loss"] for line in lines_of(tmp_path / "run") if line["kind"] == "training"]
    assert [event.value for event in events.Scalars("training/loss")] == pytest.approx(logged)
    assert events.Scalars("validation/loss")[0].step == 3
