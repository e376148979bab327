"""`pellucid translate`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.cli import options
from pellucid.cli.complaint import remark
from pellucid.cli.counting import counting
from pellucid.cli.explain_production import Wanted, explain_production
from pellucid.cli.output import asked_format, print_data
from pellucid.cli.sentences import read_sentences, typed_sentences
from pellucid.errors import InputError, MissingExtraError
from pellucid.files import check_apart, check_writable, write_atomically

if TYPE_CHECKING:
    from pellucid.pretrained import Pretrained
    from pellucid.search import Engine, Translation

_PATH = click.Path(path_type=Path)
_NAMES = {"numpy": "NumPy", "torch": "PyTorch"}


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--model",
    default="en-de",
    show_default=True,
    metavar="MODEL",
    help=f"What translates: {options.MODEL}.",
)
@click.option("-i", "--input", "source", type=_PATH, metavar="FILE", help="Translate each line of FILE; - is stdin.")
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option("--beam", type=click.IntRange(min=1), default=4, show_default=True, help="Beams; 1 for greedy decoding.")
@click.option(
    "--n-best", type=click.IntRange(min=1), default=1, show_default=True, help="Translations of each text; ≤ --beam."
)
@click.option(
    "--length-penalty", type=click.FloatRange(min=0), default=0.6, show_default=True, help="α of the beam search."
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "numpy", "torch", "ctranslate2"]),
    default="auto",
    show_default=True,
    help="What computes. auto: NumPy for TEXTs; for files and standard input the fastest that is installed.",
)
@click.option(
    "--compute",
    type=click.Choice(["int8", "float32"]),
    help="In which numbers; int8 only with CTranslate2.  [default: int8 with CTranslate2, else float32]",
)
@click.option("--batch-tokens", type=click.IntRange(min=1), default=4096, show_default=True, help="Tokens of a batch.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a line of JSON for each sentence.")
@options.explain
@click.option("--force", metavar="TEXT", help="With --explain: judge this translation, word by word.")
@options.step
@options.layer
@options.head
@options.query
@options.to
@options.fragment
def translate(
    texts: tuple[str, ...],
    model: str,
    source: Path | None,
    output: Path | None,
    beam: int,
    n_best: int,
    length_penalty: float,
    engine: str,
    compute: str | None,
    batch_tokens: int,
    as_json: bool,
    explain: bool,
    force: str | None,
    step: str | None,
    layer: int | None,
    head: int | None,
    query: str | None,
    file_format: str | None,
    fragment: bool,
) -> int:
    """Translate TEXTs, a file, or standard input.

    Every line is one sentence; their order and empty lines stay. With --n-best more than 1, each translation has a
    line with the number of its sentence, its score and itself, tab-separated; with --json, those after the first are
    under "alternatives". Scores are log probabilities over the length penalty.

    --explain shows how one translation came about: each word's candidates, what it looked at, the arithmetic of a
    head, the beams; with --to or -o in every format of `pellucid explain`.

    \b
    pellucid translate "The dog is sitting on the mat."
    pellucid translate --model runs/en-de -i article.txt -o artikel.txt
    pellucid translate --beam 8 --n-best 3 --json < article.txt
    pellucid translate "The dog is sitting on the mat." --explain -o page.html
    pellucid translate "The dog is sitting on the mat." --explain --force "Die Katze sitzt."
    """
    wanted = Wanted(step, layer, head, query, asked_format(explain and as_json, file_format), output, fragment)
    if explain:
        _explain(texts, model, source, beam, n_best, length_penalty, engine, compute, force, wanted)
        return 0
    if force is not None:
        raise InputError("--force asks how likely a translation is, which --explain shows; give both.")
    wanted.refuse_without_explain()
    _refuse_contradictions(texts, source, output, beam, n_best, engine, compute)
    sentences = typed_sentences(texts) if texts else read_sentences(source)
    from pellucid.pretrained import open_model  # once the options are known to be right

    opened = open_model(model)
    name, runs = _engine(opened, engine, compute, in_bulk=not texts)
    begun = time.perf_counter()
    with counting("Translating", len(sentences.lines)) as progress:
        translations = opened.translator(runs).translate(
            sentences.lines,
            num_beams=beam,
            n_best=n_best,
            length_penalty=length_penalty,
            batch_tokens=batch_tokens,
            place=sentences.place,
            progress=progress,
        )
    seconds = time.perf_counter() - begun
    content = "".join(
        (_as_json(each) if as_json else _as_text(each, number, n_best)) + "\n"
        for number, each in enumerate(translations, start=1)
    )
    if output is None:
        print_data(content)
    else:
        write_atomically(output, content)
    if not texts or engine != "auto":
        remark(f"{len(translations):,} sentences in {seconds:.1f} s, by {name}.")
    return 0


def _explain(
    texts: tuple[str, ...],
    model: str,
    source: Path | None,
    beam: int,
    n_best: int,
    length_penalty: float,
    engine: str,
    compute: str | None,
    force: str | None,
    wanted: Wanted,
) -> None:
    """Show how one translation comes about."""
    if len(texts) != 1 or source is not None:
        raise InputError("--explain shows one translation; give one TEXT, in quotation marks.")
    if engine not in ("auto", "numpy") or compute == "int8":
        raise InputError("--explain opens the model on NumPy, in float32; leave out --engine and --compute.")
    if n_best > beam:
        raise InputError(f"--n-best {n_best} needs as many beams; give --beam {n_best} or more.")
    (sentence, *others) = typed_sentences(texts).lines
    if others:
        raise InputError("--explain shows one translation; give one line.")
    file_format = wanted.check()
    from pellucid.pretrained import open_model  # once the options are known to be right
    from pellucid.production import Producer

    production = Producer(open_model(model)).translate(
        sentence, num_beams=beam, length_penalty=length_penalty, num_best=n_best, force=force
    )
    explain_production(production, wanted, file_format)


def _refuse_contradictions(
    texts: tuple[str, ...],
    source: Path | None,
    output: Path | None,
    beam: int,
    n_best: int,
    engine: str,
    compute: str | None,
) -> None:
    if texts and source is not None:
        raise InputError("give TEXTs or -i FILE, not both.")
    if n_best > beam:
        raise InputError(f"--n-best {n_best} needs as many beams; give --beam {n_best} or more.")
    if engine in ("numpy", "torch") and compute == "int8":
        raise InputError(f"{_NAMES[engine]} computes in float32; int8 needs --engine ctranslate2.")
    if output is None:
        return
    check_apart(output, source)
    check_writable(output)  # before the long work


def _engine(opened: Pretrained, engine: str, compute: str | None, in_bulk: bool) -> tuple[str, Engine]:
    """What computes, in words, and the engine."""
    opened.check_translates()
    if engine == "auto":
        engine = "ctranslate2" if compute == "int8" else "fastest" if in_bulk else "numpy"
    if engine == "fastest":
        return _fastest(opened, compute or "int8")
    if engine == "ctranslate2":
        return _ctranslate2(opened, compute or "int8")
    return _torch(opened) if engine == "torch" else _numpy(opened)


def _fastest(opened: Pretrained, compute: str) -> tuple[str, Engine]:
    """CTranslate2; where it is not installed, or has no word for the model, PyTorch; without that NumPy."""
    refused = ""
    try:
        return _ctranslate2(opened, compute)
    except MissingExtraError:
        pass
    except InputError as error:
        refused = str(error)
    try:
        found = _torch(opened)
    except MissingExtraError:
        return _numpy(opened)
    if refused:
        remark(f"{refused} PyTorch computes instead.")
    return found


def _ctranslate2(opened: Pretrained, compute: str) -> tuple[str, Engine]:
    try:
        from pellucid.decoding.ctranslate2 import open_fast
    except MissingExtraError:  # PyTorch, which exports models to it
        raise MissingExtraError("CTranslate2 with PyTorch", "fast", "translate with it") from None
    return f"CTranslate2 in {compute}", open_fast(opened.encoder_decoder, compute)


def _torch(opened: Pretrained) -> tuple[str, Engine]:
    from pellucid.decoding.engine import TorchEngine

    return "PyTorch in float32", TorchEngine(opened.encoder_decoder)


def _numpy(opened: Pretrained) -> tuple[str, Engine]:
    from pellucid.search import NumpyEngine

    return "NumPy in float32", NumpyEngine(opened.transformer)


def _as_text(translation: Translation, number: int, n_best: int) -> str:
    if n_best == 1:
        return _line(translation.text)
    every = (translation, *translation.others)
    return "\n".join(f"{number}\t{each.hypothesis.score:.4f}\t{_line(each.text)}" for each in every)


def _line(text: str) -> str:
    """A text in one line, as a translation of a line must be, and without signs that command a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _as_json(translation: Translation) -> str:
    import msgspec

    values: dict[str, Any] = {"source": translation.source, **_values(translation)}
    if translation.others:
        values["alternatives"] = [_values(other) for other in translation.others]
    return msgspec.json.encode(values).decode()


def _values(translation: Translation) -> dict[str, Any]:
    return {"translation": translation.text, "tokens": translation.tokens, "score": translation.hypothesis.score}
