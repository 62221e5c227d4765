"""Listings 数据上架: drafted, submitted by a second person, reviewed, ordered, receipted.

A submission is a way out of the house: the gate is asked as for a share, and what it refuses is not
packed. An order at the exchange becomes the draft of a licence, which a person approves like any
other; a delivery under it is receipted there.
"""

from __future__ import annotations

import asyncio
import calendar
import datetime
import hashlib
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from danshu.capabilities.licensing import decide as licensing
from danshu.capabilities.licensing.facts import AssetListingAnswered, AssetListingSubmitted
from danshu.capabilities.licensing.model import (
    LicenceTerms,
    Licensee,
    day_of,
)
from danshu.capabilities.protection import decide
from danshu.hub import (
    asset_catalogue,
    asset_requests,
    asset_runs,
    catalogue_dcat,
    data_gates,
    exchanges,
    licence_rows,
    licences,
    listing_packages,
    listing_rows,
    merchants,
    rights_register,
    valuations,
    watermarks,
)
from danshu.hub.asset_request_rows import Wish
from danshu.hub.exchanges import Desk
from danshu.hub.listing_packages import Contents
from danshu.kernel import ids
from danshu.kernel.errors import Refusal
from danshu.ledger import signers, write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.protection.model import Outcome
    from danshu.hub.asset_extracts import Extract
    from danshu.hub.compose import Hub
    from danshu.hub.exchanges import ExchangeOrder
    from danshu.hub.listing_rows import ListingRow, ListingTerms
    from danshu.hub.rights import Seated
    from danshu.kernel.fact import Actor

Connection = Any
NOT_DRAFT: Final = Refusal(
    code="not_draft", reason="这份上架申请已经提交", reason_en="This listing was submitted already",
    clause="listing.state",
)  # fmt: skip
NOT_SUBMITTED: Final = Refusal(
    code="not_submitted", reason="这份上架申请还没有提交",
    reason_en="This listing was not submitted yet", clause="listing.state",
)  # fmt: skip
NOT_VALUED: Final = Refusal(
    code="not_valued", reason="资产没有批准的估值,价格没有依据",
    reason_en="The asset has no approved valuation: the price rests on nothing",
    clause="listing.price",
)  # fmt: skip
UNCLEARED: Final = Refusal(
    code="not_cleared", reason="合规检查还缺条件,先补齐",
    reason_en="The compliance checkpoint still wants something", clause="listing.compliance",
)  # fmt: skip
# What a licence and its approvers answer later, order by order; all else has to be there before.
_LATER: Final = frozenset({"licence", "steward", "legal", "second_person"})
_ADD: Final = (
    "insert into asset_listings(tenant,id,asset,exchange,state,terms,drafted_by,drafted)"
    " values(%s,%s,%s,%s,'draft',%s::jsonb,%s,%s)"
)
_SENT: Final = (
    "update asset_listings set state=%s, reference=%s, package=%s, digest=%s, reasons=%s,"
    " submitted_by=%s, submitted=%s, asked=%s where tenant=%s and id=%s"
)
_HEARD: Final = "update asset_listings set state=%s, reasons=%s, asked=%s where tenant=%s and id=%s"
_ORDER: Final = (
    "insert into listing_orders(tenant,listing,reference,licence) values(%s,%s,%s,%s)"
    " on conflict do nothing"
)
_RECEIPTED: Final = (
    "update listing_orders set receipted=%s where tenant=%s and listing=%s and reference=%s"
)
_LOCK: Final = "select 1 from tenants where id=%s for update"
_CODE: Final = "select code, name from tenants where id=%s"


async def draft(
    connection: Connection, tenant: int, terms: ListingTerms, actor: Actor, now_ms: int
) -> ListingRow:
    """Draft a listing. Raises InputError `no_exchange`, and what a licence's terms raise."""
    await exchanges.find(connection, tenant, terms.exchange)
    licensing.check(licence_of(terms, Licensee(code="-", name="-"), day_of(now_ms)))
    id_ = ids.uuid7(now_ms, os.urandom(10))
    at = write.instant(now_ms * 1000)
    body = msgspec.json.encode(terms).decode()
    values = (tenant, id_, terms.asset, terms.exchange, body, actor.sub, at)
    await connection.execute(_ADD, values)
    return await listing_rows.find(connection, tenant, id_)


def licence_of(
    terms: ListingTerms, buyer: Licensee, since: datetime.date, months: int = 0, contract: str = ""
) -> LicenceTerms:
    """Give the terms of the licence that an order leads to."""
    until = _months_later(since, months or terms.months)
    return LicenceTerms(
        asset=terms.asset,
        recipient=buyer,
        purpose=terms.purpose,
        contract=contract,
        columns=terms.columns,
        since=since,
        until=until,
        price=terms.price,
        rows_day=terms.rows_day,
        queries_day=terms.queries_day,
        clean_room=terms.clean_room,
        text=terms.text,
    )


