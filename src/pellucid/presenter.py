"""Where rendering plugs in, so that derivations and reports can show themselves without knowing any format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Presenter = Callable[..., "str | bytes"]
"""`present(subject, format, **options)`: what is to be shown in a format, as text or bytes."""

_installed: dict[str, Presenter] = {}


def install_presenter(kind: str, presenter: Presenter) -> None:
    """Make `presenter` what things of a kind, "derivation", "report" or "recording", show themselves with."""
    _installed[kind] = presenter


def present(kind: str, subject: Any, file_format: str, **options: Any) -> str | bytes:
    """The subject in a format, through the presenter installed for its kind."""
    assert kind in _installed, "importing pellucid installs the presenters"
    return _installed[kind](subject, file_format, **options)
