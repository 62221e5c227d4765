"""Formulas: what is one, what it compiles to and comes to, how two differ, what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.metrics import comparing, grammar, model, reading, shipped
from danshu.capabilities.metrics.checking import check
from danshu.capabilities.metrics.compiling import Question, compile_metric
from danshu.capabilities.metrics.lineage import column_lineage
from danshu.capabilities.metrics.model import Dimension, Metric, MetricTitle
from danshu.kernel.errors import InputError
from tests.capabilities.metrics import page

T = MetricTitle(zh="数", en="Figure")
BY = (Dimension(name="channel"),)
LOOKUPS = {"stages": {"late": "it's late", "*": "rest"}}
DAY = 86_400_000
SALES = [
    ("a", "late", 100, 1, 1_000),
    ("a", "late", 50, 1, DAY - 28_800_000),
    ("b", "torn", 70, 3, 5 * DAY),
    ("b", None, 7, 3, 5 * DAY),
]
BACK = [("a", 30, 2_000), ("c", 9, 2_000)]


def metric(code: str = "m", **fields: Any) -> Metric:
    made = {"on": "sales", "time": "placed", "dimensions": BY, "expression": "count(*)", **fields}
    return Metric(code=code, title=T, **made)


KNOWN = {
    m.code: m
    for m in (
        metric("money", expression="sum(total)"),
        metric("back", on="back", time="moved", expression="sum(amount)"),
        metric("round", expression="metric.round + count(*)"),
    )
}


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    made.execute("create table sales(channel text, why text, total int8, who int8, placed int8)")
    made.execute("create table back(channel text, amount int8, moved int8)")
    made.executemany("insert into sales values (?,?,?,?,?)", SALES)
    made.executemany("insert into back values (?,?,?)", BACK)
    yield made
    made.close()


def come_to(engine: duckdb.DuckDBPyConnection, one: Metric, **asked: Any) -> dict[Any, Any]:
    """Give the figures of a metric by their keys; () is over everything."""
    compiled = compile_metric(one, Question(**asked), KNOWN.get, LOOKUPS)
    keys = len(asked.get("by", ()))
    rows = engine.execute(compiled.sql).fetchall()
    return {() if row[keys] else tuple(row[:keys]): row[keys + 1] for row in rows}


FIGURES = [
    ("count(*)", {"a": 2, "b": 2}, 4),
    ("sum(total)", {"a": 150, "b": 77}, 227),
    ("avg(total)", {"a": 75, "b": 38}, 56),  # 227 // 4: the rest is dropped
    ("avg(total) filter (where total > 60)", {"a": 100, "b": 70}, 85),
    ("count(distinct who)", {"a": 1, "b": 1}, 2),
    ("count(why)", {"a": 2, "b": 1}, 3),
    ("quantile(total, 500)", {"a": 50, "b": 7}, 50),
    ("share(count(*) filter (where why = 'late'), count(*))", {"a": 1000, "b": 0}, 500),
    ("share(count(*), overall(count(*)))", {"a": 500, "b": 500}, 1000),
    ("share(sum(total), 0)", {"a": None, "b": None}, None),
    ("sum(case when why is null then total else 0 end)", {"a": 0, "b": 7}, 7),
    ("max(total) - min(total) * 2", {"a": 0, "b": 56}, 86),
    ("metric.money - metric.back", {"a": 120, "b": 77, "c": -9}, 188),
    ("share(metric.back, metric.money)", {"a": 200, "b": 0, "c": None}, 171),
    ("sum(total) // nullif(count(*) - 2, 0)", {"a": None, "b": None}, 113),
]


@pytest.mark.parametrize(("text", "groups", "total"), FIGURES)
def test_a_formula_comes_to(
    engine: duckdb.DuckDBPyConnection, text: str, groups: dict[str, int | None], total: int | None
) -> None:
    wanted = {(key,): value for key, value in groups.items()} | {(): total}
    assert come_to(engine, metric(expression=text), by=("channel",)) == wanted


def test_a_window_a_filter_and_days_of_shanghai(engine: duckdb.DuckDBPyConnection) -> None:
    days = (Dimension(name="day", expression="day(placed)"), *BY)
    one = metric(dimensions=days)
    assert come_to(engine, one, by=("day",)) == {
        (): 4, ("1970-01-01",): 1, ("1970-01-02",): 1, ("1970-01-06",): 2,
    }  # fmt: skip
    window = {"since_ms": DAY - 28_800_000, "until_ms": 5 * DAY}
    assert come_to(engine, one, by=("channel",), **window) == {(): 1, ("a",): 1}
    stand = replace(one, is_stand=True)
    assert come_to(engine, stand, by=(), **window) == {(): 2}
    assert come_to(engine, one, where={"channel": ("b", "x' or 1=1 --")}) == {(): 2}
    per_day = metric(expression="count(*) * days()")
    assert come_to(engine, per_day, since_ms=1, until_ms=DAY + 2) == {(): 4}
    assert come_to(engine, per_day) == {(): None}
    staged = metric(dimensions=(Dimension(name="stage", expression="lookup('stages', why)"),))
    assert come_to(engine, staged, by=("stage",)) == {(): 4, ("it's late",): 2, ("rest",): 2}
    with pytest.raises(InputError, match="no dimension"):
        come_to(engine, one, by=("sku",))


NO = [
    ("sum(total", "unparsable", ""),
    ("sum(total); drop table sales", "unparsable", ""),
    ("total + sum(total)", "column_outside", "total"),
    ("sum(total) / 2", "division", "total) / 2"),
    ("sum(total) * 1.5", "decimal", "1.5"),
    ("sum(sum(total))", "aggregate_inside", "total"),
    ("sum(metric.money)", "metric_inside", "metric.money"),
    ("42", "not_aggregated", ""),
    ("quantile(total, 0.9)", "quantile", "total, 0.9"),
    ("share(sum(total))", "arguments", "share"),
    ("median(total)", "forbidden", "total"),
    ("getenv('HOME')", "function", "getenv"),
    ("read_text('/etc/passwd')", "function", "read_text"),
    ("sum((select max(total) from sales))", "forbidden", ""),
    ("sum(sales.total)", "forbidden", "sales.total"),
    ("sum(total) over ()", "forbidden", ""),
    ("sum(total::int)", "forbidden", ""),
    ("sum(case when total in (select 1) then 1 end)", "forbidden", ""),
    ("count(distinct total, who)", "arguments", ""),
    ("sum(lookup(why, 'a'))", "lookup", ""),
    ("max(total -> 'a')", "forbidden", ""),
    ("array_agg(total)", "forbidden", ""),
]


@pytest.mark.parametrize(("text", "code", "there"), NO)
def test_what_is_no_formula_is_refused_with_its_place(text: str, code: str, there: str) -> None:
    found = grammar.parse(text, "measure").findings
    assert code in [one.code for one in found], found
    (one, *_) = [one for one in found if one.code == code]
    assert not there or there in text[one.start : one.end]
    with pytest.raises(InputError, match="m: "):
        compile_metric(metric(expression=text), Question(), KNOWN.get, {})


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="sumcount()*'\" ,;-+/=abtol.[]1:", max_size=24))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    parsed = grammar.parse(text, "measure")
    assert parsed.findings or grammar.parse(parsed.tree.sql("duckdb"), "measure").tree is not None


def test_a_metric_is_checked_beside_its_table() -> None:
    columns = {"channel": "text", "total": "number", "placed": "time", "buyer": "text"}

    def codes(one: Metric) -> list[tuple[str, str, str]]:
        return [(f.code, f.field, f.value) for f in check(one, columns, KNOWN.get, LOOKUPS)]

    assert codes(metric(expression="sum(total)")) == []
    assert codes(metric(expression="sum(price)")) == [("column_unknown", "expression", "price")]
    assert codes(metric(filter="sum(total) > 1")) == [("aggregate_inside", "filter", "sum")]
    assert codes(metric(time="channel")) == [("time_text", "time", "channel")]
    assert codes(metric(expression="metric.none + 1")) == [("metric_unknown", "expression", "none")]
    assert codes(metric(expression="metric.round")) == [("metric_cycle", "expression", "round")]
    twice = metric(dimensions=(*BY, *BY))
    assert codes(twice) == [("dimension_twice", "dimensions", "channel")]
    person = metric(dimensions=(Dimension(name="who", expression="buyer"),))
    assert codes(person) == [("dimension_person", "dimensions", "buyer")]
    wider = metric(expression="metric.money", on="", dimensions=(*BY, Dimension(name="sku")))
    assert codes(wider) == [("dimension_missing", "dimensions", "money.sku")]
    nowhere = metric(expression="sum(lookup('none', channel))")
    assert codes(nowhere) == [("lookup", "expression", "none")]
    assert codes(replace(metric(), title=MetricTitle(zh="数"))) == [("title", "title", "")]


def test_two_formulas_are_compared_by_structure() -> None:
    was = metric(expression="share(sum(total), count(*))", filter="total > 0")
    same = replace(was, expression="share( SUM(total) ,count( * ))")
    assert comparing.compare(was, same) == ()
    turned = replace(was, about={"en": "b", "zh": "a"})
    assert comparing.compare(replace(was, about={"zh": "a", "en": "b"}), turned) == ()
    now = replace(
        was, expression="share(sum(total - who), count(*))", filter="total > 0 and why <> 'torn'",
        unit="fen",
    )  # fmt: skip
    told = [(e.field, e.change, e.was, e.now) for e in comparing.compare(was, now)]
    assert ("filter", "inserted", "", "why <> 'torn'") in told
    assert ("unit", "inserted", "", "fen") in told
    assert ("expression", "inserted", "", "total - who") in told
    # what was compared is what others parse: the trees are as they were
    assert (
        grammar.parse(was.expression, "measure").tree.sql("duckdb").startswith("SHARE(SUM(total)")
    )


def test_a_formula_is_read_aloud() -> None:
    def name(code: str) -> MetricTitle:
        return MetricTitle(zh=f"<{code}>", en=code)

    said = reading.read_aloud(
        "share(count(*) filter (where why in ('a', 'b')), metric.money)", "measure", name, name
    )
    assert said is not None
    assert said.say == "share"
    where, other = said.parts
    assert (where.say, [p.say for p in where.parts]) == ("where", ["count", "in"])
    assert (other.say, other.value, other.title.zh) == ("metric", "money", "<money>")
    assert reading.read_aloud("sum(", "measure", name, name) is None


def test_lineage_goes_down_to_the_sources() -> None:
    sql = """
    with o as (select channel, 1000 * total as t, why from sales),
    g as (select channel, sum(t) filter (where why = 'x') as s, count(*) as n, 5 as five from o
      group by channel)
    select channel, s + n as both, n, five from g
    """
    found = column_lineage(sql, {"sales": dict.fromkeys(("channel", "total", "why"), "text")})
    assert {name: [(c.table, c.column) for c in made] for name, made in found.items()} == {
        "channel": [("sales", "channel")],
        "both": [("sales", "total"), ("sales", "why")],
        "n": [],
        "five": [],
    }
    total = found["both"][0]
    assert total.is_aggregated
    assert total.steps[0] == "1000 * sales.total"
    assert not found["channel"][0].is_aggregated


def test_the_shipped_library_is_sound_and_its_formulas_stand_still() -> None:
    library = shipped.library()
    assert len(library.metrics) >= 40
    for one in library.metrics.values():
        table = library.tables.get(one.on)
        columns = {c.name: c.grain for c in table.columns} if table else {}
        if columns or not one.on:
            found = check(one, columns, library.metrics.get, library.lookups)
            assert found == (), (one.code, found)
        assert all((one.title.zh, one.title.en, one.words)), one.code
        assert one.rule.verified_by == ""  # nobody has read the text of a rule yet
    assert set(library.lookups["stages"].values()) == library.values["stage"].keys()
    assert model.read(model.encode(library.metrics["gmv"])) == library.metrics["gmv"]
    # A shipped formula never changes: a better one has a code of its own.
    told = page.formulas()
    kept = dict(line.split(": ", 1) for line in page.KEPT.read_text("utf-8").splitlines())
    assert {code: told.get(code) for code in kept} == kept
    assert sorted(told.keys() - kept.keys()) == []
    text = page.PAGE.read_text("utf-8")
    assert page.put(text) == text  # python -m tests.capabilities.metrics.page
