"""Classification 分类分级 of a merchant's fields: what was found, what a steward said, what holds.

A field is known by its place (`source:lines`, `asset:heatmap`, `messages:taobao`, `persons`, …) and
its name, or path. What a person said wins over what is found; until then the highest of what its
maker declares, what is found and what comes down the lineage holds.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.classification.model import Held
from danshu.capabilities.classification.rules import classes, level_of, levels_of, library
from danshu.hub import findings, merchants
from danshu.hub.classification_facts import ClassificationConfirmed
from danshu.hub.nightly import Nightly
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CLASSIFY_ANSWERS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor
    from danshu.ports.asset import Asset

Connection = psycopg.AsyncConnection[Any]
State = Literal["waiting", "plain", "confirmed", "corrected", "declined"]
Act = Literal["confirm", "correct", "decline"]
WAITING: Final = "waiting"
PLAIN: Final = "plain"
FINDING: Final = "data_drift"
_STATES: Final = {"confirm": "confirmed", "correct": "corrected", "decline": "declined"}
WORK: Final = Nightly(
    table="classification_work", kept=("outcome",), unasked="w.looked is not null"
)
_COLUMNS: Final = (
    "place,field,held::text,klass,level,confidence,declared,carried,came_from,state,said_klass,"
    "in_force,rules,by,at,drift,drift_klass,drift_share,drift_before,drift_at,first_seen,seen"
)
_LIST: Final = f"""
select {_COLUMNS} from classified_fields where tenant=%(tenant)s
and (%(state)s='' or state=%(state)s or (%(state)s='answered' and said_level>0))
and (%(level)s=0 or in_force=%(level)s)
and (%(klass)s='' or case when said_level>0 then said_klass else klass end=%(klass)s)
and (%(place)s='' or place=%(place)s) and (not %(drift)s or drift<>'')
and (place,field) > (%(after_place)s,%(after_field)s) order by place, field limit %(limit)s
"""
_OF: Final = f"select {_COLUMNS} from classified_fields where tenant=%s and place=any(%s)"
_COUNTS: Final = """
select count(*) filter (where state='waiting'), count(*) filter (where drift<>''), count(*),
  count(*) filter (where in_force=1), count(*) filter (where in_force=2),
  count(*) filter (where in_force=3), count(*) filter (where in_force=4),
  count(*) filter (where in_force=5) from classified_fields where tenant=%s
"""
_PLACES: Final = """
select place, count(*), count(*) filter (where state='waiting'), max(in_force)
from classified_fields where tenant=%s group by place order by place
"""
_LOCK: Final = """
select f.place, f.field, f.klass, f.declared from classified_fields f
join unnest(%s::text[],%s::text[]) w(place,field) on f.place=w.place and f.field=w.field
where f.tenant=%s order by f.place, f.field for update of f
"""
_SAY: Final = """
update classified_fields set state=%s, said_klass=%s, said_level=%s, rules=%s, by=%s, at=now(),
  drift='', drift_klass='', drift_share=0, drift_before=0, drift_at=null
