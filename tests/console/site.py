"""A hub for browsers: the demo's merchant with orders of every age, a person for each role.

Real processes over a real database: what a browser meets here is what `danshu up` serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
from msgspec import Struct, field

from danshu.capabilities.people.model import ROLES
from danshu.stories import caller, furnishing, stage
from danshu.testing import messages
from tests.fixtures import people
from tests.fixtures.hub import PAID_AT, assets_apart

CODE = "demo"
NAME = "示例商户"
OTHER = "elsewhere"
SEED = 1
TOGETHER = 16
PATIENCE_S = 120.0  # only so that a failing test ends
# Given to each request: to read whom one trusts takes longer than most answers.
TRUST = ssl.create_default_context()
_NUMBERS = itertools.count(1)
# What happens to an order, by its place in the list: every stage is there to be seen.
LIVES: tuple[tuple[str, ...], ...] = (
    ("release", "pick", "pack", "ship", "deliver"),
    ("release", "pick", "pack", "ship"),
    ("release", "pick", "pack"),
    ("release", "pick"),
    ("release",),
    ("hold",),
    ("cancel",),
    (),
)
# Roles, and the numbers by which colleagues call people.
NUMBERS = {role: number for number, role, _ in furnishing.PEOPLE}
EVERYBODY = "everybody"  # one person with all the roles, Z99


class Site(Struct, kw_only=True, eq=False):
    """Where browsers go. `address` is http://localhost:port, without a slash."""

    address: str
    url: str
    tenant: int
    key: str
    password: str
    orders: list[dict[str, Any]]
    kept: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Ask the API with the admin's key and give the JSON of the answer."""
        headers = {"authorization": f"Bearer {self.key}"}
        answer = httpx.request(
            method, self.address + path, headers=headers, timeout=60, verify=TRUST, **more
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def wait_for(self, path: str, true: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as it must become; gives it. What is under way says how far."""
        end = time.monotonic() + PATIENCE_S
        while not true(seen := self.call("GET", path)):
            assert time.monotonic() < end, f"{path}: {seen}"
            time.sleep(0.05)
        return seen

    def count_orders(self) -> int:
        """Count the orders of today, those of other tests among them."""
        count, cursor = 0, ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = self.call("GET", "/v1/orders", params={"limit": 100, **more})
            count, cursor = count + len(page["items"]), page["next"]
            if not cursor:
                return count

    def place_order(self, skus: list[dict[str, Any]] | None = None) -> str:
        """Place an order of its own for these goods (the first of all): one of the first, two of
        the second; gives its id.
        """
        skus = skus or self.call("GET", "/v1/skus?limit=1")["items"]
        new = {
            "number": f"OWN{next(_NUMBERS):08d}",
            "lines": [
                {"sku": sku["code"], "quantity": n, "price_fen": 100}
                for n, sku in enumerate(skus, 1)
            ],
            "receiver": {
                "name": "张示例",
                "phone": "13900001234",
                "province": "上海市",
                "city": "上海市",
                "detail": "示例路 1 号",
            },
            "paid_at": PAID_AT,
        }
        return str(self.call("POST", "/v1/orders", json=new)["order"])

    def login(self, role: str) -> str:
        """Give the name with which the person of a role signs in."""
        if role == EVERYBODY:
            return "z99@small.example"
        return f"{NUMBERS[role].lower()}@{CODE}.example"

    def cookie(self, role: str) -> str:
        """Give the session of a role's person, opened by password once."""
        if role not in self.kept:
            password = people.PASSWORD if role == EVERYBODY else self.password
            body = {"tenant": CODE, "login": self.login(role), "password": password}
            path = self.address + "/v1/session/password"
            answer = httpx.post(
                path, json=body, headers={"origin": self.address}, timeout=60, verify=TRUST
            )
            assert answer.status_code == 201, answer.text
            self.kept[role] = answer.cookies["danshu"]
        return self.kept[role]

    def prefer(self, role: str, **preferences: Any) -> None:
        """Set preferences of a person, as the console does."""
        cookies = {"danshu": self.cookie(role)}
        with httpx.Client(
            base_url=self.address, cookies=cookies, timeout=60, verify=TRUST
        ) as client:
            token = client.get("/v1/session").json()["csrf"]
            headers = {"origin": self.address, "x-csrf-token": token}
            answer = client.patch("/v1/session/preferences", json=preferences, headers=headers)
            assert answer.status_code == 200, answer.text

    def by_state(self, state: str) -> dict[str, Any]:
        """Give an order that was in this state when the site opened."""
        return next(order for order in self.orders if order["state"] == state)


@contextlib.contextmanager
def open_site(url: str, orders: int = 8) -> Iterator[Site]:
    """Serve an empty database with the demo's merchant, `orders` of each channel."""
    with assets_apart(), stage.open_stage(1, url) as place:
        port = place.servers[0].rpartition(":")[2]
        site = asyncio.run(_furnish(place, orders, f"http://localhost:{port}"))
        people.seat(url, site.tenant, "Z99", list(ROLES))
        yield site


async def _furnish(place: stage.Stage, orders: int, address: str) -> Site:
    async with place.connection() as connection:
        tenant = await furnishing.furnish(connection, CODE, NAME)
        await furnishing.lend_network(connection, OTHER, "别家")
        shops = await furnishing.open_shops(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "console")
        password = await furnishing.seat_people(connection, tenant)
    now_ms = time.time_ns() // 1_000_000
    async with place.client(key) as client:
        sent = [
            caller.send_message(client, shop, messages.message(channel, n, SEED, now_ms))
            for n in range(1, orders + 1)
            for channel, shop in shops.items()
        ]
        for answer in await caller.each(TOGETHER, sent):
            assert answer.status_code < 300, answer.text
        listed = await caller.list_orders(client)
        lived = [
            _live(client, order, LIVES[n % len(LIVES)])
            for n, order in enumerate(o for o in listed if o["state"] == "allocated")
        ]
        await caller.each(TOGETHER, lived)
        # On its schedule a replan would move orders in the middle of somebody else's test.
        never = {"every_min": 0, "switching_fen": 0}
        await caller.ask(client, "PUT", "/v1/replan-settings", json=never)
        await _settle(place, tenant)
        return Site(
            address=address,
            url=place.url,
            tenant=tenant,
            key=key,
            password=password,
            orders=await caller.list_orders(client),
        )


async def _live(client: httpx.AsyncClient, order: dict[str, Any], life: tuple[str, ...]) -> None:
    for event in life:
        more: dict[str, Any] = {}
        if event == "ship":
            more = {"carrier": "示例快递", "waybill": f"SF{order['order'][:12].upper()}"}
        elif event in ("cancel", "hold"):
            more = {"reason": "买家要求"}
        await caller.act(client, order["order"], event, **more)


async def _settle(place: stage.Stage, tenant: int) -> None:
    """Wait until the workers have read what was said, so that boards and lists agree with it."""
    async with place.connection() as connection:
        for _ in range(600):
            found = await connection.execute(
                "select coalesce(sum(n),0) from facts where tenant=%s", (tenant,)
            )
            said = await found.fetchone()
            found = await connection.execute(
                "select coalesce(sum(n),0) from segments where tenant=%s", (tenant,)
            )
            read = await found.fetchone()
            if said == read:
                return
            await asyncio.sleep(0.1)
    raise AssertionError("the workers did not read the facts within a minute")


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a connection to the site's database."""
    return psycopg.connect(url, autocommit=True)


STATIC = Path(__file__).resolve().parents[2] / "src" / "danshu" / "static"
