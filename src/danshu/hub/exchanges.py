"""Data exchanges 数据交易所 over HTTP: listings, orders, receipts, signed by the member's secret.

    POST listings                  the package (application/zip), its id in `webhook-id`
    GET  listings/{reference}      reviewing, listed or rejected, with reasons
    GET  orders?listing=…          who ordered it, for how long, for which purpose
    POST orders/{reference}/receipts   that a file was delivered: digest, rows, licence

Every request is signed after Standard Webhooks; a listing that is sent again under its id is the
same one. Exchanges have no common protocol; this is the hub's own (docs/reference/valuation.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from danshu.hub import outside
from danshu.hub.fields import PLAIN
from danshu.kernel import webhooks
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import EXCHANGE_ANSWER_BYTES, EXCHANGES
from danshu.ledger import safe, write

if TYPE_CHECKING:
    from danshu.hub.compose import Hub

Connection = Any
T = TypeVar("T")
NO_EXCHANGE: Final = InputError("no_exchange", "there is no such data exchange")
_REACH: Final = outside.Reach(20.0, EXCHANGE_ANSWER_BYTES, 5)
_LIST: Final = "select code,title,url,member from data_exchanges where tenant=%s order by code"
_PUT: Final = (
    "insert into data_exchanges(tenant,code,title,url,member,at) values(%s,%s,%s,%s,%s,%s)"
    " on conflict (tenant,code) do update set title=excluded.title, url=excluded.url,"
    " member=excluded.member, at=excluded.at"
)
_ZIP: Final = "application/zip"
_JSON: Final = "application/json"
Code = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9-]*(?![\s\S])")]


class DataExchange(Struct, frozen=True, kw_only=True):
    """An exchange and the merchant's number there."""

    code: str
    title: str
    url: str
    member: str


class DataExchangeWrite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What connects an exchange. The secret goes into the safe and is shown nowhere; "" leaves the
    one that is there.
    """

    code: Code
    title: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]
    url: Annotated[str, Meta(min_length=1, max_length=500)]
    member: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    secret: Annotated[str, Meta(max_length=200)] = ""


class ListingState(Struct, frozen=True):
    """What an exchange says of a listing."""

    id: str
    state: Literal["reviewing", "listed", "rejected"]
    reasons: tuple[str, ...] = ()


class ExchangeBuyer(Struct, frozen=True):
    """Who ordered."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?![\s\S])")] = "CN"


class ExchangeOrder(Struct, frozen=True):
    """An order of a listing."""

    id: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    buyer: ExchangeBuyer
    purpose: str
    months: Annotated[int, Meta(ge=1, le=120)]


class ExchangeOrders(Struct, frozen=True):
    """Orders of a listing, the oldest first."""

    items: tuple[ExchangeOrder, ...] = ()


async def list_exchanges(connection: Connection, tenant: int) -> list[DataExchange]:
    """List the exchanges of a merchant."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [DataExchange(code=c, title=t, url=u, member=m) for c, t, u, m in rows]


async def find(connection: Connection, tenant: int, code: str) -> DataExchange:
    """Give an exchange. Raises InputError `no_exchange`."""
    for one in await list_exchanges(connection, tenant):
        if one.code == code:
            return one
    raise NO_EXCHANGE


async def put(
    connection: Connection, tenant: int, told: DataExchangeWrite, now_ms: int
) -> DataExchange:
    """Connect an exchange, or change how. Raises InputError `bad_url`, `bad_secret`, `too_many`."""
    outside.check_url(told.url)
    code = told.code
    async with connection.transaction():
        known = await list_exchanges(connection, tenant)
        is_new = all(one.code != code for one in known)
        if is_new and len(known) >= EXCHANGES:
            raise InputError("too_many", f"at most {EXCHANGES} exchanges")
        if told.secret or is_new:
            webhooks.read_secret(told.secret)
            await safe.put(connection, tenant, _name(code), told.secret)
        at = write.instant(now_ms * 1000)
        await connection.execute(_PUT, (tenant, code, told.title, told.url, told.member, at))
    return DataExchange(code=code, title=told.title, url=told.url, member=told.member)


def _name(code: str) -> str:
    return f"exchange/{code}"


class Desk:
    """One exchange, spoken to as a member. Raises NotAvailable where it does not answer."""

    def __init__(self, hub: Hub, tenant: int, exchange: DataExchange) -> None:
        self._hub, self._tenant, self._exchange = hub, tenant, exchange

    async def submit(self, id_: str, package: bytes) -> ListingState:
        """Submit a package; under the same id it is the same listing."""
        raw = await self._send("POST", "listings", id_, package, _ZIP)
        return _read(raw, ListingState)

    async def look(self, reference: str) -> ListingState:
        """Ask what became of a listing."""
        raw = await self._send("GET", f"listings/{reference}", f"look/{reference}")
        return _read(raw, ListingState)

    async def orders(self, reference: str) -> tuple[ExchangeOrder, ...]:
        """Ask who ordered a listing."""
        raw = await self._send("GET", f"orders?listing={reference}", f"orders/{reference}")
        return _read(raw, ExchangeOrders).items

    async def receipt(self, order: str, id_: str, told: dict[str, Any]) -> None:
        """Tell that a file was delivered under an order."""
        body = msgspec.json.encode(told)
        await self._send("POST", f"orders/{order}/receipts", id_, body, _JSON)

    async def _send(
        self, method: str, path: str, id_: str, body: bytes = b"", media: str = ""
    ) -> bytes:
        one = self._exchange
        async with self._hub.connection() as connection:
            secret = await safe.read(connection, self._tenant, _name(one.code))
        key = webhooks.read_secret(secret or "")
        headers = webhooks.sign([key], id_, self._hub.clock() // 1000, body)
        headers["x-member"] = one.member
        if media:
            headers["content-type"] = media
        url = f"{one.url.rstrip('/')}/{path}"
        async with outside.client() as web:
            send = outside.sender(web, one.title, _REACH)
            status, raw = await send(method, url, headers, body)
        if status in (200, 201):
            return raw
        if status in (400, 401, 403, 404, 409, 422):
            told = raw[:200].decode("utf-8", "replace")
            raise InputError("exchange_refuses", f"{one.title} answers {status}: {told}")
        raise NotAvailable(f"{one.title} answers {status}", 5)


def _read(raw: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise NotAvailable(f"the exchange's answer cannot be read: {error}", 5) from error
