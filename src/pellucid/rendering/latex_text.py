"""Words as LaTeX, in plain ASCII: any text compiles, under any engine and font encoding.

Accents become accent commands. What has neither a command nor a letter of the font is set by `\\pellucidchar`, a
command of the renderer: the character itself where engine and font have it, else its code, U+4E2D.
"""

from __future__ import annotations

import re
import unicodedata

from pellucid.rendering.labels import printable

_COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\`{}",
    '"': "''",
    "\u00a0": "~",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "„": ",{},",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "␣": r"\textvisiblespace{}",
    "▁": r"\textunderscore{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "¡": r"\textexclamdown{}",
    "¿": r"\textquestiondown{}",
    "§": r"\S{}",
    "©": r"\copyright{}",
}
_MATHEMATICS = {
    "·": r"\cdot",
    "×": r"\times",
    "÷": r"\div",
    "−": "-",
    "±": r"\pm",
    "√": r"\surd",
    "∞": r"\infty",
    "∅": r"\emptyset",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "→": r"\to",
    "←": r"\gets",
    "↵": r"\hookleftarrow",
    "⇥": r"\mapsto",
    "⋮": r"\vdots",
    "•": r"\bullet",
    "«": r"\ll",
    "»": r"\gg",
    "°": r"^\circ",
    "²": "^2",
    "³": "^3",
    "µ": r"\mu",
    "Σ": r"\Sigma",
    **{
        unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}"): rf"\{name}"
        for name in (
            *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu", "nu"),
            *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
        )
    },
}
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
_LIGATURE = re.compile(r"(?<=([-'`,]))(?=\1)")
_WIDE = re.compile(r"[A-Zmw%@—]")


def escape(text: str) -> str:
    """The words as they are, without line breaks, for `\\text{…}`."""
    composed = unicodedata.normalize("NFC", printable(text))
    return "".join(map(_character, _LIGATURE.sub("\0", composed)))


def escape_breaking(text: str, longest_word: int = 24) -> str:
    """The words as they are, for running text; words of more characters may be broken anywhere."""
    long_word = re.compile(rf"\S{{{longest_word + 1},}}")
    return "".join(_breaking(part) if long_word.fullmatch(part) else escape(part) for part in re.split(r"(\s+)", text))


def text_width(text: str) -> float:
    """About how wide the words are, in em; rather too much than too little."""
    return sum((_character_width(character) for character in printable(text)), 0.0)


def _breaking(word: str) -> str:
    return r"\pellucidbreak{}".join(escape(word[start : start + 4]) for start in range(0, len(word), 4))


def _character_width(character: str) -> float:
    if _character(character).startswith(r"\pellucidchar"):
        return 0.65 * len(f"U+{ord(character):04X}")
    return 0.8 if _WIDE.match(character) else 0.52


def _character(character: str) -> str:
    if character == "\0":  # between two characters that a font would join to a dash or a quotation mark
        return "{}"
    if character in _COMMANDS:
        return _COMMANDS[character]
    if character in _MATHEMATICS:
        return rf"\ensuremath{{{_MATHEMATICS[character]}}}"
    if character.isascii():
        return character
    base, *marks = tuple(unicodedata.normalize("NFD", character))
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in _ACCENTS:
        return rf"\{_ACCENTS[marks[0]]}{{{base}}}"
    return rf"\pellucidchar{{{ord(character):04X}}}"
