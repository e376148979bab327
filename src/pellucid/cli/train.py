"""`pellucid train`"""

from __future__ import annotations

from pathlib import Path

import click

from pellucid.cli.complaint import remark


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE.toml")
@click.option("--resume", is_flag=True, help="Go on from the latest checkpoint in the folder.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change the recipe: training.steps=100.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the model, its checkpoints and its log go.  [default: runs/NAME]",
)
@click.option("--strategy", type=click.Choice(["ddp", "fsdp"]), default="ddp", help="How several processes share it.")
def train(recipe: Path, resume: bool, changes: tuple[str, ...], output: Path | None, strategy: str) -> int:
    """Train a model after a recipe.

    A training that was interrupted, however, goes on with --resume to the same weights. On several processes or
    machines start it with torchrun.

    \b
    pellucid train recipes/copy-reverse.toml
    pellucid train recipes/copy-reverse.toml --set training.steps=200 -o runs/short
    pellucid train recipes/copy-reverse.toml --resume
    torchrun --nproc-per-node 2 -m pellucid train recipes/copy-reverse.toml --strategy fsdp
    """
    from pellucid.training.progress import make_progress
    from pellucid.training.read_recipe import read_recipe

    read = read_recipe(recipe, changes)

    from pellucid.training.memory import keep_freed_memory
    from pellucid.training.train import train as run  # loads PyTorch, once the recipe is known to be right

    keep_freed_memory()
    folder = output or Path("runs") / read.name
    try:
        run(
            read,
            folder,
            resume=resume,
            strategy="fsdp" if strategy == "fsdp" else "ddp",
            progress=make_progress(),
        )
    except KeyboardInterrupt:
        remark(f"stopped; --resume goes on from the latest checkpoint in {folder}.")
        raise
    return 0