where tenant=%s and place=%s and field=%s
"""
_WORK: Final = """
select wanted, looked, outcome, doing, done, total, ended from classification_work where tenant=%s
"""
_NAMES: Final = """
select id::text, name from people where tenant=%s and id::text = any(%s)
"""
NO_FIELD: Final = InputError("not_found", "there is no such field")
BELOW_DECLARED: Final = Refusal(
    code="below_declared",
    reason="不能低于资产自己申报的级别",
    reason_en="It can't be below what the asset's own maker declares",
    clause="classification.declared",
)
BELOW_CLASS: Final = Refusal(
    code="below_class",
    reason="不能低于规则库给这一类的级别",
    reason_en="It can't be below what the rule library gives this class",
    clause="classification.level",
)
NOTHING_FOUND: Final = Refusal(
    code="nothing_to_confirm",
    reason="没有识别出类别，确认不了；选一个类别，或标为不含个人信息",
    reason_en="No class was found to confirm: choose one, or say that it holds none",
    clause="classification.confirm",
)
_decode_held: Final = msgspec.json.Decoder(Held).decode


class Mark(Struct, frozen=True, kw_only=True):
    """What holds for a column: level (1 to 5), its classes, whether a person confirmed it, and the
    confidence (thousandths) of what was found. `sensitive`: PIPL art. 28.
    """

    level: int
    classes: tuple[str, ...] = ()
    is_confirmed: bool = False
    confidence: int = 0
    sensitive: bool = False


class ClassifiedField(Struct, frozen=True, kw_only=True):
    """A field as it stands. `klass`, `level` and `confidence` are what was found; `in_force` is the
    level that holds and `held_klass` the class; `carried` came down the lineage from `came_from`.
    """

    place: str
    field: str
    held: Held
    klass: str
    level: int
    confidence: int
    declared: int
    carried: int
    came_from: str
    state: State
    held_klass: str
    in_force: int
    rules: int
    by: str
    at: datetime.datetime | None
    drift: str
    drift_klass: str
    drift_share: int
    drift_before: int
    drift_at: datetime.datetime | None
    first_seen: datetime.datetime
    seen: datetime.datetime


class FieldQuestion(Struct, frozen=True, kw_only=True):
    """Which fields are asked for: "", 0 and False ask for all; `state` `answered` for those that a
    steward spoke of; `level` is the one in force.
    """

    state: str = ""
    level: int = 0
    klass: str = ""
    place: str = ""
    drift: bool = False


class ClassifiedPlace(Struct, frozen=True, kw_only=True):
    """A place, its fields, how many of them wait, and the highest level in force."""

    place: str
    fields: int
    waiting: int
    level: int


class ClassificationWork(Struct, frozen=True, kw_only=True):
    """The look that is asked for or under way (`doing` is the place, "" = none), and the last."""

    wanted: datetime.datetime | None = None
    looked: datetime.date | None = None
    outcome: str = ""
    doing: str = ""
    done: int = 0
    total: int = 0
    ended: datetime.datetime | None = None


class ClassificationCounts(Struct, frozen=True, kw_only=True):
    """How many fields wait for a steward, drifted, are known; and by level in force, 1 to 5."""

    waiting: int
    drifted: int
    fields: int
    levels: tuple[int, int, int, int, int]


class FieldAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a steward says of a field: confirm what was found, correct it, or decline (it holds
    nothing of a class). `level` 0 is what the library gives the class.
    """

    place: str
    field: str
    act: Act
    klass: str = ""
    level: int = 0


async def read_fields(
    connection: Connection, tenant: int, asked: FieldQuestion, after: tuple[str, str], limit: int
) -> list[ClassifiedField]:
    """Read fields by place and name, those after one."""
    given = {
        **msgspec.structs.asdict(asked),
        "tenant": tenant,
        "after_place": after[0],
        "after_field": after[1],
        "limit": limit,
    }
    return await _named(connection, tenant, await _all(connection, _LIST, given))


async def read_counts(connection: Connection, tenant: int) -> ClassificationCounts:
    """Count the fields."""
    ((waiting, drifted, fields, *levels),) = await _all(connection, _COUNTS, (tenant,))
    return ClassificationCounts(
        waiting=waiting,
        drifted=drifted,
        fields=fields,
        levels=(levels[0], levels[1], levels[2], levels[3], levels[4]),
    )


async def read_places(connection: Connection, tenant: int) -> list[ClassifiedPlace]:
    """List the places that were looked at."""
    names = ClassifiedPlace.__struct_fields__
    rows = await _all(connection, _PLACES, (tenant,))
    return [ClassifiedPlace(**dict(zip(names, row, strict=True))) for row in rows]


async def read_work(connection: Connection, tenant: int) -> ClassificationWork:
    """Tell how far the look has come."""
    rows = await _all(connection, _WORK, (tenant,))
    names = ClassificationWork.__struct_fields__
    return ClassificationWork(**dict(zip(names, rows[0], strict=True))) if rows else _NO_WORK