def _months_later(since: datetime.date, months: int) -> datetime.date:
    """Give the last day of so many months from a day on."""
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    end = datetime.date(year, month + 1, min(since.day, last))
    return end - datetime.timedelta(days=1)


async def submit(
    hub: Hub, tenant: int, seated: Seated, id_: uuid.UUID, actor: Actor, base: str
) -> ListingRow | Refusal:
    """Pack a listing and submit it to its exchange, as the second person; `base` is where the
    catalogue that it names is found.

    Raises NotAvailable where the exchange does not answer: the draft stays, and may be submitted
    again under the same id.
    """
    async with hub.connection() as connection:
        row = await listing_rows.find(connection, tenant, id_)
        exchange = await exchanges.find(connection, tenant, row.exchange)
    if row.state != "draft":
        return NOT_DRAFT
    if not actor.sub.startswith("person:"):
        return licensing.PERSONS_ONLY
    if actor.sub == row.drafted_by:
        return licensing.SAME_PERSON
    package = await _pack(hub, tenant, seated, row, actor, base)
    if isinstance(package, Refusal):
        return package
    digest = hashlib.sha256(package).hexdigest()
    told = await Desk(hub, tenant, exchange).submit(str(id_), package)
    at = write.instant(hub.clock() * 1000)
    said = AssetListingSubmitted(
        asset=row.asset, digest=digest, exchange=row.exchange, first=row.drafted_by,
        listing=str(id_),
    )  # fmt: skip
    async with hub.connection() as connection, connection.transaction():
        values = (told.state, told.id, package, digest, list(told.reasons), actor.sub, at, at)
        await connection.execute(_SENT, (*values, tenant, id_))
        heard = _answered(id_, told.id, told.state, told.reasons)
        await merchants.say(connection, tenant, actor, said, heard)
        return await listing_rows.find(connection, tenant, id_)


def _answered(
    id_: uuid.UUID, reference: str, state: str, reasons: tuple[str, ...]
) -> AssetListingAnswered:
    return AssetListingAnswered(listing=str(id_), reasons=reasons, reference=reference, state=state)


async def _pack(
    hub: Hub, tenant: int, seated: Seated, row: ListingRow, actor: Actor, base: str
) -> bytes | Refusal:
    terms = row.terms
    async with hub.connection() as connection:
        right = await rights_register.find(connection, tenant, terms.asset)
        valued = (await valuations.standing(connection, tenant)).get(terms.asset)
        run = (await asset_runs.latest(connection, tenant)).get(terms.asset)
        code, name = await _name(connection, tenant)
        able, _ = await signers.load_signers(connection, None)
    if right is None or "operate" not in right.entry.rights:
        return licensing.NO_RIGHT if right is None else licensing.NOT_OPERATED
    if valued is None:
        return NOT_VALUED
    cleared = await _clear(hub, tenant, seated, row, actor)
    if isinstance(cleared, Refusal):
        return cleared
    extract, outcome = cleared
    async with hub.connection() as connection:
        marked = await watermarks.mark(
            connection,
            tenant,
            extract.table,
            asset=terms.asset,
            key_columns=[h.name for h in extract.heads if h.kind == "text"],
            tolerant=(),
            recipient=watermarks.Recipient(
                kind="partner", code=row.exchange, purpose=terms.purpose
            ),
            delivery=f"listing/{row.id}",
            actor=actor,
            honey=False,
        )
    entries = [one for one in await asset_catalogue.read(hub, tenant) if one.name == terms.asset]
    merchant = catalogue_dcat.Merchant(code=code, name=name, base=base)
    metadata = await asyncio.to_thread(catalogue_dcat.write, merchant, entries, (), "json-ld")
    contents = Contents(
        listing=str(row.id),
        metadata=metadata,
        asset=data_gates.find_asset(terms.asset),
        extract=extract,
        table=marked.table,
        quality=run.quality if run else {},
        compliance={
            "border": outcome.border,
            "needs": outcome.needs,
            "people": extract.people,
            "right": right.entry,
            "right_version": right.version,
            "state": outcome.state,
            "strength": extract.strength,
            "unverified": "条款未核:法条由人核对前不作为法律意见",
            "watermark": marked.code_no,
        },
        price=terms.price,
        licence=_write_licence(terms, name),
        valued=valued.result.range,
    )
    return await asyncio.to_thread(listing_packages.pack, contents, f"danshu/{code}", able)


