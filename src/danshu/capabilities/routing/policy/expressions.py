"""What cells and selectors may say. The language is zen's, and forgives what must not pass: an
unknown name is null, a text is never a number, and a broken cell falls to the next row.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import zen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from danshu.capabilities.routing.policy.fields import FieldOf

_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`\\]|\\.)*`")
_NAME: Final = re.compile(r"(?<![\w.$#])(?:#\.?|\$root\.|\$\.)?[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*")
_WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false", "null"})
_CLOCKS: Final = frozenset({"d", "date", "now", "rand", "random", "duration"})
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def trouble(text: str, *, unary: bool = False) -> str:
    """Say why an expression, or a table's cell (`unary`), cannot be read; "" when it can."""
    try:
        (zen.compile_unary_expression if unary else zen.compile_expression)(text)
    except (RuntimeError, ValueError) as error:
        return describe(error)
    return ""


def describe(error: Exception) -> str:
    """Read zen's error, which is JSON and then perhaps a trace of its own."""
    try:
        told, _ = json.JSONDecoder().raw_decode(str(error))
        return str(told.get("source") or told.get("type") or told)[:200]
    except (ValueError, AttributeError):
        return str(error).partition("\n")[0][:200]


def names(text: str) -> Iterator[str]:
    """Give the names that an expression looks up, with their dots; functions are left out."""
    bare = _STRING.sub("''", text)
    for found in _NAME.finditer(bare):
        name = found.group()
        rest = bare[found.end() :].lstrip()
        if name in _WORDS or rest.startswith("("):
            continue
        before = bare[: found.start()].rstrip()
        if rest.startswith(":") and before.endswith(("{", ",")):
            continue  # the key of an object
        yield name


def clocks(text: str) -> Iterator[str]:
    """Give the functions that would read a clock or chance: such a policy could not be replayed."""
    bare = _STRING.sub("''", text)
    for found in re.finditer(r"(?<![\w.])([A-Za-z_]\w*)\s*\(", bare):
        if found.group(1) in _CLOCKS:
            yield found.group(1)


def has_foreign_names(text: str) -> bool:
    """Tell whether a name outside strings is not ASCII: the language does not find it, silently."""
    return _NOT_ASCII.search(_STRING.sub("''", text)) is not None


def strings(text: str) -> list[str]:
    """Give the texts that an expression compares with."""
    return [found.group()[1:-1] for found in _STRING.finditer(text)]


@lru_cache(maxsize=4096)
def compiled(text: str) -> Any:
    """Compile an expression. Raises RuntimeError for one that cannot be read."""
    return zen.compile_expression(text)


def holds(text: str, context: Mapping[str, object]) -> bool:
    """Evaluate a condition. Raises ValueError when it is no condition or cannot be worked out."""
    try:
        value = compiled(text).evaluate(dict(context))
    except RuntimeError as error:
        raise ValueError(describe(error)) from error
    if not isinstance(value, bool):
        raise ValueError(f"gives {value!r}, a condition gives true or false")
    return value


def mismatch(cell: str, field: FieldOf) -> str:
    """Say which literal of a simple cell can never be a value of its field; "" when all can."""
    told = strings(cell)
    if field.kind == "enum":
        values = {value for value, _, _ in field.values}
        return next((text for text in told if text not in values), "")
    if field.kind in ("int", "ratio", "bool"):
        return told[0] if told else ""
    bare = _STRING.sub("", cell)
    number = re.search(r"(?<![\w.])\d+(?:\.\d+)?", bare)
    return number.group() if number and not told and "len(" not in bare else ""
