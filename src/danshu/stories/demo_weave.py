"""What the demo's merchant is connected with: brokers, warehouses' systems, whoever is told.

Reference servers on this machine, for the demo alone: two customs brokers of which one takes over a
part of the other's calls, parties that could be asked when an order is paid, one system that takes
events and one that refuses some of them. `danshu up` knows nothing of them.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub import connecting
from danshu.stories import caller
from danshu.testing import customs_brokers, customs_orders, event_receivers, merchant, paid_parties

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from danshu.kernel.consumer import Event
    from danshu.stories.stage import Stage

_SECRET: Final = "whsec_ZGVtby1kZW1vLWRlbW8tZGVtby1kZW1v"
_BROKERS: Final = {"rest": "口岸通报关行", "window": "海通报关行"}
_PARTIES: Final = {"risk": "风控引擎", "finance": "财务系统", "logistics": "物流系统"}
_CANARY: Final = 2_000  # hundredths of a percent
_DECLARED: Final = 40
_LATENCY_MS: Final = 40
_REFUSED: Final = 422


class Sides(Struct, frozen=True, kw_only=True, eq=False):
    """The far sides, as long as the demo plays."""

    brokers: dict[str, customs_brokers.Broker]
    parties: dict[str, paid_parties.Party]
    crm: event_receivers.Receiver
    ledger: event_receivers.Receiver


@contextlib.contextmanager
def lend() -> Iterator[Sides]:
    """Serve the far sides while the demo plays."""
    with contextlib.ExitStack() as stack:
        brokers = {k: stack.enter_context(customs_brokers.serve(k)) for k in _BROKERS}
        for broker in brokers.values():
            broker.mood.latency_ms = _LATENCY_MS
        parties = {name: stack.enter_context(paid_parties.serve(name)) for name in _PARTIES}
        crm = stack.enter_context(event_receivers.serve())
        ledger = stack.enter_context(event_receivers.serve())
        crm.secrets, ledger.secrets = [_SECRET], [_SECRET]
        ledger.refuses = _refuse
        yield Sides(brokers=brokers, parties=parties, crm=crm, ledger=ledger)


def _refuse(event: Event) -> int:
    """The old ledger can't read what was cancelled: what it refuses is a dead letter."""
    return _REFUSED if event.type == "danshu.order.cancelled" else 0


async def connect(client: httpx.AsyncClient, sides: Sides) -> None:
    """Connect the far sides, or tell where those of an earlier demo answer now."""
    found = (await caller.ask(client, "GET", "/v1/connectors")).json()["items"]
    known = {one["title"]: one for one in found}
    for kind, title in _BROKERS.items():
        url = sides.brokers[kind].url
        await _connect(client, known.get(title), {
            "adapter": customs_brokers.ADAPTERS[kind], "title": title, "url": url, "trial_url": url,
            "options": customs_brokers.OPTIONS[kind], "secrets": customs_brokers.SECRETS,
        })  # fmt: skip
    for name, title in _PARTIES.items():
        await _connect(client, known.get(title), {
            "adapter": f"{name}-desk", "title": title, "url": sides.parties[name].url,
            "secrets": {"signing_secret": paid_parties.SECRET},
        })  # fmt: skip
    await _subscribe(client, "客户中心", sides.crm.url, ["danshu.order.*", "danshu.promise.*"])
    await _subscribe(client, "旧账务系统", sides.ledger.url, ["danshu.order.*"])
    await _name_authorities(client)


async def _connect(
    client: httpx.AsyncClient, known: dict[str, Any] | None, wish: dict[str, Any]
) -> None:
    if known is not None:
        await caller.ask(client, "PUT", f"/v1/connectors/{known['id']}", json=wish)
        return
    made = (await caller.ask(client, "POST", "/v1/connectors", json=wish)).json()
    switch = {"state": "on", "reason": "演示"}
    await caller.ask(client, "POST", f"/v1/connectors/{made['id']}/state", json=switch)


async def _subscribe(client: httpx.AsyncClient, name: str, url: str, types: list[str]) -> None:
    wish = {"name": name, "url": url, "types": types, "secret": _SECRET}
    found = (await caller.ask(client, "GET", "/v1/subscriptions")).json()["items"]
    known = next((one for one in found if one["name"] == name), None)
    if known is None:
        await caller.ask(client, "POST", "/v1/subscriptions", json=wish)
    else:
        await caller.ask(client, "PUT", f"/v1/subscriptions/{known['id']}", json=wish)


async def _name_authorities(client: httpx.AsyncClient) -> None:
    """A weight stands in the WMS and in the ERP: the warehouse's scales are believed."""
    for source, title in (("wms", "华东仓 WMS"), ("erp", "ERP")):
        await caller.ask(client, "PUT", f"/v1/dictionary/sources/{source}", json={"title": title})
    found = (await caller.ask(client, "GET", "/v1/dictionary")).json()["fields"]
    if any(field["source"] for field in found):
        return
    for field, rule in (("weight_g", "authority"), ("barcode", "ask")):
        body = {"source": "wms", "rule": rule}
        await caller.ask(client, "PUT", f"/v1/dictionary/skus/{field}", json=body)
    skus = merchant.skus()[:12]
    for source, grams, barcode in (("wms", 0, "69"), ("erp", 20, "")):
        rows = [
            {
                "code": sku.code,
                "weight_g": sku.weight_g + grams * (n % 3),
                **({"barcode": f"{barcode}{10**10 + n}"} if barcode and n < 4 else {}),
            }
            for n, sku in enumerate(skus)
        ]
        await caller.ask(
            client, "POST", "/v1/dictionary/skus/claims", json={"source": source, "rows": rows}
        )


async def declare(stage: Stage, client: httpx.AsyncClient, tenant: int, orders: list[str]) -> None:
    """Declare orders to customs; the second broker takes over a part of the first one's calls."""
    found = (await caller.ask(client, "GET", "/v1/connectors")).json()["items"]
    ids = {one["title"]: one["id"] for one in found}
    stable, candidate = (ids[title] for title in _BROKERS.values())
    routes = (await caller.ask(client, "GET", "/v1/connector-routes")).json()["items"]
    route = next((one for one in routes if one["capability"] == "customs"), None)
    if route is not None and route["stage"] == "steady":
        body = {
            "candidate": candidate,
            "replaces": stable,
            "share": _CANARY,
            "reason": "试新报关行",
        }
        await caller.ask(client, "PUT", "/v1/connector-routes/customs/canary", json=body)
    async with stage.connection() as connection, connection.transaction():
        for order in orders[:_DECLARED]:
            await connecting.ask(
                connection,
                tenant,
                capability="customs",
                operation="declare",
                key=f"demo-{order}",
                subject=order,
                body=customs_orders.write(order),
                at_ms=time.time_ns() // 1_000_000,
            )
