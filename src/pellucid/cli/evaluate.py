"""`pellucid evaluate`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.cli.counting import counting
from pellucid.cli.output import print_data
from pellucid.errors import InputError
from pellucid.files import check_writable, write_atomically

if TYPE_CHECKING:
    from pellucid.data.corpora import Pair
    from pellucid.pretrained import Pretrained

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("file", type=_PATH, required=False, metavar="[FILE]")
@click.option("--source", type=_PATH, metavar="FILE", help="Sources, one a line; in place of a FILE with columns.")
@click.option(
    "--reference", "references", type=_PATH, multiple=True, metavar="FILE", help="Their translations; may be repeated."
)
@click.option("--reverse", is_flag=True, help="The second column of FILE is the source, the first its translation.")
@click.option("--beam", type=click.IntRange(min=1), default=4, show_default=True, help="Beams; 1 for greedy decoding.")
@click.option(
    "--length-penalty", type=click.FloatRange(min=0), default=0.6, show_default=True, help="α of the beam search."
)
@click.option("--batch-tokens", type=click.IntRange(min=1), default=4096, show_default=True, help="Tokens of a batch.")
@click.option(
    "--tokenize",
    type=click.Choice(["13a", "none"]),
    default="13a",
    show_default=True,
    help="How BLEU cuts words; none for texts that are tokenised already.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N sources.")
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="Write the translations there, one a line.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def evaluate(
    model: str,
    file: Path | None,
    source: Path | None,
    references: tuple[Path, ...],
    reverse: bool,
    beam: int,
    length_penalty: float,
    batch_tokens: int,
    tokenize: str,
    limit: int | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Measure a model on texts.

    MODEL is the name of a model that came with pellucid or a package, a folder of pellucid or transformers, a GGUF
    file, or the id of a model on the Hugging Face hub. A translator translates the first column of FILE (tab-separated)
    and is compared with the others; lines with the same source are references of one another. A language model predicts
    the text of FILE.

    \b
    pellucid evaluate runs/en-de test.tsv
    pellucid evaluate runs/de-en test.tsv --reverse --json
    pellucid evaluate runs/multi30k --source test.en --reference test.de --tokenize none --beam 5
    pellucid evaluate runs/shakespeare input.txt
    """
    _refuse_contradictions(file, source, references)
    if output is not None:
        check_writable(output)  # before the long work
    from pellucid.pretrained import open_model  # once the options are known to be right

    opened = open_model(model)
    if opened.config.is_encoder_decoder:
        pairs = _pairs(file, source, references, reverse, limit)
        results = _translate(opened, pairs, beam, length_penalty, batch_tokens, tokenize, output)
    else:
        if file is None:
            raise InputError(f"{model} holds a language model: give one FILE with text, not sources and references.")
        if limit is not None or reverse or output is not None:
            raise InputError(
                "--limit, --reverse and -o are for translators; a language model is measured on all of FILE."
            )
        results = _predict(opened, file, batch_tokens)
    print_data(_as_json(results) if as_json else _as_text(results))
    return 0


def _refuse_contradictions(file: Path | None, source: Path | None, references: tuple[Path, ...]) -> None:
    if (source is None) != (not references):
        raise InputError("--source and --reference belong together; give both.")
    if (file is None) == (source is None):
        both = "" if file is None else " not both,"
        raise InputError(f"give a FILE to evaluate on, or --source with --reference,{both} as `--help` shows.")


def _pairs(
    file: Path | None, source: Path | None, references: tuple[Path, ...], reverse: bool, limit: int | None
) -> list[Pair]:
    from pellucid.data.corpora import group_references, read_parallel, read_tsv

    if file is not None:
        pairs = group_references(read_tsv(file, reverse=reverse))
    else:
        assert source is not None
        if reverse:
            raise InputError("--reverse is for a FILE with columns; exchange --source and --reference instead.")
        # Line by line, as the files stand: a source that comes twice is translated and counted twice.
        pairs = read_parallel(source, references)
    return pairs[:limit]


def _translate(
    opened: Pretrained,
    pairs: list[Pair],
    beam: int,
    length_penalty: float,
    batch_tokens: int,
    tokenize: str,
    output: Path | None,
) -> dict[str, Any]:
    from pellucid.decoding import TorchTranslator
    from pellucid.decoding.evaluation import evaluate_translation

    translator = TorchTranslator(opened.encoder_decoder, opened.tokenizer, opened.source_tokenizer)
    with counting("Translating", len(pairs)) as progress:
        result = evaluate_translation(
            translator,
            pairs,
            num_beams=beam,
            length_penalty=length_penalty,
            batch_tokens=batch_tokens,
            tokenize="none" if tokenize == "none" else "13a",
            progress=progress,
        )
    if output is not None:
        lines = (" ".join(translation.text.splitlines()) for translation in result.translations)
        write_atomically(output, "".join(f"{line}\n" for line in lines))
    return {
        "sentences": len(pairs),
        "references": sum(len(pair.references) for pair in pairs),
        "bleu": result.quality.bleu,
        "bleu_signature": result.quality.bleu_signature,
        "chrf": result.quality.chrf,
        "chrf_signature": result.quality.chrf_signature,
        "loss": result.loss.mean,
        "perplexity": result.loss.perplexity,
        "tokens": result.loss.tokens,
        "seconds": result.seconds,
        "sentences_per_second": result.sentences_per_second,
    }


def _predict(opened: Pretrained, file: Path, batch_tokens: int) -> dict[str, Any]:
    from pellucid.data.corpora import read_text
    from pellucid.decoding.evaluation import text_loss
    from pellucid.nn import DecoderOnly

    assert isinstance(opened.model, DecoderOnly)
    text = read_text(file)
    with counting("Predicting", None) as progress:
        loss = text_loss(opened.model, opened.tokenizer, text, batch_tokens=batch_tokens, progress=progress)
    return {"tokens": loss.tokens, "loss": loss.mean, "perplexity": loss.perplexity}


def _as_json(results: dict[str, Any]) -> str:
    import msgspec

    return msgspec.json.encode(results).decode() + "\n"


def _as_text(results: dict[str, Any]) -> str:
    lines = []
    if "bleu" in results:
        lines += [
            f"BLEU        {results['bleu']:.2f}   {results['bleu_signature']}",
            f"chrF2       {results['chrf']:.2f}   {results['chrf_signature']}",
        ]
    lines += [
        f"loss        {results['loss']:.4f} a token, {results['tokens']:,} tokens",
        f"perplexity  {results['perplexity']:.2f}",
    ]
    if "bleu" in results:
        lines.append(
            f"speed       {results['sentences_per_second']:.1f} sentences a second, {results['sentences']:,} sentences"
        )
    return "\n".join(lines) + "\n"
