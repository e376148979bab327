"""Example files in YAML and JSON, with claims."""

from __future__ import annotations

import json
from typing import Any

from checking_corpus.chain import Place
from checking_corpus.dialects import Plain
from checking_corpus.writer import Document, Writer, place_numbers

NAMES = {"scaled": "scaled_scores", "masked": "masked_scores"}


class ClaimsWriter(Writer):
    """An example file: inputs, settings, and what a document prints for each step."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.m = Plain(self.random)
        self.m.minus, self.m.infinity = "-", "-inf"

    def grid(self, step: str, head: int, role: str = "", turned: bool = False) -> list[list[str]]:
        rows, columns = self.chain.shape(step)
        grid = [[self.n(step, (head, i, j), role) for j in range(columns)] for i in range(rows)]
        return [list(column) for column in zip(*grid, strict=True)] if turned else grid

    def fields(self) -> dict[str, Any]:
        """What the file holds; leaves are marked texts."""
        problem, random = self.chain.problem, self.random
        fields: dict[str, Any] = {"title": "A worked example"}
        if problem.is_cross:
            fields |= {"query_tokens": list(problem.tokens), "key_tokens": list(problem.key_tokens)}
        else:
            fields["tokens"] = list(problem.tokens)
        turned = not problem.is_projected and random.random() < 0.3
        heads = range(problem.heads)
        weights: dict[str, Any] = {}
        for step in problem.inputs:
            if step in ("x", "memory"):
                fields["embeddings" if step == "x" else step] = self.grid(step, 0, "input")
            elif step.startswith("weight_"):
                parts = [self.grid(step, head, "input") for head in heads]
                joined = [[cell for part in rows for cell in part] for rows in zip(*parts, strict=True)]
                weights[step.removeprefix("weight_")] = joined
            else:
                grids = [self.grid(step, head, "input", turned) for head in heads]
                fields[step] = grids if problem.heads > 1 else grids[0]
        if weights:
            fields["weights"] = weights
        if problem.heads > 1:
            fields["num_heads"] = str(problem.heads)
        if problem.scale == "none":
            fields["scale"] = "none"
        if problem.mask == "causal":
            fields["mask"] = "causal"
        if turned:
            fields["layout"] = "columns"
        fields["claims"] = self.claims()
        return fields

    def claims(self) -> list[dict[str, Any]]:
        problem, random = self.chain.problem, self.random
        focused = problem.heads == 1 and random.random() < 0.4
        claims: list[dict[str, Any]] = []
        shown = ["scaled"] if problem.scale == "sqrt" and "scaled" not in self.hidden else []
        steps = ["scores", *shown, "weights", "output"]
        for step in steps:
            name = NAMES.get(step, step)
            if step == "output" and problem.heads > 1:
                grids = [self.grid(step, head) for head in range(problem.heads)]
                claims.append({"step": "head_outputs", "printed": grids})
            elif problem.heads > 1:
                claims.append({"step": name, "printed": [self.grid(step, head) for head in range(problem.heads)]})
            elif focused:
                i = problem.focus
                at = problem.tokens[i] if problem.tokens.count(problem.tokens[i]) == 1 else i
                if step == "scores":
                    for j in range(len(problem.key_tokens)):
                        place: Place = (0, i, j)
                        claims.append({"step": name, "at": [at, j], "printed": self.n(step, place)})
                else:
                    row = [self.n(step, (0, i, j)) for j in range(self.chain.shape(step)[1])]
                    claims.append({"step": name, "at": [at], "printed": row})
            else:
                claims.append({"step": name, "printed": self.grid(step, 0)})
        return claims


class YamlWriter(ClaimsWriter):
    """YAML, matrices a row a line."""

    extension = "yaml"

    def document(self, stem: str) -> Document:
        lines = ["# what the article prints, to be checked"]
        quoted = self.random.random() < 0.7
        for name, value in self.fields().items():
            if name == "claims":
                lines.append("claims:")
                for claim in value:
                    at = f", at: {json.dumps(claim['at'])}" if "at" in claim else ""
                    printed = _flow(claim["printed"], '"{}"' if quoted else "{}")
                    lines.append(f"  - {{step: {claim['step']}{at}, printed: {printed}}}")
            elif name == "weights":
                lines.append("weights:")
                lines += [f"  {key}: {_flow(matrix)}" for key, matrix in value.items()]
            elif isinstance(value, list) and isinstance(value[0], list):
                lines.append(f"{name}:")
                lines += [f"  - {_flow(row)}" for row in value]
            elif isinstance(value, list):
                lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
            else:
                lines.append(f"{name}: {value}")
        return place_numbers(f"{stem}.yaml", "\n".join(lines) + "\n", self.made)


class JsonWriter(ClaimsWriter):
    """JSON."""

    extension = "json"

    def document(self, stem: str) -> Document:
        lines = []
        for name, value in self.fields().items():
            if name == "claims":
                claims = []
                for claim in value:
                    at = f'"at": {json.dumps(claim["at"])}, ' if "at" in claim else ""
                    printed = _flow(claim["printed"], _QUOTED)
                    claims.append(f'    {{"step": "{claim["step"]}", {at}"printed": {printed}}}')
                lines.append('  "claims": [\n' + ",\n".join(claims) + "\n  ]")
            elif name == "weights":
                pairs = ", ".join(f'"{key}": {_flow(matrix)}' for key, matrix in value.items())
                lines.append(f'  "weights": {{{pairs}}}')
            elif name in ("tokens", "query_tokens", "key_tokens", "title", "scale", "mask", "layout"):
                lines.append(f'  "{name}": {json.dumps(value, ensure_ascii=False)}')
            else:
                lines.append(f'  "{name}": {_flow(value)}')
        return place_numbers(f"{stem}.json", "{\n" + ",\n".join(lines) + "\n}\n", self.made)


_QUOTED = '"{}"'


def _flow(value: Any, leaf: str = "{}") -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_flow(entry, leaf) for entry in value) + "]"
    return leaf.format(value)
