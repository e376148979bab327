"""What is not there: tokens without vectors, rows without words, an argument that a formula leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pellucid.checking.assembled import Assembled
from pellucid.checking.declarations import Declarations, Note
from pellucid.checking.material import numbered
from pellucid.checking.report import Finding
from pellucid.checking.source import Source

_MOST_MISSING = 3  # words more than rows, beyond which the sentence is another one


def missing(assembled: Sequence[Assembled], declared: Declarations, source: Source) -> Iterator[Finding]:
    """What a document with worked examples leaves out, and where its words contradict what is computed.

    Args:
        assembled: its worked examples.
        declared: what its words say.
        source: the file, for lines.
    """
    if not assembled:
        return
    sentence = declared.sentence
    if sentence is not None:
        words = next(filter(None, (_without_vectors(built, declared.tokens) for built in assembled)), "")
        words = words or _without_rows(assembled[0], declared)
        if words:
            yield _finding("missing", words, sentence, source)
    if declared.formula is not None:
        words = f"“{declared.formula.text}” leaves out V, which the formula uses: Attention(Q, K, V)."
        yield _finding("formula", words, declared.formula, source)
    if declared.others is not None:
        words = (
            "The keys are said to be those of the other words only, and the values those of all; "
            "in self-attention K and V both come from all tokens, the attending one included."
        )
        yield _finding("formula", words, declared.others, source)


def _finding(cause: str, words: str, note: Note, source: Source) -> Finding:
    return Finding("missing", cause, words, span=note.span, line=source.line(note.span.start))


def _without_vectors(built: Assembled, tokens: Sequence[str]) -> str:
    """The tokens of a sentence that have no vectors although others have; empty where all have, or none."""
    labels = numbered(tokens)
    for role in ("key", "query", "value"):
        given = built.scope.given.get(role)
        named = set(given.rows) if given is not None else set()
        absent = [label for label in labels if label not in named]
        if len(named) < 2 or not named <= set(labels) or not absent:
            continue
        quoted = ", ".join(f"'{label}'" for label in absent)
        have = "has" if len(absent) == 1 else "have"
        there = f"{len(labels) - len(absent)} of the {len(labels)} tokens of the sentence have vectors"
        return f"{there}; {quoted} {have} none."
    return ""


def _without_rows(built: Assembled, declared: Declarations) -> str:
    """A sentence of more words than its matrices have rows; empty where they agree."""
    words = [token for token in declared.tokens if any(map(str.isalnum, token))]
    if declared.query_tokens:
        return ""
    for role, name in (("embeddings", "X"), ("query", "Q"), ("key", "K"), ("value", "V")):
        given, trees = built.scope.given.get(role), built.trees.get(role)
        if given is None or given.rows or trees is None or trees.ndim != 2:
            continue
        keys = built.trees.get("key")
        short = len(words) - len(trees)
        if not 0 < short <= _MOST_MISSING or (keys is not None and len(keys) != len(trees)):
            return ""
        have = "has" if short == 1 else "have"
        return f"The sentence has {len(words)} words, and {name} has {len(trees)} rows: {short} {have} no numbers."
    return ""
