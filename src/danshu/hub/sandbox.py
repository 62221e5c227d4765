"""Joins the sandbox to its rows: originals are judged, reviews are counted, trust begins anew.

A counter is locked while it is counted, and its facts are said in the caller's commit, so that two
reviewers who finish at once count two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.intake import calibration, sandbox
from danshu.capabilities.intake.sandbox import Counter, Key
from danshu.capabilities.intake.sandbox import Verdict as Verdict
from danshu.capabilities.stock.model import Storage
from danshu.hub import merchants, sandbox_settings
from danshu.hub.sandbox_facts import SandboxPromoted, SandboxReset, Standing
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALIBRATION_ROWS, SANDBOX_COUNTERS
from danshu.ports.modality import Intent, Parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_FIELDS: Final = (
    "key, modality, version, models, device_class, no, stage, accepted, reviewed, corrected,"
    " resets, why, extract(epoch from since)*1000, worth"
)
_READ: Final = f"select {_FIELDS} from sandbox_counters where tenant=%s and key=%s"
_LOCK: Final = f"{_READ} for update"
_LIST: Final = f"""
select {_FIELDS} from sandbox_counters where tenant=%s
order by since desc, key limit {SANDBOX_COUNTERS}
"""
_ADD: Final = """
insert into sandbox_counters(tenant,key,modality,version,models,device_class)
values(%s,%s,%s,%s,%s,%s) on conflict do nothing
"""
_WRITE: Final = """
update sandbox_counters set no=%s, stage=%s, accepted=%s, reviewed=%s, corrected=%s, resets=%s,
why=%s, worth=%s, since=case when %s then now() else since end where tenant=%s and key=%s
"""
_REVIEWED: Final = """
select confidence, was_right from original_reviews
where tenant=%s and key=%s and was_right is not null order by at desc limit %s
"""
_TAUGHT: Final = """
select confidence, was_read = is_right from training_rows
where tenant=%s and key=%s and confidence >= 0 order by at desc limit %s
"""
_STORAGE: Final = """
select storage::text from skus where tenant=%s and code = any(%s)
union select storage from options where tenant=%s and code = any(%s)
"""
_KNOWN: Final = """
select 1 from directory where tenant=%s and active and (kind,code) in (('store',%s),('customer',%s))
limit 1
"""


class Received(Protocol):
    """What is judged of the row of an original. `version` is that of the plug-in that read it;
    `source` who sent it and whence.
    """

    @property
    def modality(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def source(self) -> Mapping[str, str]: ...


class Worth(Struct, frozen=True, kw_only=True):
    """The steps that confidences of a counter's originals, and of their fields, are weighed by."""

    whole: tuple[calibration.Step, ...] = ()
    field: tuple[calibration.Step, ...] = ()


class Kept(Struct, frozen=True, kw_only=True):
    """A counter as it is stored. `no` counts its acts; `since` is epoch ms of the last change of
    its stage.
    """

    name: str
    key: Key
    no: int
    counter: Counter
    since: int
    worth: Worth


async def judge(
    connection: Connection, tenant: int, row: Received, parsed: Parsed, amount_fen: int
) -> Verdict:
    """Judge an original that was read: see sandbox.judge. `amount_fen` is what it would cost, -1 =
    it can't be told.
    """
    key = key_of(row, parsed)
    named = sandbox.name(key)
    kept = await read(connection, tenant, named)
    limits = await sandbox_settings.read(connection, tenant, key.modality)
    worth = calibration.weigh(kept.worth.whole if kept else (), parsed.confidence)
    case = sandbox.Case(
        digest=row.digest,
        confidence=worth.value,
        amount_fen=0 if parsed.intent in (Intent.CANCEL, Intent.NONE) else amount_fen,
        risks=await _risks(connection, tenant, parsed),
        troubles=parsed.troubles,
        questions=bool(parsed.questions),
        known=await _is_known(connection, tenant, row.source, parsed),
        device_class=key.device_class,
    )
    return sandbox.judge(case, kept.counter if kept else Counter(), limits, named)


def key_of(row: Received, parsed: Parsed) -> Key:
    """Give what trust in such an original belongs to."""
    return Key(
        modality=row.modality,
        version=row.version,
        models=tuple(sorted(set(parsed.models))),
        device_class=row.source.get("device_class", ""),
    )


async def read(connection: Connection, tenant: int, name: str) -> Kept | None:
    """Read a counter by its name; None before anything was counted."""
    row = await (await connection.execute(_READ, (tenant, name))).fetchone()
    return _kept(row) if row else None


async def list_all(connection: Connection, tenant: int) -> list[Kept]:
    """List a merchant's counters, the one that changed its stage last first."""
    cursor = await connection.execute(_LIST, (tenant,))
    return [_kept(row) for row in await cursor.fetchall()]


