"""What leaves of an asset: its cells or its rows, drawn from the store and made unrecognisable.

Synchronous, run in a thread. Whose a row is, is the buyer's salted hash, found by the order that
the row is of; an order of an unknown buyer counts as a person of its own. A cell that covers fewer
than CELL_PEOPLE people is left out, whoever asks.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.classification.scrubbing import scrub
from danshu.capabilities.protection import generalising, privacy, strength, treating
from danshu.capabilities.protection.lattice import Aim
from danshu.capabilities.protection.model import Strength
from danshu.hub import asset_store
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ASSET_EXPORT_ROWS, CELL_PEOPLE, SHARE_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from danshu.hub.asset_levels import Levels
    from danshu.ports.asset import Asset

Kind = Literal["text", "count", "money", "instant"]
NEVER: Final = frozenset({"half", "seq", "fact", "recorded", "who"})
"""Columns of provenance that stay in the house: they say which fact, and which of its people."""
below: Callable[[int], int] = secrets.randbelow
"""Where noise comes from: the system's own randomness."""
PERSON: Final = "_person"
_PEOPLE: Final = "_people"
TOO_FEW: Final = Refusal(
    code="too_few_people",
    reason=f"没有一格满 {CELL_PEOPLE} 人,没有可导出的内容",
    reason_en=f"No cell covers {CELL_PEOPLE} people; there is nothing that may leave",
    clause="pipl-51",
)
NOT_STRONG: Final = Refusal(
    code="too_identifiable",
    reason=f"泛化到最粗仍不能使同类满 {SHARE_PEOPLE} 人",
    reason_en=f"Even the coarsest rows have fewer than {SHARE_PEOPLE} people who look alike",
    clause="pipl-51",
)


class Wanted(Struct, frozen=True, kw_only=True):
    """What is drawn. `masked` columns of rows, `key` of pseudonyms (b"" renames nothing),
    `generalise`: rows reach SHARE_PEOPLE alike. `noise_mille` 0 = exact sums.
    """

    form: Literal["cells", "rows"]
    columns: tuple[str, ...] = ()
    where: dict[str, str | int] = {}
    masked: frozenset[str] = frozenset()
    key: bytes = b""
    generalise: bool = False
    noise_mille: int = 0
    limit: int = ASSET_EXPORT_ROWS
    names_people: bool = False
    as_of_ms: int = 0


class Head(Struct, frozen=True, kw_only=True):
    """A column of what was drawn: its name, titles and kind."""

    name: str
    zh: str
    en: str
    kind: Kind


class Extract(Struct, frozen=True, kw_only=True):
    """What was drawn. `table` is a pyarrow.Table with the columns of `heads`; `people` distinct
    persons in it, `persons` their hashes where asked for; `levels` says how far each column was
    generalised.
    """

    table: Any
    heads: tuple[Head, ...]
    people: int
    strength: Strength | None
    levels: dict[str, int] = {}
    persons: frozenset[str] = frozenset()
    left_out: int = 0


def draw(
    folder: Path, tenant: int, asset: Asset, levels: Levels, wanted: Wanted
) -> Extract | Refusal:
    """Draw from the store of a merchant. Raises InputError `bad_field`, `too_large`."""
    with asset_store.open_store(folder, tenant, wanted.as_of_ms) as store:
        rows = name_persons(store, store.rows(asset))
        rows = _filtered(asset, rows, wanted.where)
        if wanted.noise_mille:
            return _noisy(store, asset, rows, wanted)
        if wanted.form == "cells":
            return _cells(store, asset, rows, wanted)
        return _rows(store, asset, rows, levels, wanted)


def name_persons(store: asset_store.Store, rows: Any) -> Any:
    """Add whose each row is: the buyer's hash, the order where the buyer is unknown, else NULL."""
    import ibis

    if "buyer" in rows.columns:
        return rows.mutate(**{PERSON: rows.buyer.nullif("")})
    order = "order" if "order" in rows.columns else "stream"
    orders = store.source("orders")
    owners = orders.select(_order=orders.stream, _buyer=orders.buyer).distinct(
        on="_order", keep="first"
    )
    both = rows.left_join(owners, rows[order] == owners["_order"])
    known = both["_buyer"].nullif("").fill_null(both["_order"].cast("string"))
    person = ibis.ifelse(both["_order"].isnull(), ibis.null("string"), known)
    return both.mutate(**{PERSON: person}).drop("_order", "_buyer")


