"""Tells the treated of a campaign through the merchant's notice service, each under one key.

A merchant without a service reaches nobody: whoever was to be told counts as not reached.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from danshu.capabilities.associations import decide
from danshu.hub import campaign_rows, notices, outside
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import (
    CAMPAIGN_GIVE_UP_S,
    CAMPAIGN_TELL,
    NOTICE_BYTES,
    NOTICE_RETRY_MAX_S,
    NOTICE_RETRY_S,
    NOTICE_TIMEOUT_S,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.notice import Account, Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from danshu.capabilities.associations.model import Campaign
    from danshu.hub.notices import Settings
    from danshu.ports.notice import Messenger

Connection = Any
TELLER: Final = Actor(sub="associations", role="system", grade="C")
BUYER: Final = "buyer"
_REACH: Final = outside.Reach(NOTICE_TIMEOUT_S, NOTICE_BYTES, NOTICE_RETRY_S)
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update campaign_buyers c set tries=c.tries+1, next_try=%s from (
  select buyer from campaign_buyers where tenant=%s and campaign=%s and told='due'
  and next_try<=%s order by next_try, buyer limit %s for update skip locked) d
where c.tenant=%s and c.campaign=%s and c.buyer=d.buyer
returning c.buyer, c.order_id, c.number, c.channel, c.shop, c.tries,
(extract(epoch from c.enrolled)*1000)::int8
"""
_END: Final = """
update campaign_buyers set told=%s, next_try=null
where tenant=%s and campaign=%s and buyer=%s and told='due'
"""
_LEAVE: Final = """
update campaign_buyers set next_try=%s where tenant=%s and campaign=%s and buyer=%s and told='due'
"""


class Due(Struct, frozen=True, array_like=True):
    """A buyer who is to be told: the order that names them, tries counting this one."""

    buyer: str
    order: uuid.UUID
    number: str
    channel: str
    shop: str
    tries: int
    since_ms: int


async def tell(
    connection: Connection, tenant: int, campaign: Campaign, clock: Callable[[], int]
) -> None:
    """Tell whoever is due, in portions; a campaign that has stopped tells nobody any more."""
    settings = await notices.read_settings(connection, tenant)
    async with outside.client() as web:
        while True:
            now_ms = clock()
            until = write.instant((now_ms + 2 * NOTICE_TIMEOUT_S * 1000) * 1000)
            at = write.instant(now_ms * 1000)
            place = (tenant, campaign.id)
            given = (until, *place, at, CAMPAIGN_TELL, *place)
            rows = await (await connection.execute(_TAKE, given)).fetchall()
            if not rows:
                return
            ends: dict[str, str] = {}
            for row in rows:
                due = Due(*row)
                state = await _try(web, settings, campaign, due, now_ms)
                if state:
                    ends[due.buyer] = state
                else:
                    wait_s = min(NOTICE_RETRY_MAX_S, NOTICE_RETRY_S << min(due.tries - 1, 20))
                    later = write.instant((now_ms + wait_s * 1000) * 1000)
                    await connection.execute(_LEAVE, (later, *place, due.buyer))
            await _end(connection, tenant, campaign, ends, now_ms)


async def _try(
    web: httpx.AsyncClient, settings: Settings, campaign: Campaign, due: Due, now_ms: int
) -> str:
    """Tell one: `told`, `unreached`, or "" to be tried again."""
    if not settings.adapter or campaign.state == "stopped":
        return "unreached"
    notice = Notice(
        key=f"danshu-{campaign.id}-{due.order}",
        to=BUYER,
        code=f"campaign.{campaign.plan.act}",
        name=campaign.plan.text,
        clause="",
        breach="",
        lang="zh",
        channel=due.channel,
        shop=due.shop,
        number=due.number,
        due=rfc3339(campaign.plan.until_ms),
        made=rfc3339(due.since_ms),
        campaign=str(campaign.id),
    )
    messenger = cast("Messenger", registry.load("notice", settings.adapter))
    account = Account(url=settings.url, secret=settings.secret)
    lent = outside.sender(web, "the service", _REACH)
    try:
        await messenger.send(account, lent, notice, now_ms)
    except NotAvailable:
        return "unreached" if now_ms - due.since_ms >= CAMPAIGN_GIVE_UP_S * 1000 else ""
    except InputError:
        return "unreached"
    return "told"


async def _end(
    connection: Connection, tenant: int, campaign: Campaign, ends: dict[str, str], now_ms: int
) -> None:
    """Say what became of a portion, in the commit that ends its rows."""
    if not ends:
        return
    counts = {"told": 0, "unreached": 0}
    async with connection.transaction():
        for buyer, state in ends.items():
            given = (state, tenant, campaign.id, buyer)
            counts[state] += (await connection.execute(_END, given)).rowcount
        if any(counts.values()):
            await campaign_rows.change(
                connection,
                tenant,
                campaign.id,
                TELLER,
                now_ms,
                lambda c: decide.tell(c, counts["told"], counts["unreached"]),
            )
