"""Calls of connectors over HTTP: listed, tried in the sandbox, settled by a person."""

from __future__ import annotations

import os
import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.connectors import READ, WRITE, Reason
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.hub import connecting, connector_answers, connector_views, connectors
from danshu.hub.connecting import Context
from danshu.hub.connector_views import ConnectorCall
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALL_BODY_BYTES

Ask = Request[Any, Any, Any]
Id = FromPath[uuid.UUID]
_CALL: Final = "/v1/connector-calls/{call_id:uuid}"
State = Annotated[
    Literal["", "due", "pending", "done", "refused", "held"],
    QueryParameter(description="Only calls in this state."),
]


class ConnectorCalls(Struct, frozen=True, kw_only=True):
    """Calls, newest first; `next` is "" at the end."""

    items: tuple[ConnectorCall, ...]
    next: str


class ConnectorTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call to the far side's sandbox: an operation of its adapter, and what it asks."""

    operation: Annotated[str, Meta(min_length=1, max_length=64)]
    body: dict[str, Any]


class ConnectorCallSettle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decides of an open call. `retry`: ask again now; `move`: the far side does not
    have it, by this person's word, so it goes where the route leads; `end`: it is refused.
    """

    act: Literal["retry", "move", "end"]
    reason: Reason


def _page(found: list[ConnectorCall], limit: int) -> ConnectorCalls:
    more = found[limit - 1] if len(found) > limit else None
    return ConnectorCalls(
        items=tuple(found[:limit]), next=write_place(str(more.id)) if more else ""
    )


@get(
    "/v1/connectors/{connector_id:uuid}/calls",
    **declare_read("listConnectorCalls", "connectors", READ),
)
async def list_calls(
    connector_id: Id,
    request: Ask,
    call_state: State = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ConnectorCalls:
    """List the calls of a connector, newest first."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await connectors.read(connection, tenant, connector_id)
        found = await connector_views.list_calls(
            connection, tenant, connector_id, call_state, read_before(cursor), limit + 1
        )
    return _page(found, limit)


@get("/v1/connector-calls", **declare_read("listUnroutedCalls", "connectors", READ))
async def list_unrouted(request: Ask, cursor: Cursor = "", limit: Limit = 50) -> ConnectorCalls:
    """List calls that no route has taken, newest first."""
    async with hub_of(request).connection() as connection:
        found = await connector_views.list_calls(
            connection, held_of(request).tenant, None, "", read_before(cursor), limit + 1
        )
    return _page(found, limit)


@get(_CALL, **declare_read("getConnectorCall", "connectors", READ))
async def get_call(call_id: Id, request: Ask) -> ConnectorCall:
    """Read a call: who has it, how often it was tried, what was answered."""
    async with hub_of(request).connection() as connection:
        return await connector_views.read_call(connection, held_of(request).tenant, call_id)


@post(
    _CALL + "/settle", **declare_write("settleConnectorCall", "connectors", WRITE), status_code=200
)
async def settle(call_id: Id, data: JSONBody[ConnectorCallSettle], request: Ask) -> ConnectorCall:
    """Decide of an open call what programs can't."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        await connector_answers.settle(
            connection,
            hub.worlds,
            held.tenant,
            call_id,
            held.actor,
            data.act,
            data.reason,
            hub.clock(),
        )
        return await connector_views.read_call(connection, held.tenant, call_id)


@post(
    "/v1/connectors/{connector_id:uuid}/trials",
    **declare_write("tryConnector", "connectors", WRITE),
    status_code=202,
)
async def try_call(connector_id: Id, data: JSONBody[ConnectorTrial], request: Ask) -> ConnectorCall:
    """Ask the far side's sandbox; nothing follows from the answer."""
    held, hub = held_of(request), hub_of(request)
    body, at_ms = msgspec.json.encode(data.body), hub.clock()
    if len(body) > CALL_BODY_BYTES:
        raise InputError("too_long", f"at most {CALL_BODY_BYTES} bytes", "/body")
    async with hub.connection() as connection, connection.transaction():
        desk = await connectors.read(connection, held.tenant, connector_id)
        adapter = await connectors.load(connection, held.tenant, desk.adapter)
        operation = next((o for o in adapter.operations if o.name == data.operation), None)
        if operation is None:
            raise InputError("no_such_operation", "the adapter has none of that name", "/operation")
        if not desk.trial_url:
            raise InputError("no_sandbox", "there is no address of a sandbox", "/trial_url")
        try:
            msgspec.json.decode(body, type=operation.asks)
        except msgspec.ValidationError as error:
            raise InputError("bad_question", str(error), "/body") from error
        name = f"trial/{ids.uuid7(at_ms, os.urandom(10))}"
        id_ = await connecting.ask(
            connection,
            held.tenant,
            capability=desk.capability,
            operation=data.operation,
            key=name,
            subject=name,
            body=body,
            at_ms=at_ms,
            context=Context(connector=desk.id, trial=True),
        )
        return await connector_views.read_call(connection, held.tenant, id_)


ROUTES: Final = [list_calls, list_unrouted, get_call, settle, try_call]
