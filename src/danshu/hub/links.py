"""Links by which a customer sees the evidence of one order: signed, expiring, revocable, counted.

A token is base64url of: tenant (4 bytes), expiry (4, Unix seconds), secret (16, random), MAC (16 of
HMAC-SHA-256 over what stands before, RFC 2104). The MAC turns a guess away before the database is
asked; the database holds the token's SHA-256 alone, so that whoever reads it opens no link.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import struct
import uuid
from typing import Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.hub import merchants
from danshu.hub.link_facts import LinkConfigured, LinkIssued, LinkRevoked, LinkViewed
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import Busy, InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor, rfc3339
from danshu.kernel.limits import LINK_DAYS, LINK_DAYS_USUAL, LINK_VIEWS_MINUTE, ORDER_LINKS
from danshu.ledger import write

Connection = psycopg.AsyncConnection[Any]
Purpose = Literal["shared", "slip"]
What = Literal["page", "bundle"]
NO_LINK: Final = InputError("no_link", "there is no such link")
ENDED: Final = InputError("link_ended", "the link has expired or was revoked")
TOO_MANY: Final = Refusal(
    code="too_many_links",
    reason=f"这张订单已有 {ORDER_LINKS} 个有效链接,先撤回一个",
    reason_en=f"This order has {ORDER_LINKS} links that open it; revoke one first",
    clause="links.order",
)
_KEY: Final = "links"  # its row among the signers
_KEY_BYTES: Final = 32
_SECRET_BYTES: Final = 16
_MAC_BYTES: Final = 16
_HEAD: Final = struct.Struct(f">II{_SECRET_BYTES}s")
_DOMAIN: Final = b"danshu/link/1\0"
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
CUSTOMER: Final = Actor(sub="customer", role="customer", grade="C")

_OPEN: Final = """
select count(*) from links where tenant=%s and order_id=%s and revoked is null and expires>%s
"""
_INSERT: Final = """
insert into links(tenant,id,order_id,digest,purpose,issued,expires,by,seq,head)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_COLUMNS: Final = """
id, order_id, purpose, (extract(epoch from issued)*1000)::int8,
(extract(epoch from expires)*1000)::int8, (extract(epoch from revoked)*1000)::int8,
(extract(epoch from viewed)*1000)::int8, views, by, seq, head, minute, minute_views
"""
_LIST: Final = (
    f"select {_COLUMNS} from links where tenant=%s and order_id=%s order by id desc limit %s"
)
_BY_ID: Final = f"select {_COLUMNS} from links where tenant=%s and order_id=%s and id=%s for update"
_BY_DIGEST: Final = f"select {_COLUMNS} from links where tenant=%s and digest=%s"
_REVOKE: Final = "update links set revoked=%s, seq=%s, head=%s where tenant=%s and id=%s"
_VIEW: Final = """
update links set views=views+1, viewed=%s, minute=%s, minute_views=%s, seq=%s, head=%s
where tenant=%s and id=%s
"""
_SETTINGS: Final = "select slip, days from link_settings where tenant=%s"
_SET: Final = """
insert into link_settings(tenant,slip,days) values (%s,%s,%s)
on conflict (tenant) do update set slip=excluded.slip, days=excluded.days
"""


class Link(Struct, frozen=True, kw_only=True):
    """A link as its merchant sees it. Instants are epoch milliseconds, 0 = never."""

    id: uuid.UUID
    order: uuid.UUID
    purpose: str
    issued_ms: int
    expires_ms: int
    revoked_ms: int
    viewed_ms: int
    views: int
    by: str
    seq: int
    head: bytes
    minute: int
    minute_views: int

    def opens(self, now_ms: int) -> bool:
        """Tell whether it opens the page."""
        return not self.revoked_ms and now_ms < self.expires_ms


class Settings(Struct, frozen=True, kw_only=True):
    """How long links live when nothing else is said; whether packing slips carry one."""

    slip: bool = True
    days: int = LINK_DAYS_USUAL


class Token(Struct, frozen=True, kw_only=True):
    """A token whose MAC is right: that it was ever issued, only the database tells."""

    tenant: int
    expires_ms: int
    digest: bytes


async def load_key(connection: Connection) -> bytes:
    """Give the key of the tokens' MACs, made on first use."""
    await connection.execute(
        "insert into signers(name,seed) values (%s,%s) on conflict do nothing",
        (_KEY, secrets.token_bytes(_KEY_BYTES)),
    )
    row = await (
        await connection.execute("select seed from signers where name=%s", (_KEY,))
    ).fetchone()
    if row is None:
        raise NO_LINK
    return bytes(row[0])


