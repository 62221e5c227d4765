"""What a platform listed, against what is here: missing, other than here, or not to be read.

A listed order that its channel can't read is kept whole in the inbox, as a message would be; where
it is not here either, that is a finding under the order's key, and ends when the order is here.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.sentinel.compare import COMPARED, LISTED, Side, compare, units_of
from danshu.capabilities.sentinel.model import Found
from danshu.hub import inbox, intake
from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.channel import Account as Shopkeeper
from danshu.ports.channel import Channel, Draft, DraftKind
from danshu.ports.listing import Account

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.world import World
    from danshu.ports.listing import Listed

Connection = Any
_HERE: Final = """
select i.okey, o.id, o.region, o.total, o.state, o.doc from idem i
join orders o on o.tenant=i.tenant and o.id=i.oid where i.tenant=%s and i.okey = any(%s)
"""
_KNOWN: Final = "select okey from idem where tenant=%s and okey = any(%s)"
_CANCELLED: Final = 110


class Shop(Struct, frozen=True):
    """A shop that is pulled, with what opens its platform; `upto` is how far it was compared."""

    tenant: int
    channel: str
    shop: str
    adapter: str
    url: str
    key: str
    secret: str
    token: str
    upto: Any

    @property
    def account(self) -> Account:
        """Its access to the platform."""
        return Account(url=self.url, key=self.key, secret=self.secret, token=self.token)


class _Line(Struct, frozen=True):
    sku: str
    quantity: int


class Doc(Struct, frozen=True):
    """What of an order's document is compared."""

    number: str
    lines: tuple[_Line, ...]
    kind: str = "order"
    created_ms: int = 0


read_doc: Final = msgspec.json.Decoder(Doc).decode


def keeper(shop: Shop) -> Shopkeeper:
    """Whose messages these would be, had they come by themselves."""
    return Shopkeeper(account=shop.shop, tenant=shop.tenant, channel=shop.channel, shop=shop.shop)


def parse(
    shop: Shop, listed: Sequence[Listed]
) -> tuple[list[tuple[Draft, bytes]], list[tuple[Listed, InputError]]]:
    """Read what was listed as the channel does; what it can't read comes with the reason."""
    adapter = cast("Channel", registry.load("channel", shop.channel))
    owner = keeper(shop)
    drafts: list[tuple[Draft, bytes]] = []
    bad: list[tuple[Listed, InputError]] = []
    for item in listed:
        try:
            drafts += [(d, item.body) for d in intake.parse(owner, adapter, item.body)]
        except InputError as error:
            bad.append((item, error))
    return drafts, bad


async def keep_unreadable(
    connection: Connection, shop: Shop, bad: Sequence[tuple[Listed, InputError]], at_ms: int
) -> list[Found]:
    """Put what can't be read into the inbox, whole, in the caller's transaction; gives a finding
    for each order that is not here by its own message either.
    """
    if not bad:
        return []
    keys = {_key(shop, item.number): (item, error) for item, error in bad}
    rows = await (await connection.execute(_KNOWN, (shop.tenant, list(keys)))).fetchall()
    here = {r[0] for r in rows}
    opened: list[Found] = []
    for key, (item, error) in keys.items():
        message = await inbox.keep(
            connection,
            shop.tenant,
            channel=shop.channel,
            account=shop.shop,
            reason=inbox.UNREADABLE,
            detail=error.diagnose(),
            body=item.body,
        )
        if key not in here:
            opened.append(
                Found(
                    klass="missing", subject=key, cause="unreadable",
                    params={"message": str(message), "code": error.code},
                    evidence=(_digest(item.body), f"inbox:{message}"), channel=shop.channel,
                    shop=shop.shop, place=shop.shop, number=item.number, at_ms=at_ms,
                )
            )  # fmt: skip
    return opened


def _key(shop: Shop, number: str) -> str:
    """Give the key that an order of this number has, when it is here."""
    return f"{shop.channel}/{shop.shop}/{number}"


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


async def compare_drafts(
    connection: Connection,
    world: World,
    shop: Shop,
    drafts: Sequence[tuple[Draft, bytes]],
    at_ms: int,
) -> tuple[list[Found], list[tuple[str, str]]]:
    """Give what is missing or differs, and what no longer does."""
    keys = [intake.key_of(draft) for draft, _ in drafts]
    rows = await (await connection.execute(_HERE, (shop.tenant, keys))).fetchall()
    here = {r[0]: r for r in rows}
    opened: list[Found] = []
    gone: list[tuple[str, str]] = []
    for (draft, body), key in zip(drafts, keys, strict=True):
        evidence = (_digest(body),)
        row = here.get(key)
        if row is not None:
            fresh = [
                _of_order(f, row[1], shop, draft, evidence, at_ms)
                for f in compare(_ours(row), _theirs(world, draft))
            ]
            opened += fresh
            differs = {f.klass for f in fresh}
            subject = row[1].hex + LISTED
            gone += [(k, subject) for k in COMPARED if k not in differs]
            gone.append(("missing", key))
        elif draft.kind is DraftKind.ORDER and draft.paid:
            opened.append(_missing(shop, draft, key, evidence))
    return opened, gone


def _missing(shop: Shop, draft: Draft, key: str, evidence: tuple[str, ...]) -> Found:
    return Found(
        klass="missing",
        subject=key,
        cause="listed_not_here",
        params={"status": draft.status, "units": sum(n.quantity for n in draft.lines)},
        evidence=evidence,
        channel=shop.channel,
        shop=shop.shop,
        place=shop.shop,
        number=draft.number,
        risk=draft.total,
        at_ms=draft.paid_ms or draft.created_ms,
    )


def _of_order(
    f: Found, id_: uuid.UUID, shop: Shop, draft: Draft, evidence: tuple[str, ...], at_ms: int
) -> Found:
    return replace(
        f,
        subject=id_.hex + LISTED,
        evidence=evidence,
        channel=shop.channel,
        shop=shop.shop,
        place=shop.shop,
        order=id_.bytes,
        number=draft.number,
        at_ms=at_ms,
    )


def _ours(row: tuple[Any, ...]) -> Side:
    _, _, region, total, state, doc = row
    order = read_doc(bytes(doc))
    return Side(
        units=units_of([(n.sku, n.quantity) for n in order.lines]),
        total=total,
        region=region,
        is_closed=state == _CANCELLED,
    )


def _theirs(world: World, draft: Draft) -> Side:
    r = draft.receiver
    region = world.gazetteer.resolve(r.country, r.province, r.city, r.district, r.street, r.detail)
    return Side(
        units=units_of([(n.sku, n.quantity) for n in draft.lines]),
        total=draft.total,
        region=region if region in world.regions else "",
        is_closed=draft.kind is DraftKind.CANCEL,
        status=draft.status,
    )
