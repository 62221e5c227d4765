"""As much of Helm's templates as our chart uses: values with `default` and `toJson`, if, else,
range over a map. What it does not know it refuses, so that a template cannot outgrow it unseen.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

_TOKEN = re.compile(r"(\s*)\{\{(-?) *(.*?) *(-?)\}\}(\s*)", re.DOTALL)
_PATH = re.compile(r"\$?[A-Za-z.][A-Za-z.]*")


class Chart:
    """A chart with its values; `render` gives every object of a template."""

    def __init__(self, folder: Path) -> None:
        self.about = yaml.safe_load((folder / "Chart.yaml").read_text("utf-8"))
        self.values = yaml.safe_load((folder / "values.yaml").read_text("utf-8"))
        self._templates = sorted((folder / "templates").glob("*.yaml"))

    def render(self, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Render all templates under the release name `hub`; give the objects."""
        top = {
            "Values": values or self.values,
            "Release": {"Name": "hub"},
            "Chart": {"AppVersion": self.about["appVersion"]},
        }
        objects: list[dict[str, Any]] = []
        for path in self._templates:
            pieces = _cut(path.read_text("utf-8"))
            text, rest = _render(pieces, {"": top, "$": top})
            assert not rest, f"{path.name}: {rest[0]}"
            objects += [each for each in yaml.safe_load_all(text) if each]
        return objects


def _cut(text: str) -> list[tuple[str, str]]:
    """Cut a template into ("text", …) and ("do", …), spaces trimmed where a dash says so."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for found in _TOKEN.finditer(text):
        before = text[at : found.start()] + ("" if found[2] else found[1])
        pieces += [("text", before), ("do", found[3])]
        at = found.end() if found[4] else found.end() - len(found[5])
    return [*pieces, ("text", text[at:])]


def _render(
    pieces: list[tuple[str, str]], names: dict[str, Any]
) -> tuple[str, list[tuple[str, str]]]:
    """Render up to an `end` or `else` that is not ours; give the text and what is left."""
    out = ""
    while pieces:
        (kind, body), *rest = pieces
        word = body.partition(" ")[0] if kind == "do" else ""
        if word in ("end", "else"):
            return out, pieces
        if kind == "text":
            out, pieces = out + body, rest
        elif word == "if":
            chosen, pieces = _render(rest, names)
            other = ""
            if pieces[0][1] == "else":
                other, pieces = _render(pieces[1:], names)
            out += chosen if _value(body[3:], names) else other
            pieces = _end(pieces)
        elif word == "range":
            key, value, source = re.findall(r"\$\w+|\.[\w.]+", body)
            for each, what in sorted(_value(source, names).items()):
                text, pieces = _render(rest, {**names, key: each, value: what})
                out += text
            pieces = _end(pieces)
        else:
            out, pieces = out + _show(_value(body, names)), rest
    return out, []


def _end(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    assert pieces[0] == ("do", "end"), pieces[0]
    return pieces[1:]


def _value(expression: str, names: dict[str, Any]) -> Any:
    first, *pipes = (part.strip() for part in expression.split("|"))
    found = _look(first, names)
    for pipe in pipes:
        word, _, argument = pipe.partition(" ")
        if word == "default":
            found = found or _look(argument, names)
        elif word == "toJson":
            found = json.dumps(found)
        else:
            raise AssertionError(f"the chart's test knows no {word!r}")
    return found


def _look(path: str, names: dict[str, Any]) -> Any:
    assert _PATH.fullmatch(path), path
    root, *steps = path.split(".")
    found = names[root]
    for step in filter(None, steps):
        found = found.get(step) if step == "claim" else found[step]  # a missing value is a fault
    return found


def _show(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