async def _clear(
    hub: Hub, tenant: int, seated: Seated, row: ListingRow, actor: Actor
) -> tuple[Extract, Outcome] | Refusal:
    """Draw the sample and ask the checkpoint, as for a share of sums with the exchange."""
    terms = row.terms
    wish = Wish(
        asset=terms.asset, act="share", form="cells", file="csv", purpose=terms.purpose,
        why=f"listing {row.id}", columns=terms.columns, recipient=row.exchange, basis="contract",
        generalise=True,
    )  # fmt: skip
    case, levels = await data_gates.describe(
        hub, tenant, seated, asset=terms.asset, act="share", form="cells",
        purpose=terms.purpose, columns=terms.columns,
    )  # fmt: skip
    case = asset_requests.describe(case, wish, actor.sub)
    outcome = decide.decide(case)
    if outcome.refusal is not None:
        return outcome.refusal
    extract = await asset_requests.draw(hub, tenant, wish, case, levels)
    if isinstance(extract, Refusal):
        return extract
    async with hub.connection() as connection:
        case = await asset_requests.complete(connection, tenant, wish, case, extract, hub.clock())
    outcome = decide.decide(replace(case, has_licence=False))
    if outcome.refusal is not None:
        return outcome.refusal
    missing = [need.code for need in outcome.needs if need.code not in _LATER]
    return UNCLEARED if missing else (extract, outcome)


async def _name(connection: Connection, tenant: int) -> tuple[str, str]:
    row = await (await connection.execute(_CODE, (tenant,))).fetchone()
    return (row[0], row[1]) if row else ("", "")


def _write_licence(terms: ListingTerms, merchant: str) -> str:
    lines = [
        f"# {merchant} · {terms.asset}",
        "",
        f"- 用途 purpose: {terms.purpose}",
        f"- 列 columns: {', '.join(terms.columns) or '—'}",
        f"- 期限 months: {terms.months}",
        "- 不得转售 no resale; 可审计 audit right",
        "",
        terms.text,
    ]
    return "\n".join(lines) + "\n"


async def ask_again(hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor) -> ListingRow | Refusal:
    """Ask the exchange what became of a listing: its state, new orders, which become drafts of
    licences; and receipt what was delivered under them. Raises NotAvailable.
    """
    async with hub.connection() as connection:
        row = await listing_rows.find(connection, tenant, id_)
        exchange = await exchanges.find(connection, tenant, row.exchange)
    if not row.reference:
        return NOT_SUBMITTED
    desk = Desk(hub, tenant, exchange)
    told = await desk.look(row.reference)
    at = write.instant(hub.clock() * 1000)
    async with hub.connection() as connection, connection.transaction():
        await connection.execute(_HEARD, (told.state, list(told.reasons), at, tenant, id_))
        if told.state != row.state:
            said = _answered(id_, row.reference, told.state, told.reasons)
            await merchants.say(connection, tenant, actor, said)
    for order in await desk.orders(row.reference) if told.state == "listed" else ():
        await _take(hub, tenant, row, order, actor)
    await _receipt(hub, tenant, id_, desk)
    async with hub.connection() as connection:
        return await listing_rows.find(connection, tenant, id_)


async def _take(hub: Hub, tenant: int, row: ListingRow, order: ExchangeOrder, actor: Actor) -> None:
    """Make an order the draft of a licence, once; one for another purpose is left with the
    exchange, which asks its buyer.
    """
    if order.purpose != row.terms.purpose:
        return
    buyer = Licensee(code=order.buyer.code, name=order.buyer.name, country=order.buyer.country)
    now_ms = hub.clock()
    contract = f"{row.exchange}/{order.id}"
    terms = licence_of(row.terms, buyer, day_of(now_ms), order.months, contract)
    async with hub.connection() as connection, connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        known = {
            one.reference for one in await listing_rows.list_orders(connection, tenant, row.id)
        }
        if order.id in known:
            return
        made = await licences.draft(connection, tenant, terms, actor, now_ms, listing=row.id)
        await connection.execute(_ORDER, (tenant, row.id, order.id, made.id))


async def _receipt(hub: Hub, tenant: int, id_: uuid.UUID, desk: Desk) -> None:
    """Tell the exchange of deliveries that it was not told of, the oldest first."""
    async with hub.connection() as connection:
        orders = await listing_rows.list_orders(connection, tenant, id_)
    for order in orders:
        async with hub.connection() as connection:
            row = await licence_rows.find(connection, tenant, order.licence)
            uses = await licence_rows.list_usage(
                connection, tenant, order.licence, row.terms.since, day_of(hub.clock())
            )
        for use in uses:
            if use.kind != "delivery" or (order.receipted and use.id <= order.receipted):
                continue
            told = {"digest": use.digest, "licence": row.no, "rows": use.rows}
            await desk.receipt(order.reference, str(use.id), told)
            async with hub.connection() as connection:
                await connection.execute(_RECEIPTED, (use.id, tenant, id_, order.reference))
