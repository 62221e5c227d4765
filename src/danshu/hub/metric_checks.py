"""A formula tried before it holds: what stands in its way, what it comes to today beside the one in
force, what it is made of.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.metrics import checking, comparing, model, shipped
from danshu.capabilities.metrics.comparing import FormulaEdit
from danshu.capabilities.metrics.model import Metric, MetricFinding, MetricTitle
from danshu.capabilities.metrics.reading import FormulaSaid, read_aloud
from danshu.hub import asset_store, metric_book, metric_tables
from danshu.hub.asset_views import reading
from danshu.hub.assets import known, place
from danshu.hub.metrics import MetricRow, run_metric, split_rows
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.metrics.compiling import Question
    from danshu.hub.asset_store import Store
    from danshu.hub.compose import Hub
    from danshu.hub.metric_book import Held

_KEPT: Final = 256
_sound: OrderedDict[tuple[int, str], None] = OrderedDict()
"""Formulas that were tried in this process and stood: what an approval asks inside its commit."""


class FigureChange(Struct, frozen=True, kw_only=True):
    """A group's figure by two formulas; None where one has none."""

    keys: tuple[str, ...]
    was: int | None
    now: int | None


class Differing(Struct, frozen=True, kw_only=True):
    """Two formulas side by side: how they are written, what they come to. `rows` are the groups
    where the figures differ, `same` how many do not.
    """

    edits: tuple[FormulaEdit, ...]
    by: tuple[str, ...]
    was: int | None
    now: int | None
    rows: tuple[FigureChange, ...]
    same: int


class Checked(Struct, frozen=True, kw_only=True):
    """What trying a formula gave. `difference` is None where nothing holds yet or it can't run."""

    findings: tuple[MetricFinding, ...]
    total: int | None = None
    rows: tuple[MetricRow, ...] = ()
    sql: str = ""
    difference: Differing | None = None
    said: FormulaSaid | None = None
    said_filter: FormulaSaid | None = None


def is_sound(tenant: int, metric: Metric) -> bool:
    """Whether a formula was tried in this process and stood."""
    return (tenant, model.digest(metric)) in _sound


async def check(hub: Hub, tenant: int, metric: Metric, asked: Question) -> Checked:
    """Try a formula on what is known now, beside the formula in force."""
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
    return await reading(lambda: _try(tenant, metric, held, asked))


def _try(tenant: int, metric: Metric, held: Mapping[str, Held], asked: Question) -> Checked:
    others = {code: one.metric for code, one in held.items() if code != metric.code}
    with asset_store.open_store(place(), tenant) as store:
        try:
            columns = metric_tables.list_columns(store, metric.on)
        except InputError as e:
            finding = MetricFinding(code=e.code, field="on", value=metric.on)
            return Checked(findings=(finding,))
        lookups = shipped.library().lookups
        findings = checking.check(metric, columns, others.get, lookups)
        if findings:
            return Checked(findings=findings)
        now = held.get(metric.code)
        try:
            _, sql, rows = run_metric(store, metric, held, asked)
        except InputError as e:
            finding = MetricFinding(code=e.code, detail=e.detail)
            return Checked(findings=(finding,))
        difference = _beside(store, now.metric, metric, held, asked) if now else None
    total, groups = split_rows(rows, len(asked.by))
    _sound[tenant, model.digest(metric)] = None
    while len(_sound) > _KEPT:
        _sound.popitem(last=False)
    said, said_filter = read(metric, held)
    return Checked(
        findings=(),
        total=total,
        rows=tuple(MetricRow(keys=k, value=v) for k, v in groups[: asked.limit]),
        sql=sql,
        difference=difference,
        said=said,
        said_filter=said_filter,
    )


def _beside(
    store: Store, was: Metric, now: Metric, held: Mapping[str, Held], asked: Question
) -> Differing | None:
    """Lay two formulas side by side; None where one of them has no such dimensions."""
    try:
        return differ(store, was, now, held, asked)
    except InputError:
        return None


def differ(
    store: Store, was: Metric, now: Metric, held: Mapping[str, Held], asked: Question
) -> Differing:
    """Lay two formulas of a metric side by side over one question. Raises InputError."""
    before, old = split_rows(run_metric(store, was, held, asked)[2], len(asked.by))
    after, new = split_rows(run_metric(store, now, held, asked)[2], len(asked.by))
    olds, news = dict(old), dict(new)
    keys = list(dict.fromkeys([*olds, *news]))
    changed = [
        FigureChange(keys=k, was=olds.get(k), now=news.get(k))
        for k in keys
        if olds.get(k) != news.get(k)
    ]
    return Differing(
        edits=comparing.compare(was, now),
        by=asked.by,
        was=before,
        now=after,
        rows=tuple(changed[: asked.limit]),
        same=len(keys) - len(changed),
    )


async def compare_versions(
    hub: Hub, tenant: int, code: str, versions: tuple[int, int], asked: Question
) -> Differing:
    """Lay two versions of a metric side by side, on what is known now. Raises InputError."""
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
        found = {
            v.version: v.metric for v in await metric_book.list_versions(connection, tenant, code)
        }
    if not set(versions) <= found.keys():
        raise InputError("no_metric_version", "there is no such version of the metric")
    was, now = (found[v] for v in versions)

    def work() -> Differing:
        with asset_store.open_store(place(), tenant) as store:
            return differ(store, was, now, held, asked)

    return await reading(work)


def read(metric: Metric, held: Mapping[str, Held]) -> tuple[FormulaSaid | None, FormulaSaid | None]:
    """Read a metric's formula and filter aloud."""
    titles = column_titles(metric.on)

    def title_of(name: str) -> MetricTitle:
        return titles.get(name, MetricTitle(zh=name, en=name))

    def title_of_metric(code: str) -> MetricTitle:
        return held[code].metric.title if code in held else MetricTitle(zh=code, en=code)

    formula = read_aloud(metric.expression, "measure", title_of, title_of_metric)
    if not metric.filter:
        return formula, None
    return formula, read_aloud(metric.filter, "row", title_of, title_of_metric)


def column_titles(on: str) -> dict[str, MetricTitle]:
    """Give what the columns of a table are called, as far as its maker said."""
    table = shipped.library().tables.get(on)
    if table is not None:
        return {c.name: c.title for c in table.columns}
    asset = known().get(on.partition(":")[2])
    if asset is None:
        return {}
    return {c.name: MetricTitle(zh=c.title.zh, en=c.title.en) for c in asset.columns}
