"""Saved views of the workbench: filter, columns, sort and density under a name.

Shipped views are part of the product. Whoever changes one keeps a view of their own in its place
(`shipped` names it); dropping that brings the shipped one back. A shared view is everybody's of the
merchant; its `roles` open with it. Each change is made on a version: a second writer hears of the
first one's.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import filters, workbench
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import VIEWS_OWN, VIEWS_SHARED

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
NO_VIEW: Final = InputError("no_view", "there is no such view")
Density = Literal["", "loose", "compact", "dense"]
Sort = Literal["due", "-placed", "-amount", "amount"]
COLUMNS: Final = (
    "number",
    "channel",
    "goods",
    "paid",
    "region",
    "warehouse",
    "state",
    "promise",
    "due",
    "placed",
    "tags",
    "assignee",
    "holds",
    "total",
)
_HIDDEN: Final = frozenset({"assignee", "holds", "total"})


class ViewColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of a view; `width` in px, 0 = as the page likes it."""

    name: str
    width: int = 0
    visible: bool = True


class Body(Struct, frozen=True, kw_only=True):
    """What a view shows. `columns` in their order; `density` "" is the person's own."""

    f: str = ""
    sort: Sort = "due"
    columns: tuple[ViewColumn, ...] = tuple(
        [ViewColumn(name=name, visible=name not in _HIDDEN) for name in COLUMNS]
    )
    density: Density = ""


class View(Struct, frozen=True, kw_only=True):
    """A view as it is listed. A shipped one has its code as id, no owner and version 0.

    `shipped` names the shipped view that it stands for. `name` of a shipped view is "": its words
    are the console's.
    """

    id: str
    name: str
    owner: str
    shared: bool
    shipped: str
    roles: tuple[str, ...]
    body: Body
    version: int
    changed_by: str = ""
    changed_ms: int = 0


class Stale(Struct, frozen=True):
    """The view was changed meanwhile; `now` is what it is."""

    now: View


def _shipped(code: str, f: str, sort: Sort = "due", *roles: str) -> View:
    return View(
        id=code,
        name="",
        owner="",
        shared=True,
        shipped=code,
        roles=roles,
        body=Body(f=f, sort=sort),
        version=0,
    )


SHIPPED: Final = (
    # whoever begins here has before them what is due next, whatever it is
    _shipped("all", "", "due", "warehouse", "service", "admin", "finance", "legal", "policy"),
    _shipped("review", "state.in.placed,confirmed,held", "due", "reviewer"),
    _shipped("due-soon", "due.ge.0m;due.lt.2h"),
    _shipped("today", "placed.ge.today", "-placed"),
    _shipped("broken", "promise.in.broken"),
    _shipped("unallocated", "short.is.yes"),
    _shipped("mine", "assignee.in.me"),
)
_BY_CODE: Final = {v.id: v for v in SHIPPED}
_COLUMNS: Final = "id,name,owner,shared,shipped,roles,body,version,changed_by,changed"
_LIST: Final = (
    f"select {_COLUMNS} from saved_views where tenant=%s and (shared or owner=%s)"
    " order by shared, id"
)
_READ: Final = f"select {_COLUMNS} from saved_views where tenant=%s and id=%s"
_COUNT: Final = (
    "select count(*) from saved_views where tenant=%s and shared=%s and (%s or owner=%s)"
)
_INSERT: Final = (
    "insert into saved_views(tenant,id,name,owner,shared,shipped,roles,body,version,changed_by,"
    "changed) values(%s,%s,%s,%s,%s,%s,%s,%s,1,%s,%s)"
)
_UPDATE: Final = (
    "update saved_views set name=%s, shared=%s, roles=%s, body=%s, version=version+1,"
    " changed_by=%s, changed=%s where tenant=%s and id=%s and version=%s"
)
_DELETE: Final = "delete from saved_views where tenant=%s and id=%s"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Body).decode


def check(body: Body) -> None:
    """Refuse a view that could not be shown. Raises InputError with the place."""
    filters.parse(body.f)
    if body.sort not in workbench.SORTS:
        raise InputError("bad_field", f"no sort {body.sort!r}", "/sort")
    names = [c.name for c in body.columns]
    if len(set(names)) != len(names) or not set(names) <= set(COLUMNS):
        raise InputError("bad_field", "columns are named once, and known", "/columns")


