"""The pull check 补单检查: what a platform lists, compared with what we have.

Every so often the room `pulls` asks each shop's platform for the orders that changed since it asked
last. What is listed and not here is missing; what is here and differs is a mismatch; what came in
from that shop and is not even known by its number over there is a phantom. The cursor of a shop
moves in the commit that writes its findings. Pulling in takes the platform's own body through the
same door as its messages, under the same key: never twice.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace

from danshu.capabilities.sentinel.model import Found
from danshu.hub import (
    findings,
    intake,
    lists,
    outside,
    sentinel_coverage,
    sentinel_listed,
    sentinel_shops,
)
from danshu.hub.sentinel_listed import Shop
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import (
    PULL_BODY_BYTES,
    PULL_DOUBTS,
    PULL_EVERY_S_MIN,
    PULL_GRACE_S,
    PULL_RETRY_S,
    PULL_TIMEOUT_S,
)
from danshu.ledger import write
from danshu.ports import registry

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    import httpx

    from danshu.hub.compose import Hub
    from danshu.hub.findings_views import FindingItem
    from danshu.hub.world import World
    from danshu.ports.channel import Channel
    from danshu.ports.listing import Listed, Listing, Send

Connection = Any
_log = logging.getLogger("danshu.pulls")
REACH: Final = outside.Reach(PULL_TIMEOUT_S, PULL_BODY_BYTES, PULL_RETRY_S)
_WINDOWS: Final = 20
# Who takes a due shop up moves it on at once, so that of two workers one asks.
_DUE: Final = """
update pull_accounts p set asked=%(now)s where (tenant,channel,shop) in (
  select tenant,channel,shop from pull_accounts where adapter<>'' and is_on
  and (asked is null or asked <= %(now)s - every_s * interval '1 second')
  order by asked nulls first limit 20 for update skip locked)
returning tenant,channel,shop,adapter,url,key,secret,token,upto
"""
_ONE: Final = """
select tenant,channel,shop,adapter,url,key,secret,token,upto from pull_accounts
where tenant=%s and channel=%s and shop=%s and adapter<>''
"""
_ADVANCE: Final = """
update pull_accounts set upto=%s, listed=listed+%s where tenant=%s and channel=%s and shop=%s
and upto=%s returning 1
"""
_SAID: Final = """
update pull_accounts set trouble=%s where tenant=%s and channel=%s and shop=%s
"""
_OURS_AT_ONCE: Final = 1_000
_OURS: Final = f"""
select o.okey, o.id, o.total, o.doc from orders o where o.tenant=%s and o.channel=%s and o.id>=%s
and o.id<%s and starts_with(o.okey, %s) order by o.id limit {_OURS_AT_ONCE}
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    worlds = Worlds(url)
    web = outside.client()

    async def step(connection: Connection) -> int:
        return await pull_due(connection, worlds, web, now_ms())

    return step


async def pull_due(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, at_ms: int
) -> int:
    """Pull the shops that are due, one after the other; gives how many were."""
    rows = await (await connection.execute(_DUE, {"now": write.instant(at_ms * 1000)})).fetchall()
    for row in rows:
        shop = Shop(*row)
        trouble = ""
        try:
            world = await worlds.ensure(shop.tenant)
            await _pull(connection, world, web, shop, at_ms)
        except DanshuError as error:
            trouble = str(error)[:500]
            _log.warning("pull %s/%s: %s", shop.channel, shop.shop, error)
        named = (shop.tenant, shop.channel, shop.shop)
        await connection.execute(_SAID, (trouble, *named))
    return 0


async def _pull(
    connection: Connection, world: World, web: httpx.AsyncClient, shop: Shop, at_ms: int
) -> None:
    """Ask for all windows up to now, and compare each in its own commit."""
    listing = sentinel_shops.find_listing(shop.adapter)
    send = outside.sender(web, shop.adapter, REACH)
    end_ms = at_ms - listing.lag_ms - PULL_GRACE_S * 1000
    for _ in range(_WINDOWS):
        begin_ms = round(shop.upto.timestamp() * 1000)
        if end_ms - begin_ms < PULL_EVERY_S_MIN * 1000:
            return
        upto_ms = min(end_ms, begin_ms + listing.window_ms)
        listed = await listing.list_window(shop.account, send, begin_ms, upto_ms, at_ms)
        window = (begin_ms, upto_ms)
        phantoms, upto_ms = await _phantoms(connection, listing, send, shop, listed, window)
        drafts, bad = sentinel_listed.parse(shop, listed)
        upto = write.instant(upto_ms * 1000)
        async with connection.transaction():
            named = (shop.tenant, shop.channel, shop.shop)
            moved = await connection.execute(_ADVANCE, (upto, len(listed), *named, shop.upto))
            if await moved.fetchone() is None:
                return
            opened, gone = await sentinel_listed.compare_drafts(
                connection, world, shop, drafts, at_ms
            )
            opened += await sentinel_listed.keep_unreadable(connection, shop, bad, at_ms)
            await findings.record(
                connection, shop.tenant, at_ms, [*opened, *phantoms], gone, world.warehouse_no
            )
            missing = sum(f.klass == "missing" for f in opened)
            told = (len(listed), missing, len(bad))
            await sentinel_coverage.cover(connection, named, (shop.upto, upto), told)
        shop = replace(shop, upto=upto)


