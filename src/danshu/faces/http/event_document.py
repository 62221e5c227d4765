"""The AsyncAPI 3.0 document: every event that the hub tells and hears, and on which ways.

Schemas of events are draft 2020-12 in `data/events`; here they are what AsyncAPI takes without
further ado, a superset of draft-07: parts that types share are written once.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, get

from danshu.hub import event_forms, event_schemas
from danshu.hub.event_catalogue import IN, OUT, Entry, catalogue
from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import EVENT_BATCH, HEARD_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

ASYNCAPI_JSON: Final = "application/vnd.aai.asyncapi+json;version=3.0.0"
_ENVELOPE: Final = "CloudEvent"
_BATCH: Final = "Batch"
_STREAM: Final = "019aa9d3-6b80-7000-8000-000000000002"
_WORD: Final = {"type": "string", "minLength": 1}
# What AsyncAPI's schemas have no word for, or another.
_LEFT_OUT: Final = frozenset({"$schema", "$id", "$defs", "examples"})
_ABOUT: Final = (
    "What happens to orders, payments, promises, routes, stock, parcels and evidence, told as"
    " CloudEvents 1.0 by webhook, server-sent events and NATS JetStream; and what other systems"
    " may tell the hub."
)


class _Parts:
    """Schemas under components: those of types by their type, those that several share by name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {_ENVELOPE: _envelope()}

    def add(self, entry: Entry) -> None:
        """Add the schema of a type's data and of what it is made of."""
        schema = event_schemas.load(entry)
        for name, part in schema.get("$defs", {}).items():
            self._put(name, _turn(part))
        self._put(entry.name, _turn(schema))

    def _put(self, name: str, schema: Any) -> None:
        """Raises ProgramError where two types mean another thing by one name."""
        if self.schemas.setdefault(name, schema) != schema:
            raise ProgramError(f"two parts of events are called {name}")


