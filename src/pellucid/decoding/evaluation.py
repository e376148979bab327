"""A model measured on texts: translation quality, loss, perplexity, speed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pellucid.data.corpora import Pair
from pellucid.decoding.metrics import Quality, Tokenization, quality
from pellucid.decoding.scoring import score
from pellucid.decoding.translator import TorchTranslator
from pellucid.errors import InputError, LengthError
from pellucid.nn import DecoderOnly
from pellucid.search import Translation
from pellucid.search.batching import batches
from pellucid.search.text_codec import TextCodec

Progress = Callable[[int], object]


@dataclass(frozen=True)
class Loss:
    """How well a model predicts texts.

    Args:
        tokens: that were predicted.
        mean: negative log probability of a token, in nats.
    """

    tokens: int
    mean: float

    @property
    def perplexity(self) -> float:
        """E to the mean; infinite where that is too large to write down."""
        try:
            return math.exp(self.mean)
        except OverflowError:
            return math.inf


@dataclass(frozen=True)
class TranslationResult:
    """Translations of a test set and what they are worth.

    Args:
        translations: of the sources, in their order.
        quality: BLEU and chrF.
        loss: of all references, eos included.
        seconds: that translating took, without the loss.
    """

    translations: list[Translation]
    quality: Quality
    loss: Loss
    seconds: float

    @property
    def sentences_per_second(self) -> float:
        """Sources by the time their translation took."""
        return len(self.translations) / self.seconds


def evaluate_translation(
    translator: TorchTranslator,
    pairs: Sequence[Pair],
    *,
    num_beams: int = 4,
    length_penalty: float = 0.6,
    batch_tokens: int = 4096,
    tokenize: Tokenization = "13a",
    progress: Progress | None = None,
) -> TranslationResult:
    """Translate sources and compare with references.

    Args:
        translator: what is measured.
        pairs: each source once, with its references.
        num_beams: 1 for greedy decoding.
        length_penalty: α of the beam search.
        batch_tokens: of a batch, padding included.
        tokenize: how BLEU cuts words.
        progress: told how many sources a batch had.

    Raises:
        InputError: there is no pair, or a number is out of its range.
        LengthError: a text is longer than the model's longest sequence.
    """
    if not pairs:
        raise InputError("there is no pair to evaluate on.")
    loss = pair_loss(translator, pairs, batch_tokens)  # finds texts that are too long before the long work
    start = time.perf_counter()
    translations = translator.translate(
        [pair.source for pair in pairs],
        num_beams=num_beams,
        length_penalty=length_penalty,
        batch_tokens=batch_tokens,
        progress=progress,
    )
    seconds = time.perf_counter() - start
    worth = quality([each.text for each in translations], [pair.references for pair in pairs], tokenize)
    return TranslationResult(translations, worth, loss, seconds)


def pair_loss(translator: TorchTranslator, pairs: Sequence[Pair], batch_tokens: int = 4096) -> Loss:
    """The loss of every reference given its source.

    Raises:
        LengthError: a text is longer than the model's longest sequence.
    """
    config = translator.model.config
    sources = translator.encode([pair.source for pair in pairs])
    texts = [reference for pair in pairs for reference in pair.references]
    owners = [index for index, pair in enumerate(pairs) for _ in pair.references]
    targets = [[*ids, config.eos_id] for ids in translator.tokenizer.encode_batch(texts)]
    for text, target in zip(texts, targets, strict=True):
        if len(target) > config.max_length:
            raise LengthError(
                f"the reference {text[:40]!r}… has {len(target)} tokens, eos included, but the model writes at most "
                f"{config.max_length}; split it into sentences."
            )
    lengths = [max(len(sources[owner]), len(target)) for owner, target in zip(owners, targets, strict=True)]
    return _mean(
        score(translator.model, [sources[owners[i]] for i in batch], [targets[i] for i in batch])
        for batch in batches(lengths, batch_tokens)
    )


def text_loss(
    model: DecoderOnly,
    tokenizer: TextCodec,
    text: str,
    *,
    batch_tokens: int = 4096,
    progress: Progress | None = None,
) -> Loss:
    """The loss of a language model on a text.

    The text is cut into consecutive windows of the model's longest sequence; every token but the text's first is
    predicted once, from those before it in its window.

    Args:
        model: what is measured.
        tokenizer: the model's.
        text: of at least two tokens.
        batch_tokens: of a batch, padding included.
        progress: told how many windows a batch had.

    Raises:
        InputError: the text has fewer than two tokens.
    """
    ids = tokenizer.encode_batch([text])[0]
    if len(ids) < 2:
        raise InputError(f"the text has {len(ids)} token; at least two are needed, one to predict the other from.")
    windows = text_windows(ids, model.config.max_length)

    def scored() -> Iterator[list[list[float]]]:
        for batch in batches([len(window) for window in windows], batch_tokens):
            yield score(model, None, [windows[index] for index in batch])
            if progress is not None:
                progress(len(batch))

    return _mean(scored())


def text_windows(ids: Sequence[int], longest: int) -> list[Sequence[int]]:
    """Windows that share one token with the next, so that every token but the first is predicted once.

    A window holds `longest` tokens to read and one more, which is only predicted.
    """
    return [ids[start : start + longest + 1] for start in range(0, len(ids) - 1, longest)]


def _mean(results: Iterable[list[list[float]]]) -> Loss:
    total, count = 0.0, 0
    for batch in results:
        for row in batch:
            total -= math.fsum(row)
            count += len(row)
    return Loss(count, total / count)
