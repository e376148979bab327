"""What can go wrong, as a tree.

    PellucidError                 everything pellucid raises on purpose; its text is one clear sentence
    ├── InputError                what the user gave cannot be used (command line: exit code 2)
    │   ├── ExampleError          an example file or `Example` is malformed or contradicts itself
    │   ├── PositionError         a token, feature or head that does not exist was asked for
    │   ├── CorpusError           a text to train on or to evaluate with cannot be used
    │   ├── TokenizerError        a tokenizer cannot be trained, read, or made to express a text
    │   ├── RecipeError           a training recipe has a wrong key or value
    │   ├── CheckpointError       a training cannot be continued from what its folder holds
    │   ├── TrainingError         a training cannot go on, its loss not being a number for example
    │   ├── OutputError           the result cannot be written as asked
    │   ├── ConfigError           a model's configuration is malformed or contradicts itself
    │   ├── WeightsError          a file of weights is damaged, does not fit, or must not be opened
    │   └── LengthError           a sequence is longer than the model's longest, or empty
    └── MissingExtraError         an optional library is needed; names the command that installs it

An error says what arrived, what was needed and how to mend it.
"""

from __future__ import annotations


class PellucidError(Exception):
    """The root of the tree; `str(error)` is a sentence for people."""


class InputError(PellucidError, ValueError):
    """What the user gave cannot be used."""


class ExampleError(InputError):
    """An example is malformed or contradicts itself."""


class PositionError(InputError, LookupError):
    """A token, feature, head or step that does not exist was asked for."""


class CorpusError(InputError):
    """A text to train on or to evaluate with cannot be used; names the file and the line."""


class TokenizerError(InputError):
    """A tokenizer cannot be trained, read, or made to express a text."""


class RecipeError(InputError):
    """A training recipe has a wrong key or value."""


class CheckpointError(InputError):
    """A training cannot be continued from what its folder holds."""


class TrainingError(InputError):
    """A training cannot go on; its last good checkpoint is kept."""


class OutputError(InputError):
    """The result cannot be written as asked."""


class ConfigError(InputError):
    """A model's configuration is malformed or contradicts itself."""


class WeightsError(InputError):
    """A file of weights is damaged, does not fit its model, or must not be opened."""


class LengthError(InputError):
    """A sequence is longer than the model's longest, or empty."""


class MissingExtraError(PellucidError, ImportError):
    """An optional library is needed.

    Args:
        library: what could not be imported.
        extra: the extra of the pellucid distribution that brings it.
        purpose: what it is needed for, as the end of "… is needed to".
        command: what installs it, where something lighter than the extra does.
    """

    def __init__(self, library: str, extra: str, purpose: str, command: str = "") -> None:
        installs = command or f"pip install 'pellucid[{extra}]'"
        super().__init__(f"{library} is needed to {purpose} and is not installed; `{installs}` installs it.")


def no_such(noun: str, place: int, count: int) -> PositionError:
    """What to raise where a place does not exist.

    Args:
        noun: what is counted, "head".
        place: the one that was asked for.
        count: how many there are.
    """
    there = "there is one, number 0" if count == 1 else f"there are {count}, counted from 0"
    return PositionError(f"{noun} {place} does not exist; {there}.")


def nearest(word: str, known: list[str]) -> str:
    """`" (did you mean 'query'?)"` when a known word is close to `word`, else an empty string."""
    import difflib

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
