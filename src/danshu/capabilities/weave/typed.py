"""The types of a woven question and answer: Structs made of their fields, and JSON Schemas."""

from __future__ import annotations

from functools import lru_cache
from types import GenericAlias
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta, Struct

from danshu.capabilities.weave.woven import Woven, WovenField, WovenLeaf
from danshu.kernel.errors import InputError
from danshu.kernel.limits import EXPRESSION_ROWS

_TYPES: Final[dict[str, Any]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "any": Any,
}


@lru_cache(maxsize=500)
def struct_of(name: str, fields: tuple[WovenField | WovenLeaf, ...]) -> type[Struct]:
    """Make the Struct whose fields these are; unknown fields are refused."""
    columns: list[tuple[str, Any, Any]] = []
    for field in sorted(fields, key=lambda f: not f.required):
        kind = _kind(name, field)
        title = " / ".join(filter(None, (field.zh, field.en)))
        if title:
            kind = Annotated[kind, Meta(description=title)]
        if field.required:
            columns.append((field.name, kind, msgspec.NODEFAULT))
        else:
            columns.append((field.name, kind | msgspec.UnsetType, msgspec.UNSET))
    made = msgspec.defstruct(
        name, columns, frozen=True, kw_only=True, forbid_unknown_fields=True, module=__name__
    )
    return made


def _kind(name: str, field: WovenField | WovenLeaf) -> Any:
    if isinstance(field, WovenField) and field.type == "list":
        row = struct_of(f"{name}_{field.name}", field.of) if field.of else str
        rows: Any = GenericAlias(list, (row,))
        return Annotated[rows, Meta(max_length=EXPRESSION_ROWS)]
    return _TYPES[field.type]


def asks(woven: Woven) -> type[Struct]:
    """Give the Struct of the question."""
    return struct_of("Question", woven.question)


def gives(woven: Woven) -> type[Struct]:
    """Give the Struct of the answer."""
    return struct_of("Answer", woven.answer)


def read_question(woven: Woven, body: bytes) -> dict[str, Any]:
    """Read a question by its type. Raises InputError `woven_question`."""
    try:
        told = msgspec.json.decode(body or b"{}", type=asks(woven))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("woven_question", str(error)) from error
    return cast("dict[str, Any]", msgspec.to_builtins(told))


def pick_question(woven: Woven, body: bytes) -> dict[str, Any]:
    """Read a question out of a larger body, which others are told too: unknown fields are left.

    Raises InputError `woven_question`.
    """
    try:
        told = msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("woven_question", str(error)) from error
    names = {field.name for field in woven.question}
    picked = {name: value for name, value in told.items() if name in names}
    return read_question(woven, msgspec.json.encode(picked))


def hold_answer(woven: Woven, answer: dict[str, Any]) -> str:
    """Say what of an answer is not of its type, "" where all is."""
    try:
        msgspec.convert(answer, gives(woven))
    except msgspec.ValidationError as error:
        return str(error)
    return ""
