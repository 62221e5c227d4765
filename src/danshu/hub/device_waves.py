"""Waves of devices 波形: kept with what they say of the device, and what of them counts as normal.

While a device learns, a wave without trouble counts as normal until a person says otherwise; after
that only one that a person names does, so that a fault that grows slowly is not learned.
"""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.devices import baseline
from danshu.capabilities.devices.model import ABNORMAL, GRADES, LEARNING, NORMAL, WATCH
from danshu.hub import devices, merchants
from danshu.hub.device_facts import DeviceReset, DeviceServiced, DeviceWaveJudged
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BASELINE_WAVES
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Parsed

Connection = Any
WAVEFORM: Final = "waveform"
NO_WAVE: Final = InputError("no_wave", "the device has no such wave")
_LOCK: Final = "select state, rpm, since from devices where tenant=%s and code=%s for update"
_INSERT: Final = """
insert into waves(tenant,original,device,at,rpm,figures,state,symptoms,reasons,confidence,normal)
values(%s,%s,%s,%s,%s,%s::jsonb,%s,%s,%s,%s,%s) on conflict (tenant,original) do update set
  device=excluded.device, rpm=excluded.rpm, figures=excluded.figures, state=excluded.state,
  symptoms=excluded.symptoms, reasons=excluded.reasons, confidence=excluded.confidence,
  normal=coalesce(waves.normal, excluded.normal)
"""
_STATE: Final = "update devices set state=%s, grade=%s, heard=%s where tenant=%s and code=%s"
_NORMAL: Final = """
select figures::text from waves where tenant=%s and device=%s and at>=%s and normal
order by at desc, original desc limit %s
"""
_LEARN: Final = (
    "update devices set baseline=%s::jsonb, normals=%s, state=%s, grade=%s"
    " where tenant=%s and code=%s"
)
_COLUMNS: Final = "original,at,rpm,figures::text,state,symptoms,reasons,confidence,normal"
_LIST: Final = f"select {_COLUMNS} from waves where tenant=%s and device=%s"
_JUDGE: Final = (
    "update waves set normal=%s where tenant=%s and original=%s and device=%s returning state"
)
_RESET: Final = (
    "update devices set baseline='{}', normals=0, since=%s, state='learning', grade=2"
    " where tenant=%s and code=%s"
)
_EVENT: Final = (
    "insert into device_events(tenant,device,id,at,what,note,parts,by,repair)"
    " values(%s,%s,%s,%s,%s,%s,%s::jsonb,%s,%s)"
)
_EVENTS: Final = """
select id, at, what, note, parts::text, by, repair from device_events where tenant=%s and device=%s
"""


class WaveRow(Struct, frozen=True, kw_only=True):
    """A wave: figures by name, how the device stood by it; `normal` says whether it counts as the
    device's normal state, None where nobody said.
    """

    original: uuid.UUID
    at: datetime.datetime
    rpm: int
    figures: dict[str, float]
    state: str
    symptoms: tuple[str, ...]
    reasons: tuple[str, ...]
    confidence: int
    normal: bool | None


class DeviceEvent(Struct, frozen=True, kw_only=True):
    """Something that was done to a device: what, with which parts (SKUs), by whom, for what repair;
    `reset` where its normal state was learned anew.
    """

    id: uuid.UUID
    at: datetime.datetime
    what: str
    note: str
    parts: tuple[str, ...]
    by: str
    repair: uuid.UUID | None


async def record(
    connection: Connection,
    tenant: int,
    original: uuid.UUID,
    parsed: Parsed,
    at: datetime.datetime,
) -> None:
    """Keep what a wave says, in the transaction that keeps how its original was read."""
    repair = parsed.draft.repair
    seen = next((p for p in parsed.perceptions if p.kind == WAVEFORM), None)
    if repair is None or seen is None:
        return
    held = await (await connection.execute(_LOCK, (tenant, repair.device))).fetchone()
    if held is None:
        return
    was, rpm, since = held
    doubtful = bool(seen.troubles) or not seen.figures
    learns = was == LEARNING and not doubtful and not repair.symptoms
    state = _state(parsed, was, doubtful)
    told = [f.reason for f in parsed.fields if f.path.startswith("/repair/symptoms") and f.reason]
    reasons = sorted({*parsed.troubles, *told})
    row = (
        *(tenant, original, repair.device, at, round(seen.figures.get("rpm", 0))),
        *(msgspec.json.encode(seen.figures).decode(), state, list(repair.symptoms), reasons),
        *(parsed.confidence, True if learns else None),
    )
    await connection.execute(_INSERT, row)
    if doubtful:  # a sensor that can't be believed says nothing of the device
        await connection.execute(
            "update devices set heard=%s where tenant=%s and code=%s", (at, tenant, repair.device)
        )
        return
    shown = was if learns else state
    await connection.execute(_STATE, (shown, GRADES[shown], at, tenant, repair.device))
    if learns:
        await _learn(connection, tenant, repair.device, rpm, since, state)


