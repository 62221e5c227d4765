"""JSON, path by path: keys help, lists are `[]`, and a key that is somebody's data is `*`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.classification.columns import look
from danshu.capabilities.classification.texts import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from danshu.capabilities.classification.model import Held

_DEPTH: Final = 24
_KEY_CHARS: Final = 48
_OWN: Final = re.compile(r"\d{3,}|[0-9a-f]{16,}", re.IGNORECASE)


def read_paths(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Give every scalar of a JSON value with its path: `receiver.phone`, `lines[].title`. JSON
    within a text is read too.
    """
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            yield from read_paths(member, f"{path}.{_key(key)}" if path else _key(key), depth + 1)
    elif isinstance(value, list):
        for member in value:
            yield from read_paths(member, f"{path}[]", depth + 1)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        try:
            inside = json.loads(value)
        except (ValueError, RecursionError):
            yield path, value
            return
        yield from read_paths(inside, path, depth + 1)
    elif not isinstance(value, bool):
        yield path, value


def look_at(documents: Iterable[Any], most_paths: int, most_values: int) -> dict[str, Held]:
    """Tell what each path of a sample of documents holds; paths beyond `most_paths` are left out,
    and of a path at most `most_values` values are looked at.
    """
    values: dict[str, list[Any]] = {}
    for document in documents:
        for path, value in read_paths(document):
            kept = values.get(path)
            if kept is None:
                if len(values) >= most_paths:
                    continue
                kept = values[path] = []
            if len(kept) < most_values:
                kept.append(value)
    return {path: look(*_name(path, each)) for path, each in sorted(values.items())}


def _name(path: str, values: list[Any]) -> tuple[str, list[Any], str]:
    """Give what `look` asks of a path: its last key, its values, and the key that it stands in."""
    *around, last = path.replace("[]", "").split(".")
    return last, values, around[-1] if around else ""


def _key(key: str) -> str:
    if len(key) > _KEY_CHARS or _OWN.search(key) or find(key):
        return "*"
    return key.replace(".", "·")
