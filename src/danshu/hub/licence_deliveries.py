"""Deliveries under a licence 授权交付: begun by one click, fetched by the licensee itself.

A delivery is a share of the asset (asset_requests.py): the checkpoint is asked, others agree, the
job draws, marks and meters it. Here it is asked for in the licence's own terms, and handed out for
as long as the licence holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.licensing import decide
from danshu.capabilities.licensing.model import day_of
from danshu.hub import asset_requests, exports, jobs, licence_rows, merchants
from danshu.hub.asset_request_rows import Wish
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from danshu.capabilities.protection.model import Form
    from danshu.hub.asset_request_rows import Kept
    from danshu.hub.compose import Hub
    from danshu.hub.export_files import Format
    from danshu.hub.jobs import Who
    from danshu.hub.licence_rows import LicenceRow, UsageRow
    from danshu.hub.rights import Seated
    from danshu.kernel.fact import Actor

Connection = Any
ROLE: Final = "partner"
NOT_BOUND: Final = InputError("forbidden", "this key is bound to no licence")
NO_DELIVERY: Final = InputError("no_delivery", "there is no such delivery")
GONE: Final = InputError("no_delivery", "the file is kept no more, or by another node")
_BIND: Final = "insert into licence_keys(tenant,key,licence) values(%s,%s,%s)"
_BOUND: Final = "select licence from licence_keys where tenant=%s and key=%s"
_KEYS: Final = (
    "select l.key, k.name, k.created, k.revoked from licence_keys l"
    " join api_keys k on k.tenant=l.tenant and k.id=l.key"
    " where l.tenant=%s and l.licence=%s order by k.created, l.key"
)


class LicenceKey(Struct, frozen=True, kw_only=True):
    """A key that was given to a licensee; `key` is shown once, when it is issued."""

    id: str
    name: str
    created: str
    revoked: str
    key: str = ""


async def ask(
    hub: Hub,
    tenant: int,
    seated: Seated,
    id_: uuid.UUID,
    file: Format,
    form: Form,
    who: Who,
    actor: Actor,
) -> Kept | Refusal:
    """Ask for a delivery with exactly what is licensed. Raises what asset_requests.ask does."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        row = await licence_rows.find(connection, tenant, id_)
    terms = row.terms
    refusal = _refuse(row, now_ms)
    if refusal is not None:
        return refusal
    wish = Wish(
        asset=terms.asset,
        act="share",
        form=form,
        file=file,
        purpose=terms.purpose,
        why=f"licence {row.no}",
        columns=terms.columns,
        recipient=terms.recipient.code,
        country=terms.recipient.country,
        basis="contract",
        generalise=True,
    )
    return await asset_requests.ask(hub, tenant, seated, wish, who, actor)


def _refuse(row: LicenceRow, now_ms: int) -> Refusal | None:
    standing = decide.standing(row.terms, row.state, day_of(now_ms))
    if standing == "active":
        return None if row.terms.columns else decide.NO_FILES
    if standing == "waiting":
        return decide.NOT_YET
    return decide.EXPIRED if standing == "expired" else decide.NOT_ACTIVE


async def issue_key(
    connection: Connection, tenant: int, id_: uuid.UUID, name: str, actor: Actor
) -> LicenceKey | Refusal:
    """Issue a key that can do nothing but what the licence says. Shown this once."""
    async with connection.transaction():
        row = await licence_rows.find(connection, tenant, id_, lock=True)
        if row.state != "active":
            return decide.NOT_ACTIVE
        key = await merchants.issue_key(connection, tenant, name, ROLE, actor)
        parts = merchants.split_key(key)
        if parts is None:
            raise InputError("bad_key", "the key that was issued cannot be read")
        await connection.execute(_BIND, (tenant, parts[1], id_))
    return LicenceKey(id=parts[1], name=name, created="", revoked="", key=key)


async def list_keys(connection: Connection, tenant: int, id_: uuid.UUID) -> list[LicenceKey]:
    """List the keys of a licence, the oldest first."""
    rows = await (await connection.execute(_KEYS, (tenant, id_))).fetchall()
    return [
        LicenceKey(
            id=key, name=name, created=created.isoformat(),
            revoked=revoked.isoformat() if revoked else "",
        )
        for key, name, created, revoked in rows
    ]  # fmt: skip


async def bound(connection: Connection, tenant: int, key: str) -> LicenceRow:
    """Give the licence that a key is bound to. Raises InputError `forbidden`."""
    row = await (await connection.execute(_BOUND, (tenant, key))).fetchone()
    if row is None:
        raise NOT_BOUND
    return await licence_rows.find(connection, tenant, row[0])


async def find_file(
    connection: Connection,
    tenant: int,
    row: LicenceRow,
    usage: uuid.UUID,
    folder: Path,
    now_ms: int,
) -> tuple[Path, exports.Result, UsageRow] | Refusal:  # fmt: skip
    """Find the file of a delivery. Refused once the licence is over; raises InputError
    `no_delivery`.
    """
    refusal = _refuse(row, now_ms)
    if refusal is not None:
        return refusal
    uses = await licence_rows.list_usage(
        connection, tenant, row.id, row.terms.since, day_of(now_ms)
    )
    use = next((one for one in uses if one.id == usage and one.job is not None), None)
    if use is None or use.job is None:
        raise NO_DELIVERY
    job = await jobs.read(connection, tenant, use.job)
    result = exports.decode_result(job.result)
    place = exports.find_file(folder, result)
    if place is None:
        raise GONE
    return place, result, use
