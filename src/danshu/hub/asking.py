"""The SQL of a workbench's question: its conditions, and the indexes to walk for its sort."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.standing import WATCHED, Standing
from danshu.capabilities.orders.model import State
from danshu.hub import lists
from danshu.hub.filters import Asked
from danshu.hub.worklist import ENDED
from danshu.ledger import write

_FEW: Final = 4  # values of a filter that are walked side by side; more are looked at row by row
_UNDATED: Final = frozenset(
    {
        Standing.PENDING,
        Standing.KEPT,
        Standing.KEPT_SELF,
        Standing.EXCUSED,
        Standing.SUPERSEDED,
        Standing.NONE,
    }
)


class Conditions(Struct, frozen=True, kw_only=True):
    """What rows `w` of the worklist must meet: " where …" or "", and its parameters."""

    where: str
    params: dict[str, Any]


class Walk(Struct, frozen=True, kw_only=True):
    """One index to walk. `source` selects (key, id, …) in its order, at most %(chunk)s, from
    {start} on; `is_whole` when nothing else need be looked at; `in_days` when ids are to be asked
    for in ranges of days.
    """

    source: str
    params: dict[str, Any]
    rest: Conditions
    joined: str
    key: str
    order: str
    reverse: str
    start: str
    part: int = 0
    in_days: bool = False
    is_whole: bool = False


def conditions(asked: Asked, *done: str, undated: bool = False, alias: str = "w") -> Conditions:
    """Give the conditions of a question on rows `alias`, less those (`done`) that are met
    already.
    """
    parts: list[str] = []
    params: dict[str, Any] = {}

    def meet(name: str, sql: str, value: Any) -> None:
        if value not in (None, ()) and name not in done:
            parts.append(sql)
            params[name] = list(value) if isinstance(value, tuple) else value

    for name, column in _LISTED.items():
        meet(name, f"w.{column} = any(%({name})s)", getattr(asked, name))
        out = f"{name}_not"
        meet(out, f"w.{column} <> all(%({out})s)", getattr(asked, out))
    meet("regions", "w.region like any(%(regions)s)", asked.regions)
    meet("regions_not", "not w.region like any(%(regions_not)s)", asked.regions_not)
    for name, sql in _TAGGED.items():
        meet(name, sql, getattr(asked, name))
    _assigned(asked, meet)
    meet("holds", "w.holds && %(holds)s::text[]", asked.holds)
    meet("holds_not", "not coalesce(w.holds && %(holds_not)s::text[], false)", asked.holds_not)
    if asked.held is not None:
        parts.append("w.holds is not null" if asked.held else "w.holds is null")
    if asked.short is not None:
        parts.append("w.short" if asked.short else "not w.short")
    for name, sql in _BOUNDED.items():
        value = getattr(asked, name)
        if value is not None and name.startswith("due"):
            value = write.instant(value * 1000)
        elif value is not None and name.startswith("placed"):
            value = lists.id_at(value)
        meet(name, sql, value)
    if undated:
        parts.append("w.due is null")
    where = " where " + " and ".join(parts) if parts else ""
    return Conditions(where=where.replace("w.", alias + "."), params=params)


_LISTED: Final = {
    "channels": "channel",
    "states": "state",
    "warehouses": "wh",
    "standings": "promise",
}
_TAGGED: Final = {
    "tags": "exists (select 1 from order_tags t where t.tenant=%(tenant)s and t.id=w.id"
    " and t.tag = any(%(tags)s))",
    "tags_all": "(select count(*) from order_tags t where t.tenant=%(tenant)s and t.id=w.id"
    " and t.tag = any(%(tags_all)s)) = cardinality(%(tags_all)s::text[])",
    "tags_not": "not exists (select 1 from order_tags t where t.tenant=%(tenant)s and t.id=w.id"
    " and t.tag = any(%(tags_not)s))",
}
_BOUNDED: Final = {
    "due_from_ms": "w.due >= %(due_from_ms)s",
    "due_to_ms": "w.due < %(due_to_ms)s",
    "placed_from_ms": "w.id >= %(placed_from_ms)s",
    "placed_to_ms": "w.id < %(placed_to_ms)s",
    "amount_from": "w.total >= %(amount_from)s",
    "amount_to": "w.total < %(amount_to)s",
}
_ASSIGNED: Final = (
    "exists (select 1 from order_assignees a where a.tenant=%(tenant)s and a.id=w.id{})"
)


def _assigned(asked: Asked, meet: Any) -> None:
    """Nobody, "", stands beside people: either will do, or neither must be."""
    named = _ASSIGNED.format(" and a.assignee = any(%(assignees)s)")
    anyone = _ASSIGNED.format("")
    if "" in asked.assignees:
        meet("assignees", f"({named} or not {anyone})", asked.assignees)
    else:
        meet("assignees", named, asked.assignees)
    unnamed = "not " + _ASSIGNED.format(" and a.assignee = any(%(assignees_not)s)")
    if "" in asked.assignees_not:
        meet("assignees_not", f"({unnamed} and {anyone})", asked.assignees_not)
    else:
        meet("assignees_not", unnamed, asked.assignees_not)


def walks(asked: Asked, sort: str) -> list[Walk]:
    """Give the walks of a question, one after the other."""
    if sort == "due":
        out = [] if _never_dated(asked) else [_by_due(asked)]
        is_dated = asked.due_from_ms is not None or asked.due_to_ms is not None
        return out if is_dated else [*out, _newest(asked, undated=True)]
    return [_newest(asked)] if sort == "-placed" else [_by_amount(asked, sort)]


def _never_dated(asked: Asked) -> bool:
    """Tell whether no order that is asked for can have a deadline before it."""
    return bool(asked.states and ENDED.issuperset(asked.states)) or bool(
        asked.standings and _UNDATED.issuperset(asked.standings)
    )


def _by_due(asked: Asked) -> Walk:
    """Walk the deadlines of each state side by side, the nearest first."""
    chosen = asked.states or tuple([int(s) for s in State if s not in ENDED])
    states = [s for s in chosen if s not in asked.states_not]
    bounds, params = "", {"walked": states}
    done = ("states", "states_not", "due_from_ms", "due_to_ms")
    rest = conditions(asked, *done, alias="c")
    everything = conditions(asked)
    for name, sign in (("due_from_ms", ">="), ("due_to_ms", "<")):
        if name in everything.params:
            bounds += f" and due {sign} %({name})s"
            params[name] = everything.params[name]
    return Walk(
        source="select c.* from unnest(%(walked)s::int2[]) v(x) cross join lateral ("
        "select * from worklist where tenant=%(tenant)s and state=v.x and due is not null"
        f"{bounds}{{start}} order by due, id limit %(chunk)s) c order by c.due, c.id"
        " limit %(chunk)s",
        params=params,
        rest=rest,
        joined="c",
        key="c.due",
        order="c.due, c.id",
        reverse="c.due desc, c.id desc",
        start=" and (due,id) > (%(at)s,%(at_id)s)",
        is_whole=not rest.where,
    )


def _by_amount(asked: Asked, sort: str) -> Walk:
    """Walk the amounts, the largest or the smallest first."""
    falls = " desc" if sort == "-amount" else ""
    back = "" if falls else " desc"
    sign = "<" if falls else ">"
    rest = conditions(asked, "amount_from", "amount_to", alias="c")
    everything = conditions(asked)
    bounds, params = "", {}
    for name, sql in _BOUNDED.items():
        if name.startswith("amount") and name in everything.params:
            bounds += " and " + sql
            params[name] = everything.params[name]
    if asked.holds or asked.held:
        bounds += " and holds is not null"  # the amounts of held orders have an index
    return Walk(
        source=f"select * from worklist w where tenant=%(tenant)s{bounds}{{start}}"
        f" order by total{falls}, id{falls} limit %(chunk)s",
        params=params,
        rest=rest,
        joined="c",
        key="c.total",
        order=f"c.total{falls}, c.id{falls}",
        reverse=f"c.total{back}, c.id{back}",
        start=f" and (total,id) {sign} (%(at)s,%(at_id)s)",
        is_whole=not rest.where,
    )


def _newest(asked: Asked, *, undated: bool = False) -> Walk:
    """Walk the ids, the newest first, by the index of the narrowest filter."""
    name, table, column, values, in_days, also = _driver(asked, undated)
    by_rows = table == "worklist" and not values  # what is walked has all that is looked at
    done = (name, "placed_from_ms", "placed_to_ms")
    rest = conditions(asked, *done, undated=undated, alias="c" if by_rows else "w")
    span = f"tenant=%(tenant)s and id>=%(low)s and id<%(high)s{also}{{start}}"
    newest = "order by id desc limit %(chunk)s"
    params: dict[str, Any] = {}
    if len(values) == 1:
        source = f"select id from {table} where {column}=%(only)s and {span} {newest}"
        params = {"only": values[0]}
    elif values:
        source = (
            f"select d.id from unnest(%(walked)s::{_KINDS[column]}[]) v(x) cross join lateral ("
            f"select id from {table} where {column}=v.x and {span} {newest}) d"
            " group by d.id order by d.id desc limit %(chunk)s"
        )
        params = {"walked": list(values)}
    else:
        source = f"select {'*' if by_rows else 'id'} from {table} where {span} {newest}"
    is_whole = not rest.where
    joined = "c join worklist w on w.tenant=%(tenant)s and w.id=c.id"
    return Walk(
        source=source,
        params=params,
        rest=rest,
        joined="c" if by_rows or is_whole else joined,
        key="null::timestamptz" if undated else "0::int8",
        order="c.id desc",
        reverse="c.id",
        start=" and id < %(at_id)s",
        part=int(undated),
        in_days=in_days,
        is_whole=is_whole,
    )


_KINDS: Final = {
    "tag": "text",
    "assignee": "text",
    "promise": "int2",
    "state": "int2",
    "wh": "int4",
    "channel": "text",
}


def _driver(asked: Asked, undated: bool) -> tuple[str, str, str, tuple[Any, ...], bool, str]:
    """Choose the index to walk: (condition that it meets, table, column, values, by days, more).

    What is narrow by nature goes first. Without a filter on an index the ids themselves are
    walked: of the orders when nothing else is asked, of the worklist when something is.
    """
    if asked.tags_all:
        return "", "order_tags", "tag", asked.tags_all[:1], False, ""
    if asked.tags and len(asked.tags) <= _FEW:
        return "tags", "order_tags", "tag", asked.tags, False, ""
    if asked.assignees and "" not in asked.assignees and len(asked.assignees) <= _FEW:
        return "assignees", "order_assignees", "assignee", asked.assignees, False, ""
    if asked.standings and max(asked.standings) <= WATCHED:
        watched = f" and promise <= {int(WATCHED)}"
        return "standings", "worklist", "promise", asked.standings, False, watched
    for name, column in (("states", "state"), ("warehouses", "wh"), ("channels", "channel")):
        values: tuple[Any, ...] = getattr(asked, name)
        if values and len(values) <= _FEW:
            return name, "orders", column, values, True, ""
    if not undated and msgspec.structs.replace(asked, placed_from_ms=None, placed_to_ms=None) == (
        Asked()
    ):
        return "", "orders", "", (), True, ""
    return "", "worklist", "", (), False, ""