def _state(parsed: Parsed, was: str, doubtful: bool) -> str:
    """Give the state that a reading says: what asks for maintenance is abnormal, what has symptoms
    and asks for none is to be watched.
    """
    repair = parsed.draft.repair
    if doubtful or repair is None:
        return LEARNING
    if repair.symptoms:
        return ABNORMAL if parsed.intent == "maintain" else WATCH
    return LEARNING if was == LEARNING else NORMAL


async def _learn(
    connection: Connection, tenant: int, code: str, rpm: int, since: datetime.datetime, last: str
) -> None:
    """Make the normal state of a locked device anew out of the newest normal waves."""
    asked = (tenant, code, since, BASELINE_WAVES)
    rows = await (await connection.execute(_NORMAL, asked)).fetchall()
    made = baseline.build([msgspec.json.decode(row[0]) for row in rows], rpm)
    ready = any(s.waves >= baseline.ENOUGH for s in made.states.values())
    state = (NORMAL if last == LEARNING else last) if ready else LEARNING
    body = msgspec.json.encode(made).decode()
    await connection.execute(_LEARN, (body, len(rows), state, GRADES[state], tenant, code))


async def judge(
    connection: Connection,
    tenant: int,
    code: str,
    original: uuid.UUID,
    normal: bool,
    actor: Actor,
) -> None:
    """Say whether a wave is the device's normal state. Raises InputError `no_device`, `no_wave`."""
    async with connection.transaction():
        held = await _lock(connection, tenant, code)
        values = (normal, tenant, original, code)
        if await (await connection.execute(_JUDGE, values)).fetchone() is None:
            raise NO_WAVE
        await _learn(connection, tenant, code, held[1], held[2], held[0])
        said = DeviceWaveJudged(device=code, normal=normal, original=str(original))
        await merchants.say(connection, tenant, actor, said)


async def reset(
    connection: Connection, tenant: int, code: str, reason: str, actor: Actor, now_ms: int
) -> None:
    """Learn the normal state anew from now on, as after maintenance."""
    async with connection.transaction():
        await _lock(connection, tenant, code)
        await connection.execute(_RESET, (write.instant(now_ms * 1000), tenant, code))
        await merchants.say(connection, tenant, actor, DeviceReset(device=code, reason=reason))


async def serve(
    connection: Connection,
    tenant: int,
    code: str,
    what: str,
    actor: Actor,
    now_ms: int,
    *,
    note: str = "",
    parts: Sequence[str] = (),
    repair: uuid.UUID | None = None,
) -> uuid.UUID:
    """Write what was done to a device into its history, in the caller's transaction."""
    await _lock(connection, tenant, code)
    id_ = ids.uuid7(now_ms, os.urandom(10))
    at = write.instant(now_ms * 1000)
    told = msgspec.json.encode(list(parts)).decode()
    row = (tenant, code, id_, at, what, note, told, actor.sub, repair)
    await connection.execute(_EVENT, row)
    said = DeviceServiced(
        device=code,
        event=str(id_),
        parts=tuple(parts),
        repair=str(repair or ""),
        what=what,
    )
    await merchants.say(connection, tenant, actor, said)
    return id_


async def _lock(connection: Connection, tenant: int, code: str) -> Sequence[Any]:
    held = await (await connection.execute(_LOCK, (tenant, code))).fetchone()
    if held is None:
        raise devices.NO_DEVICE
    told: Sequence[Any] = held
    return told


async def list_waves(
    connection: Connection,
    tenant: int,
    code: str,
    before: tuple[datetime.datetime, uuid.UUID] | None,
    limit: int,
) -> list[WaveRow]:
    """List the waves of a device, the newest first."""
    query, values = _LIST, [tenant, code]
    told: list[Any] = values
    if before is not None:
        query += " and (at,original) < (%s,%s)"
        told += before
    query += " order by at desc, original desc limit %s"
    rows = await (await connection.execute(query, (*told, limit))).fetchall()
    return [_row(row) for row in rows]


async def read_wave(connection: Connection, tenant: int, code: str, original: uuid.UUID) -> WaveRow:
    """Read a wave of a device. Raises InputError `no_wave`."""
    asked = (tenant, code, original)
    row = await (await connection.execute(f"{_LIST} and original=%s", asked)).fetchone()
    if row is None:
        raise NO_WAVE
    return _row(row)


def _row(r: Sequence[Any]) -> WaveRow:
    return WaveRow(
        original=r[0], at=r[1], rpm=r[2], figures=msgspec.json.decode(r[3]), state=r[4],
        symptoms=tuple(r[5]), reasons=tuple(r[6]), confidence=r[7], normal=r[8],
    )  # fmt: skip


async def list_events(
    connection: Connection, tenant: int, code: str, before: uuid.UUID | None, limit: int
) -> list[DeviceEvent]:
    """List what was done to a device, the newest first."""
    query, told = _EVENTS, [tenant, code]
    values: list[Any] = told
    if before is not None:
        query += " and id < %s"
        values.append(before)
    query += " order by id desc limit %s"
    rows = await (await connection.execute(query, (*values, limit))).fetchall()
    return [
        DeviceEvent(
            id=r[0], at=r[1], what=r[2], note=r[3], parts=tuple(msgspec.json.decode(r[4])),
            by=r[5], repair=r[6],
        )
        for r in rows
    ]  # fmt: skip
