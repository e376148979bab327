"""Tokenizers of llama2.c: pieces with scores, of SentencePiece's BPE."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import tokenizers

from pellucid.data.tokenizer import Tokenizer
from pellucid.errors import TokenizerError

_LONGEST, _PIECE = struct.Struct("<i"), struct.Struct("<fi")
_SPECIAL = ("<unk>", "<s>", "</s>")
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


def read_llama2c_tokenizer(path: str | Path) -> Tokenizer:
    """The tokenizer of a llama2.c file.

    Of two neighbours, those whose union has the best score are joined first, until none is a piece; a text begins
    with a space of its own, and characters without a piece are spelt in bytes.

    Args:
        path: the `.bin` file: the length of the longest piece, then for each a score, its length and its bytes.

    Raises:
        TokenizerError: the file cannot be read, or is none of llama2.c.
    """
    pieces = _pieces(Path(path))
    names = [*_SPECIAL, *(piece for piece, _ in pieces[len(_SPECIAL) :])]
    ids = {name: id_ for id_, name in enumerate(names)}
    if len(ids) < len(names):
        raise TokenizerError(f"{path} is no tokenizer of llama2.c: a piece is in it twice.")
    ranked = sorted(range(len(_SPECIAL), len(names)), key=lambda id_: -pieces[id_][1])
    merges = [
        (name[:cut], name[cut:])
        for name in (names[id_] for id_ in ranked)
        if not _BYTE.fullmatch(name)
        for cut in range(1, len(name))
        if name[:cut] in ids and name[cut:] in ids
    ]
    backend = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab=ids, merges=merges, byte_fallback=True, unk_token="<unk>")
    )
    backend.add_special_tokens(list(_SPECIAL))
    backend.normalizer = tokenizers.normalizers.Prepend(" ")
    backend.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse(), tokenizers.decoders.Strip(" ", 1, 0)]
    )
    return Tokenizer(backend)


def _pieces(path: Path) -> list[tuple[str, float]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TokenizerError(f"{path} cannot be read: {error.strerror or error}.") from None
    found: list[tuple[str, float]] = []
    at = _LONGEST.size
    try:
        while at < len(content):
            score, size = _PIECE.unpack_from(content, at)
            at += _PIECE.size
            if not 0 < size <= len(content) - at:
                raise ValueError(size)
            found.append((content[at : at + size].decode(), score))
            at += size
    except (struct.error, ValueError):
        found = []
    if len(found) <= len(_SPECIAL):
        raise TokenizerError(f"{path} is no tokenizer of llama2.c, or a damaged one; fetch it again.")
    return found
