"""The array type and its shape annotations, `Shaped[Array, "n_q d_k"]`.

The shapes are those of jaxtyping. The tests import jaxtyping first, and every annotated function is then
checked at run time; a plain run neither needs nor loads it, so that the base install stays light.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

Array = np.ndarray[Any, Any]
"""float64, float32, bool, or object (of `decimal.Decimal` in exact mode)."""

if TYPE_CHECKING:
    from jaxtyping import Bool, Shaped
elif "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Shaped

    Array = np.ndarray
else:

    class Shaped:
        """Stands in for jaxtyping's `Shaped` when shapes are not checked."""

        def __class_getitem__(cls, item: object) -> type:
            """The bare array type."""
            return np.ndarray

    Bool = Shaped

__all__ = ["Array", "Bool", "Shaped"]