async def list_views(connection: Connection, tenant: int, owner: str) -> list[View]:
    """List what a person sees: shipped, shared, then their own; their changes of shipped views
    stand in those views' places.
    """
    cursor = await connection.execute(_LIST, (tenant, owner), binary=True)
    saved = [_view(row) for row in await cursor.fetchall()]
    mine = {v.shipped: v for v in saved if v.shipped and v.owner == owner and not v.shared}
    others = [v for v in saved if v.id not in {m.id for m in mine.values()}]
    shared = [v for v in others if v.shared]
    own = [v for v in others if not v.shared]
    return [*[mine.get(v.id, v) for v in SHIPPED], *shared, *own]


def choose(views: Sequence[View], roles: Sequence[str]) -> str:
    """Give the id of the view that a person begins with: a shared one for their role goes first."""
    for role in roles:
        for view in sorted(views, key=lambda v: bool(v.shipped)):
            if role in view.roles:
                return view.id
    return views[0].id


async def read(connection: Connection, tenant: int, id_: str, owner: str) -> View:
    """Read a view that a person may see. Raises InputError `no_view`."""
    if id_ in _BY_CODE:
        return _BY_CODE[id_]
    view = await _find(connection, tenant, id_)
    if view is None or not (view.shared or view.owner == owner):
        raise NO_VIEW
    return view


async def _find(connection: Connection, tenant: int, id_: str) -> View | None:
    try:
        key = uuid.UUID(id_)
    except ValueError:
        return None
    row = await (await connection.execute(_READ, (tenant, key), binary=True)).fetchone()
    return _view(row) if row else None


def _view(row: tuple[Any, ...]) -> View:
    return View(
        id=str(row[0]),
        name=row[1],
        owner=row[2],
        shared=row[3],
        shipped=row[4],
        roles=tuple(row[5]),
        body=_decode(bytes(row[6])),
        version=row[7],
        changed_by=row[8],
        changed_ms=int(row[9].timestamp() * 1000),
    )


async def create(
    connection: Connection, tenant: int, wanted: View, now_ms: int, random: bytes
) -> View:
    """Keep a new view. Raises InputError for one that cannot be, or one too many."""
    check(wanted.body)
    if wanted.shipped and wanted.shipped not in _BY_CODE:
        raise InputError("bad_field", f"no shipped view {wanted.shipped!r}", "/shipped")
    async with connection.transaction():
        most = VIEWS_SHARED if wanted.shared else VIEWS_OWN
        asked = (tenant, wanted.shared, wanted.shared, wanted.owner)
        row = await (await connection.execute(_COUNT, asked)).fetchone()
        if row and row[0] >= most:
            raise InputError("too_many_views", f"at most {most} views")
        made = replace(wanted, id=str(ids.uuid7(now_ms, random)), version=1, changed_ms=now_ms)
        await connection.execute(
            _INSERT,
            (
                tenant,
                uuid.UUID(made.id),
                made.name,
                made.owner,
                made.shared,
                made.shipped,
                list(made.roles),
                _encode(made.body),
                made.changed_by,
                _at(now_ms),
            ),
        )
    return made


async def change(connection: Connection, tenant: int, wanted: View, now_ms: int) -> View | Stale:
    """Write a view over the version that it was made from; Stale when that is gone."""
    check(wanted.body)
    cursor = await connection.execute(
        _UPDATE,
        (
            wanted.name,
            wanted.shared,
            list(wanted.roles),
            _encode(wanted.body),
            wanted.changed_by,
            _at(now_ms),
            tenant,
            uuid.UUID(wanted.id),
            wanted.version,
        ),
    )
    if cursor.rowcount:
        return replace(wanted, version=wanted.version + 1, changed_ms=now_ms)
    now = await _find(connection, tenant, wanted.id)
    if now is None:
        raise NO_VIEW
    return Stale(now)


async def drop(connection: Connection, tenant: int, view: View) -> None:
    """Drop a view; where it stood for a shipped one, that is back."""
    await connection.execute(_DELETE, (tenant, uuid.UUID(view.id)))


def _at(ms: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