def _filtered(asset: Asset, rows: Any, where: dict[str, str | int]) -> Any:
    grain = set(asset_store.grain_of(asset))
    for name, value in where.items():
        if name not in grain:
            raise InputError("bad_field", f"cells are not told apart by {name!r}", "/where")
        rows = rows.filter(rows[name] == value)
    return rows


def _chosen(there: list[str], columns: tuple[str, ...]) -> list[str]:
    if not set(columns) <= set(there):
        raise InputError("bad_field", "the asset has no such column", "/columns")
    return [name for name in there if name in columns] if columns else there


def _cells(store: asset_store.Store, asset: Asset, rows: Any, wanted: Wanted) -> Extract | Refusal:
    import pyarrow as pa

    grain = list(asset_store.grain_of(asset))
    counted = rows.group_by(grain).aggregate(**{_PEOPLE: rows[PERSON].nunique()})
    measured = rows.group_by(grain).aggregate(**asset.measures(rows))
    told = [c.name for c in asset.columns if c.role in ("grain", "measure")]
    finished = asset.finish(measured).select(told)
    counted = counted.rename({f"_{name}": name for name in grain})
    both = finished.left_join(counted, [finished[n] == counted[f"_{n}"] for n in grain])
    both = both.select(*told, _PEOPLE).order_by(grain)
    table = store.read(both, wanted.limit + 1)
    if table.num_rows > wanted.limit:
        raise InputError("too_large", f"a file has at most {wanted.limit} rows")
    counts = [int(n or 0) for n in table.column(_PEOPLE).to_pylist()]
    kept = [at for at, n in enumerate(counts) if n == 0 or n >= CELL_PEOPLE]
    if counts and not kept:
        return TOO_FEW
    names = _chosen(told, wanted.columns)
    people, persons = _people(store, rows, wanted)
    few = [counts[at] for at in kept if counts[at]]
    return Extract(
        table=_integers(table.take(pa.array(kept, pa.int64())).select(names)),
        heads=_heads(asset, names, table),
        people=people,
        persons=persons,
        strength=_of_cells(few, sum(counts)) if people else None,
        left_out=len(counts) - len(kept),
    )


def _of_cells(people: list[int], total: int) -> Strength:
    """Tell the strength of sums: a cell is a class of its people."""
    told = strength.measure({(at,): {None: n} for at, n in enumerate(people)})
    return replace(told, suppressed=total - sum(people))


def _people(store: asset_store.Store, rows: Any, wanted: Wanted) -> tuple[int, frozenset[str]]:
    if wanted.names_people:
        found = store.read(rows.select(PERSON).distinct())
        told = frozenset(p for p in found.column(PERSON).to_pylist() if p is not None)
        return len(told), told
    found = store.read(rows.aggregate(**{_PEOPLE: rows[PERSON].nunique()}))
    return int(found.column(_PEOPLE)[0].as_py() or 0), frozenset()


def _rows(
    store: asset_store.Store, asset: Asset, rows: Any, levels: Levels, wanted: Wanted
) -> Extract | Refusal:
    there = [name for name in rows.columns if name not in NEVER and name != PERSON]
    names = _chosen(there, wanted.columns)
    order = [name for name in ("occurred", "stream", "fact") if name in rows.columns]
    drawn = store.read(rows.order_by(order).select(*names, PERSON), wanted.limit + 1)
    if drawn.num_rows > wanted.limit:
        raise InputError("too_large", f"a file has at most {wanted.limit} rows")
    table = _integers(drawn)
    columns = {name: table.column(name).to_pylist() for name in names}
    persons = table.column(PERSON).to_pylist()
    plan = plan_of(asset, levels, wanted, columns)
    treated = treating.treat(columns, persons, plan, lambda text: scrub(text).text)
    if treated is None:
        return NOT_STRONG
    found = frozenset(persons[at] for at in treated.kept) - {None}
    return Extract(
        table=_table(treated.columns, table, names),
        heads=_heads(asset, names, table, renamed=plan.renamed),
        people=len(found),
        persons=frozenset(str(p) for p in found) if wanted.names_people else frozenset(),
        strength=treated.strength,
        levels=treated.levels,
        left_out=len(persons) - len(treated.kept),
    )


