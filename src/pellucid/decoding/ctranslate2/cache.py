"""Exported models, kept so that a model is converted once.

They lie in the user's folder for caches, each under a digest of what it was made of: the folder of a model is never
written to, a model that has changed is another one, and what someone put beside a model is never run in its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from pellucid.decoding.ctranslate2.engine import FastTranslator
from pellucid.decoding.ctranslate2.export import export_ctranslate2
from pellucid.decoding.ctranslate2.library import ctranslate2_library
from pellucid.errors import InputError, OutputError
from pellucid.nn import EncoderDecoder
from pellucid.nn.weight_names import named_parts

_REVISION = 1  # of the export; raised when it writes something else for the same model
_KEPT = 8  # exports; of more, those go that were not used for longest


def cache_folder(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Where pellucid keeps what it can make again: `$XDG_CACHE_HOME/pellucid`, or where the system has its caches."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or tempfile.gettempdir())
    if given := environment.get("XDG_CACHE_HOME"):
        return Path(given) / "pellucid"
    if system == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "pellucid" / "Cache"
    return home / ("Library/Caches" if system == "darwin" else ".cache") / "pellucid"


def open_fast(
    model: EncoderDecoder, compute: str = "int8", *, threads: int = 0, folder: Path | None = None
) -> FastTranslator:
    """A model in CTranslate2, from the cache or else converted and kept there; if it cannot be, it serves once.

    Args:
        model: what is run.
        compute: "int8", or "float32" for what PyTorch computes.
        threads: of one computation; 0 for as many as CTranslate2 thinks best.
        folder: the cache; `None` for `cache_folder()`.

    Raises:
        InputError: the model has a part that CTranslate2 has no word for.
        MissingExtraError: CTranslate2 is not installed.
        OutputError: the exported model can be written nowhere.
    """
    library = ctranslate2_library("translate with it")
    folder = (cache_folder() if folder is None else folder) / "ctranslate2"
    place = folder / f"{_digest(model, compute, str(library.__version__))}-{compute}"

    def opened(directory: Path) -> FastTranslator:
        return FastTranslator(directory, eos_id=model.config.eos_id, threads=threads, compute_type=compute)

    if place.is_dir():
        with contextlib.suppress(InputError, OSError, msgspec.DecodeError):  # damaged: it is made again
            engine = opened(place)
            os.utime(place)
            return engine
    try:
        export_ctranslate2(model, place, quantization=compute)
        engine = opened(place)
        _forget(folder)
    except (OutputError, OSError):
        # A read-only home, a full disk, or another process that was quicker.
        with _temporary() as directory:
            export_ctranslate2(model, directory / place.name, quantization=compute)
            return opened(directory / place.name)
    return engine


def _digest(model: EncoderDecoder, compute: str, version: str) -> str:
    """Of the weights and all else that an export follows from."""
    value = hashlib.sha256(msgspec.json.encode([_REVISION, version, compute, model.config.values]))
    for name, tensor in named_parts(model):
        value.update(name.encode())
        value.update(tensor.detach().float().cpu().numpy().tobytes())
    return value.hexdigest()[:32]


def _forget(folder: Path) -> None:
    """Remove the exports beyond the number that is kept."""
    exports = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    exports.sort(key=lambda path: path.stat().st_mtime)
    for path in exports[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    try:
        directory = Path(tempfile.mkdtemp(prefix="pellucid-"))
    except OSError as error:
        raise OutputError(f"no folder for temporary files can be written: {error.strerror or error}.") from None
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
