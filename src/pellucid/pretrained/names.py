"""From what a user calls a model to its directory."""

from __future__ import annotations

from pathlib import Path

from pellucid.errors import InputError, nearest

SHIPPED = Path(__file__).parent / "models"
_CONFIG = "config.json"


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
        model: a directory, or the name of a model that came with pellucid. A directory comes first.
        shipped: where those are.
        trained: where trainings write unless they are told otherwise; named when there is no such model.

    Raises:
        InputError: there is none; says which there are.
    """
    path = Path(model)
    if path.exists():  # what it lacks is said by whoever opens it
        return path
    name = str(model)
    names = _models_in(shipped)
    if name in names:
        return shipped / name
    known = [*names, *(str(trained / found) for found in _models_in(trained))]
    there = f"; there are {', '.join(known)}" if known else ""
    raise InputError(
        f"there is no model {name!r}: it does not exist as a folder, and none of that name came with"
        f" pellucid{nearest(name, known)}{there}. Give the folder of a trained model, with {_CONFIG} in it."
    )
