import numpy as np
import pytest
import torch

from pellucid.errors import CorpusError, RecipeError, TokenizerError
from pellucid.nn import build
from pellucid.training.read_recipe import convert_recipe
from pellucid.training.task import Place
from pellucid.training.tasks import make_task
from pellucid.training.train import train
from sentences import assert_one_sentence
from tiny_training import TINY, tiny

MODEL = {"d_model": 12, "d_ff": 20, "num_heads": 2, "num_decoder_layers": 1, "max_length": 32}
CHARACTERS = {"kind": "characters", "byte_fallback": False}


def text_recipe(path, **changes):
    values = {
        "name": "text",
        "data": {"kind": "text", "train": str(path)},
        "model": MODEL,
        "tokenizer": CHARACTERS,
        "training": {"steps": 3, "batch_size": 2, "context": 8, "tensorboard": False},
    }
    for section, change in changes.items():
        values[section] = {**values[section], **change}
    return convert_recipe(values, "text")


def pair_recipe(folder, train="a b\tb a\nb\tb\n", valid="a\ta\nb\tb\nb\tb b\n", **changes):
    for name, content in (("train.tsv", train), ("valid.tsv", valid)):
        (folder / name).write_text(content)
    values = {
        **TINY,
        "data": {
            "kind": "pairs",
            "train": {"tsv": str(folder / "train.tsv")},
            "valid": {"tsv": str(folder / "valid.tsv")},
        },
    }
    for section, change in changes.items():
        values[section] = {**values.get(section, {}), **change}
    return convert_recipe(values, "pairs")


def test_the_last_tenth_of_a_text_is_kept_for_validation(tmp_path):
    (tmp_path / "text").write_text("abcdefghij" * 20)
    task = make_task(text_recipe(tmp_path / "text"))
    assert task.config.vocab_size == 4 + 10
    read = np.concatenate([batch.tensors[0].numpy().flatten() for batch in task.validation()])
    assert len(read) == (20 - 1) // 8 * 8
    ids, following = task.batch(Place(0, 3), 0, 1).tensors
    assert torch.equal(ids[:, 1:], following[:, :-1])
    assert task.batch(Place(0, 3), 0, 1).tokens == 2 * 8
    assert task.after(Place(0, 3)) == Place(0, 4)


def test_random_validation_batches_are_as_many_as_asked(tmp_path):
    (tmp_path / "text").write_text("abcdefghij" * 20)
    values = text_recipe(tmp_path / "text")
    recipe = convert_recipe({**_builtin(values), "validation": {"batches": 5}}, "text")
    assert len(list(make_task(recipe).validation())) == 5


def _builtin(recipe):
    import msgspec

    return msgspec.to_builtins(recipe)


def test_packed_documents_do_not_see_each_other(tmp_path):
    (tmp_path / "text").write_text("\n".join(["abc", "bcab", "a", "cc"] * 8))
    recipe = text_recipe(tmp_path / "text", data={"documents": "lines", "valid_share": 0.2})
    task = make_task(recipe)
    model = build(task.config).eval()
    batch = task.batch(Place(), 0, 1)
    ids, targets, mask = batch.tensors
    loss, likelihood = task.objective(model)(*batch.tensors)
    # One document after the other, alone, has the same likelihood; learned or sinusoidal positions are told by place.
    alone = 0.0
    for row in range(len(ids)):
        for at in range(ids.shape[1]):
            if targets[row, at] != 0:
                begin = int(mask[row, at].float().argmax())
                logits = model(ids[row : row + 1, begin : at + 1], positions=torch.arange(begin, at + 1)[None])
                alone -= float(logits[0, -1].log_softmax(-1)[targets[row, at]].detach())
    assert float(likelihood) == pytest.approx(alone, rel=1e-4)
    assert batch.tokens == int((targets != 0).sum())
    assert float(loss.detach()) == pytest.approx(float(likelihood))


def test_a_text_is_learnt_with_packing(tmp_path):
    (tmp_path / "text").write_text("ab##cd##" * 30)
    recipe = text_recipe(tmp_path / "text", data={"documents": "##"}, training={"steps": 4})
    assert train(recipe, tmp_path / "run").measures["loss"] > 0


