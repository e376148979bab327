"""docs/training.md names every key of a recipe, with the default and the meaning that the code gives it."""

import inspect
import re
from pathlib import Path

import msgspec
import pytest

from pellucid.training import recipe
from pellucid.training.read_recipe import convert_recipe
from pellucid.transformer import TransformerConfig

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
SECTIONS = {
    "### The recipe": recipe.Recipe,
    '### `[data]`, `kind = "pairs"`': recipe.PairData,
    "Each of `train` and `valid` says": recipe.PairFiles,
    '### `[data]`, `kind = "text"`': recipe.TextData,
    '### `[data]`, `kind = "synthetic"`': recipe.SyntheticData,
    "### `[tokenizer]`": recipe.TokenizerSection,
    "### `[model]`": TransformerConfig,
    "### `[training]`": recipe.TrainingSection,
    "### `[optimizer]`": recipe.OptimizerSection,
    "### `[schedule]`": recipe.ScheduleSection,
    "### `[validation]`": recipe.ValidationSection,
}
FROM_THE_DATA = ("architecture", "vocab_size", "source_vocab_size", "pad_id", "bos_id", "eos_id")


def rows(section: type[msgspec.Struct]) -> list[str]:
    """The table of a section: its keys, their defaults, and what its docstring says of them."""
    described = inspect.getdoc(section).partition("Args:\n")[2].partition("\n\n")[0]
    meanings = {}
    for names, meaning in re.findall(r"^    (\w[\w, ]*): (.*(?:\n {8}.*)*)", described, re.MULTILINE):
        meanings |= dict.fromkeys(names.split(", "), " ".join(meaning.split()))
    found = []
    for field in msgspec.structs.fields(section):
        if section is TransformerConfig and field.name in FROM_THE_DATA:
            continue
        plain = msgspec.to_builtins(field.default) if field.default is not msgspec.NODEFAULT else None
        if field.default is msgspec.NODEFAULT:
            default = ""
        elif isinstance(plain, dict):
            default = "see below"
        else:
            default = f"`{msgspec.json.encode(plain).decode()}`"
        found.append(f"| `{field.name}` | {default} | {meanings[field.name].replace('|', '/')} |")
    return found


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_table_says_what_the_code_does(heading):
    assert PAGE.count(heading) == 1
    table = PAGE[PAGE.index(heading) :].split("|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    assert table.splitlines() == rows(SECTIONS[heading])


def test_the_recipe_that_is_shown_is_one():
    import tomllib

    shown = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
    read = convert_recipe(tomllib.loads(shown), "the page")
    assert read.name == "mine"
    TransformerConfig.from_mapping({**read.model, "architecture": "encoder-decoder", "vocab_size": 300})
