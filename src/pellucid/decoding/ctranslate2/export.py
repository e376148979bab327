"""From a model to a directory that CTranslate2 opens."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pellucid.decoding.ctranslate2.specification import specification
from pellucid.errors import InputError, OutputError
from pellucid.nn import DecoderOnly, EncoderDecoder


def export_ctranslate2(
    model: EncoderDecoder | DecoderOnly,
    directory: str | Path,
    *,
    quantization: str = "float32",
    tokens: Sequence[str] | None = None,
    source_tokens: Sequence[str] | None = None,
) -> None:
    """Write a model as a CTranslate2 directory, whole or not at all.

    Args:
        model: what is exported.
        directory: where to; it must not exist, or be an older export, which is replaced.
        quantization: how weights are stored: "float32", or "int8" with a scale for each row.
        tokens: the vocabulary, spelled; where it is shorter than the model's, or not given, numbers in angle brackets
            stand for the others.
        source_tokens: the source's vocabulary, where it is another.

    Raises:
        InputError: the model has a part that CTranslate2 has no word for, or two entries of a vocabulary are spelled
            alike.
        OutputError: the directory cannot be written, or something else is in its place.
        MissingExtraError: CTranslate2 is not installed.
    """
    if quantization not in ("float32", "int8"):
        raise InputError(f"weights are stored as float32 or int8, not as {quantization!r}.")
    config = model.config
    spec = specification(model)
    spelled = _spelled(tokens, config.vocab_size)
    spec.config.bos_token = spelled[config.bos_id]
    spec.config.eos_token = spelled[config.eos_id]
    # CTranslate2 appends an unknown token that it does not find, which would shift nothing but the count.
    spec.config.unk_token = next((token for token in spelled if token == "<unk>"), spelled[config.pad_id])
    if isinstance(model, DecoderOnly):
        spec.register_vocabulary(spelled)
    else:
        spec.config.decoder_start_token = spelled[config.bos_id]
        same = source_tokens is None and config.source_vocab_size == config.vocab_size
        spec.register_source_vocabulary(spelled if same else _spelled(source_tokens, config.source_vocab_size))
        spec.register_target_vocabulary(spelled)
    spec.validate()
    spec.optimize(quantization=None if quantization == "float32" else quantization)
    _write(spec.save, Path(directory))


def _spelled(tokens: Sequence[str] | None, size: int) -> list[str]:
    """`size` different spellings."""
    given = list(tokens or ())
    if len(given) > size:
        raise InputError(f"the vocabulary has {len(given)} entries, but the model only {size}; give the model's own.")
    spelled = given + [f"<{index}>" for index in range(len(given), size)]
    if len(set(spelled)) != len(spelled):
        twice = next(token for index, token in enumerate(spelled) if token in spelled[:index])
        raise InputError(f"two entries of the vocabulary are spelled {twice!r}; CTranslate2 cannot tell them apart.")
    return spelled


def _write(save: object, directory: Path) -> None:
    """Fill a folder beside, then put it in place."""
    assert callable(save)
    if directory.exists() and not (directory / "model.bin").is_file():
        raise OutputError(f"{directory} exists and is no CTranslate2 model; name another folder.")
    beside: Path | None = None
    try:
        directory.absolute().parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=directory.absolute().parent, prefix=f".{directory.name}."))
        save(str(beside))
        for path in beside.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        beside.chmod(0o755)
        if directory.exists():
            older = Path(tempfile.mkdtemp(dir=directory.absolute().parent, prefix=f".{directory.name}.old."))
            directory.replace(older / directory.name)
            beside.replace(directory)
            shutil.rmtree(older)
        else:
            beside.replace(directory)
    except OSError as error:
        raise OutputError(f"{directory} cannot be written: {error.strerror or error}.") from None
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside)