def _turn(schema: Any) -> Any:
    """Turn a schema of draft 2020-12 into one of draft-07 that refers to components."""
    if isinstance(schema, list):
        return [_turn(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    turned: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _LEFT_OUT:
            continue
        if key == "$ref":
            turned[key] = _schema(str(value).rpartition("/")[2])["$ref"]
        elif key == "properties":
            turned[key] = {name: _turn(each) for name, each in value.items()}
        elif key == "prefixItems":
            turned["items"] = _turn(value)
            turned["additionalItems"] = False
        elif not (key == "items" and "prefixItems" in schema):
            turned[key] = _turn(value)
    return turned


def _envelope() -> dict[str, Any]:
    """Give the attributes that all events have (CloudEvents 1.0.2, 3)."""
    known = ("id", "source", "type", "subject", "time", "datacontenttype", "dataschema")
    ours = ("danshubook", "danshucause", "danshuleaf", "partitionkey")
    properties: dict[str, Any] = {name: _WORD for name in (*known, *ours)}
    properties["specversion"] = {"type": "string", "const": "1.0"}
    properties["time"] = {"type": "string", "format": "date-time"}
    return {
        "type": "object",
        "title": "CloudEvent 1.0",
        "properties": properties,
        "required": ["id", "source", "specversion", "type"],
    }


def _message(entry: Entry) -> dict[str, Any]:
    schema = event_schemas.load(entry)
    data = {"type": {"type": "string", "const": entry.name}, "data": _schema(entry.name)}
    payload = {"allOf": [_schema(_ENVELOPE), {"type": "object", "properties": data}]}
    told: dict[str, Any] = {
        "name": entry.name,
        "title": f"{entry.title} {entry.title_en}",
        "summary": entry.note,
        "contentType": event_forms.STRUCTURED,
        "payload": payload,
    }
    if entry.topic:
        told["tags"] = [{"name": entry.topic}]
    examples = [_example(entry, each) for each in schema.get("examples", ())]
    if examples:
        told["examples"] = [{"payload": each} for each in examples]
    return told


def _example(entry: Entry, data: Any) -> dict[str, Any]:
    if entry.direction == IN:
        origin = {"id": "7741", "source": "//wms.example/hz", "subject": _STREAM}
    else:
        origin = {
            "id": f"{_STREAM}/2",
            "source": "danshu/1",
            "subject": _STREAM,
            "partitionkey": _STREAM,
            "danshubook": "2026h2",
            "danshuleaf": "1741",
        }
    return {
        "specversion": "1.0",
        "type": entry.name,
        "time": "2026-11-22T11:00:00.000Z",
        "datacontenttype": "application/json",
        **origin,
        "data": data,
    }


def _batch(name: str, most: int) -> dict[str, Any]:
    return {
        "name": name,
        "title": "一批事件 A batch of events",
        "contentType": event_forms.BATCHED,
        "payload": {"type": "array", "minItems": 1, "maxItems": most, "items": _schema(_ENVELOPE)},
    }


def _schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _channel(
    address: str | None,
    server: str,
    title: str,
    about: str,
    messages: Iterable[str],
    parameters: dict[str, str] | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "address": address,
        "title": title,
        "description": about,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }
    if parameters:
        made["parameters"] = {name: {"description": text} for name, text in parameters.items()}
    return made


def _operation(action: str, channel: str, summary: str, *security: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
    }
    if security:
        made["security"] = [{"$ref": f"#/components/securitySchemes/{each}"} for each in security]
    return made


def _channels(out: list[str], into: list[str]) -> dict[str, Any]:
    bus = {"merchant": "the merchant's code", "topic": "the type's topic"}
    return {
        "webhook": _channel(
            None,
            "receiver",
            "Webhook 回调",
            "POST to the address of a subscription, signed after Standard Webhooks 1.0, in"
            " structured, binary or batched mode. Answer 2xx once it is kept.",
            [*out, _BATCH],
        ),
        "stream": _channel(
            "/v1/events/stream",
            "hub",
            "Server-sent events 事件流",
            "GET with an API key. `event` is the type, `data` the event in structured JSON, `id` a"
            " place of the log: sent back as Last-Event-ID, it goes on behind it.",
            out,
        ),
        "bus": _channel(
            "danshu.events.{merchant}.{topic}.{type}",
            "nats",
            "NATS JetStream 总线",
            "Each event by itself (DANSHU_BUS_FORM=single).",
            out,
            {**bus, "type": "the type without `danshu.`, dots and all"},
        ),
        "busBatch": _channel(
            "danshu.events.{merchant}.batch",
            "nats",
            "NATS JetStream 总线(批)",
            "Events of a merchant in the order of its log, in batches (DANSHU_BUS_FORM=batch).",
            [_BATCH],
            {"merchant": bus["merchant"]},
        ),
        "inbound": _channel(
            "/v1/events",
            "hub",
            "Inbound events 收听",
            "POST with an API key that has `event.send`, in structured, binary or batched mode.",
            [*into, "HeardBatch"],
        ),
    }


@functools.cache
def write() -> bytes:
    """Write the document: keys sorted, newline at the end; the same code gives the same bytes."""
    entries = list(catalogue().values())
    parts = _Parts()
    for entry in entries:
        parts.add(entry)
    out = [each.name for each in entries if each.direction == OUT]
    into = [each.name for each in entries if each.direction == IN]
    messages = {each.name: _message(each) for each in entries}
    messages[_BATCH] = _batch(_BATCH, EVENT_BATCH)
    messages["HeardBatch"] = _batch("HeardBatch", HEARD_EVENTS)
    told = {
        "asyncapi": "3.0.0",
        "id": "urn:danshu:events",
        "info": {"title": "Danshu 单枢: events", "version": "1", "description": _ABOUT},
        "defaultContentType": event_forms.STRUCTURED,
        "servers": {
            "hub": {"host": "hub.example", "protocol": "https", "description": "DANSHU_ORIGIN"},
            "nats": {"host": "nats.example:4222", "protocol": "nats"},
            "receiver": {"host": "receiver.example", "protocol": "https"},
        },
        "channels": _channels(out, into),
        "operations": {
            "deliverEvents": _operation("send", "webhook", "Deliver to a receiver", "signature"),
            "streamEvents": _operation("send", "stream", "Stream to whoever asks", "key"),
            "relayEvents": _operation("send", "bus", "Relay to the bus"),
            "relayBatches": _operation("send", "busBatch", "Relay to the bus in batches"),
            "hearEvents": _operation("receive", "inbound", "Hear what happened elsewhere", "key"),
        },
        "components": {
            "schemas": parts.schemas,
            "messages": messages,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "dsk_…"},
                "signature": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks 1.0, with webhook-id and webhook-timestamp",
                },
            },
        },
    }
    return msgspec.json.format(msgspec.json.encode(told, order="sorted"), indent=1) + b"\n"


@get(
    "/asyncapi.json",
    operation_id="getAsyncApi",
    tags=["events"],
    media_type=ASYNCAPI_JSON,
    include_in_schema=False,
    sync_to_thread=True,
)
def get_document() -> Response[bytes]:
    """Give the document; like that of the API it tells nothing of a merchant."""
    return Response(write(), media_type=ASYNCAPI_JSON)


ROUTES: Final = [get_document]
