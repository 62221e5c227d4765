"""JSON Schemas of events (draft 2020-12): what stands in `data/events`, and is served.

The files are the contract: they may only grow (tests/kernel/event_schemas.py refuses the rest).
A type of a plug-in has no file there; its schema is made from its Struct.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.hub.event_catalogue import Entry

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_FOLDER: Final = "data/events"
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def make(each: Entry, example: Any = None) -> dict[str, Any]:
    """Make the schema of a type's data from its Struct."""
    (top,), parts = msgspec.json.schema_components((each.data,), ref_template="#/$defs/{name}")
    own = parts.pop(str(top["$ref"]).rpartition("/")[2])
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"urn:danshu:event:{each.name}",
        **own,
        "title": f"{each.title} {each.title_en}",
    }
    if parts:
        schema["$defs"] = parts
    if example is not None:
        schema["examples"] = [example]
    return schema


def write(schema: dict[str, Any]) -> bytes:
    """Write a schema as its file holds it: indented, fields in the order of their names."""
    return msgspec.json.format(_encode(schema), indent=1) + b"\n"


@functools.lru_cache(maxsize=512)
def read(each: Entry) -> bytes:
    """Give the published schema of a type."""
    file = resources.files("danshu").joinpath(_FOLDER, f"{each.name}.json")
    return file.read_bytes() if file.is_file() else write(make(each))


def load(each: Entry) -> dict[str, Any]:
    """Give the published schema of a type, decoded."""
    schema: dict[str, Any] = msgspec.json.decode(read(each))
    return schema


def fields(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give name, type, required and note of each field of a schema's data."""
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield {
            "name": name,
            "type": type_of(field),
            "required": name in needed,
            "note": field.get("description", ""),
        }


def type_of(field: dict[str, Any]) -> str:
    """Write a field's type as people read it: string, integer, Line[], Sums | null…"""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " | ".join(type_of(each) for each in field["anyOf"])
    if field.get("type") == "array":
        if "prefixItems" in field:
            return f"[{', '.join(type_of(each) for each in field['prefixItems'])}]"
        return type_of(field.get("items") or {}) + "[]"
    return str(field.get("type", "any"))
