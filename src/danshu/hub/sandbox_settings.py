"""What a merchant demands of originals before they go by themselves: read, set with a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.intake.sandbox import Limits
from danshu.hub import merchants
from danshu.hub.sandbox_facts import SandboxConfigured
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import (
    AMOUNT_MINOR,
    SANDBOX_ERROR_PPM,
    SANDBOX_IN_A_ROW,
    SANDBOX_SETTINGS,
)

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
ALL: Final = ""
"""The modality of a setting that holds for all that have none of their own."""
MOVED: Final = Refusal(
    code="settings_moved",
    reason="设定已被他人改过,先看新的",
    reason_en="Somebody else has changed the setting: look at it first",
    clause="sandbox.configured",
)
_READ: Final = """
select modality, version, body from sandbox_settings where tenant=%s and modality in (%s,'')
order by modality desc limit 1
"""
_LIST: Final = "select modality, version, body from sandbox_settings where tenant=%s order by 1"
_LOCK: Final = "select 1 from tenants where id=%s for update"
_PUT: Final = """
insert into sandbox_settings(tenant,modality,version,body) values(%s,%s,%s,%s)
on conflict (tenant,modality) do update set version=excluded.version, body=excluded.body
"""
_RANGES: Final = {
    "in_a_row": (SANDBOX_IN_A_ROW, 100_000),
    "error_ppm": (30, SANDBOX_ERROR_PPM),
    "confidence": (0, 1000),
    "amount_fen": (0, AMOUNT_MINOR),
    "sample": (1, 1000),
    "second": (0, 1000),
}


async def read(connection: Connection, tenant: int, modality: str) -> Limits:
    """Read what holds for a modality: its own setting, that of all, or what is usual."""
    row = await (await connection.execute(_READ, (tenant, modality))).fetchone()
    return msgspec.convert(row[2], Limits) if row else Limits()


async def list_set(connection: Connection, tenant: int) -> list[tuple[str, int, Limits]]:
    """List what was set: (modality, version, limits)."""
    cursor = await connection.execute(_LIST, (tenant,))
    return [(r[0], r[1], msgspec.convert(r[2], Limits)) for r in await cursor.fetchall()]


def check(limits: Limits) -> None:
    """Refuse limits that can't be meant. Raises InputError with the place."""
    for field, (least, most) in _RANGES.items():
        if not least <= getattr(limits, field) <= most:
            raise InputError("out_of_range", f"{least} to {most}", f"/{field}")


async def put(
    connection: Connection, tenant: int, modality: str, version: int, limits: Limits, actor: Actor
) -> int | Refusal:
    """Set what is demanded of a modality; `version` is the one that was looked at, 0 = none.

    Gives the new version. Raises InputError.
    """
    check(limits)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        found = await list_set(connection, tenant)
        before = next((v for m, v, _ in found if m == modality), 0)
        if before != version:
            return MOVED
        if not before and len(found) >= SANDBOX_SETTINGS:
            raise InputError("too_many", f"at most {SANDBOX_SETTINGS} modalities", "/modality")
        body = msgspec.json.encode(limits).decode()
        await connection.execute(_PUT, (tenant, modality, before + 1, body))
        said = SandboxConfigured(
            modality=modality, version=before + 1, **msgspec.structs.asdict(limits)
        )
        await merchants.say(connection, tenant, actor, said)
    return before + 1
