"""CTranslate2, loaded when it is needed."""

from __future__ import annotations

from typing import Any

from pellucid.errors import MissingExtraError


def ctranslate2_library(purpose: str) -> Any:
    """The `ctranslate2` library.

    Args:
        purpose: what it is needed for, as the end of "… is needed to".

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import ctranslate2
        import ctranslate2.specs
    except ImportError:
        raise MissingExtraError("CTranslate2", "fast", purpose) from None
    return ctranslate2
