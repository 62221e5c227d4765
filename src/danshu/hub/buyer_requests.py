"""What buyers ask for: a change of address, compensation for damage, what a power gives them.

A request is asked by whoever holds the evidence page's link, whose word is a third party's
(grade D), or by somebody who works for the merchant. What was written and the new address lie in
the vault under the request's own id; the facts hold salted commitments. One request of a kind is
open at a time.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.power_facts import RequestMade, RequestWithdrawn
from danshu.hub import acts, amend_consents, personal, request_acts
from danshu.kernel import ids
from danshu.kernel.errors import Busy, InputError, Refusal
from danshu.kernel.fact import Actor, Evidence, Said, epoch_ms, rfc3339
from danshu.kernel.limits import ORDER_REQUESTS, ORDER_REQUESTS_HOUR
from danshu.ledger import blobs, vault, write
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
Asker = Literal["link", "merchant"]
# Whoever holds the link: nobody knows who that is, so it is a third party's word.
HOLDER: Final = Actor(sub="customer", role="customer", grade="D")
NO_REQUEST: Final = InputError("no_request", "the order has no such request")
NOT_OPEN: Final = InputError("not_now", "this request was decided or withdrawn meanwhile")
OPEN_ALREADY: Final = Refusal(
    code="request_open",
    reason="同类申请已有一件在处理",
    reason_en="A request of this kind is open already",
    clause="requests.open",
)
TOO_MANY: Final = Refusal(
    code="too_many_requests",
    reason=f"这张订单的申请已有 {ORDER_REQUESTS} 件,请联系商家",
    reason_en=f"This order has {ORDER_REQUESTS} requests already; ask the merchant directly",
    clause="requests.order",
)
_HOUR_MS: Final = 3_600_000
_SO_FAR: Final = """
select coalesce(max(no), 0)::int4, count(*) filter (where kind=%s and state='asked')::int4,
count(*) filter (where asked > %s)::int4 from requests where tenant=%s and id=%s
"""
_INSERT: Final = """
insert into requests(tenant,id,no,kind,state,asker,asked,by,region,vault,photos)
values (%s,%s,%s,%s,'asked',%s,%s,%s,%s,%s,%s)
"""
_END: Final = """
update requests set state=%s, decided=%s, by=%s, reason=%s, amount=%s
where tenant=%s and id=%s and no=%s and state='asked'
"""
_OWNED: Final = (
    "insert into order_blobs(tenant,oid,digest,kind) values(%s,%s,%s,%s) on conflict do nothing"
)
_COLUMNS: Final = """
select r.id, r.no, r.kind, r.state, r.asker, (extract(epoch from r.asked)*1000)::int8,
(extract(epoch from r.decided)*1000)::int8, coalesce(p.number, r.by), r.reason, r.amount, r.region,
r.vault, r.photos from requests r
left join people p on p.tenant=r.tenant and 'person:' || p.id::text = r.by
"""
_OF_ORDER: Final = _COLUMNS + "where r.tenant=%s and r.id=%s order by r.no"
_ONE: Final = _COLUMNS + "where r.tenant=%s and r.id=%s and r.no=%s"
_BY_STATE: Final = _COLUMNS + (
    "where r.tenant=%s and r.state=%s and (r.asked, r.id, r.no) > (%s, %s, %s)"
    " order by r.asked, r.id, r.no limit %s"
)
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode_receiver: Final = msgspec.json.Decoder(Receiver).decode


class Wish(Struct, frozen=True, kw_only=True):
    """What is asked: `kind` is address_change, damage, or the action of a power.

    `receiver` has the new address; what it leaves blank stays as it was. `photos` are (media type,
    bytes).
    """

    kind: str
    asker: Asker
    text: str = ""
    receiver: Receiver | None = None
    photos: tuple[tuple[str, bytes], ...] = ()


class BuyerRequest(Struct, frozen=True, kw_only=True):
    """A request as its merchant sees it. `state` is asked, accepted, declined or withdrawn; amounts
    in minor units; `photos` are digests (SHA-256, hex).
    """

    order: uuid.UUID
    no: int
    kind: str
    state: str
    asker: str
    asked: str
    decided: str
    by: str
    reason: str
    amount: int
    region: str
    vault: uuid.UUID
    photos: tuple[str, ...]


async def make(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    wish: Wish,
    now_ms: int,
) -> int | Refusal:
    """Make a request in one commit with its facts, what clocks hear and its vault row; gives its
    number, 0 when a power was used and nothing is left to decide.

    Raises Busy when an order's requests come too fast, InputError for what can't be asked.
    """
    async with connection.transaction():
        return await _make(connection, world, id_, actor, wish, now_ms)


async def _make(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, wish: Wish, now_ms: int
) -> int | Refusal:
    held = await acts.hold(connection, world, id_)
    if held is None:
        return acts.NO_ORDER
    no = await _number(connection, world.tenant, id_, wish, now_ms)
    if isinstance(no, Refusal):
        return no
    kept = await vault.read(connection, world.tenant, id_)
    if kept is None or kept.person is None:
        return personal.ERASED
    plea = request_acts.Plea(kind=wish.kind, by=f"buyer.{wish.asker}", no=no)
    receiver, region = _merge(world, wish, _decode_receiver(kept.person))
    person = _encode(receiver) if receiver else b""
    raw, salt = wish.text.encode(), os.urandom(vault.SALT_BYTES)
    powers = await request_acts.open_powers(connection, world.tenant, id_, wish.kind)
    evidence = _evidence(wish, salt, raw, person)
    said = Said(
        data=RequestMade(by=wish.asker, kind=wish.kind, no=no), evidence=evidence, actor=actor
    )
    decided = request_acts.ask(world, held, plea, powers, said, now_ms)
    if isinstance(decided, Refusal):
        return decided
    told = await acts.change(connection, world, id_, actor, now_ms, lambda *_: decided)
    if isinstance(told, Refusal):
        return told
    if not any(isinstance(s.data, RequestMade) for s in decided.said):
        return 0
    entry = vault.Entry(
        tenant=world.tenant,
        id=ids.uuid7(now_ms, os.urandom(10)),
        salt=salt,
        raw=raw,
        person=person,
    )
    put = vault.put([entry])
    await connection.execute(put.sql, put.params, binary=True)
    digests = []
    for kind, body in wish.photos:
        digest = await blobs.put(connection, world.tenant, kind, body)
        await connection.execute(_OWNED, (world.tenant, id_, digest, "photo"))
        digests.append(digest.hex())
    now = write.instant(now_ms * 1000)
    place = (world.tenant, id_, no, wish.kind, wish.asker)
    await connection.execute(_INSERT, (*place, now, actor.sub, region, entry.id, digests))
    return no


async def _number(
    connection: Connection, tenant: int, id_: uuid.UUID, wish: Wish, now_ms: int
) -> int | Refusal:
    """Give the next number of an order's requests, unless there are too many or one is open."""
    since = write.instant((now_ms - _HOUR_MS) * 1000)
    row = await (await connection.execute(_SO_FAR, (wish.kind, since, tenant, id_))).fetchone()
    last, opened, recent = row or (0, 0, 0)
    if opened:
        return OPEN_ALREADY
    if last >= ORDER_REQUESTS:
        return TOO_MANY
    if recent >= ORDER_REQUESTS_HOUR:
        raise Busy("this order's requests come too fast", _HOUR_MS // 1000)
    return int(last) + 1


def _merge(world: World, wish: Wish, was: Receiver) -> tuple[Receiver | None, str]:
    """Give the whole new receiver and the region of the new address; None where none is asked."""
    to = wish.receiver
    if to is None:
        return None, ""
    merged = Receiver(
        name=to.name or was.name,
        phone=to.phone or was.phone,
        country=was.country,
        province=to.province,
        city=to.city,
        district=to.district,
        street=to.street,
        detail=to.detail,
        postcode=to.postcode,
    )
    m = merged
    find = world.gazetteer.resolve
    return merged, find(m.country, m.province, m.city, m.district, m.street, m.detail) or ""


def _evidence(wish: Wish, salt: bytes, raw: bytes, person: bytes) -> tuple[Evidence, ...]:
    found = [
        Evidence(digest=hashlib.sha256(body).hexdigest(), kind="photo", size=len(body))
        for _, body in wish.photos
    ]
    for label, data in (("message", raw), ("receiver", person)):
        if data:
            digest = vault.commit(salt, label, data)
            found.append(Evidence(digest=digest, kind=label, salted=True, size=len(data)))
    return tuple(found)


async def decide(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    no: int,
    verdict: request_acts.Verdict,
    now_ms: int,
) -> BuyerRequest | Refusal:
    """Accept or decline an open request; what follows (the clock, the compensation proposed, the
    cancellation) is in the same commit. Raises InputError `no_request`, `not_now`, `bad_field`.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        found = await read_one(connection, world.tenant, id_, no)
        if found.state != "asked":
            raise NOT_OPEN
        to = await _place_of(connection, world.tenant, found)
        decided = request_acts.answer(world, held, found.kind, to, no, verdict, now_ms)
        if isinstance(decided, Refusal):
            return decided
        await request_acts.propose(connection, world.tenant, held, decided, now_ms)
        told = await acts.change(connection, world, id_, actor, now_ms, lambda *_: decided)
        if isinstance(told, Refusal):
            return told
        state = "accepted" if verdict.accepts else "declined"
        given = (state, write.instant(now_ms * 1000), actor.sub, verdict.reason, verdict.amount)
        await connection.execute(_END, (*given, world.tenant, id_, no))
        return await read_one(connection, world.tenant, id_, no)


async def _place_of(
    connection: Connection, tenant: int, found: BuyerRequest
) -> request_acts.Readdress:
    """Give where a request wants the order to go, and the fact of the buyer's own word."""
    consent = ""
    if found.kind == request_acts.ADDRESS and found.asker == "link":
        consent = await amend_consents.find_request(connection, tenant, found.order, found.no)
    return request_acts.Readdress(region=found.region, receiver=str(found.vault), consent=consent)


async def withdraw(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    no: int,
    asker: Asker,
    now_ms: int,
) -> Refusal | None:
    """Take an open request for a change of address back; its pause ends.

    Raises InputError `no_request`, `not_now`.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        found = await read_one(connection, world.tenant, id_, no)
        if found.kind != request_acts.ADDRESS:
            raise NO_REQUEST
        if found.state != "asked":
            raise NOT_OPEN
        said = Said(data=RequestWithdrawn(by=asker, kind=request_acts.ADDRESS, no=no))
        decided = request_acts.hear(
            held, [said], request_acts.WITHDRAWN, f"buyer.{asker}", asker != "link", now_ms
        )
        told = await acts.change(connection, world, id_, actor, now_ms, lambda *_: decided)
        if isinstance(told, Refusal):
            return told
        given = ("withdrawn", write.instant(now_ms * 1000), actor.sub, "", 0)
        await connection.execute(_END, (*given, world.tenant, id_, no))
    return None


def _read(row: tuple[Any, ...]) -> BuyerRequest:
    id_, no, kind, state, asker, asked, decided, by, reason, amount, region, vault_id, photos = row
    return BuyerRequest(
        order=id_,
        no=no,
        kind=kind,
        state=state,
        asker=asker,
        asked=rfc3339(asked),
        decided=rfc3339(decided) if decided else "",
        by=by,
        reason=reason,
        amount=amount,
        region=region,
        vault=vault_id,
        photos=tuple(photos),
    )


async def read_one(connection: Connection, tenant: int, id_: uuid.UUID, no: int) -> BuyerRequest:
    """Read one request. Raises InputError `no_request`."""
    row = await (await connection.execute(_ONE, (tenant, id_, no))).fetchone()
    if row is None:
        raise NO_REQUEST
    return _read(row)


async def of_order(connection: Connection, tenant: int, id_: uuid.UUID) -> list[BuyerRequest]:
    """Read the requests of an order, the oldest first."""
    cursor = await connection.execute(_OF_ORDER, (tenant, id_))
    return [_read(row) for row in await cursor.fetchall()]


Place = tuple[int, str, int]  # asked (epoch ms), order, number
FIRST: Final[Place] = (0, str(uuid.UUID(int=0)), 0)


def place_of(row: BuyerRequest) -> Place:
    """Give the place of a row."""
    return epoch_ms(row.asked), str(row.order), row.no


async def by_state(
    connection: Connection, tenant: int, state: str, after: Place, limit: int
) -> list[BuyerRequest]:
    """Read requests in a state after a place, the oldest first."""
    asked_ms, id_, no = after
    place = (write.instant(asked_ms * 1000), uuid.UUID(id_), no)
    cursor = await connection.execute(_BY_STATE, (tenant, state, *place, limit))
    return [_read(row) for row in await cursor.fetchall()]


async def read_words(
    connection: Connection, tenant: int, request: BuyerRequest
) -> tuple[str, Receiver | None]:
    """Read what a request says and the address that it asks for; nothing once it was erased."""
    row = await vault.read(connection, tenant, request.vault)
    if row is None or row.raw is None:
        return "", None
    return row.raw.decode(), _decode_receiver(row.person) if row.person else None
