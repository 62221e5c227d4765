"""Evidence of an act under way: readings and files, handed in one by one and kept by digest.

A voice sample is compared with the doer's enrolled voice as it comes in; what came of it is a
piece of its own. Whatever was stated before evidence came no longer says what is there.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions.catalogue import KINDS
from danshu.capabilities.contract.performing import gs1, series
from danshu.capabilities.contract.performing.model import Item
from danshu.hub import evidence_files, voices
from danshu.hub import performing_rows as rows
from danshu.kernel import canonical
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ACTION_ITEMS
from danshu.ledger import blobs

if TYPE_CHECKING:
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_PERSON: Final = "person:"
READINGS: Final = frozenset(
    {"scan", "expiry_scan", "handover_scan", "waybill_no", "payment_receipt", "carrier_trace"}
)
FULL: Final = Refusal(
    code="too_many_items",
    reason=f"一次动作最多 {ACTION_ITEMS} 件证据",
    reason_en=f"At most {ACTION_ITEMS} pieces of evidence for one act",
    clause="performing.items",
)


class Collected(Struct, frozen=True, kw_only=True):
    """By whom or what a piece was collected (person, device, system), its source, device time."""

    by: str = "person"
    source: str = ""
    device_ms: int = 0


class Reading(Struct, frozen=True, kw_only=True):
    """What was read or typed: a code, and what it says of goods, lot, expiry, value."""

    kind: str
    code: str = ""
    sku: str = ""
    line: int = 0
    lot: str = ""
    expiry: str = ""
    value: str = ""


async def add_reading(
    connection: Connection,
    world: World,
    act: rows.Act,
    reading: Reading,
    how: Collected,
    now_ms: int,
) -> Item | Refusal:
    """Keep what was scanned or typed, in the caller's transaction, the act locked.

    A GS1 code says lot and expiry itself; what it says wins over what was typed. Raises InputError
    `bad_evidence` for a kind that is no reading, a date that is none, goods that are not here.
    """
    if reading.kind not in READINGS:
        raise InputError("bad_evidence", f"{reading.kind!r} is handed in as a file", "/kind")
    read = read_code(world, reading, now_ms)
    if reading.kind == "expiry_scan" and not (read.lot and read.expiry):
        raise InputError("bad_evidence", "an expiry scan names lot and expiry", "/expiry")
    body = canonical.encode(
        {
            "at": rfc3339(now_ms),
            "by": how.by,
            "device_at": rfc3339(how.device_ms) if how.device_ms else "",
            "order": str(act.order),
            "source": how.source,
            **{name: getattr(read, name) for name in Reading.__struct_fields__},
        }
    )
    item = Item(
        no=0,
        kind=read.kind,
        digest="",
        size=len(body),
        media="application/json",
        by=how.by,
        source=how.source,
        sku=read.sku,
        line=read.line,
        lot=read.lot,
        expiry=read.expiry,
        value=read.value or read.code,
        at_ms=now_ms,
        device_ms=how.device_ms,
    )
    return await _keep(connection, world.tenant, act, item, body)


def read_code(world: World, reading: Reading, now_ms: int) -> Reading:
    """Fill in what a code says by itself. Raises InputError `bad_evidence`."""
    year = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).year
    try:
        told = gs1.read(reading.code, year)
        if reading.expiry:
            datetime.date.fromisoformat(reading.expiry)
    except ValueError as error:
        raise InputError("bad_evidence", str(error), "/expiry") from error
    sku = reading.sku
    if not sku and reading.code:
        code = (told.gtin if told else reading.code).lstrip("0")
        sku = next((c for c, (_, s) in world.skus.items() if _is_of(c, s.barcode, code)), "")
    return msgspec.structs.replace(
        reading,
        sku=sku,
        lot=(told.lot if told else "") or reading.lot,
        expiry=(told.expiry if told else "") or reading.expiry,
    )


def _is_of(sku: str, barcode: str, code: str) -> bool:
    return bool(code) and (barcode.lstrip("0") == code or sku.casefold() == code.casefold())


async def add_file(
    connection: Connection,
    tenant: int,
    act: rows.Act,
    kind: str,
    body: bytes,
    how: Collected,
    now_ms: int,
    *,
    sku: str = "",
    lot: str = "",
    value: str = "",
) -> Item | Refusal:
    """Keep a photo, clip, drawing, series, document or sample under its digest, in the caller's
    transaction, the act locked. Raises InputError `bad_evidence`, `bad_series`.
    """
    media = evidence_files.check(kind, body)
    low = high = gap_ms = None
    if kind == "temperature_series":
        samples = series.read(body)
        low, high = min(s.value for s in samples), max(s.value for s in samples)
        gap_ms = series.longest_gap_ms(samples)
    item = Item(
        no=0,
        kind=kind,
        digest="",
        size=len(body),
        media=media,
        by=how.by,
        source=how.source,
        sku=sku,
        lot=lot,
        value=value,
        low=low,
        high=high,
        gap_ms=gap_ms,
        at_ms=now_ms,
        device_ms=how.device_ms,
    )
    kept = await _keep(connection, tenant, act, item, body)
    if kind != "voice_sample" or isinstance(kept, Refusal):
        return kept
    return await _compare_voice(connection, tenant, act, kept, body)


async def _compare_voice(
    connection: Connection, tenant: int, act: rows.Act, item: Item, body: bytes
) -> Item | Refusal:
    """Say how alike a sample and the doer's enrolled voice are, in a piece beside the sample.

    Without an enrolled voice, or in another form than the network hears, nothing is compared: a
    rule about the score is then unproven.
    """
    if not act.sub.startswith(_PERSON):
        return item
    person = uuid.UUID(act.sub.removeprefix(_PERSON))
    try:
        match = await voices.compare(connection, tenant, person, body)
    except InputError:
        return item
    if isinstance(match, Refusal):
        return item
    told = canonical.encode(
        {
            "model": match.model,
            "sample": item.digest,
            "score_permille": match.score_permille,
            "speech_ms": match.speech_ms,
            "threshold_permille": match.threshold_permille,
        }
    )
    report = Item(
        no=0,
        kind="voice_report",
        digest="",
        size=len(told),
        media="application/json",
        by="system",
        value=str(match.score_permille),
        at_ms=item.at_ms,
    )
    kept = await _keep(connection, tenant, act, report, told)
    return kept if isinstance(kept, Refusal) else item


async def _keep(
    connection: Connection, tenant: int, act: rows.Act, item: Item, body: bytes
) -> Item | Refusal:
    """Keep a piece; whatever was stated before no longer says what is there."""
    if item.kind not in KINDS:
        raise InputError("bad_evidence", f"no kind of evidence {item.kind!r}", "/kind")
    known = await rows.items(connection, tenant, act.id)
    if len(known) >= ACTION_ITEMS:
        return FULL
    digest = await blobs.put(connection, tenant, item.media, body)
    item = msgspec.structs.replace(
        item, no=max((i.no for i in known), default=0) + 1, digest=digest.hex()
    )
    again = next((i for i in known if i.digest == item.digest and i.kind == item.kind), None)
    if again is not None:  # the same bytes twice are one piece
        return again
    await rows.own(connection, tenant, act.order, [(digest, item.kind)])
    await rows.add_item(connection, tenant, act.id, item)
    await rows.state(connection, tenant, act.id, b"", "")
    return item
