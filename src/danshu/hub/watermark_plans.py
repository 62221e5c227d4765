"""Plans of marking: what a row of an Arrow table is found again by, where its code lies.

pyarrow is imported late: a server that gives no copies never loads it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from danshu.capabilities.watermark import cells, codes, finding, honey
from danshu.capabilities.watermark.model import CARRIERS, Carrier, Part, Plan
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.watermark.model import Kind

Table = Any  # pyarrow.Table
UNIQUE: Final = 0.99
"""Share of rows that a key tells apart at least."""
_MS_FROM: Final = 631_152_000_000  # whole numbers from 1990 on in ms are instants
_NEARLY: Final = 0.95
_DECIMALS: Final = 5
_PARTS: Final = 4


def make_plan(
    secret: bytes,
    table: Table,
    key_columns: Sequence[str],
    tolerant: Sequence[str],
    heads: Mapping[str, tuple[str, ...]],
) -> Plan:
    """Choose what rows are found by: the key, and where it is dropped, stable columns together.

    Texts (what generalisation leaves of a time) bear nothing, and without a key nothing does.
    Raises ProgramError for columns that the table doesn't have.
    """
    missing = {*key_columns, *tolerant} - set(table.column_names)
    if missing:
        raise ProgramError(f"no such columns to mark by: {sorted(missing)}")
    able = [name for name in tolerant if read_kind(table.column(name)) != "text"]
    carriers = [_carrier(table, name, heads) for name in able[:CARRIERS] if key_columns]
    single = next((n for n in key_columns if tell_apart(table, [n]) >= UNIQUE), "")
    first = (single,) if single else tuple(key_columns)
    instants = [c.name for c in carriers if c.kind == "instant"]
    texts = [
        name
        for name in table.column_names
        if name not in {*first, *tolerant} and _is_text(table.schema.field(name).type)
    ]
    texts.sort(key=lambda name: -tell_apart(table, [name]))
    keys = [first] if first else []
    for names in (_grow(table, instants[:1], texts), _grow(table, [], texts)):
        if names and names not in keys:
            keys.append(names)
    made = tuple([tuple([_part(secret, table, name, heads) for name in key]) for key in keys])
    return Plan(keys=made, carriers=tuple(carriers))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    )


def _grow(table: Table, begin: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """Put columns together until they nearly tell rows apart; () where they tell few apart."""
    names = list(begin)
    share = tell_apart(table, names) if names else 0.0
    for name in texts:
        if share >= _NEARLY or len(names) == _PARTS:
            break
        more = tell_apart(table, [*names, name])
        if more > share:
            names, share = [*names, name], more
    return tuple(names) if 2 * share >= 1 else ()


def tell_apart(table: Table, names: Sequence[str]) -> float:
    """Give the share of rows that these columns tell apart; instants count by their minute."""
    import pyarrow.compute as pc

    if not table.num_rows:
        return 0.0
    mixed = np.zeros(table.num_rows, np.uint64)
    for name in names:
        column = table.column(name)
        if read_kind(column) == "instant":
            column = pc.divide(read_seconds(column), 60)
        coded = column.combine_chunks().dictionary_encode() if column.num_chunks else column
        if hasattr(coded, "combine_chunks"):
            coded = coded.combine_chunks()
        at = np.asarray(coded.indices.fill_null(-1)).astype(np.int64).astype(np.uint64)
        mixed = codes.mix(mixed * np.uint64(31) + at)
    return float(len(np.unique(mixed)) / table.num_rows)


def read_kind(column: Any) -> Kind:
    """Give the kind of a column by its type; whole numbers as large as epoch ms are instants."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_timestamp(kind):
        return "instant"
    if pa.types.is_integer(kind):
        least = pc.min(pc.filter(column, pc.not_equal(column, 0))).as_py()
        return "instant" if least is not None and least >= _MS_FROM else "whole"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "decimal"
    return "text"


def read_seconds(column: Any) -> Any:
    """Give a column of instants as whole epoch seconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(column.type):
        return pc.divide(column.cast(pa.int64()), 1000)
    per = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[column.type.unit]
    return pc.divide(column.cast(pa.int64()), per)


def _carrier(table: Table, name: str, heads: Mapping[str, tuple[str, ...]]) -> Carrier:
    column = table.column(name)
    kind = read_kind(column)
    digits = getattr(column.type, "scale", _DECIMALS) if kind == "decimal" else 0
    return Carrier(name=name, heads=heads.get(name, ()), kind=kind, digits=digits)


def _part(secret: bytes, table: Table, name: str, heads: Mapping[str, tuple[str, ...]]) -> Part:
    kind = read_kind(table.column(name))
    if kind == "instant":
        return Part(name=name, heads=heads.get(name, ()), kind=kind)
    values = table.column(name).unique().slice(0, honey.SAMPLE).to_pylist()
    texts = [text for text in map(cells.read_text, values) if text]
    if len(texts) <= finding.VALUES:
        known = tuple(sorted({finding.digest_value(secret, text) for text in texts}))
        return Part(name=name, heads=heads.get(name, ()), kind=kind, values=known)
    usual = Counter(map(cells.shape, texts)).most_common(finding.SHAPES)
    shapes = tuple([shape for shape, _ in usual])
    return Part(name=name, heads=heads.get(name, ()), kind=kind, shapes=shapes)


encode_plan = msgspec.json.Encoder().encode
decode_plan = msgspec.json.Decoder(Plan).decode


def merge_plans(plans: Sequence[Plan]) -> list[Plan]:
    """Put plans of the same columns together: what their values look like is what any did."""
    merged: dict[tuple[Any, ...], Plan] = {}
    for plan in plans:
        names = tuple([tuple([p.name for p in parts]) for parts in plan.keys])
        key = (names, plan.carriers)
        if key in merged:
            plan = _join(merged[key], plan)
        merged[key] = plan
    return list(merged.values())


def _join(one: Plan, other: Plan) -> Plan:
    keys = []
    for parts, others in zip(one.keys, other.keys, strict=True):
        joined = [
            msgspec.structs.replace(
                p,
                values=tuple(sorted({*p.values, *o.values})) if p.values and o.values else (),
                shapes=tuple(dict.fromkeys((*p.shapes, *o.shapes))),
                heads=tuple(dict.fromkeys((*p.heads, *o.heads))),
            )
            for p, o in zip(parts, others, strict=True)
        ]
        keys.append(tuple(joined))
    return Plan(keys=tuple(keys), carriers=one.carriers)
