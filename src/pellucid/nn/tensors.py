"""The tensor type and its shape annotations, `Float[Tensor, "batch n_q d_model"]`.

The shapes are those of jaxtyping. The tests import jaxtyping first, and every annotated function is then checked at
run time; a plain run neither needs nor loads it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float, Int, Shaped
else:

    class Float:
        """Stands in for jaxtyping's annotations when shapes are not checked."""

        def __class_getitem__(cls, item: object) -> type:
            """The bare tensor type."""
            return Tensor

    Bool = Int = Shaped = Float

__all__ = ["Bool", "Float", "Int", "Shaped", "Tensor"]
