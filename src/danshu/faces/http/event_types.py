"""Which events there are: their types, what each says, and their JSON Schemas."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct

from danshu.faces.http.framework import READ_PROBLEMS, declare_read, may
from danshu.hub import event_forms, event_schemas, untold
from danshu.hub.event_catalogue import Entry, catalogue
from danshu.kernel.errors import InputError

TypeName = Annotated[str, Meta(max_length=100)]
SCHEMA_JSON: Final = "application/schema+json"
_RIGHT: Final = "subscription.read"


class EventField(Struct, frozen=True, kw_only=True):
    """A field of an event's data: its type as JSON Schema says it, and what it means."""

    name: str
    type: str
    required: bool
    note: str


class EventTypeItem(Struct, frozen=True, kw_only=True):
    """A type of event. `direction` is out (the hub tells it) or in (the hub hears it); `topic` ""
    for those that come in, which ask for `right` beside `event.send`.
    """

    name: str
    direction: str
    topic: str
    right: str
    title: str
    title_en: str
    note: str


class EventTypeView(EventTypeItem, frozen=True, kw_only=True):
    """A type of event with its fields, the path of its schema, and an example of its data ({} where
    a plug-in gives none).
    """

    fields: tuple[EventField, ...]
    schema: str
    example: dict[str, Any]


class UntoldFacts(Struct, frozen=True, kw_only=True):
    """Facts that no event is told of, and why; a name that ends in a dot is a family."""

    zh: str
    en: str
    facts: tuple[str, ...]


class EventTypeList(Struct, frozen=True, kw_only=True):
    """Every type by its name, and what is not told."""

    items: tuple[EventTypeItem, ...]
    untold: tuple[UntoldFacts, ...]


@get("/v1/event-types", **declare_read("listEventTypes", "events", _RIGHT))
async def list_event_types() -> EventTypeList:
    """List the types of events that the hub tells and hears."""
    await event_forms.prepare()
    return EventTypeList(
        items=tuple([EventTypeItem(**_item(each)) for each in catalogue().values()]),
        untold=tuple([UntoldFacts(zh=u.zh, en=u.en, facts=u.facts) for u in untold.UNTOLD]),
    )


@get("/v1/event-types/{name:str}", **declare_read("getEventType", "events", _RIGHT))
async def get_event_type(name: FromPath[TypeName]) -> EventTypeView:
    """Read a type: what it says, field by field."""
    entry = await _find(name)
    schema = event_schemas.load(entry)
    return EventTypeView(
        **_item(entry),
        fields=tuple([EventField(**field) for field in event_schemas.fields(schema)]),
        schema=f"/v1/event-types/{entry.name}/schema",
        example=next(iter(schema.get("examples", ())), {}),
    )


@get(
    "/v1/event-types/{name:str}/schema",
    operation_id="getEventSchema",
    tags=["events"],
    responses=READ_PROBLEMS,
    guards=[may(_RIGHT)],
    media_type=SCHEMA_JSON,
)
async def get_event_schema(
    name: FromPath[TypeName], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Give the JSON Schema (draft 2020-12) of a type's data: what `dataschema` names."""
    return Response(event_schemas.read(await _find(name)), media_type=SCHEMA_JSON)


async def _find(name: str) -> Entry:
    await event_forms.prepare()
    entry = catalogue().get(name)
    if entry is None:
        raise InputError("no_event_type", f"no event type {name!r}")
    return entry


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "direction": entry.direction,
        "topic": entry.topic,
        "right": entry.right,
        "title": entry.title,
        "title_en": entry.title_en,
        "note": entry.note,
    }


ROUTES: Final = [list_event_types, get_event_type, get_event_schema]
