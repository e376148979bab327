"""`pellucid inspect`"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from pellucid.cli import options
from pellucid.cli.complaint import remark
from pellucid.cli.output import asked_format, choose_format
from pellucid.cli.sentences import read_prompt
from pellucid.errors import InputError
from pellucid.files import check_apart, check_writable

_DTYPES = ("float32", "float64", "float16", "bfloat16", "auto")


@click.command()
@click.argument("model")
@click.argument("text", required=False)
@click.option("--layer", type=int, metavar="L", help="The layer whose arithmetic is shown, from 0.")
@click.option("--head", type=int, metavar="H", help="The head, from 0.")
@click.option("-q", "--query", metavar="TOKEN", help="The row: a token, The#2, or a number from 0.")
@click.option(
    "--pair", metavar="TEXT", help="What an encoder–decoder has written so far; the second text of an encoder."
)
@click.option("--generate", type=click.IntRange(min=1), metavar="N", help="Follow N steps of a generation.")
@click.option("--step", type=int, metavar="S", help="Of a generation: the step to look into, from 0.")
@click.option(
    "--compare",
    multiple=True,
    metavar="NAME=VALUE",
    help="Put beside it the same with another layer, head, query, text, pair or model; may be repeated.",
)
@options.to
@options.output
@options.json
@options.fragment
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the recording; give FILE as MODEL later to look into it again.",
)
@click.option(
    "--export",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write numbers for other programs: .safetensors or .npz of heads, .csv, .parquet or .arrow of their top keys.",
)
@click.option(
    "--dtype", type=click.Choice(_DTYPES), default="float32", show_default=True, help="Number type of the model."
)
@click.option("--device", default="cpu", show_default=True, help="Where the model runs: cpu, cuda, cuda:1, mps.")
@click.option("--revision", metavar="REVISION", help="Of a model on the hub: a branch, a tag or a commit.")
@click.option(
    "--trust-remote-code", is_flag=True, help="Let the model run code of its own on this machine; read it first."
)
def inspect(
    model: str,
    text: str | None,
    layer: int | None,
    head: int | None,
    query: str | None,
    pair: str | None,
    generate: int | None,
    step: int | None,
    compare: Sequence[str],
    file_format: str | None,
    output: Path | None,
    as_json: bool,
    fragment: bool,
    save: Path | None,
    export: Path | None,
    dtype: str,
    device: str,
    revision: str | None,
    trust_remote_code: bool,
) -> None:
    """Look into the attention of MODEL while it reads TEXT.

    MODEL is the name of a model that came with pellucid or a package, a folder of pellucid or
    transformers, a GGUF file, or the id of a model on the Hugging Face hub; or it is a
    recording of --save. Pickles are not opened, and nothing that a model brings is run unless --trust-remote-code is
    given. Without TEXT what is piped in is read.

    Without more said: all heads on one screen, what each looks at, and what was verified; with -o page.html a page
    that has all of it. With --layer, --head or
    --query: the arithmetic of that row in any format; what is left out is the last layer, head 0, the last token.
    With --compare two rows stand side by side if a head or a query is named, else two layers, or all of them.

    \b
    pellucid inspect stories260k "Once upon a time, there was a dog. The dog"
    pellucid inspect gpt2 "The dog is sitting on the mat." --layer 4 --head 11 --query sitting
    pellucid inspect stories260k "The dog" --layer 3 --head 6 -o row.html
    pellucid inspect by-hand-translator "The dog is sitting on the mat." --pair "Der Hund"
    pellucid inspect stories260k "Once upon a time" --generate 8
    pellucid inspect stories260k "The dog saw the cat" --layer 3 --head 6 --compare head=2
    pellucid inspect stories260k "The dog saw the cat" --save dog.safetensors
    pellucid inspect dog.safetensors --layer 3
    """
    recorded = _is_recording(Path(model))
    if step is not None and generate is None and not recorded:
        raise InputError("--step is a step of a generation; give --generate N as well.")
    paths = [path for path in (save, export, output) if path is not None]
    for path in paths:
        check_apart(path, model)
        check_writable(path)  # before the long work
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError("--save, --export and -o need a file each; two of them name the same one.")
    chosen = choose_format(asked_format(as_json, file_format), output)
    if recorded:
        given = {"TEXT": text, "--pair": pair, "--generate": generate, "--save": save, "--revision": revision}
        for name, value in given.items():
            if value is not None:
                raise InputError(f"{model} is a recording, which has read its text already; leave out {name}.")
    else:
        text = read_prompt(text)
    from pellucid.cli.inspect_views import Looks, Wanted, show, write_export  # once the options are known to be right
    from pellucid.pretrained.reader import Opening

    wanted = Wanted(model, text, pair, layer, head, query, generate, step)
    opening = Opening(dtype, device, revision, trust_remote_code)
    looks = Looks(opening)
    recording, _ = looks.at(wanted)
    if save is not None:
        recording.save(save)
        remark(f"the recording is in {save}.")
    if export is not None:
        write_export(recording, export, wanted)
        remark(f"the numbers are in {export}.")
    if (save is None and export is None) or output is not None or file_format is not None or as_json:
        show(looks, wanted, wanted.altered(compare) if compare else None, chosen, output, fragment=fragment)


def _is_recording(path: Path) -> bool:
    """Whether a file is what --save wrote.

    Raises:
        InputError: it is not there, or is safetensors of something else.
        WeightsError: it is named like safetensors, and is none.
    """
    if path.suffix.lower() != ".safetensors" or path.is_dir():
        return False
    if not path.exists():
        raise InputError(f"there is no file {path}; give a file that --save wrote, or the name of a model.")
    from pellucid.capturing.stored import FORMAT
    from pellucid.transformer.weights_file import read_metadata

    if read_metadata(path).get("format") != FORMAT:
        raise InputError(
            f"{path} holds weights and is no recording of --save; give the folder of the model, which has its "
            "config.json and its tokenizer as well."
        )
    return True
