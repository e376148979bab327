"""`pellucid evaluate`, as a whole process."""

import json

import pytest
import sacrebleu
import torch

from pellucid.cli import main
from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.decoding import TorchTranslator
from pellucid.nn.weights import save_model
from tiny_checkpoints import save_checkpoint
from tiny_models import GPT2, PAPER, tiny


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tokenizer = train_tokenizer(["ab ba", "abc"], "characters")
    tokenizer.save(folder / "tokenizer.json")
    translator = tiny(seed=3, vocab_size=tokenizer.vocab_size, **PAPER)
    save_model(translator, folder / "tokenizer.json", folder / "translator")
    save_model(tiny(vocab_size=tokenizer.vocab_size, **GPT2), folder / "tokenizer.json", folder / "language")
    (folder / "test.tsv").write_text("ab\tba\nabc\tc\nab\tb a\n")
    (folder / "source").write_text("ab\nabc\n")
    (folder / "one").write_text("ba\nc\n")
    (folder / "two").write_text("b a\nc c\n")
    return folder, TorchTranslator(translator, tokenizer)


def test_a_translator_on_a_table(models, pellucid, tmp_path):
    folder, translator = models
    result = pellucid(
        "evaluate", str(folder / "translator"), str(folder / "test.tsv"), "--json", "--beam", "2", "-o",
        str(tmp_path / "out"),
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    texts = [each.text for each in translator.translate(["ab", "abc"], num_beams=2)]
    assert (tmp_path / "out").read_text() == "".join(f"{text}\n" for text in texts)
    assert (report["sentences"], report["references"]) == (2, 3)
    bleu = sacrebleu.corpus_bleu(texts, [["ba", "c"], ["b a", None]])
    assert report["bleu"] == pytest.approx(bleu.score)
    assert "nrefs:var" in report["bleu_signature"]
    assert report["sentences_per_second"] > 0


def test_a_translator_on_parallel_files(models, pellucid):
    folder, _ = models
    result = pellucid(
        "evaluate", str(folder / "translator"), "--source", str(folder / "source"), "--reference", str(folder / "one"),
        "--reference", str(folder / "two"), "--tokenize", "none", "--limit", "1",
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["BLEU", "chrF2", "loss", "perplexity", "speed"]
    assert "nrefs:2" in lines[0]
    assert "tok:none" in lines[0]
    assert lines[-1].endswith("1 sentences")


def test_a_language_model(models, pellucid, tmp_path):
    folder, _ = models
    (tmp_path / "text").write_text("ab ba abc\n")
    result = pellucid("evaluate", str(folder / "language"), str(tmp_path / "text"), "--json")
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert report["tokens"] == 9
    assert report.keys() == {"tokens", "loss", "perplexity"}


@pytest.fixture(scope="module")
def marian(tmp_path_factory):
    """A translator of transformers in a directory, with a tokenizer of letters; it starts with what fills batches."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("hub") / "tiny-marian"
    tokenizer = train_tokenizer(["ab ba", "abc"], "characters")
    torch.manual_seed(5)
    config = transformers.MarianConfig(
        vocab_size=tokenizer.vocab_size,
        d_model=24,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=3,
        decoder_attention_heads=3,
        encoder_ffn_dim=40,
        decoder_ffn_dim=40,
        max_position_embeddings=20,
        pad_token_id=tokenizer.pad_id,
        decoder_start_token_id=tokenizer.pad_id,
        eos_token_id=tokenizer.eos_id,
    )
    model = transformers.MarianMTModel(config).eval()
    save_checkpoint(model, tokenizer, folder, 6, but="embed_positions")  # sinusoids, which are not learned
    return folder, model, tokenizer


@torch.no_grad()
def test_a_translator_of_transformers(marian, models, pellucid, tmp_path):
    """Its loss is what transformers computes, reference by reference."""
    folder, model, tokenizer = marian
    result = pellucid("evaluate", str(folder), str(models[0] / "test.tsv"), "--json", "-o", str(tmp_path / "out"))
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert (report["sentences"], report["references"]) == (2, 3)
    total, tokens = 0.0, 0
    for source, reference in (("ab", "ba"), ("abc", "c"), ("ab", "b a")):
        ids, labels = (torch.tensor([[*tokenizer.encode(text), tokenizer.eos_id]]) for text in (source, reference))
        total += float(model(input_ids=ids, labels=labels).loss) * labels.numel()
        tokens += labels.numel()
    assert report["tokens"] == tokens
    assert report["loss"] == pytest.approx(total / tokens, rel=1e-4)
    texts = (tmp_path / "out").read_text().splitlines()
    bleu = sacrebleu.corpus_bleu(texts, [["ba", "c"], ["b a", None]])
    assert report["bleu"] == pytest.approx(bleu.score)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["translator"], ("give a FILE",)),
        (["translator", "test.tsv", "--source", "source", "--reference", "one"], ("not both",)),
        (["translator", "--source", "source"], ("belong together",)),
        (["translator", "missing.tsv"], ("missing.tsv",)),
        (["translator", "one"], ("there is no tab",)),
        (["nowhere", "test.tsv"], ("nowhere", "does not exist")),
        (["language", "--source", "source", "--reference", "one"], ("language model",)),
        (["language", "one", "--limit", "3"], ("--limit",)),
    ],
)
def test_mistakes_get_one_sentence(models, monkeypatch, capfd, arguments, parts):
    monkeypatch.chdir(models[0])
    with pytest.raises(SystemExit) as end:
        main.run(["evaluate", *arguments])
    output, errors = capfd.readouterr()
    assert (end.value.code, output) == (2, "")
    assert errors.startswith("pellucid: ")
    assert errors.count("\n") == 1
    assert errors.rstrip().endswith((".", ")"))
    for part in parts:
        assert part in errors
