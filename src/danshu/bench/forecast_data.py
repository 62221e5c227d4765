"""Daily series for `danshu bench forecast`: read from a file, or drawn by a seed.

A file is CSV with the columns `day,series,units` (any order, more are left alone), Parquet with the
same, or Parquet of UCI Online Retail (Chen, 2015, https://doi.org/10.24432/C5BW33, CC BY 4.0):
invoices, of which cancelled ones are left out, a series a country and stock code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.forecasting.model import HORIZON, Panel
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.capabilities.forecasting.model import Floats

_MONDAY: Final = 738_521  # 2023-01-02
_DAYS: Final = 208
_GROUPS: Final = 30
_INVOICES: Final = """
select Country || '/' || StockCode as series, split_part(Country || '/', '/', 1) as place,
  cast(strptime(InvoiceDate, '%m/%d/%y %H:%M') as date) as day, sum(Quantity) as units
from {source} where Quantity > 0 and InvoiceNo not like 'C%' group by all
"""
_PLAIN: Final = """
select cast(series as varchar) as series, split_part(cast(series as varchar), '/', 1) as place,
  cast(day as date) as day, sum(cast(units as double)) as units from {source} group by all
"""


def read(path: Path, size: int) -> Panel:
    """Read a file's series: those that sold on most days before the last HORIZON, which nothing is
    chosen by. Raises InputError `bad_file`.
    """
    import duckdb

    quoted = "'" + str(path).replace("'", "''") + "'"
    is_parquet = path.suffix.lower() in (".parquet", ".pq")
    source = f"read_parquet({quoted})" if is_parquet else f"read_csv({quoted}, header=true)"
    with duckdb.connect() as db:
        try:
            columns = {str(row[0]) for row in db.execute(f"describe from {source}").fetchall()}
            query = _INVOICES if {"InvoiceDate", "StockCode"} <= columns else _PLAIN
            found = db.execute(query.format(source=source)).fetchnumpy()
        except duckdb.Error as error:
            raise InputError("bad_file", str(error).splitlines()[0][:200]) from error
    if not len(found["units"]):
        raise InputError("bad_file", "no rows")
    return _lay(found, size)


def _lay(found: dict[str, Any], size: int) -> Panel:
    names, series = np.unique(np.asarray(found["series"]).astype(str), return_inverse=True)
    day = np.asarray(found["day"]).astype("datetime64[D]").astype(np.int64)
    units = np.zeros((len(names), int(day.max() - day.min()) + 1))
    np.add.at(units, (series, day - day.min()), np.asarray(found["units"], np.float64))
    place_of = np.zeros(len(names), np.int64)
    places, place = np.unique(np.asarray(found["place"]).astype(str), return_inverse=True)
    place_of[series] = place
    del places
    epoch = 719_163  # the ordinal of 1970-01-01
    return _cut(units, place_of, int(day.min()) + epoch, size)


def _cut(units: Floats, group: Any, first_day: int, size: int) -> Panel:
    before = units[:, : max(units.shape[1] - HORIZON, 0)]
    sold = (before > 0).sum(axis=1)
    order = np.lexsort((-before.sum(axis=1), -sold))
    kept = order[sold[order] > 0][:size]
    if not len(kept):
        raise InputError("bad_file", f"nothing sold before the last {HORIZON} days")
    units = units[kept]
    start = (units > 0).argmax(axis=1).astype(np.int64)
    factor = np.ones((len(units), units.shape[1] + HORIZON))
    return Panel(units, start, np.asarray(group)[kept], first_day, factor)


def draw(size: int, seed: int = 9) -> Panel:
    """Draw series of a retailer: from a few units a month to hundreds a day, with a week, drift,
    lumps, a tenth of them new.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(0, _GROUPS, size)
    level = np.exp(rng.normal(-0.6, 1.8, size))
    week = np.exp(rng.normal(0, 0.25, (_GROUPS, 7)))
    week /= week.mean(axis=1, keepdims=True)
    drift = np.cumsum(rng.normal(0, 0.03, (size, _DAYS)), axis=1)
    rate = level[:, None] * np.exp(drift) * week[group][:, np.arange(_DAYS) % 7]
    lumpy = rng.gamma(0.7, 1 / 0.7, (size, _DAYS)) * (rng.random(size) < 0.4)[:, None]
    rate = np.where(lumpy > 0, rate * lumpy, rate)
    units = rng.poisson(np.minimum(rate, 5_000)).astype(np.float64)
    begin = np.where(rng.random(size) < 0.1, rng.integers(0, _DAYS - HORIZON - 30, size), 0)
    units[np.arange(_DAYS)[None, :] < begin[:, None]] = 0.0
    return _cut(units, group, _MONDAY, size)