def mint(key: bytes, tenant: int, expires_ms: int, secret: bytes) -> str:
    """Make a token; `secret` are 16 random bytes."""
    head = _HEAD.pack(tenant, expires_ms // 1000, secret)
    return base64.urlsafe_b64encode(head + _mac(key, head)).rstrip(b"=").decode()


def read(key: bytes, text: str) -> Token | None:
    """Read a token; None unless its MAC is that of `key`. One token has one spelling."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    head, mac = raw[: _HEAD.size], raw[_HEAD.size :]
    if len(raw) != _HEAD.size + _MAC_BYTES or not hmac.compare_digest(mac, _mac(key, head)):
        return None
    tenant, expires_s, secret = _HEAD.unpack(head)
    if mint(key, tenant, expires_s * 1000, secret) != text:
        return None
    digest = hashlib.sha256(text.encode()).digest()
    return Token(tenant=tenant, expires_ms=expires_s * 1000, digest=digest)


def _mac(key: bytes, head: bytes) -> bytes:
    return hmac.digest(key, _DOMAIN + head, "sha256")[:_MAC_BYTES]


async def issue(
    connection: Connection,
    key: bytes,
    tenant: int,
    order: uuid.UUID,
    actor: Actor,
    *,
    by: str,
    purpose: Purpose,
    days: int,
    now_ms: int,
) -> tuple[Link, str] | Refusal:
    """Issue a link in one commit with its fact; gives it with its token, which is told only now.

    The caller has made sure that the order is the tenant's. Raises InputError `bad_field`.
    """
    if not 1 <= days <= LINK_DAYS:
        raise InputError("bad_field", f"a link lives 1 to {LINK_DAYS} days", "/days")
    expires_ms = (now_ms + days * _DAY_MS) // 1000 * 1000
    token = mint(key, tenant, expires_ms, os.urandom(_SECRET_BYTES))
    digest = hashlib.sha256(token.encode()).digest()
    id_ = ids.uuid7(now_ms, os.urandom(10))
    said = LinkIssued(
        digest=digest.hex(), expires=rfc3339(expires_ms), order=str(order), purpose=purpose
    )
    async with connection.transaction():
        now = write.instant(now_ms * 1000)
        # two at once for one order wait for one another, so that the limit holds
        await connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (f"links/{order}",))
        row = await (await connection.execute(_OPEN, (tenant, order, now))).fetchone()
        if row is not None and row[0] >= ORDER_LINKS:
            return TOO_MANY
        seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
        expires = write.instant(expires_ms * 1000)
        given = (tenant, id_, order, digest, purpose, now, expires, by, seq, head)
        await connection.execute(_INSERT, given)
    made = Link(
        id=id_,
        order=order,
        purpose=purpose,
        issued_ms=now_ms,
        expires_ms=expires_ms,
        revoked_ms=0,
        viewed_ms=0,
        views=0,
        by=by,
        seq=seq,
        head=head,
        minute=0,
        minute_views=0,
    )
    return made, token


async def list_links(connection: Connection, tenant: int, order: uuid.UUID) -> list[Link]:
    """List the links of an order, the newest first; those that ended are among them."""
    cursor = await connection.execute(_LIST, (tenant, order, ORDER_LINKS * 5))
    return [_read(row) for row in await cursor.fetchall()]


async def revoke(
    connection: Connection,
    tenant: int,
    order: uuid.UUID,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
) -> None:
    """Revoke a link; one that was revoked stays so. Raises InputError `no_link`."""
    async with connection.transaction():
        row = await (await connection.execute(_BY_ID, (tenant, order, id_))).fetchone()
        if row is None:
            raise NO_LINK
        link = _read(row)
        if link.revoked_ms:
            return
        said = LinkRevoked(order=str(order))
        end = link.seq, link.head
        seq, head = await say_next(connection, tenant, id_, end, actor, now_ms, said)
        given = (write.instant(now_ms * 1000), seq, head, tenant, id_)
        await connection.execute(_REVOKE, given)


async def look_up(connection: Connection, token: Token, now_ms: int) -> Link:
    """Find the link of a token without counting a view.

    Raises InputError `no_link`, `link_ended`.
    """
    row = await (await connection.execute(_BY_DIGEST, (token.tenant, token.digest))).fetchone()
    if row is None:
        raise NO_LINK
    link = _read(row)
    if not link.opens(now_ms):
        raise ENDED
    return link


async def view(connection: Connection, token: Token, what: What, now_ms: int) -> Link:
    """Open a link: the view is counted and a fact of the link's stream, in one commit.

    Raises InputError `no_link`, `link_ended`; Busy when it is opened more than LINK_VIEWS_MINUTE
    times in one minute, whichever node is asked.
    """
    async with connection.transaction():
        row = await (
            await connection.execute(_BY_DIGEST + " for update", (token.tenant, token.digest))
        ).fetchone()
        if row is None:
            raise NO_LINK
        link = _read(row)
        if not link.opens(now_ms):
            raise ENDED
        minute = now_ms // _MINUTE_MS
        so_far = link.minute_views if link.minute == minute else 0
        if so_far >= LINK_VIEWS_MINUTE:
            raise Busy("this link is opened too often", 60 - now_ms % _MINUTE_MS // 1000)
        said = LinkViewed(order=str(link.order), what=what)
        end = link.seq, link.head
        seq, head = await say_next(connection, token.tenant, link.id, end, CUSTOMER, now_ms, said)
        given = (write.instant(now_ms * 1000), minute, so_far + 1, seq, head)
        await connection.execute(_VIEW, (*given, token.tenant, link.id))
    return link


async def read_settings(connection: Connection, tenant: int) -> Settings:
    """Read how a merchant wants its links."""
    row = await (await connection.execute(_SETTINGS, (tenant,))).fetchone()
    return Settings(slip=row[0], days=row[1]) if row else Settings()


async def configure(connection: Connection, tenant: int, actor: Actor, wanted: Settings) -> None:
    """Set how a merchant wants its links. Raises InputError `bad_field`."""
    if not 1 <= wanted.days <= LINK_DAYS:
        raise InputError("bad_field", f"a link lives 1 to {LINK_DAYS} days", "/days")
    async with connection.transaction():
        await connection.execute(_SET, (tenant, wanted.slip, wanted.days))
        said = LinkConfigured(days=wanted.days, slip=wanted.slip)
        await merchants.say(connection, tenant, actor, said)


def _read(row: tuple[Any, ...]) -> Link:
    id_, order, purpose, issued, expires, revoked, viewed, views, by, seq, head, minute, n = row
    return Link(
        id=id_,
        order=order,
        purpose=purpose,
        issued_ms=issued,
        expires_ms=expires,
        revoked_ms=revoked or 0,
        viewed_ms=viewed or 0,
        views=views,
        by=by,
        seq=seq,
        head=bytes(head),
        minute=minute,
        minute_views=n,
    )