async def _phantoms(
    connection: Connection,
    listing: Listing,
    send: Send,
    shop: Shop,
    listed: Sequence[Listed],
    window: tuple[int, int],
) -> tuple[list[Found], int]:
    """Ask for each order that came in meanwhile and was not listed: is it known over there?

    A window lists by change, so what is absent from it need not be a phantom; the platform's own
    "no such order" is. Gives what was found, and up to when all was asked for: where very many are
    doubtful the window ends sooner, and the next one asks on.
    """
    known = {item.number for item in listed}
    found: list[Found] = []
    asked, last_ms = 0, 0
    async for id_, total, doc, number in _read_ours(connection, shop, window):
        if number in known:
            continue
        order = sentinel_listed.read_doc(bytes(doc))
        if order.kind != "order":
            continue
        at_ms = id_.int >> 80
        if asked >= PULL_DOUBTS and at_ms > last_ms:
            return found, at_ms
        asked, last_ms = asked + 1, at_ms
        if not await listing.fetch(shop.account, send, order.number, window[1]):
            found.append(
                Found(
                    klass="phantom", subject=id_.hex, cause="unknown_there",
                    evidence=(f"{id_}/1",), channel=shop.channel, shop=shop.shop, place=shop.shop,
                    order=id_.bytes, number=order.number, risk=total, at_ms=at_ms,
                )
            )  # fmt: skip
    return found, window[1]


async def _read_ours(
    connection: Connection, shop: Shop, window: tuple[int, int]
) -> AsyncIterator[tuple[uuid.UUID, int, bytes, str]]:
    """Read the shop's orders that came in within a window: id, total, document, number."""
    low, high = lists.id_at(window[0]), lists.id_at(window[1])
    while True:
        asked = (shop.tenant, shop.channel, low, high, f"{shop.channel}/{shop.shop}/")
        rows = await (await connection.execute(_OURS, asked)).fetchall()
        for key, id_, total, doc in rows:
            yield id_, total, doc, key.rpartition("/")[2]
        if len(rows) < _OURS_AT_ONCE:
            return
        low = type(low)(int=rows[-1][1].int + 1)


async def end_missing(connection: Connection, tenant: int, at_ms: int) -> None:
    """End what was missing and has come in since."""
    rows = await (await connection.execute(_STILL_MISSING, (tenant,))).fetchall()
    if not rows:
        return
    async with connection.transaction():
        await findings.record(connection, tenant, at_ms, gone=[("missing", r[0]) for r in rows])


_STILL_MISSING: Final = """
select f.subject from findings f join idem i on i.tenant=f.tenant and i.okey=f.subject
where f.tenant=%s and f.class='missing' and f.state<>'done' limit 1000
"""


async def pull_in(hub: Hub, tenant: int, finding: FindingItem) -> str:
    """Take a missing order in from its platform; gives why not, "" when it is here."""
    async with hub.connection() as connection:
        asked = (tenant, finding.channel, finding.shop)
        row = await (await connection.execute(_ONE, asked)).fetchone()
    if row is None:
        return "the shop is not pulled any more"
    shop = Shop(*row)
    listing = sentinel_shops.find_listing(shop.adapter)
    try:
        async with outside.client() as web:
            send = outside.sender(web, shop.adapter, REACH)
            body = await listing.fetch(shop.account, send, finding.number, hub.clock())
        if not body:
            return "the platform knows no such order"
        adapter = cast("Channel", registry.load("channel", shop.channel))
        owner = sentinel_listed.keeper(shop)
        failed = intake.failed(await intake.take(hub, owner, adapter, body))
    except DanshuError as error:
        return str(error)[:300]
    return str(failed)[:300] if failed else ""