async def answer(
    connection: Connection, tenant: int, actor: Actor, answers: Sequence[FieldAnswer], now_ms: int
) -> int | Refusal:
    """Take what a steward says of fields, all or none, in one commit; gives how many.

    Raises InputError `not_found`, `too_many`, `twice`, `no_class`.
    """
    if not 0 < len(answers) <= CLASSIFY_ANSWERS:
        raise InputError("too_many", f"1 to {CLASSIFY_ANSWERS} fields at a time")
    by_place = {(each.place, each.field): each for each in answers}
    if len(by_place) < len(answers):
        raise InputError("twice", "a field is named twice")
    version = library().version
    async with connection.transaction():
        asked = (
            write.texts([place for place, _ in by_place]),
            write.texts([field for _, field in by_place]),
            tenant,
        )
        rows = await _all(connection, _LOCK, asked)
        if len(rows) < len(by_place):
            raise NO_FIELD
        said: list[ClassificationConfirmed] = []
        for place, field, found, declared in rows:
            verdict = decide(by_place[place, field], found, declared, version)
            if isinstance(verdict, Refusal):
                return verdict
            said.append(verdict)
        for each in said:
            told = (each.state, each.klass, each.level, version, actor.sub)
            await connection.execute(_SAY, (*told, tenant, each.place, each.field))
        await merchants.say(connection, tenant, actor, *said)
        gone = [(FINDING, f"{each.place} {each.field}") for each in said]
        await findings.record(connection, tenant, now_ms, gone=gone)
    return len(said)


def decide(
    told: FieldAnswer, found: str, declared: int, version: int
) -> ClassificationConfirmed | Refusal:
    """Decide what an answer means, given what was found and declared. Raises InputError
    `no_class`.
    """
    klass = {"confirm": found, "correct": told.klass, "decline": ""}[told.act]
    if told.act == "correct" and klass not in classes():
        raise InputError("no_class", f"the library has no class {told.klass!r}", "/klass")
    if told.act == "confirm" and not klass:
        return NOTHING_FOUND
    least = level_of(klass)
    level = told.level or max(least, declared)
    if level < declared:
        return BELOW_DECLARED
    if level < least:
        return BELOW_CLASS
    return ClassificationConfirmed(
        field=told.field,
        klass=klass,
        level=level,
        place=told.place,
        rules=version,
        state=_STATES[told.act],
    )


async def levels(hub: Hub, tenant: int, asset: Asset) -> Mapping[str, Mark]:
    """Tell for each column of an asset what holds: a person's word, or else the highest of what
    its maker declares, what was found, what its sources carry and what stands beside it.
    """
    place = f"asset:{asset.name}"
    async with hub.connection() as connection:
        rows = await _all(connection, _OF, (tenant, [place]))
    known = {row[1]: _field(row) for row in rows}
    present = {each.held_klass for each in known.values() if each.held_klass}
    joined = levels_of(present)
    marks: dict[str, Mark] = {}
    for column in asset.columns:
        field = known.get(column.name)
        if field is None:
            marks[column.name] = Mark(level=column.level)
            continue
        klass = field.held_klass
        told = classes().get(klass)
        marks[column.name] = Mark(
            level=max(field.in_force, column.level, joined.get(klass, 1)),
            classes=(klass,) if klass else (),
            is_confirmed=field.state not in (WAITING, PLAIN),
            confidence=field.confidence,
            sensitive=told is not None and told.sensitive,
        )
    return marks


_NO_WORK: Final = ClassificationWork()


def _field(row: tuple[Any, ...]) -> ClassifiedField:
    names = ClassifiedField.__struct_fields__
    told = dict(zip(names, row, strict=True))
    told["held"] = _decode_held(told["held"])
    if told["state"] in (WAITING, PLAIN):
        told["held_klass"] = told["klass"]
    return ClassifiedField(**told)


async def _named(
    connection: Connection, tenant: int, rows: list[tuple[Any, ...]]
) -> list[ClassifiedField]:
    """Give rows as fields, with the names of the people who said something."""
    found = [_field(row) for row in rows]
    ids = sorted({f.by.removeprefix("person:") for f in found if f.by.startswith("person:")})
    names = dict(await _all(connection, _NAMES, (tenant, ids))) if ids else {}
    return [
        msgspec.structs.replace(f, by=names.get(f.by.removeprefix("person:"), f.by)) for f in found
    ]


async def _all(connection: Connection, query: str, given: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query, given)).fetchall()
