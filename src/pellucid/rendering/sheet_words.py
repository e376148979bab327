"""What a spreadsheet says about each of its blocks, in a line."""

from __future__ import annotations

from pellucid.derivation import Step
from pellucid.expressions.text import TextPrinter
from pellucid.operations import (
    Add,
    ArgMax,
    Centre,
    ConcatenateHeads,
    Gain,
    Given,
    Indices,
    LastRow,
    Linear,
    LookUp,
    Mask,
    MatMul,
    Mean,
    MeanOverHeads,
    MeanSquare,
    Multiply,
    Normalise,
    ReLU,
    Rows,
    Scale,
    SinusoidalPositions,
    Softmax,
    SplitHeads,
)


def how(step: Step) -> str:
    """How the numbers of a step come about, in the names of the blocks they come from."""
    names = [operand.short_name.replace("_", " ") for operand in step.operands]
    if step.operation.is_copy:
        return f"the same as {names[0]}"
    match step.operation:
        case Given():
            if isinstance(step.operation, Indices):
                return "inputs: change a word, and its number follows; every word of the vocabulary may be used"
            is_mask = step.value.dtype == bool
            return "inputs: 1 where a query may attend to a key, 0 where it may not" if is_mask else "inputs"
        case SinusoidalPositions():
            return "sin(p/10000^(2i/d)) in the even columns 2i, the cosine in the odd ones; p is the token's position"
        case LookUp():
            return f"of each word, the row of {names[1]} with its number"
        case Rows():
            return f"the first rows of {names[0]}"
        case LastRow():
            return f"the last row of {names[0]}"
        case Add():
            return " + ".join(names)
        case Multiply():
            return " × ".join(names)
        case Mean():
            return f"the mean of each row of {names[0]}"
        case MeanSquare():
            return f"the mean of the squares of each row of {names[0]}"
        case Centre():
            return f"{names[0]} minus the {names[1]} of the row"
        case Normalise():
            return f"{names[0]} / √({names[1]} + ε), row by row"
        case Gain():
            return " + ".join([f"{names[0]} × {names[1]}", *names[2:]]) + ", column by column"
        case ReLU():
            return f"max(0, x) of {names[0]}"
        case ArgMax():
            return f"where the largest of the {names[0]} stands, counted from 0: the word that is chosen"
        case Linear():
            return " + ".join([f"{names[0]} · {names[1]}", *names[2:]])
        case MatMul(transpose=True):
            return f"{names[0]} · {names[1]}ᵀ"
        case MatMul():
            return f"{names[0]} · {names[1]}"
        case MeanOverHeads():
            return "the mean of all heads"
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
