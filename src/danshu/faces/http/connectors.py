"""Connectors 连接器 over HTTP: connected, changed, switched on and off; how each is."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.hub import (
    connector_adapters,
    connector_routes,
    connector_views,
    connectors,
    woven_connector,
)
from danshu.hub.connector_adapters import ConnectorAdapter
from danshu.hub.connector_views import ConnectorView
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import (
    CALL_TIMEOUT_MAX_S,
    CONNECTOR_CALLS_AT_ONCE,
    CONNECTOR_RATE_PER_S,
    REASON_CHARS,
    SAFE_VALUE_CHARS,
)

Ask = Request[Any, Any, Any]
Id = FromPath[uuid.UUID]
READ: Final = "connector.read"
WRITE: Final = "connector.write"
_ONE: Final = "/v1/connectors/{connector_id:uuid}"
_Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
_Option = Annotated[str, Meta(max_length=2_000)]
_Secret = Annotated[str, Meta(max_length=SAFE_VALUE_CHARS)]
Reason = Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)]


class ConnectorWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connector is to be. Options and secrets that are left out stay as they were, empty
    ones are thrown away; a secret is never shown again. `rate_per_s` 0 is no limit, `timeout_s` 0
    is the operation's own.
    """

    adapter: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]
    title: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    url: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]
    trial_url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    options: dict[_Name, _Option] = {}
    secrets: dict[_Name, _Secret] = {}
    concurrency: Annotated[int, Meta(ge=1, le=CONNECTOR_CALLS_AT_ONCE)] = 32
    rate_per_s: Annotated[int, Meta(ge=0, le=CONNECTOR_RATE_PER_S)] = 0
    timeout_s: Annotated[float, Meta(ge=0, le=CALL_TIMEOUT_MAX_S)] = 0.0

    @property
    def wish(self) -> connectors.Wish:
        """The same for the hub."""
        return connectors.Wish(
            adapter=self.adapter,
            title=self.title,
            url=self.url.strip(),
            trial_url=self.trial_url.strip(),
            options=self.options,
            secrets=self.secrets,
            concurrency=self.concurrency,
            rate_per_s=self.rate_per_s,
            timeout_s=self.timeout_s,
        )


class ConnectorSwitch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which state, and why: trial (its sandbox alone), on, draining (no new calls), off."""

    state: Literal["trial", "on", "draining", "off"]
    reason: Reason = ""


class Connectors(Struct, frozen=True, kw_only=True):
    """A merchant's connectors, by capability and title."""

    items: tuple[ConnectorView, ...]


class ConnectorAdapters(Struct, frozen=True, kw_only=True):
    """The adapters that are plugged in, by name."""

    items: tuple[ConnectorAdapter, ...]


@get("/v1/connector-adapters", **declare_read("listConnectorAdapters", "connectors", READ))
async def list_adapters(request: Ask) -> ConnectorAdapters:
    """List what may be connected: capability, operations with their schemas, what each needs; what
    the merchant has woven is among it.
    """
    async with hub_of(request).connection() as connection:
        woven = await woven_connector.list_lent(connection, held_of(request).tenant)
    lent = [connector_adapters.show(name, adapter) for name, adapter in woven]
    return ConnectorAdapters(items=(*connector_adapters.list_adapters(), *lent))


@get("/v1/connectors", **declare_read("listConnectors", "connectors", READ))
async def list_connectors(request: Ask) -> Connectors:
    """List connectors and how each is: breaker, what waits, the last hour by the minute."""
    async with hub_of(request).connection() as connection:
        found = await connector_views.list_connectors(connection, held_of(request).tenant)
    return Connectors(items=tuple(found))


@post("/v1/connectors", **declare_write("connectConnector", "connectors", WRITE))
async def connect(data: JSONBody[ConnectorWish], request: Ask) -> ConnectorView:
    """Connect a far side, in trial: only its sandbox is asked until it is switched on."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        desk = await connectors.connect(connection, held.tenant, held.actor, data.wish, hub.clock())
        return await connector_views.read_connector(connection, held.tenant, desk.id)


@get(_ONE, **declare_read("getConnector", "connectors", READ))
async def get_connector(connector_id: Id, request: Ask) -> ConnectorView:
    """Read one connector."""
    async with hub_of(request).connection() as connection:
        return await connector_views.read_connector(
            connection, held_of(request).tenant, connector_id
        )


@put(_ONE, **declare_write("setConnector", "connectors", WRITE))
async def amend(connector_id: Id, data: JSONBody[ConnectorWish], request: Ask) -> ConnectorView:
    """Change how a far side is asked. Another adapter is another connector: swap to it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await connectors.amend(connection, held.tenant, connector_id, held.actor, data.wish)
        return await connector_views.read_connector(connection, held.tenant, connector_id)


@post(_ONE + "/state", **declare_write("switchConnector", "connectors", WRITE), status_code=200)
async def switch(connector_id: Id, data: JSONBody[ConnectorSwitch], request: Ask) -> ConnectorView:
    """Switch a connector; the first of its capability that is on becomes its route."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        await connector_routes.switch(
            connection,
            held.tenant,
            connector_id,
            held.actor,
            data.state,
            data.reason,
            hub.clock(),
        )
        return await connector_views.read_connector(connection, held.tenant, connector_id)


ROUTES: Final = [list_adapters, list_connectors, connect, get_connector, amend, switch]
