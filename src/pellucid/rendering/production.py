"""From a production to the document that explains it: word by word, on a screen or two or on a page to step through."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Context

import numpy as np

from pellucid.derivation import Derivation
from pellucid.numbers import Notation
from pellucid.production import ProducedStep, Production
from pellucid.rendering.beam_tree import beam_tree, completed_tree
from pellucid.rendering.document import (
    Bar,
    Bars,
    Block,
    Document,
    Formula,
    Grid,
    Inline,
    Note,
    Paragraph,
    Part,
    Section,
    Stop,
    Table,
    Walk,
)
from pellucid.rendering.focus import Focus, Selection
from pellucid.rendering.in_brief import READS, in_brief
from pellucid.rendering.labels import token_label
from pellucid.rendering.production_data import production_data
from pellucid.rendering.stages import Stages

_MOST_WORDS = 24
"""Rows of the table of words."""
MOST_STOPS = 48
"""Words of a page to step through."""
_MOST_KEYS, _MOST_KEYS_IN_BRIEF = 4, 2
_LONGEST = 24  # characters of a token in a line of text
_LONGEST_TITLE = 60
_SENTENCE = 32  # tokens; of what is longer, less is shown


def explain_production(
    production: Production,
    layer: int | None = None,
    head: int | None = None,
    *,
    walks: bool = False,
    further: Sequence[tuple[str, str]] = (),
) -> Document:
    """The document that shows how a text was written.

    Args:
        production: the text.
        layer: of the decoder's attention that is shown, from 0; the last by default.
        head: the one that is shown; by default the mean of all, and where arithmetic is written out the one that
            looks most sharply.
        walks: whether every word has its arithmetic, to be stepped through; else the most telling word alone.
        further: options that show more, each with what it shows.

    Raises:
        PositionError: there is no such layer or head.
    """
    told = _Told(production, layer, head)
    sections = [told.words(), *(told.walk() if walks else told.gist())]
    if production.tree:
        sections.append(told.beams(whole=walks))
    sections.append(told.proof(further))
    return Document(
        f"{production.model}: {title_of(production)}",
        told.purpose(),
        tuple(sections),
        told.notation,
        tuple(told.derivations),
        data=production_data(production, told.map, layer, head),
    )


def word_of(token: str) -> str:
    """A token in a line of text: without the space before a word, which a list of tokens shows."""
    return token_label(token.strip(" ") or token, _LONGEST)


def title_of(production: Production) -> str:
    """“The dog sits.” → “Der Hund sitzt.”, as much of it as fits a line."""
    return " → ".join(f"“{_cut(text.strip())}”" for text in (production.given, production.text))


class _Told:
    """Writes the sections about a production.

    Args:
        production: the text.
        layer: of the attention that is shown; `None` for the last.
        head: of it; `None` for the mean of all, or the sharpest.
    """

    def __init__(self, production: Production, layer: int | None, head: int | None) -> None:
        self.production, self.layer, self.head = production, layer, head
        self.map: Derivation = production.attention(layer, head)
        self.notation = production.steps[-1].derivation.notation
        self.derivations = [self.map]
        self.where = "the sentence" if production.is_translation else "the text so far"

    def purpose(self) -> str:
        """What is shown, and how likely the whole is."""
        made, text = self.production, self.notation.text
        words = "How the model judges each word of it" if made.forced else "How the model came to each word"
        words += f"; log probability {text(made.hypothesis.log_probability)}"
        if made.is_translation:
            words += f", score {text(made.score)}"
        return f"{words}."

    def words(self) -> Section:
        """Tokens and ids."""
        made, text = self.production, self.notation.text
        blocks: list[Block] = [
            Paragraph(("It reads ", *_with_ids(made.given_tokens, made.given_ids), ".")),
            Paragraph(
                (
                    "It is asked about " if made.forced else "It writes ",
                    *_with_ids([step.token for step in made.steps], [step.id for step in made.steps]),
                    ".",
                )
            ),
        ]
        if made.others:
            rows = [(other.text, text(other.score)) for other in made.others]
            blocks.append(Table(("also found", "score"), tuple(rows)))
        return Section("Tokens", tuple(blocks))

    def step_by_step(self) -> list[Block]:
        """A row for each word: its probability, what it looked at, what else could have been written."""
        made = self.production
        likelier = any(step.rank for step in made.steps)
        drawn = made.steps[0].sampled is not None
        most = 1 if drawn else 2  # of what it looked at and of what else there was, so that lines stay short
        header = ["step", "word", "probability"]
        header += ["drawn"] * drawn + ["likelier"] * likelier + ["looked at", "what else"]
        rows = []
        for step in made.steps[:_MOST_WORDS]:
            row = [str(step.number), word_of(step.token), self.share(step.probability)]
            if drawn:
                row.append(self.share(next(each.drawn or 0.0 for each in step.candidates if each.written)))
            if likelier:
                row.append(str(step.rank))
            others = [each for each in step.likeliest(3) if not each.written][:most]
            row += [self.looked_at(step, most), self._listed([(each.token, each.probability) for each in others])]
            rows.append(tuple(row))
        blocks: list[Block] = [Table(tuple(header), tuple(rows))]
        if left := len(made.steps) - len(rows):
            blocks.append(Paragraph((f"… and {left:,} more.",)))
        words = ["“drawn” is the probability after temperature and filters, with which a token was drawn."] * drawn
        words += ["“likelier” counts the tokens that the model found likelier."] * likelier
        if words:
            blocks.append(Paragraph((" ".join(words),)))
        return blocks

    def looked_at(self, step: ProducedStep, most: int) -> str:
        """The tokens that a word took most from."""
        row, axis = self.map.output.value[step.number], self.map.output.axes[1]
        largest = np.argsort(-row, kind="stable")[:most]
        return self._listed([(axis.label(int(key)), float(row[key])) for key in largest if row[key] > 0])

    def _listed(self, found: Sequence[tuple[str, float]]) -> str:
        return ", ".join(f"{word_of(token)} {_share(share, _COARSE)}" for token, share in found)

    def share(self, share: float) -> str:
        """A probability as printed."""
        return _share(share, self.notation)

    def candidates(self, step: ProducedStep, count: int) -> Bars:
        """The likeliest tokens of a step."""
        bars = []
        for each in step.likeliest(count):
            text = self.share(each.probability)
            if each.drawn is not None:
                text += f"   drawn {self.share(each.drawn)}"
            if each.rank >= count:
                text += f"   {each.rank:,} are likelier"
            bars.append(Bar(each.token, each.probability, text, each.written))
        return Bars(tuple(bars))

    # Where the words look

    def _grid(self, caption: str = "", row: int | None = None) -> Grid:
        step = self.map.output
        who = "mean of all heads" if step.name == "mean_weights" else f"head {self.head or 0}"
        caption += f"layer {self._layer}, {who}"
        return Grid(step, caption, marked_row=row, heat=True, large=max(step.shape) <= _SENTENCE)

    @property
    def _layer(self) -> int:
        layers = self.production.steps[0].passes.transformer.config.num_decoder_layers
        return layers - 1 if self.layer is None else self.layer

    def _explained_map(self) -> Paragraph:
        return Paragraph(
            (
                f"How much of {self.where} (columns) each word that is written (rows) takes; rows add up to 1. The row"
                " of a word is that of the token before it, after which the model is to go on.",
            )
        )

    def gist(self) -> list[Section]:
        """The map of the whole text, and the arithmetic of the most telling word."""
        made = self.production
        least = min(made.steps, key=lambda step: step.probability).number if made.forced else None
        row, head = made.most_telling(self.layer, self.head, least)
        step = made.steps[row]
        focus = self._focus(step, head, _MOST_KEYS_IN_BRIEF)
        chosen = f"“{word_of(step.token)}”"
        if made.forced:
            words = f"Of all words, the model finds {chosen} least likely. "
        elif self.head is None:
            words = "No other word and head of this layer look as sharply at one word. "
        else:
            words = "In this head, no other word looks as sharply at one word. "
        words += f"The row of “{word_of(focus.query_label)}”, the token before, decides: {READS}."
        caption = f"how much of {self.where} each word takes: "
        return [
            Section("Word by word", (*self.step_by_step(), self._grid(caption, row))),
            Section(
                f"How {chosen} was {'judged' if made.forced else 'chosen'}: head {head} of layer {self._layer}",
                (Paragraph((words,)), in_brief(focus)),
            ),
        ]

    def walk(self) -> list[Section]:
        """The map, and every word with the arithmetic of the head that looks most sharply for it."""
        made = self.production
        shown = made.steps[:MOST_STOPS]
        stops = []
        for step in shown:
            head = made.most_telling(self.layer, self.head, step.number)[1] if self.head is None else self.head
            focus = self._focus(step, head, _MOST_KEYS)
            stops.append(Stop(word_of(step.token), len(self.derivations) - 1, tuple(self._stop(step, focus, head))))
        blocks: list[Block] = [self._explained_map(), Walk("word", tuple(stops), self._grid())]
        if left := len(made.steps) - len(shown):
            blocks.append(Paragraph((f"… and {left:,} more words, which --step shows one by one.",)))
        return [
            Section("Word by word", tuple(self.step_by_step())),
            Section("One word after the other", tuple(blocks)),
        ]

    def _stop(self, step: ProducedStep, focus: Focus, head: int) -> list[Block]:
        read = word_of(focus.query_label)
        matrices = focus.side_by_side([focus.derivation[name] for name in ("query", "key", "value")])
        return [
            Paragraph((f"What the model finds likely after “{read}”:",)),
            self.candidates(step, 8),
            Paragraph((f"How the row of “{read}” looks at {self.where}, in head {head} of layer {self._layer}:",)),
            focus.matrix(focus.weights, heat=True),
            Part("Its arithmetic", tuple(Stages(focus).gist())),
            Part("Queries, keys and values", (matrices,)),
            fidelity(step.distance, step.verified, "this step"),
        ]

    def _focus(self, step: ProducedStep, head: int, most: int) -> Focus:
        """One head's attention at a step, which becomes one of the document's derivations."""
        attend = step.cross_attention if self.production.is_translation else step.self_attention
        self.derivations.append(attend(self.layer, head))
        return Focus(self.derivations[-1], Selection(), most=most)

    # The end

    def beams(self, *, whole: bool) -> Section:
        """The tree of the search: whole, or what was completed."""
        if whole:
            tree, which = beam_tree(self.production, self.notation), "Every hypothesis that the search followed,"
        else:
            tree, dropped = completed_tree(self.production, self.notation)
            noun = "hypothesis" if dropped == 1 else "hypotheses"
            which = "What the search completed" + (f", without {dropped} {noun} that it dropped," if dropped else "")
        words = f"{which} with log probabilities; the score is that over the length penalty."
        return Section("The beams", (Paragraph((words,)), tree))

    def proof(self, further: Sequence[tuple[str, str]]) -> Section:
        """How far what is shown is from what the model computed, and where there is more to see."""
        made = self.production
        words = (
            "Probabilities are the model's own, kept while it searched; the rest is of the same steps, computed again"
            " in float64."
        )
        match fidelity(made.distance, made.verified, "all steps"):
            case Paragraph() as proven:
                blocks: list[Block] = [Paragraph((f"{words} ", *proven.parts))]
            case warning:
                blocks = [Paragraph((words,)), warning]
        if further:
            blocks.append(Table(("option", "what it shows"), tuple(further)))
        return Section("Proof, and more" if further else "Proof", tuple(blocks))


def fidelity(distance: float, verified: bool, of: str) -> Block:
    """How far the logits of a derivation are from the model's own."""
    begin = f"Over {of}, the logits are at most "
    if verified:
        return Paragraph((begin, _power(distance), " from the search's: rounding."))
    end = " from the search's, more than rounding explains: what is shown is not what the model computed."
    return Note((begin, _power(distance), end))


def _power(number: float) -> Inline:
    """1.8×10^(-5), rounded up: it stands behind “at most”."""
    if number == 0:
        return "0"
    above = Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(number)
    digits, _, exponent = f"{above:.1e}".partition("e")
    return Formula(f"{digits}×10^({int(exponent)})", rf"{digits}\times 10^{{{int(exponent)}}}")


_COARSE = Notation(2)


def _share(share: float, notation: Notation) -> str:
    """A share as printed; one that would be printed as nothing is less than the least that can be."""
    least = 10.0**-notation.digits
    return f"<{notation.text(least)}" if 0 < share < least / 2 else notation.text(share, notation.digits)


def _with_ids(tokens: Sequence[str], ids: Sequence[int]) -> list[Inline]:
    """Dog 5 · is 6"""
    return [" · ".join(f"{token_label(token, _LONGEST)} {id_}" for token, id_ in zip(tokens, ids, strict=True))]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1].rstrip()}…"
