"""Random models in directories of their own, in PyTorch and behind glass."""

from pathlib import Path

from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.nn import DecoderOnly, EncoderDecoder
from pellucid.nn.weights import save_model
from pellucid.pretrained import open_model
from pellucid.production import Producer
from tiny_models import tiny

LETTERS = "abcdefghijklm"


def behind_glass(folder: Path, seed: int = 3, **settings: object) -> tuple[Producer, EncoderDecoder | DecoderOnly]:
    """A model that writes letters, saved into a folder; and the same in PyTorch."""
    tokenizer = train_tokenizer([LETTERS], "characters", byte_fallback=False)
    tokenizer.save(folder / "letters.json")
    if not settings.get("share_embeddings", True):
        source = train_tokenizer(["nopqrstuvw"], "characters", byte_fallback=False)
        settings["source_vocab_size"] = source.vocab_size
    model = tiny(seed=seed, sharpness=0.6, vocab_size=tokenizer.vocab_size, **settings)
    save_model(model, folder / "letters.json", folder / "model")
    if not settings.get("share_embeddings", True):
        source.save(folder / "model" / "source_tokenizer.json")
    return Producer(open_model(folder / "model")), model
