"""Comments and docstrings of programs, with code around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checking_corpus.writers.text import TextWriter


class CommentWriter(TextWriter):
    """Everything stands in comments."""

    line_mark = "#"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    block: tuple[tuple[str, str, str], ...] = ()
    """Opening, start of every line, and closing of a block comment."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.style = self.random.choice((None, *self.block))

    def heading(self, text: str, level: int = 2) -> None:
        self.parts += [f"{text}:" if level > 1 else f"--- {text} ---", ""]

    def finished(self) -> str:
        lines = "\n".join(self.parts).strip("\n").splitlines()
        if self.style is None:
            body = [f"{self.line_mark} {line}".rstrip() for line in lines]
        else:
            opening, start, closing = self.style
            body = [opening, *(f"{start}{line}".rstrip() for line in lines), closing]
        return "\n".join([*self.before, *body, *self.after]) + "\n"


class PythonWriter(CommentWriter):
    """A Python file: a docstring or comments, or statements with their prints pasted under them."""

    extension = "py"
    block = (('"""', "", '"""'),)
    after = ("", "import math", "", "", "def softmax(xs):", "    top = max(xs)", "    return [math.exp(x) for x in xs]")

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.has_code = False

    def code(self, lines: Sequence[str], language: str = "python") -> None:
        self.has_code = True
        self.parts += [f"\ue010{line}" for line in lines]

    def finished(self) -> str:
        if not self.has_code:
            return super().finished()
        lines = "\n".join(self.parts).splitlines()
        return "\n".join(line[1:] if line.startswith("\ue010") else f"# {line}".rstrip() for line in lines) + "\n"


class CWriter(CommentWriter):
    """A C file."""

    extension = "c"
    line_mark = "//"
    block = (("/*", " * ", " */"),)
    before = ("#include <math.h>", "#define HEADS 1", "")
    after = ("", "static float scale(int d_k) {", "    return 1.0f / sqrtf((float)d_k);", "}")


class RustWriter(CommentWriter):
    """A Rust file."""

    extension = "rs"
    line_mark = "///"
    block = (("/*", "", "*/"),)
    after = ("pub fn scale(d_k: usize) -> f32 {", "    1.0 / (d_k as f32).sqrt()", "}")
