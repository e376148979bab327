"""Where rendering plugs in, so that a derivation can show itself without knowing any format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Presenter = Callable[..., "str | bytes"]
"""`present(derivation, format, **options)`: the derivation in a format, as text or bytes."""

_installed: list[Presenter] = []


def install_presenter(presenter: Presenter) -> None:
    """Make `presenter` what derivations show themselves with; the rendering room calls this once."""
    _installed[:] = [presenter]


def present(derivation: Any, file_format: str, **options: Any) -> str | bytes:
    """The derivation in a format, through the installed presenter."""
    assert _installed, "importing pellucid installs the presenter"
    return _installed[0](derivation, file_format, **options)
