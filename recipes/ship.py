"""Makes the folder of a model that ships with pellucid from its training, or from the files of its publisher.

    pellucid train recipes/by-hand-translator.toml -o runs/by-hand-translator
    python recipes/ship.py by-hand-translator runs/by-hand-translator

    python recipes/ship.py stories260k tests/nn/converters/stories260K

Cards and licences are written by hand beside the weights and stay as they are.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from pellucid.data.llama2c_tokenizer import read_llama2c_tokenizer
from pellucid.nn import Model
from pellucid.nn.build import build_empty
from pellucid.nn.converters import from_llama2c
from pellucid.nn.weight_names import assign, named_parts
from pellucid.nn.weights import Storage, load_model, save_model
from pellucid.transformer.weights_file import SOURCE_TOKENIZER, TOKENIZER

MODELS = Path(__file__).parents[1] / "src" / "pellucid" / "pretrained" / "models"
PLACES = 2  # of the weights of models that are followed on paper


def by_hand(run: Path, folder: Path) -> None:
    """Weights of two decimal places; `tests/pretrained/test_by_hand.py` shows that they suffice."""
    model = load_model(run)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((parameter * 10**PLACES).round() / 10**PLACES)
    save(model, run, folder, "float32")


def translator(run: Path, folder: Path) -> None:
    """Half the size, for the same translations."""
    save(load_model(run), run, folder, "float16")


def stories(upstream: Path, folder: Path) -> None:
    """A story ends where the next would begin: the model was trained to write bos there, and never eos."""
    model = from_llama2c(upstream / "stories260K.bin")
    ending = build_empty(model.config.replace(eos_id=model.config.bos_id))
    assign(ending, dict(named_parts(model)), str(upstream))
    with tempfile.TemporaryDirectory() as run:
        read_llama2c_tokenizer(upstream / "tok512.bin").save(Path(run) / TOKENIZER)
        save(ending, Path(run), folder, "float32")


def save(model: Model, run: Path, folder: Path, storage: Storage) -> None:
    """The weights and the tokenizers that they were trained with, whose digests the weights carry."""
    source = run / SOURCE_TOKENIZER
    save_model(model, run / TOKENIZER, folder, storage, source_tokenizer_file=source if source.is_file() else None)


MAKERS = {
    "by-hand-translator": by_hand,
    "by-hand-generator": by_hand,
    "stories260k": stories,
    "en-de": translator,
    "de-en": translator,
}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=MAKERS)
    parser.add_argument("source", type=Path, help="the folder of the training, or the publisher's files")
    arguments = parser.parse_args()
    folder = MODELS / arguments.name
    MAKERS[arguments.name](arguments.source, folder)
    print(f"{folder}: {sum(file.stat().st_size for file in folder.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
