"""Reading a recipe: TOML, changes from the command line, and what is wrong with it as a sentence."""

from __future__ import annotations

import os
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pellucid.errors import RecipeError, nearest
from pellucid.training.recipe import PairData, Recipe, SyntheticData, TextData

_DATA: dict[str, type[msgspec.Struct]] = {"pairs": PairData, "synthetic": SyntheticData, "text": TextData}
_PATHS = {"tsv", "source", "target", "file", "source_file", "start"}
"""Wherever they stand; and of a text, train and valid."""
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "keys with values",
    "str": "a text",
}
_TYPE = re.compile(r"Expected `(?P<needed>.*?)`, got `(?P<got>.*?)`(?: - at `\$\.?(?P<place>.*)`)?")
_ENUM = re.compile(r"Invalid (?:enum )?value '?(?P<got>.*?)'?(?: - at `\$\.?(?P<place>.*)`)?$")
_MISSING = re.compile(r"Object missing required field `(?P<key>.*?)`(?: - at `\$\.?(?P<place>.*)`)?")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def read_recipe(path: str | Path, changes: Iterable[str] = (), environment: Mapping[str, str] = os.environ) -> Recipe:
    """A recipe from a file.

    Args:
        path: of the TOML file; paths in it may be relative to its folder and may begin with `$VARIABLE`.
        changes: `key=value`, such as "training.steps=100"; the value is TOML, or else a text.
        environment: the variables.

    Raises:
        RecipeError: the file cannot be read, or a key or value is wrong.
    """
    name = str(path)
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{name} cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{name} is not TOML: {str(error).rstrip('.')}.") from None
    for change in changes:
        _change(values, change)
    return convert_recipe(_with_paths(values, Path(path).resolve().parent, environment), name)


