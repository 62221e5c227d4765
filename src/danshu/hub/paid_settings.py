"""Whom a merchant asks when an order is paid: read, set with a fact, followed from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders.review_model import OTHERWISE
from danshu.capabilities.orders.reviews import Wanted
from danshu.hub import merchants
from danshu.hub.paid_review_facts import PaidReviewSet
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import PAID_PARTIES, PAID_WITHIN_S
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Actor, Fact

Connection = psycopg.AsyncConnection[Any]
FOLLOWER: Final = "paid_reviews"
USUAL: Final = (
    Wanted(name="risk", within_s=600, otherwise="hold"),
    Wanted(name="finance", within_s=600, otherwise="wait"),
    Wanted(name="logistics", within_s=600, otherwise="wait"),
)
"""What is proposed to a merchant that has set nothing."""
MOVED: Final = Refusal(
    code="settings_moved",
    reason="设定已被他人改过,先看新的",
    reason_en="Somebody else has changed the setting: look at it first",
    clause="paid_review.set",
)
_READ: Final = "select version, body from paid_review_settings where tenant=%s"
_LOCK: Final = "select 1 from tenants where id=%s for update"
_PUT: Final = """
insert into paid_review_settings(tenant,version,body) values (%s,%s,%s)
on conflict (tenant) do update set version=excluded.version, body=excluded.body
"""
# Orders paid before anybody was to be asked are not asked about: the follower begins here.
_FROM_NOW: Final = """
insert into cursors(name,tenant,half,position) select %s, tenant, half, size from books
where tenant=%s on conflict (name,tenant,half) do nothing
"""


class Setting(Struct, frozen=True, kw_only=True):
    """Whom a merchant asks. `version` 0 = nothing was set."""

    on: bool = False
    parties: tuple[Wanted, ...] = ()
    version: int = 0


_decode: Final = msgspec.json.Decoder(Setting).decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode


async def read(connection: Connection, tenant: int) -> Setting:
    """Read the setting."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    return _decode(bytes(row[1])) if row else Setting()


async def load(connection: Connection, tenant: int) -> tuple[Wanted, ...] | None:
    """Give the parties for the desk; None where nobody is asked."""
    setting = await read(connection, tenant)
    return setting.parties if setting.on else None


def check(setting: Setting) -> None:
    """Refuse a setting that can't be meant. Raises InputError with the place."""
    names = [p.name for p in setting.parties]
    if len(names) > PAID_PARTIES:
        raise InputError("too_many_parties", f"at most {PAID_PARTIES} parties", "/parties")
    if setting.on and not names:
        raise InputError("no_parties", "somebody must be asked", "/parties")
    for at, party in enumerate(setting.parties):
        place = f"/parties/{at}"
        if not party.name.isidentifier() or len(party.name) > 16 or names.index(party.name) != at:
            raise InputError("bad_party", "a party is a capability, named once", f"{place}/name")
        if party.otherwise not in OTHERWISE:
            raise InputError("bad_otherwise", "wait, hold or pass", f"{place}/otherwise")
        if not 0 <= party.within_s <= PAID_WITHIN_S:
            raise InputError("bad_time", f"0 to {PAID_WITHIN_S} s", f"{place}/within_s")


async def put(
    connection: Connection, tenant: int, setting: Setting, actor: Actor
) -> Setting | Refusal:
    """Set whom to ask; `setting.version` is the one that was looked at. Raises InputError."""
    check(setting)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        before = await read(connection, tenant)
        if before.version != setting.version:
            return MOVED
        new = Setting(on=setting.on, parties=setting.parties, version=before.version + 1)
        await connection.execute(_PUT, (tenant, new.version, _encode(new)))
        await connection.execute(_FROM_NOW, (FOLLOWER, tenant))
        said = PaidReviewSet(on=new.on, parties=new.parties, version=new.version)
        await merchants.say(connection, tenant, actor, said)
        await merchants.touch(connection, tenant)
    return new


class PaidFolder:
    """The audit's folder: is the stored row what was set last?"""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._last = Setting()

    @property
    def types(self) -> frozenset[str]:
        """The setting."""
        return frozenset({"paid_review.set"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, PaidReviewSet) and data.version > self._last.version:
            self._last = Setting(on=data.on, parties=data.parties, version=data.version)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the row."""
        stored = await read(connection, self._tenant)
        if stored == self._last:
            return []
        detail = f"row {stored.version}, facts {self._last.version}"
        return [Difference(code="paid_review_differs", where="paid_review_settings", detail=detail)]
