"""Cells of a built asset, filtered, ordered and paged by keyset, straight from its file.

Synchronous. A NULL comes before all else in an order.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub.asset_store import columns_of, grain_of, read_built
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSET_CONDITIONS, ASSET_READ_MB, CELL_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from danshu.ports.asset import Asset

_CONDITION: Final = re.compile(r"([a-z][a-z0-9_]*)(<=|>=|)")
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_LEAST: Final = -(2**63)
_OTHER: Final = InputError("bad_cursor", "the cursor belongs to another question")


class Cells(Struct, frozen=True, kw_only=True):
    """A page of cells. `rows` have their values in the order of `columns`; `total` counts what the
    filters meet, `suppressed` those of them that cover fewer than CELL_PEOPLE people and are not
    shown; `next` is "" at the end. `run` built them, at `built_ms`.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int | str | None, ...], ...]
    total: int
    suppressed: int
    next: str
    run: str
    built_ms: int


def people_of(asset: Asset) -> str:
    """Name the measure that counts people, "" where the asset counts none."""
    return next((c.name for c in asset.columns if c.unit == "customers"), "")


def read(
    folder: Path,
    asset: Asset,
    where: Mapping[str, str | int],
    order: str,
    after: str,
    limit: int,
    *,
    hides_few: bool,
) -> Cells:
    """Read a page of the cells in a merchant's folder.

    `where`: columns, also as `column>=` and `column<=`. `order`: a column, `-column` for the
    largest first, "" for the order of the grain. `hides_few`: cells of few people stay hidden.
    Raises InputError `not_built`, `bad_filter`, `bad_cursor`.
    """
    built = read_built(folder, asset.name)
    if built is None:
        raise InputError("not_built", f"{asset.name} was not built yet")
    names = columns_of(asset)
    met, given = _filter(where, names)
    few = people_of(asset) if hides_few else ""
    shown = f'{met} and "{few}" >= {CELL_PEOPLE}' if few else met
    keys = _order(order, names, grain_of(asset))
    beyond, place = _beyond(after, order, keys)
    listed = ", ".join(f'"{name}"' for name in names)
    sorts = ", ".join(f"k{i} {'desc' if down else 'asc'}" for i, (_, down) in enumerate(keys))
    import duckdb

    with duckdb.connect(config={"memory_limit": f"{ASSET_READ_MB}MB", "threads": 1}) as engine:
        engine.read_parquet(str(folder / built.file.name)).create_view("cells")
        kinds = dict(
            engine.execute("select column_name, column_type from (describe cells)").fetchall()
        )
        values = _values(given, kinds)
        made = ", ".join(f"{_key(name, kinds)} as k{i}" for i, (name, _) in enumerate(keys))
        total, few_ones = _count(engine, met, few, values)
        found = engine.execute(
            f"select {listed}, {', '.join(f'k{i}' for i in range(len(keys)))}"
            f" from (select *, {made} from cells where {shown}) where {beyond}"
            f" order by {sorts} limit {limit + 1}",
            [*values, *place],
        ).fetchall()
    rows = tuple(row[: len(names)] for row in found[:limit])
    last = found[limit - 1][len(names) :] if len(found) > limit else ()
    return Cells(
        columns=names, rows=rows, total=total, suppressed=few_ones, next=_write(order, last),
        run=built.run, built_ms=built.built_ms,
    )  # fmt: skip


def _count(engine: Any, met: str, few: str, values: list[Any]) -> tuple[int, int]:
    hidden = f'count(*) filter ("{few}" < {CELL_PEOPLE})' if few else "0"
    row = engine.execute(f"select count(*), {hidden} from cells where {met}", values).fetchone()
    return int(row[0]), int(row[1])


def _filter(
    where: Mapping[str, str | int], names: tuple[str, ...]
) -> tuple[str, list[tuple[str, str | int]]]:
    """Write the condition, with the columns and values that it asks for."""
    if len(where) > ASSET_CONDITIONS:
        raise InputError("bad_filter", f"at most {ASSET_CONDITIONS} conditions", "/where")
    parts, given = ["true"], []
    for said, value in where.items():
        match = _CONDITION.fullmatch(said)
        if match is None or match[1] not in names:
            raise InputError("bad_filter", "there is no such column", "/where")
        parts.append(f'"{match[1]}" {match[2] or "="} ?')
        given.append((match[1], value))
    return " and ".join(parts), given


def _values(given: list[tuple[str, str | int]], kinds: dict[str, str]) -> list[str | int]:
    """Give the values as their columns have them: a number may come as its digits."""
    return [as_column(name, value, is_text=kinds[name] != "BIGINT") for name, value in given]


def as_column(name: str, value: str | int, *, is_text: bool) -> str | int:
    """Give a value as a column has it. Raises InputError `bad_filter`."""
    if is_text == isinstance(value, str):
        return value
    if not is_text and isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise InputError("bad_filter", f"{name} is of another kind", "/where")


def _order(order: str, names: tuple[str, ...], grain: tuple[str, ...]) -> list[tuple[str, bool]]:
    """Give the columns of the order, and whether the largest comes first."""
    name = order.removeprefix("-")
    if order and name not in names:
        raise InputError("bad_filter", "there is no such column", "/order")
    first = [(name, order.startswith("-"))] if order else []
    return first + [(g, False) for g in grain if g != name]


def _key(name: str, kinds: dict[str, str]) -> str:
    """Write a column as it is ordered by: NULL is less than all."""
    least = str(_LEAST) if kinds[name] == "BIGINT" else "''"
    return f'coalesce("{name}", {least})'


def _beyond(after: str, order: str, keys: list[tuple[str, bool]]) -> tuple[str, list[Any]]:
    """Write what lies behind the place of a cursor, with its values."""
    if not after:
        return "true", []
    try:
        raw = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        said, place = msgspec.json.decode(raw, type=tuple[str, list[int | str]])
    except (ValueError, msgspec.DecodeError) as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error
    if said != order or len(place) != len(keys):
        raise _OTHER
    parts, values = [], []
    for at, (_, is_down) in enumerate(keys):
        same = [f"k{i} = ?" for i in range(at)]
        parts.append(" and ".join([*same, f"k{at} {'<' if is_down else '>'} ?"]))
        values += place[: at + 1]
    return "(" + " or ".join(parts) + ")", values


def _write(order: str, last: tuple[Any, ...]) -> str:
    """Write a place as a cursor, "" for the end."""
    if not last:
        return ""
    return base64.urlsafe_b64encode(msgspec.json.encode((order, last))).decode().rstrip("=")