def test_every_reference_is_learnt_and_joined_pairs_are_added(tmp_path):
    recipe = pair_recipe(tmp_path, train="a b\tb a\tb\nb\tb\n", data={"joined": 2.0}, model={"max_length": 32})
    task = make_task(recipe)
    rows, place = [], Place()
    while place.epoch == 0:
        rows += task.batch(place, 0, 1).tensors[1].tolist()
        place = task.after(place)
    assert len(rows) == 3 + 4


def test_pairs_with_rare_words_are_learnt_more_often(tmp_path):
    rare = {"rare_words": 2, "repeat_rare": 3}
    recipe = pair_recipe(tmp_path, train="a b\tx\nb\ty\n", data=rare, model={"max_length": 32})
    task = make_task(recipe)
    assert task.batch(Place(), 0, 1).tensors[0].shape[0] == 3 + 1  # "a" stands in one pair, "b" in two


def test_source_and_target_can_have_tokenizers_of_their_own(tmp_path):
    recipe = pair_recipe(
        tmp_path, train="abcdef\tx\nab\ty\n", valid="ab\tx\n", tokenizer={**CHARACTERS, "joint": False}
    )
    task = make_task(recipe)
    assert (task.config.source_vocab_size, task.config.vocab_size) == (4 + 6, 4 + 2)
    assert not task.config.share_embeddings
    folder = train(recipe, tmp_path / "run").folder
    assert {"tokenizer.json", "source_tokenizer.json"} <= {path.name for path in folder.iterdir()}


def test_pairs_that_are_too_long_are_refused_or_left_out(tmp_path):
    long = "a\ta\n" + "ab" * 9 + "\tb\n"
    with pytest.raises(CorpusError, match="pair 2 has 19 tokens") as caught:
        make_task(pair_recipe(tmp_path, train=long))
    assert_one_sentence(str(caught.value))
    task = make_task(pair_recipe(tmp_path, train=long, valid="a\ta\n", training={"skip_longer": True}))
    assert task.remarks == ["1 of 2 training pairs are longer than 7 tokens and left out."]


def test_translations_are_scored_against_all_references(tmp_path):
    recipe = pair_recipe(tmp_path, validation={"scores": True, "select": "chrf", "num_beams": 2})
    trained = train(recipe, tmp_path / "run")
    assert 0 <= trained.measures["bleu"] <= 100
    assert 0 <= trained.measures["chrf"] <= 100
    task = make_task(recipe)
    assert [pair.references for pair in task._references] == [("a",), ("b", "b b")]


def test_a_process_without_rows_teaches_nothing(tmp_path):
    task = make_task(pair_recipe(tmp_path, train="a\tb\n", valid="a\ta\n", tokenizer=CHARACTERS))
    objective = task.objective(build(task.config)).eval()
    both = [objective(*task.batch(Place(), rank, 2).tensors)[0] for rank in (0, 1)]
    one = objective(*task.batch(Place(), 0, 1).tensors)[0]
    assert torch.equal(both[0], one)
    assert float(both[1].detach()) == 0.0


@pytest.mark.parametrize(
    ("changes", "error", "part"),
    [
        ({"model": {"vocab_size": 3}}, RecipeError, "must not say vocab_size"),
        ({"model": {"d_mdel": 3}}, RecipeError, "did you mean 'd_model'"),
        ({"model": {"num_heads": 5}}, RecipeError, "5 heads"),
        ({"tokenizer": {"file": "/nowhere.json"}}, TokenizerError, "/nowhere.json"),
        ({"tokenizer": {"kind": "bpe", "byte_fallback": True, "vocab_size": 10}}, TokenizerError, "10"),
    ],
)
def test_what_a_recipe_asks_for_in_vain_is_a_sentence(changes, error, part):
    with pytest.raises(error, match=part) as caught:
        make_task(tiny(**changes))
    assert_one_sentence(str(caught.value))


def test_a_context_beyond_the_model_is_refused(tmp_path):
    (tmp_path / "text").write_text("ab" * 200)
    with pytest.raises(RecipeError, match=r"training.context \(33\)"):
        make_task(text_recipe(tmp_path / "text", training={"context": 33}))