def convert_recipe(values: dict[str, Any], name: str) -> Recipe:
    """A recipe from plain values.

    Args:
        values: as TOML or JSON hold them.
        name: of where they stand, for messages.

    Raises:
        RecipeError: a key or value is wrong.
    """
    _check_keys(values, Recipe, "", name)
    try:
        recipe = msgspec.convert(values, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{name}: {_sentence(str(error), values)}") from None
    _check_values(recipe, name)
    return recipe


def _change(values: dict[str, Any], change: str) -> None:
    key, sign, text = change.partition("=")
    places = key.strip().split(".")
    if not sign or not all(places):
        raise RecipeError(f"--set {change} changes nothing; write --set key=value, such as training.steps=100.")
    try:
        value = tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    section = values
    for place in places[:-1]:
        section = section.setdefault(place, {})
        if not isinstance(section, dict):
            raise RecipeError(f"--set {change}: {place} is a value and has no keys in it.")
    section[places[-1]] = value


def _with_paths(value: Any, folder: Path, environment: Mapping[str, str], key: str = "", is_text: bool = False) -> Any:
    """The same values, with variables in paths replaced and relative paths made absolute."""
    if isinstance(value, dict):
        text = value.get("kind") == "text"
        return {name: _with_paths(inner, folder, environment, name, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_paths(inner, folder, environment, key, is_text) for inner in value]
    if isinstance(value, str) and value and (key in _PATHS or (is_text and key in ("train", "valid"))):
        return str(folder / Path(_VARIABLE.sub(lambda found: _variable(found, value, environment), value)).expanduser())
    return value


def _variable(found: re.Match[str], path: str, environment: Mapping[str, str]) -> str:
    name = found[1] or found[2]
    if not environment.get(name):
        raise RecipeError(
            f"the path {path} needs the environment variable {name}, which is not set; set it to a folder,"
            f" for example with `export {name}=…`."
        )
    return environment[name]


# What is wrong


def _check_keys(values: Any, section: type[msgspec.Struct], place: str, name: str) -> None:
    """Refuse unknown keys, with the nearest known one; types are checked later."""
    if not isinstance(values, dict):
        return
    tag = section.__struct_config__.tag_field
    known = [*section.__struct_fields__, *([tag] if tag else [])]
    for key, value in values.items():
        if key not in known:
            where = f"[{place}] has" if place else "a recipe has"
            hint = nearest(key, known) or f"; there are {', '.join(known)}"
            raise RecipeError(f"{name}: {where} no key {key!r}{hint}.")
        inner = _section_of(section, key, value)
        for one in value if isinstance(value, list) else [value]:
            if inner is not None:
                _check_keys(one, inner, f"{place}.{key}".lstrip("."), name)


def _section_of(section: type[msgspec.Struct], key: str, value: Any) -> type[msgspec.Struct] | None:
    """The section that stands under a key, if one does."""
    if section is Recipe and key == "data":
        return _DATA.get(str(value.get("kind"))) if isinstance(value, dict) else None
    hint = typing.get_type_hints(section).get(key)
    choices = typing.get_args(hint) or (hint,)
    return next((one for one in choices if isinstance(one, type) and issubclass(one, msgspec.Struct)), None)


def _sentence(message: str, values: dict[str, Any]) -> str:
    if found := _MISSING.match(message):
        place = f"[{found['place']}]" if found["place"] else "the recipe"
        return f"{place} lacks the key {found['key']!r}."
    if found := _ENUM.match(message):
        place, got = found["place"] or "", found["got"]
        choices = _choices(place)
        return f"{place} cannot be {got!r}{nearest(got, choices)}; it is one of {', '.join(choices)}."
    if found := _TYPE.match(message):
        needed = " or ".join(_WORDS.get(word, word) for word in found["needed"].split(" | "))
        got = _value_at(values, found["place"] or "")
        return f"{found['place'] or 'the recipe'} must be {needed}, not {got!r}."
    return f"{message.rstrip('.')}."


def _choices(place: str) -> list[str]:
    """What the recipe allows at a place."""
    kind: Any = Recipe
    for key in place.split("."):
        if place == "data.kind":
            return list(_DATA)
        kind = typing.get_type_hints(_DATA["synthetic"] if place == "data.task" and key == "task" else kind).get(key)
    return [str(choice) for choice in typing.get_args(kind)]


def _value_at(values: Any, place: str) -> Any:
    for key in re.findall(r"\w+", place):
        try:
            values = values[int(key)] if isinstance(values, list) else values[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return "that"
    return values


_AT_LEAST: dict[str, float] = {
    "training.steps": 1,
    "training.batch_tokens": 1,
    "training.batch_size": 1,
    "training.context": 1,
    "training.accumulate": 1,
    "training.clip": 0,
    "training.average_last": 0,
    "training.snapshot_every": 1,
    "training.checkpoint_every": 1,
    "training.keep": 1,
    "training.log_every": 1,
    "optimizer.learning_rate": 0,
    "optimizer.weight_decay": 0,
    "optimizer.muon_learning_rate": 0,
    "schedule.warmup": 0,
    "validation.every": 1,
    "validation.batches": 0,
    "validation.score_every": 0,
    "validation.sentences": 0,
    "validation.num_beams": 1,
    "validation.patience": 0,
    "data.joined": 0,
    "data.rare_words": 0,
    "data.repeat_rare": 1,
    "data.letters": 1,
    "data.shortest": 1,
    "data.train": 1,
    "data.valid": 1,
    "seed": 0,
}
_SHARES = (
    "training.label_smoothing",
    "training.ema_decay",
    "data.valid_share",
    "optimizer.muon_momentum",
)


def _check_values(recipe: Recipe, name: str) -> None:
    for place, least in _AT_LEAST.items():
        value = _attribute(recipe, place)
        if isinstance(value, int | float) and not least <= value < float("inf"):
            raise RecipeError(f"{name}: {place} must be at least {least:g}, not {value}.")
    for place in _SHARES:
        value = _attribute(recipe, place)
        if value is not None and not 0 <= value < 1:
            raise RecipeError(f"{name}: {place} is a share, at least 0 and less than 1, not {value}.")
    for place in ("schedule.final", "schedule.hold"):
        value = _attribute(recipe, place)
        if not 0 <= value <= 1:
            raise RecipeError(f"{name}: {place} is a share, from 0 to 1, not {value}.")
    if not all(0 <= beta < 1 for beta in recipe.optimizer.betas):
        raise RecipeError(
            f"{name}: optimizer.betas are at least 0 and less than 1, not {list(recipe.optimizer.betas)}."
        )
    _check_contradictions(recipe, name)


def _check_contradictions(recipe: Recipe, name: str) -> None:
    data, validation = recipe.data, recipe.validation
    if isinstance(data, PairData):
        train = data.train if isinstance(data.train, list) else [data.train]
        for place, files in [*(("data.train", one) for one in train), ("data.valid", data.valid)]:
            if bool(files.tsv) == bool(files.source or files.target) or bool(files.source) != bool(files.target):
                raise RecipeError(f"{name}: {place} needs either `tsv`, or `source` and `target`.")
            if files.reverse and not files.tsv:
                raise RecipeError(
                    f"{name}: {place}.reverse turns a `tsv` round; exchange `source` and `target` instead."
                )
    if isinstance(data, SyntheticData) and data.longest < data.shortest:
        raise RecipeError(f"{name}: data.longest ({data.longest}) is less than data.shortest ({data.shortest}).")
    if isinstance(data, SyntheticData) and data.letters > 26:
        raise RecipeError(f"{name}: data.letters can be 26 at most, not {data.letters}.")
    if recipe.training.compile and not (isinstance(data, TextData) and data.documents == "none"):
        raise RecipeError(
            f'{name}: training.compile = true needs rows of one length: data.kind = "text" with documents = "none";'
            " for others leave it out."
        )
    if validation.select != "loss" and not validation.scores:
        raise RecipeError(f"{name}: validation.select = {validation.select!r} needs validation.scores = true.")
    if validation.select != "loss" and validation.score_every not in (0, validation.every):
        raise RecipeError(
            f"{name}: validation.select = {validation.select!r} needs scores at each validation;"
            " leave validation.score_every out."
        )
    if validation.scores and isinstance(data, TextData):
        raise RecipeError(f"{name}: validation.scores are for translation; a language model is validated by its loss.")


def _attribute(recipe: Recipe, place: str) -> Any:
    value: Any = recipe
    for key in place.split("."):
        value = getattr(value, key, None)
    return value
