"""From one step of a production to the document that spells its attention out."""

from __future__ import annotations

from pellucid.derivation import Derivation
from pellucid.production import ProducedStep, Production
from pellucid.rendering.document import Bar, Bars, Block, Document, Paragraph, Part, Section, Stop, Walk
from pellucid.rendering.focus import Focus, Selection
from pellucid.rendering.production import fidelity, title_of, word_of
from pellucid.rendering.stages import Stages


def explain_step(
    production: Production,
    where: int | str,
    layer: int | None = None,
    head: int | None = None,
    query: int | str | None = None,
) -> Document:
    """The document that shows how one token was written: its candidates, and the attention of one head, whole.

    Args:
        production: the text.
        where: the step, by its number from 0 or by its token.
        layer: of the decoder, from 0; the last by default.
        head: from 0; by default the one that looks most sharply.
        query: the token whose row is spelled out; the last that was read by default.

    Raises:
        PositionError: there is no such step, layer, head or token.
    """
    step = production.step(where)
    if head is None:
        head = production.most_telling(layer, None, step.number)[1]
    opened: list[tuple[str, Derivation]] = []
    if production.is_translation:
        opened.append(("Attention to the sentence", step.cross_attention(layer, head)))
    opened.append(("Attention to what is written so far", step.self_attention(layer, head)))
    stops = [
        Stop(title, number, tuple(_stages(derivation, query))) for number, (title, derivation) in enumerate(opened)
    ]
    before = production.steps[0].passes.tokenizer.decode(step.before).strip()
    shown = word_of(step.token)
    layers = step.passes.transformer.config.num_decoder_layers
    sections = (
        Section(
            "The candidates",
            (
                Paragraph((f"So far there is “{before}”. " if before else "Nothing is written yet. ",)),
                _candidates(step, opened[0][1]),
                fidelity(step.distance, step.verified, "this step"),
            ),
        ),
        Section(f"Head {head} of layer {layers - 1 if layer is None else layer}", (Walk("attention", tuple(stops)),)),
    )
    return Document(
        f"{production.model}: “{shown}”, step {step.number} of {title_of(production)}",
        "What could have been written, and one head's attention from its queries, keys and values on.",
        sections,
        opened[0][1].notation,
        tuple(derivation for _, derivation in opened),
    )


def _stages(derivation: Derivation, query: int | str | None) -> list[Block]:
    stages = Stages(Focus(derivation, Selection(query)))
    return [Part(section.title, section.blocks) for section in stages.sections()]


def _candidates(step: ProducedStep, derivation: Derivation) -> Bars:
    text = derivation.notation.text
    bars = []
    for each in step.candidates:
        words = f"{text(each.probability)}   logit {text(each.logit)}"
        if each.drawn is not None:
            words += f"   drawn {text(each.drawn)}"
        bars.append(Bar(each.token, each.probability, words, each.written))
    return Bars(tuple(bars))
