"""How a story speaks to the hub: the public API, nothing else."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import RECEIPT_IN_LOG_S
from danshu.testing import messages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.ports.channel import Account

BUSY: Final = frozenset({429, 503})
TRIES: Final = 60
PAGE: Final = 200


class Refused(Exception):
    """The hub said no where the story counts on a yes: status and problem."""

    def __init__(self, path: str, status: int, body: str) -> None:
        super().__init__(f"{path}: {status} {body[:300]}")
        self.status = status


async def ask(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
    """Send a request, again while the hub is busy; gives the response. Raises Refused on a no."""
    response = await _persist(lambda: client.request(method, path, **more))
    if response.status_code >= 400:
        raise Refused(path, response.status_code, response.text)
    return response


async def send_message(
    client: httpx.AsyncClient, account: Account, body: bytes, secret: str = ""
) -> httpx.Response:
    """Send a platform's message to its door, signed with the shop's secret (or another one)."""
    now_ms = time.time_ns() // 1_000_000
    signed = messages.sign(
        account.channel, body, secret or account.secret, key=account.key, now_ms=now_ms
    )
    return await _persist(
        lambda: client.post(
            f"/v1/channels/{account.channel}",
            params={**signed.query, "account": f"{account.tenant}.{account.account}"},
            headers={"content-type": "application/json", **signed.headers},
            content=signed.body,
        )
    )


async def _persist(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Send, and again while the hub says that it is busy; at last give what it said."""
    for attempt in range(TRIES):
        response = await send()
        if response.status_code not in BUSY:
            return response
        await asyncio.sleep(min(1.0, 0.05 * 2**attempt))
    return await send()


async def list_orders(client: httpx.AsyncClient, **filters: str) -> list[dict[str, Any]]:
    """List all orders that fit, oldest first."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = (
            await ask(client, "GET", "/v1/orders", params={"limit": PAGE, **filters, **more})
        ).json()
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found[::-1]


async def read_order(client: httpx.AsyncClient, order: str) -> dict[str, Any]:
    """Read an order."""
    whole: dict[str, Any] = (await ask(client, "GET", f"/v1/orders/{order}")).json()
    return whole


async def act(client: httpx.AsyncClient, order: str, event: str, **more: Any) -> dict[str, Any]:
    """Tell what happened to an order; gives what it is now."""
    told: dict[str, Any] = (
        await ask(client, "POST", f"/v1/orders/{order}/transitions", json={"event": event, **more})
    ).json()
    return told


async def read_decisions(client: httpx.AsyncClient, order: str) -> list[dict[str, Any]]:
    """Read the routing decisions of an order with their explanations, oldest first."""
    found: list[dict[str, Any]] = (await ask(client, "GET", f"/v1/orders/{order}/decisions")).json()
    return found


async def fetch_bundle(client: httpx.AsyncClient, order: str) -> bytes:
    """Fetch the evidence of an order as soon as its newest fact is sealed. Raises NotAvailable."""
    end = time.monotonic() + RECEIPT_IN_LOG_S
    while time.monotonic() < end:
        response = await client.get(f"/v1/orders/{order}/evidence")
        if response.status_code == 200:
            return response.content
        if response.status_code not in BUSY:
            raise Refused("evidence", response.status_code, response.text)
        await asyncio.sleep(0.2)
    raise NotAvailable(f"order {order} was not sealed within {RECEIPT_IN_LOG_S} s")


async def read_trust(client: httpx.AsyncClient) -> list[str]:
    """Read the merchant's verification keys, apart from any bundle."""
    return list((await ask(client, "GET", "/v1/trust")).json()["vkeys"])


async def each(limit: int, work: list[Any]) -> list[Any]:
    """Await all, at most `limit` at a time; results in order."""
    gate = asyncio.Semaphore(limit)

    async def one(job: Any) -> Any:
        async with gate:
            return await job

    return list(await asyncio.gather(*(one(job) for job in work)))


async def sign_in(client: httpx.AsyncClient, merchant: str, login: str, password: str) -> bool:
    """Sign in as the console does, and out again; tells whether it worked."""
    body = {"tenant": merchant, "login": login, "password": password}
    entered = await client.post("/v1/session/password", json=body)
    if entered.status_code != 201:
        return False
    headers = {"x-csrf-token": entered.json()["csrf"]}
    return (await client.delete("/v1/session", headers=headers)).status_code == 204
