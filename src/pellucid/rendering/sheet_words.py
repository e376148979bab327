"""What a spreadsheet says about each of its blocks, in a line."""

from __future__ import annotations

from pellucid.derivation import Step
from pellucid.expressions.text import TextPrinter
from pellucid.operations import (
    Add,
    ConcatenateHeads,
    Given,
    Linear,
    Mask,
    MatMul,
    Scale,
    SinusoidalPositions,
    Softmax,
    SplitHeads,
)


def how(step: Step) -> str:
    """How the numbers of a step come about, in the names of the blocks they come from."""
    names = [operand.name.replace("_", " ") for operand in step.operands]
    if step.operation.is_copy:
        return f"the same as {names[0]}"
    match step.operation:
        case Given():
            is_mask = step.value.dtype == bool
            return "inputs: 1 where a query may attend to a key, 0 where it may not" if is_mask else "inputs"
        case SinusoidalPositions():
            return "sin(p/10000^(2i/d)) in the even columns 2i, the cosine in the odd ones; p is the token's position"
        case Add():
            return " + ".join(names)
        case Linear():
            return " + ".join([f"{names[0]} · {names[1]}", *names[2:]])
        case MatMul(transpose=True):
            return f"{names[0]} · {names[1]}ᵀ"
        case MatMul():
            return f"{names[0]} · {names[1]}"
        case SplitHeads():
            return f"the columns of {names[0]}, shared out among the heads"
        case ConcatenateHeads():
            return f"the {names[0]} side by side"
        case Scale():
            return f"{names[0]} × {TextPrinter(step.notation)(step.operation.factor)}; change the scale here"
        case Mask():
            return f"{names[0]} where the {names[1]} is 1, -∞ where it is 0"
        case Softmax():
            return (
                f"e^x of the {names[0]} over their sum in the row; the row's largest is subtracted first, "
                "which cancels and keeps e^x small"
            )
    return f"from {' and '.join(names)}"
