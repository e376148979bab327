"""From a recipe to its task: read the data, learn or read the tokenizers, size the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pellucid.data.corpora import Pair, read_documents, read_text
from pellucid.data.tokenizer import Tokenizer
from pellucid.data.train_tokenizer import train_tokenizer
from pellucid.errors import ConfigError, CorpusError, RecipeError, TokenizerError
from pellucid.training.language_modelling import PackedTask, WindowTask
from pellucid.training.recipe import Recipe, TextData
from pellucid.training.start import check_start
from pellucid.training.task import Task
from pellucid.training.translation import Translation, training_pairs
from pellucid.transformer.config import TransformerConfig

TOKENIZER, SOURCE_TOKENIZER = "tokenizer.json", "source_tokenizer.json"


def make_task(recipe: Recipe, folder: Path | None = None) -> Task:
    """The task of a recipe.

    Args:
        recipe: the recipe.
        folder: of a training that began; its tokenizers are used again.

    Raises:
        CorpusError: the data cannot be used.
        TokenizerError: a tokenizer cannot be used.
        RecipeError: the model's settings are wrong, or not those of the model to begin with.
        ConfigError, WeightsError: there is no such model.
    """
    if isinstance(recipe.data, TextData):
        return _language_task(recipe, recipe.data, folder)
    train, valid = training_pairs(recipe)
    tokenizers = _pair_tokenizers(recipe, train, folder)
    sizes = {name: tokenizer.vocab_size for name, tokenizer in tokenizers.items()}
    config = _config(recipe, "encoder-decoder", tokenizers[TOKENIZER], sizes.get(SOURCE_TOKENIZER))
    _check_start(recipe, config, folder)
    return Translation(recipe, config, train, valid, tokenizers)


def _pair_tokenizers(recipe: Recipe, train: Sequence[Pair], folder: Path | None) -> dict[str, Tokenizer]:
    section = recipe.tokenizer
    if found := _of_folder(folder) or _of_start(recipe):
        return found
    if section.file:
        tokenizers = {TOKENIZER: Tokenizer.load(section.file)}
        if section.source_file:
            tokenizers[SOURCE_TOKENIZER] = Tokenizer.load(section.source_file)
            _check_specials(*tokenizers.values())
        return tokenizers
    # Sources and targets take turns as they were read; the same data give the same tokenizer.
    sources = [pair.source for pair in train]
    targets = [reference for pair in train for reference in pair.references]
    settings = {"kind": section.kind, "vocab_size": section.vocab_size, "byte_fallback": section.byte_fallback}
    if section.joint:
        return {TOKENIZER: train_tokenizer([*sources, *targets], **settings)}  # type: ignore[arg-type]
    return {
        TOKENIZER: train_tokenizer(targets, **settings),  # type: ignore[arg-type]
        SOURCE_TOKENIZER: train_tokenizer(sources, **settings),  # type: ignore[arg-type]
    }


def _check_specials(target: Tokenizer, source: Tokenizer) -> None:
    for name in ("pad_id", "bos_id", "eos_id"):
        if getattr(target, name) != getattr(source, name):
            raise TokenizerError(
                f"{name} is {getattr(target, name)} in tokenizer.file and {getattr(source, name)} in"
                " tokenizer.source_file; both must agree."
            )


def _language_task(recipe: Recipe, data: TextData, folder: Path | None) -> Task:
    paths = [data.train] if isinstance(data.train, str) else data.train
    if not paths:
        raise CorpusError("data.train names no file.")
    if data.documents == "none":
        whole = "".join(read_text(path) for path in paths)
        cut = len(whole) if data.valid else round(len(whole) * (1 - data.valid_share))
        train, valid = [whole[:cut]], [read_text(data.valid) if data.valid else whole[cut:]]
    else:
        separator = None if data.documents == "lines" else data.documents
        documents = [document for path in paths for document in read_documents(path, separator)]
        cut = len(documents) if data.valid else round(len(documents) * (1 - data.valid_share))
        train = documents[:cut]
        valid = read_documents(data.valid, separator) if data.valid else documents[cut:]
    if not any(valid):
        raise CorpusError("there is no text to validate on; name one as data.valid, or raise data.valid_share.")
    # An alphabet is all the characters there are; a vocabulary is learnt, and must not be from the validation set.
    learnt = [*train, *valid] if recipe.tokenizer.kind == "characters" else train
    tokenizer = _text_tokenizer(recipe, learnt, folder)
    config = _config(recipe, "decoder-only", tokenizer, None)
    _check_start(recipe, config, folder)
    if recipe.training.context > config.max_length:
        raise RecipeError(
            f"training.context ({recipe.training.context}) is longer than model.max_length ({config.max_length})."
        )
    tokenizers = {TOKENIZER: tokenizer}
    if data.documents == "none":
        ids = [np.array(tokenizer.encode(text[0]), dtype=np.int64) for text in (train, valid)]
        return WindowTask(recipe, config, ids[0], ids[1], tokenizers)
    return PackedTask(recipe, config, tokenizer.encode_batch(train), tokenizer.encode_batch(valid), tokenizers)


def _text_tokenizer(recipe: Recipe, texts: Sequence[str], folder: Path | None) -> Tokenizer:
    section = recipe.tokenizer
    if found := _of_folder(folder) or _of_start(recipe):
        return found[TOKENIZER]
    if section.file:
        return Tokenizer.load(section.file)
    return train_tokenizer(texts, section.kind, section.vocab_size, byte_fallback=section.byte_fallback)


def _of_folder(folder: Path | None) -> dict[str, Tokenizer]:
    if folder is None or not (folder / TOKENIZER).exists():
        return {}
    return {name: Tokenizer.load(folder / name) for name in (TOKENIZER, SOURCE_TOKENIZER) if (folder / name).exists()}


def _of_start(recipe: Recipe) -> dict[str, Tokenizer]:
    if not (start := recipe.training.start):
        return {}
    if recipe.tokenizer.file:
        raise RecipeError("training.start brings its own tokenizer; leave tokenizer.file out.")
    if not (Path(start) / TOKENIZER).exists():
        what = f"has no {TOKENIZER}" if Path(start).is_dir() else "is no folder"
        raise RecipeError(f"training.start: {start} {what}; give the folder of a trained model.")
    return _of_folder(Path(start))


def _config(recipe: Recipe, architecture: str, tokenizer: Tokenizer, source_size: int | None) -> TransformerConfig:
    ids = {"pad_id": tokenizer.pad_id, "bos_id": tokenizer.bos_id, "eos_id": tokenizer.eos_id}
    if missing := [name.removesuffix("_id") for name, id_ in ids.items() if id_ is None]:
        raise TokenizerError(
            f"the tokenizer has no {' and no '.join(missing)} token; train one with pellucid tokenizer."
        )
    own = {"architecture": architecture, "vocab_size": tokenizer.vocab_size, **ids}
    if source_size is not None:
        own |= {"source_vocab_size": source_size, "share_embeddings": False}
    for name in own:
        if name in recipe.model:
            raise RecipeError(f"[model] must not say {name}: it comes from the data and its tokenizer.")
    try:
        return TransformerConfig.from_mapping({**recipe.model, **own}, where="[model]")
    except ConfigError as error:
        raise RecipeError(str(error)) from None


def _check_start(recipe: Recipe, config: TransformerConfig, folder: Path | None) -> None:
    """Check the model to begin with, unless the training has begun: then it need not be there any more."""
    if recipe.training.start and not _of_folder(folder):
        check_start(config, recipe.training.start)
