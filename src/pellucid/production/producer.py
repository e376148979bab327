"""A model that translates or generates behind glass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.arrays import Array
from pellucid.errors import InputError, LengthError
from pellucid.pretrained import Pretrained
from pellucid.production.production import Production
from pellucid.production.step import ProducedStep
from pellucid.search import GREEDY, Beams, Hypothesis, NumpyEngine, Sampling, Trace, TransformerState
from pellucid.search.rows import NUMPY_ROWS
from pellucid.search.translator import default_limits


class Producer:
    """A model with its tokenizers, on NumPy, that says how it comes to each word.

    The search is the one of `pellucid translate` and `pellucid generate`: it writes the same texts.

    Args:
        model: from `pellucid.pretrained.open_model`.
    """

    def __init__(self, model: Pretrained) -> None:
        self.model = model

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.model.name

    def __repr__(self) -> str:
        return f"<Producer {self.name}: {self.model.config.architecture}>"

    def translate(
        self,
        text: str,
        *,
        num_beams: int = 4,
        length_penalty: float = 0.6,
        num_best: int = 1,
        force: str | None = None,
    ) -> Production:
        """The likeliest translation, or one that is given.

        Args:
            text: the source.
            num_beams: 1 for greedy decoding.
            length_penalty: α of the beam search.
            num_best: translations, at most `num_beams`; those after the first are `others`.
            force: a translation that the model is to judge: each of its words is a step, with its probability and
                what the model would rather have written.

        Raises:
            InputError: a number is out of its range, or the model is a language model.
            LengthError: a text is empty, or longer than the model's longest sequence.
            TokenizerError: a tokenizer cannot express a text.
        """
        translator = self.model.translator()
        beams = Beams(num_beams, length_penalty, n_best=num_best)
        if not text.strip():
            raise LengthError("the text is empty; give a sentence.")
        (source,) = translator.encode([text])
        trace = Trace()
        if force is None:
            (limit,) = default_limits(self.model.config, [source])
            found = NumpyEngine(self.model.transformer).best(source, limit, beams, trace)
        else:
            if not force.strip():
                raise LengthError("the translation to force is empty; give what the model is to judge.")
            if num_best > 1:
                raise InputError("a forced translation is one; leave num_best at 1.")
            found = [self._forced(source, translator.tokenizer.encode_batch([force.strip()])[0], beams, trace)]
        tree = tuple(trace.tree)
        ids = sorted({branch.token for branches in tree for branch in branches})
        base = Production(
            self.name,
            text,
            tuple(self.model.source_tokenizer.pieces(source)),
            tuple(source),
            "",
            (),
            found[0],
            (),
            force is not None,
            tree,
            dict(zip(ids, self.model.tokenizer.pieces(ids), strict=True)),
        )
        start = (self.model.config.bos_id,)
        first, *others = (self._production(base, each, start, tuple(source), trace, GREEDY) for each in found)
        return replace(first, others=tuple(others))

    def generate(
        self,
        prompt: str,
        *,
        max_tokens: int = 256,
        settings: Sampling = GREEDY,
        seed: int | None = None,
        stop: Sequence[str] = (),
        bos: bool | None = None,
        chat: bool = False,
    ) -> Production:
        """How a text goes on.

        Args:
            prompt: the text so far.
            max_tokens: new tokens at most, as far as the model's context goes.
            settings: temperature and filters; by default the likeliest token is taken.
            seed: with one, the same tokens each time.
            stop: strings that end the text; itself such a string is left out, its tokens are steps.
            bos: see `Pretrained.beginning`.
            chat: likewise.

        Raises:
            InputError: a stop string is empty, the model is a translator, or was not trained to answer.
            LengthError: the prompt is longer than the model's longest sequence.
            TokenizerError: the tokenizer cannot express the prompt.
        """
        generator = self.model.generator()
        beginning = self.model.beginning(prompt, bos=bos, chat=chat)
        trace = Trace()
        room = min(max_tokens, generator.room(beginning))
        pieces = list(
            generator.stream(beginning, max_length=room, settings=settings, seed=seed, stop=stop, trace=trace)
        )
        ending = pieces[-1].ending
        assert ending is not None
        ids = tuple(piece.token for piece in pieces if piece.ending != "eos")
        total = sum(piece.log_probability for piece in pieces)
        base = Production(
            self.name,
            prompt,
            tuple(self.model.tokenizer.pieces(beginning)),
            tuple(beginning),
            "".join(piece.text for piece in pieces),
            (),
            Hypothesis(ids, total, total, ending),
            (),
        )
        return self._production(base, base.hypothesis, tuple(beginning), None, trace, settings)

    def _forced(self, source: Sequence[int], ids: Sequence[int], beams: Beams, trace: Trace) -> Hypothesis:
        """What the model makes of a translation, token by token to its end."""
        eos_id = self.model.config.eos_id
        state = trace.of(TransformerState(self.model.transformer, source, [], len(ids) + 1))
        total = 0.0
        for number, token in enumerate([*ids, eos_id]):
            with state.computing():
                total += float(state.maths.log_softmax(state.logits)[0, token])
                if number < len(ids):
                    state.advance([token])
        return Hypothesis(tuple(ids), total, beams.score(total, len(ids) + 1), "eos")

    def _production(
        self,
        base: Production,
        hypothesis: Hypothesis,
        start: tuple[int, ...],
        source: tuple[int, ...] | None,
        trace: Trace,
        settings: Sampling,
    ) -> Production:
        """A hypothesis with its steps.

        Args:
            base: what is the same for all hypotheses.
            hypothesis: what was written.
            start: the ids before the first that was chosen.
            source: what a translator reads.
            trace: of the search.
            settings: that tokens were drawn with.
        """
        ids = [*hypothesis.ids, *([self.model.config.eos_id] if hypothesis.ending == "eos" else [])]
        pieces = self.model.tokenizer.pieces(ids)
        steps = []
        for number, (token, id_, row) in enumerate(zip(pieces, ids, trace.rows(hypothesis), strict=True)):
            before, logits = (*start, *ids[:number]), trace.logits[number][row]
            sampled = None if settings.greedy else _sampled(settings, logits, before)
            steps.append(ProducedStep(number, token, id_, logits, sampled, before, source, self.model.passes))
        text = self.model.tokenizer.decode(hypothesis.ids) if source is not None else base.text
        tokens = tuple(self.model.tokenizer.tokens(hypothesis.ids))
        return replace(base, text=text, tokens=tokens, hypothesis=hypothesis, steps=tuple(steps))


def _sampled(settings: Sampling, logits: Array, before: Sequence[int]) -> Array:
    """The logits that a token was drawn from."""
    with np.errstate(all="ignore"):  # what is excluded is −∞
        adjusted: Array = settings.adjust(NUMPY_ROWS, logits[np.newaxis], NUMPY_ROWS.integers([before]))[0]
    return adjusted