async def count(
    connection: Connection, tenant: int, key: Key, corrected: bool, actor: Actor, original: str = ""
) -> Standing:
    """Count a review in the caller's transaction, after its rows: calibrate anew, say what follows
    of it. Gives how the counter stands then.
    """
    kept = await _lock(connection, tenant, key)
    limits = await sandbox_settings.read(connection, tenant, key.modality)
    after = sandbox.count(kept.counter, corrected, limits)
    standing = await _write(connection, tenant, kept, after)
    if corrected:
        said = SandboxReset(
            key=kept.name, modality=key.modality, note="", original=original,
            standing=standing, why="corrected",
        )  # fmt: skip
        await merchants.say(connection, tenant, actor, said)
    elif after.stage != kept.counter.stage:
        bound = sandbox.bound_ppm(after.accepted)
        told = SandboxPromoted(
            accepted=after.accepted, bound_ppm=bound, key=kept.name,
            **msgspec.structs.asdict(key),
        )  # fmt: skip
        await merchants.say(connection, tenant, actor, told)
    return standing


async def reset(
    connection: Connection,
    tenant: int,
    name: str,
    why: str,
    actor: Actor,
    *,
    note: str = "",
    original: str = "",
) -> Standing:
    """Begin anew in the caller's transaction. Raises InputError `no_counter`."""
    row = await (await connection.execute(_LOCK, (tenant, name))).fetchone()
    if row is None:
        raise InputError("no_counter", f"nothing was counted under {name!r}")
    kept = _kept(row)
    standing = await _write(connection, tenant, kept, sandbox.reset(kept.counter, why))
    said = SandboxReset(
        key=name, modality=kept.key.modality, note=note, original=original,
        standing=standing, why=why,
    )  # fmt: skip
    await merchants.say(connection, tenant, actor, said)
    return standing


async def open_counter(connection: Connection, tenant: int, key: Key) -> str:
    """See to it that a key has a counter; gives its name."""
    named = sandbox.name(key)
    values = (tenant, named, key.modality, key.version, list(key.models), key.device_class)
    await connection.execute(_ADD, values)
    return named


async def _lock(connection: Connection, tenant: int, key: Key) -> Kept:
    named = await open_counter(connection, tenant, key)
    row = await (await connection.execute(_LOCK, (tenant, named))).fetchone()
    assert row is not None  # it was just written, and none is ever taken away
    return _kept(row)


async def _write(connection: Connection, tenant: int, kept: Kept, after: Counter) -> Standing:
    whole = await (
        await connection.execute(_REVIEWED, (tenant, kept.name, CALIBRATION_ROWS))
    ).fetchall()
    field = await (
        await connection.execute(_TAUGHT, (tenant, kept.name, CALIBRATION_ROWS))
    ).fetchall()
    worth = Worth(whole=calibration.fit(whole), field=calibration.fit(field))
    standing = Standing(no=kept.no + 1, **msgspec.structs.asdict(after))
    await connection.execute(
        _WRITE,
        (
            standing.no,
            after.stage,
            after.accepted,
            after.reviewed,
            after.corrected,
            after.resets,
            after.why,
            msgspec.json.encode(worth).decode(),
            after.stage != kept.counter.stage or after.resets != kept.counter.resets,
            tenant,
            kept.name,
        ),
    )
    return standing


async def _risks(connection: Connection, tenant: int, parsed: Parsed) -> frozenset[str]:
    repair = parsed.draft.repair
    lines = [*parsed.draft.lines, *(repair.parts if repair else ())]
    skus = sorted({line.sku for line in lines})
    options = sorted({option for line in lines for option in line.options})
    cursor = await connection.execute(_STORAGE, (tenant, skus, tenant, options))
    stored = [_named(r[0]) for r in await cursor.fetchall()]
    return frozenset({*parsed.draft.requirements, *stored})


def _named(storage: str) -> str:
    """Name a storage class: of a SKU it is the bit, of an option the name."""
    return Storage(int(storage)).name.lower() if storage.isdigit() else storage


async def _is_known(
    connection: Connection, tenant: int, source: Mapping[str, str], parsed: Parsed
) -> bool:
    """Tell whether who orders is in the directory, or which device speaks is told."""
    draft = parsed.draft
    if draft.repair is not None and (draft.repair.device or source.get("device")):
        return True
    store = draft.store or source.get("store", "")
    customer = draft.customer or source.get("customer", "")
    cursor = await connection.execute(_KNOWN, (tenant, store, customer))
    return await cursor.fetchone() is not None


def _kept(row: Any) -> Kept:
    return Kept(
        name=row[0],
        key=Key(modality=row[1], version=row[2], models=tuple(row[3]), device_class=row[4]),
        no=row[5],
        counter=Counter(
            stage=row[6],
            accepted=row[7],
            reviewed=row[8],
            corrected=row[9],
            resets=row[10],
            why=row[11],
        ),
        since=int(row[12]),
        worth=msgspec.convert(row[13], Worth),
    )
