"""From a text to how it goes on: a language model with its tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pellucid.errors import InputError, LengthError
from pellucid.search.one_by_one import Choices, Piece, one_by_one
from pellucid.search.settings import GREEDY, Sampling
from pellucid.search.state import room_after
from pellucid.search.text_codec import TextCodec
from pellucid.search.transformer_state import TransformerState
from pellucid.transformer import Transformer


class Generator:
    """Continues texts with a language model, on NumPy.

    Args:
        model: the language model.
        tokenizer: the model's.

    Raises:
        InputError: the model is an encoder–decoder.
    """

    def __init__(self, model: Transformer, tokenizer: TextCodec) -> None:
        if model.config.is_encoder_decoder:
            raise InputError("an encoder–decoder needs a source; a prompt alone is for a language model.")
        self._model, self._tokenizer = model, tokenizer

    def encode(self, prompt: str, *, bos: bool = True) -> list[int]:
        """The text so far as the model reads it.

        Args:
            prompt: the text; empty for a text from nothing, which begins with bos.
            bos: whether bos comes first, as it does in training on documents, not in training on windows of one text.

        Raises:
            LengthError: it is longer than the model's longest sequence.
            TokenizerError: it holds a character or a word that the tokenizer cannot express.
        """
        (ids,) = self._tokenizer.encode_batch([prompt], "prompt")
        if bos or not ids:
            ids = [self._model.config.bos_id, *ids]
        self.check(ids)
        return ids

    def check(self, beginning: Sequence[int]) -> None:
        """Raises:
        LengthError: the beginning is longer than the model's longest sequence.
        """
        longest = self._model.config.max_length
        if len(beginning) > longest:
            raise LengthError(
                f"the prompt has {len(beginning):,} tokens, but the model reads at most {longest:,};"
                " give the end of it alone."
            )

    def room(self, beginning: Sequence[int]) -> int:
        """How many tokens may follow."""
        return room_after(self._model.config, len(beginning))

    def stream(
        self,
        beginning: Sequence[int],
        *,
        max_length: int,
        settings: Sampling = GREEDY,
        seed: int | None = None,
        stop: Sequence[str] = (),
    ) -> Iterator[Piece]:
        """Token by token how a text goes on.

        Args:
            beginning: what `encode` gives.
            max_length: new tokens at most, eos included.
            settings: temperature and filters.
            seed: with one, the same tokens each time.
            stop: strings that end the text.

        Raises:
            InputError: a stop string is empty, an id is not in the vocabulary, or numbers overflow.
            LengthError: there is no room for so many tokens.
        """
        choices = Choices(
            [max_length],
            self._model.config.eos_id,
            settings=settings,
            seeds=[seed],
            stop=stop,
            decode=self._tokenizer.decode,
        )
        state = TransformerState(self._model, None, beginning, max_length)
        return one_by_one(state, [beginning], choices)
