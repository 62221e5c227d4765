"""A shop's listing, tried: its platform is asked once, with what was typed or is kept, and what it
lists is held against what is here. Nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import outside, sentinel_listed, sentinel_shops
from danshu.hub.sentinel_listed import Shop
from danshu.hub.sentinel_pull import REACH
from danshu.hub.sentinel_shops import told
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import PULL_GRACE_S, PULL_LOOK_BACK_S
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.sentinel_shops import NewShop

Connection = Any
_KEPT: Final = """
select key, secret, token from pull_accounts where tenant=%s and channel=%s and shop=%s
and url=%s
"""


class PullTrial(Struct, frozen=True, kw_only=True):
    """What came of asking for [begins, upto), RFC 3339: orders listed, not here, not to be read,
    and the first numbers not here; or why nothing came, `trouble`.
    """

    begins: str
    upto: str
    listed: int = 0
    missing: int = 0
    unreadable: int = 0
    numbers: tuple[str, ...] = ()
    trouble: str = ""


_SHOWN: Final = 5


async def run(hub: Hub, tenant: int, new: NewShop) -> PullTrial:
    """Ask the platform for its last window. Raises InputError `no_listing`, `bad_url`."""
    listing = sentinel_shops.find_listing(new.adapter)
    outside.check_url(new.url)
    world = await hub.worlds.ensure(tenant)
    at_ms = hub.clock()
    end_ms = at_ms - listing.lag_ms - PULL_GRACE_S * 1000
    begin_ms = end_ms - min(listing.window_ms, PULL_LOOK_BACK_S * 1000)
    async with hub.connection() as connection:
        # what is kept goes to the address that it was given for, and to no other
        named = (tenant, new.channel, new.shop, new.url)
        kept = await (await connection.execute(_KEPT, named)).fetchone() or ("", "", "")
    shop = Shop(
        tenant=tenant, channel=new.channel, shop=new.shop, adapter=new.adapter, url=new.url,
        key=new.key or kept[0], secret=new.secret or kept[1], token=new.token or kept[2], upto=None,
    )  # fmt: skip
    trial = PullTrial(
        begins=told(write.instant(begin_ms * 1000)), upto=told(write.instant(end_ms * 1000))
    )
    try:
        async with outside.client() as web:
            send = outside.sender(web, "the platform", REACH)
            listed = await listing.list_window(shop.account, send, begin_ms, end_ms, at_ms)
    except DanshuError as error:
        return replace(trial, trouble=error.diagnose()[:300])
    drafts, bad = sentinel_listed.parse(shop, listed)
    async with hub.connection() as connection:
        found, _ = await sentinel_listed.compare_drafts(connection, world, shop, drafts, at_ms)
    missing = [f.number for f in found if f.klass == "missing"]
    return replace(
        trial,
        listed=len(listed),
        missing=len(missing),
        unreadable=len(bad),
        numbers=tuple(missing[:_SHOWN]),
    )
