"""JSON Schemas of published events (draft 2020-12): what stands in `data/events`, and is served.

The files are the contract: they may only grow (tests/kernel/event_schemas.py refuses the rest).
A type of a plug-in has no file there; its schema is made from its Struct.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from danshu.ports.event import EventType

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_FOLDER: Final = "data/events"
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def make(each: EventType) -> dict[str, Any]:
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
    return schema


def write(each: EventType) -> bytes:
    """Write a schema as its file holds it: indented, fields in the order of their names."""
    return msgspec.json.format(_encode(make(each)), indent=1) + b"\n"


@functools.lru_cache(maxsize=512)
def read(each: EventType) -> bytes:
    """Give the published schema of a type."""
    file = resources.files("danshu").joinpath(_FOLDER, f"{each.name}.json")
    return file.read_bytes() if file.is_file() else write(each)
