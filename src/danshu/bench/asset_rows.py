"""Sources of many orders as the engine would have written them: same columns, same kinds, same cut
into pieces, made by DuckDB. An order says eight facts; all that is drawn follows from its number.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.assets.sources import FOLDED
from danshu.hub import asset_index
from danshu.hub.asset_files import Disk, Written
from danshu.hub.asset_index import Index, Piece
from danshu.kernel.limits import ASSET_PIECE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HALF: Final = "2026h2"
FACTS: Final = 8
_BEGAN_MS: Final = 1_782_864_000_000
_PROVINCES: Final = "[11,12,13,14,21,31,32,33,34,35,36,37,41,42,43,44,45,50,51,52,53,61,62,65]"
# What is drawn of order `i`: a hash for each thing, so that no two are alike by accident.
_DRAWN: Final = f"""
select i, md5(i::varchar)::uuid as stream, (hash(i, 1) % 1000)::bigint as h1,
  (hash(i, 2) % 1000)::bigint as h2, (hash(i, 3) % 1000)::bigint as h3,
  (hash(i, 4) % 1000)::bigint as h4,
  {_BEGAN_MS} + (i * 900)::bigint + (hash(i, 5) % 600000)::bigint as created,
  ({_PROVINCES}[1 + (hash(i, 6) % 24)::bigint] * 10000 +
    (1 + (hash(i, 7) % 17)::bigint) * 100)::varchar as region
from range($1, $2) t(i)
"""
_PROVENANCE: Final = (
    "'" + HALF + "' as half, (i * 8 + {at})::bigint as fact, stream, {seq}::int as seq,"
    " {when} as occurred, {when} + 900 as recorded, 'bench' as who"
)


def _base(at: int, when: str) -> str:
    return _PROVENANCE.format(at=at, seq=at + 1, when=when)


_PICKED: Final = "created + 3600000 + h1 * 90000"
_SIGNED: Final = "created + 86400000 + h2 * 240000"
_QUERIES: Final = {
    "orders": f"""select {_base(0, "created")}, 'T' || i as number,
      ['taobao','jd','pdd','douyin'][1 + h3 % 4] as channel, '' as shop,
      substr(md5((i // 3)::varchar), 1, 16) as buyer, region, created, 0::bigint as ship_by,
      'order' as kind, '' as type, 'CNY' as currency, (h3 * 100)::bigint as goods,
      0::bigint as discount, 0::bigint as postage, 0::bigint as subsidy,
      (h3 * 100)::bigint as total, 1::int as lines, 1::bigint as units, 0::int as holds
      from drawn""",
    "payments": f"""select {_base(1, "created + 60000")}, (h3 * 100)::bigint as amount,
      created + 60000 as at, '' as stage from drawn""",
    "steps": f"""select {_base(4, _PICKED)}, 'shipped' as step, 1::int as fulfilment,
        'WH-' || h4 % 37 as warehouse, 'SF' as carrier, 1::bigint as units, '' as reason from drawn
      union all by name select {_base(3, "created + 1800000")}, 'released' as step,
        1::int as fulfilment, 'WH-' || h4 % 37 as warehouse, '' as carrier, 1::bigint as units,
        '' as reason from drawn
      union all by name select {_base(6, _SIGNED)}, 'delivered' as step, 1::int as fulfilment,
        'WH-' || h4 % 37 as warehouse, 'SF' as carrier, 1::bigint as units, '' as reason
        from drawn where h4 < 970""",
    "promises": f"""select {_base(2, "created")}, 'ship48h' as code, 'made' as event,
        1::int as version, created as started, created + 172800000 as due, 0::bigint as gap,
        '' as verdict, '' as was, '' as origin, '' as reason from drawn
      union all by name select {_base(5, _PICKED)}, 'ship48h' as code,
        case when h1 < 950 then 'kept' else 'broken' end as event, 0::int as version,
        0::bigint as started, created + 172800000 as due, (h1 * 90000)::bigint as gap,
        '' as verdict, '' as was, 'wms' as origin, '' as reason from drawn""",
}
"""By source: all facts of an order that the heat map reads, and one step that it does not."""


def write(folder: Path, orders: int, tell: Callable[[int, int], None]) -> Index:
    """Write the sources of so many orders into a merchant's folder, with their index."""
    import duckdb

    each = ASSET_PIECE // FACTS
    pieces = []
    with duckdb.connect(config={"threads": 2}) as engine:
        for no in range(-(-orders // each)):
            first, end = no * each, min(orders, (no + 1) * each)
            engine.execute("create or replace temp table drawn as " + _DRAWN, [first, end])
            files = {name: _put(engine, folder, name, no) for name in _QUERIES}
            pieces.append(Piece(half=HALF, no=no, end=end * FACTS, files=files))
            tell(end, orders)
    index = Index(format="bench", pieces=tuple(pieces))
    asset_index.write(Disk(), folder, index, None)
    return index


def _put(engine: Any, folder: Path, name: str, no: int) -> Written:
    """Write one source of one piece, in the order of the log."""
    file = f"sources/{name}/{HALF}-{no:06d}.parquet"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f'"{c}"' for c in FOLDED[name].columns)
    (rows,) = engine.execute(
        f"copy (select {columns} from ({_QUERIES[name]}) order by fact) to '{path}'"
        " (format parquet, compression zstd, row_group_size 122880)"
    ).fetchone()
    # a name is enough for what is measured: nobody compares these files with a log
    digest = hashlib.sha256(msgspec.json.encode((file, rows))).hexdigest()
    return Written(name=file, rows=rows, size=path.stat().st_size, digest=digest)
