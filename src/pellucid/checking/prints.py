"""What a document's programs print: which variables, in which order, so that the output after the code has names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PRINT = re.compile(r"\b(?:print|println!?|printf|cout\s*<<)\s*\(?(.*?)\)?\s*;?\s*$")
_EXPRESSION = re.compile(r"^[A-Za-z_][\w.\[\]()@, *+/=-]*$")
_ASSIGNED = re.compile(r"^[ \t]*(?:let |float |double |auto )?([A-Za-z_]\w*)\s*=\s*([^=\n].*)$", re.MULTILINE)
_STATEMENT = re.compile(r"^(?:import|from|def|class|return|for|if|with|assert|pass|del|raise|else|try|use|let)\b")
_TELLS = re.compile(r"softmax|masked_fill|where\(|sqrt|\*\*\s*-?0?\.5")
_WEIGHTED_SUM = re.compile(r"(?i)\b\w*(?:attn|attention|weights?|probs?)\w*\s*@\s*(?:v|values?)\s*$")
_SIZE = re.compile(r"\b\w+\.(?:shape|size)\b(?:\[[^\[\]]*\]|\([^()]*\))?")
"""What stands under the root of a scale, and would name a size."""
_ARGUMENT = re.compile(r"(?:[^,()\[\]\"']|\([^()]*\)|\[[^\[\]]*\]|\"[^\"]*\"|'[^']*')+")
_NO_ARRAY = re.compile(
    r"^[bf]?[\"'](?!.*\{)|^\w+=|\.(?:shape|size|ndim|dtype)\b|\.(?:sum|item|mean|max|min)\(\s*\)$|^len\("
)


class Prints:
    """What the code so far has printed and no output has shown yet."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._assigned: dict[str, str] = {}
        self._shown = False

    def run(self, code: str) -> None:
        """Note what a program prints; what an earlier one printed is forgotten once an output has been shown."""
        self._assigned.update({found[1]: found[2] for found in _ASSIGNED.finditer(code)})
        if self._shown:
            self._waiting, self._shown = [], False
        self._waiting += [self._spelled(name) for name in _printed(code)]

    def forget(self) -> None:
        """A heading begins something else."""
        self._waiting, self._shown = [], False

    def next(self) -> str:
        """What the next array of an output is; empty where that is not known."""
        self._shown = True
        return self._waiting.pop(0) if self._waiting else ""

    def _spelled(self, name: str) -> str:
        """A printed variable with what it was computed as, where that says more than its name."""
        computed = _SIZE.sub("d_k", self._assigned.get(name, ""))
        if _WEIGHTED_SUM.search(computed):
            return computed  # whatever it is called: `values = attention @ v`
        return f"{name} = {computed}" if _TELLS.search(computed) else name


def _printed(code: str) -> Iterator[str]:
    """What the statements of a program print that can be an array, in order.

    The last expression of a notebook's cell is printed too.
    """
    lines = [line for line in code.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        stripped = line.strip()
        if found := _PRINT.search(stripped):
            arguments = [argument.strip() for argument in _ARGUMENT.findall(found[1])]
            yield from (argument for argument in arguments if argument and not _NO_ARRAY.search(argument))
        elif (
            number == len(lines) - 1
            and "=" not in stripped
            and _EXPRESSION.match(stripped)
            and not line[0].isspace()
            and not _STATEMENT.match(stripped)
        ):
            yield stripped