def plan_of(
    asset: Asset, levels: Levels, wanted: Wanted, columns: dict[str, list[Any]]
) -> treating.Plan:
    """Plan how rows are treated: the grain is what others may know, orders get other names."""
    units = {c.name: c.unit for c in asset.columns}
    grain = [n for n in asset_store.grain_of(asset) if n in columns]
    others = ["occurred"] if "occurred" in columns and wanted.generalise else []
    quasi = {
        name: generalising.kind_of(name, units.get(name, ""), _is_number(columns[name]))
        for name in [*grain, *others]
    }
    texts = {c.name for c in asset.columns if c.role == "attribute" and c.name in columns}
    secret = [n for n in columns if levels.by_column.get(n, 1) >= 3 and n not in quasi]
    return treating.Plan(
        quasi=quasi,
        sensitive=secret[0] if secret else "",
        masked={n: _class_of(levels, units, n) for n in _masked(asset, wanted, columns)},
        renamed=frozenset({"stream", "order", "buyer", "number"} & set(columns))
        if wanted.key
        else frozenset(),
        texts=frozenset(texts),
        key=wanted.key,
        aim=Aim(k=SHARE_PEOPLE) if wanted.generalise else None,
    )


def _masked(asset: Asset, wanted: Wanted, columns: dict[str, list[Any]]) -> set[str]:
    """Name the columns that are masked: those of the gate, and numbers that the asset does not
    declare where what is made of them is masked.
    """
    measures = {c.name for c in asset.columns if c.role == "measure"}
    told = set(wanted.masked) & set(columns)
    if measures & wanted.masked:
        declared = {c.name for c in asset.columns}
        told |= {n for n in columns if n not in declared and _is_number(columns[n])}
    return told


def _is_number(values: list[Any]) -> bool:
    return any(isinstance(v, int) for v in values)


def _class_of(levels: Levels, units: dict[str, Any], name: str) -> str:
    classes = levels.classes.get(name, ())
    return classes[0] if classes else "amount" if units.get(name) == "fen" else ""


def _noisy(store: asset_store.Store, asset: Asset, rows: Any, wanted: Wanted) -> Extract | Refusal:
    """Count people by grain with noise: each in PRIVACY_CELLS cells at most."""
    import pyarrow as pa

    grain = list(asset_store.grain_of(asset))
    pairs = rows.filter(rows[PERSON].notnull()).select(*grain, PERSON).distinct()
    table = store.read(pairs)
    cells = zip(*(table.column(n).to_pylist() for n in grain), strict=True)
    people = table.column(PERSON).to_pylist()
    bounded = privacy.bound(
        ((p, cell, 1) for p, cell in zip(people, cells, strict=True)), low=0, high=1
    )
    counts = {cell: n for cell, (n, _) in bounded.items()}
    told = privacy.publish_counts(counts, wanted.noise_mille, below)
    kept = [(cell, n) for cell, n in told.items() if n >= CELL_PEOPLE]
    if not kept:
        return TOO_FEW
    columns: dict[str, Any] = {
        name: pa.array([cell[at] for cell, _ in kept], table.schema.field(name).type)
        for at, name in enumerate(grain)
    }
    columns["people"] = pa.array([n for _, n in kept], pa.int64())
    heads = _heads(asset, grain, table)
    persons = frozenset(people) if wanted.names_people else frozenset()
    return Extract(
        table=pa.table(columns),
        heads=(*heads, Head(name="people", zh="人数(加噪)", en="People (noisy)", kind="count")),
        people=len(set(people)),
        persons=persons,
        strength=None,
        left_out=len(counts) - len(kept),
    )


def _heads(
    asset: Asset, names: list[str], table: Any, renamed: frozenset[str] = frozenset()
) -> tuple[Head, ...]:
    import pyarrow as pa

    known = {c.name: c for c in asset.columns}
    told = []
    for name in names:
        column = known.get(name)
        is_number = pa.types.is_integer(table.schema.field(name).type)
        kind: Kind = "count" if is_number and name not in renamed else "text"
        if column is not None and column.unit == "fen" and is_number:
            kind = "money"
        zh = column.title.zh if column else name
        told.append(Head(name=name, zh=zh, en=column.title.en if column else name, kind=kind))
    return tuple(told)


def _integers(table: Any) -> Any:
    """Give decimals without a scale as whole numbers: an engine's sum of integers is wider."""
    import pyarrow as pa

    fields = [
        pa.field(f.name, pa.int64())
        if pa.types.is_decimal(f.type) or pa.types.is_integer(f.type)
        else pa.field(f.name, pa.string())
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def _table(columns: dict[str, list[Any]], was: Any, names: list[str]) -> Any:
    import pyarrow as pa

    made = {}
    for name in names:
        kind = was.schema.field(name).type
        text = any(isinstance(v, str) for v in columns[name])
        made[name] = pa.array(columns[name], pa.string() if text else kind)
    return pa.table(made)
