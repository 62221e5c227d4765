"""A policy set at work: compiled once, asked once for each distinct context of a snapshot.

A graph's result depends on the fields that it names, on nothing else: so what each graph says is
remembered by the values of its own fields, across snapshots, and the ruling of an order by the
values of all fields. A graph that reads the order's total is asked for each order, and the others
are not. A selector (`where`) is worked out once a snapshot. What a graph cannot work out is never
skipped in silence: the order is ruled by the others and asks for review, with the graph's name.
"""

from __future__ import annotations

import datetime
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import zen

from danshu.capabilities.routing.policy import effects, expressions
from danshu.capabilities.routing.policy.fields import CONTEXT, CONTEXTS
from danshu.capabilities.routing.policy.seen import read_regions, view_region, view_warehouses
from danshu.capabilities.routing.score import CHILLED, DANGEROUS, FROZEN, LICENSED
from danshu.kernel.errors import InputError
from danshu.kernel.limits import POLICY_MEMO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from danshu.capabilities.routing.policy.model import Graph, PolicySet
    from danshu.capabilities.routing.policy.seen import Columns
    from danshu.capabilities.routing.ruling import Ruling
    from danshu.capabilities.routing.snapshot import Snapshot

BROKEN: Final = "策略无法运行"
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_CHILLED, _FROZEN = 1 << CHILLED, 1 << FROZEN
_COLD, _LICENSED, _DANGEROUS = _CHILLED | _FROZEN, 1 << LICENSED, 1 << DANGEROUS


class OrderView(NamedTuple):
    """An order as policies see it: the fields of `order`, in the order of fields.CONTEXT."""

    channel: str
    region: str
    province: str
    value_fen: int
    promise_min: int
    lines: int
    units: int
    weight_g: int
    cold: bool
    chilled: bool
    frozen: bool
    licensed: bool
    dangerous: bool


ORDER_FIELDS: Final = tuple(f.path[6:] for f in CONTEXT if f.path.startswith("order."))
_DEST_FIELDS: Final = tuple(f.path[5:] for f in CONTEXT if f.path.startswith("dest."))
_NOW_FIELDS: Final = tuple(f.path[4:] for f in CONTEXT if f.path.startswith("now."))
assert OrderView._fields == ORDER_FIELDS


def view_order(
    channel: str,
    region: str,
    value_fen: int,
    promise_min: int,
    lines: Iterable[tuple[int, int, int]],
) -> OrderView:
    """Look at an order; its lines are (units, grams a unit, storage bit)."""
    # one for each order: by position, as names cost more than all the rest
    count = units = grams = bits = 0
    for quantity, weight_g, storage in lines:
        count += 1
        units += quantity
        grams += quantity * weight_g
        bits |= storage
    return OrderView(
        channel,
        region,
        region[:2] + "0000" if region.isdigit() else region,
        value_fen,
        promise_min,
        count,
        units,
        grams,
        bits & _COLD != 0,
        bits & _CHILLED != 0,
        bits & _FROZEN != 0,
        bits & _LICENSED != 0,
        bits & _DANGEROUS != 0,
    )


class Reads(NamedTuple):
    """The fields that one graph can depend on: places in an OrderView, names of the others."""

    order: tuple[int, ...]
    dest: tuple[str, ...]
    now: tuple[str, ...]


class Said(NamedTuple):
    """What one graph said of a context: effects in order, or in `trouble` why it said none."""

    effects: tuple[effects.PolicyEffect, ...]
    trouble: str = ""


class Compiled:
    """A set ready to be asked: one immutable engine with a static loader (measured: 9 us a graph;
    any other way of asking costs 10 to 30 times that). Raises InputError `policy` for graphs whose
    parts are of other kinds than the engine takes.
    """

    def __init__(self, policy: PolicySet) -> None:
        self.policy = policy
        self.digest = policy.digest
        self.codes = tuple(graph.code for graph in policy.graphs)
        try:
            content = {graph.code: content_of(graph) for graph in policy.graphs}
            self.engine = zen.ZenEngine({"loader": {"type": "static", "content": content}})
            named = [uses(graph, policy.kind) for graph in policy.graphs]
            self.reads = tuple(_reads(names) for names in named)
            context = CONTEXTS[policy.kind]
            self.paths = tuple(
                tuple(n for n, f in enumerate(context) if f.path in names) for names in named
            )
        except Exception as error:  # the engine raises no narrower one
            why = expressions.describe(error)
            raise InputError("policy", f"it cannot be compiled: {why}") from error
        self.order_fields = tuple(sorted({n for reads in self.reads for n in reads.order}))
        self.dest_fields = tuple(sorted({name for reads in self.reads for name in reads.dest}))
        self.now_fields = tuple(sorted({name for reads in self.reads for name in reads.now}))
        self._getters = tuple(tuple(map(_getter, reads)) for reads in self.reads)
        self._said: dict[tuple[Any, ...], Said] = {}
        self._same: dict[Said, Said] = {}

    def ask(
        self, context: Mapping[str, Any]
    ) -> tuple[list[effects.PolicyEffect], list[tuple[str, str]]]:
        """Run every graph on a context: effects in order; (graph, trouble) of what failed."""
        raw = msgspec.json.encode(context)
        told = [(code, self.run(code, raw)) for code in self.codes]
        broken = [(code, said.trouble) for code, said in told if said.trouble]
        return [effect for _, said in told for effect in said.effects], broken

    def hear(
        self, order: OrderView, dest: Mapping[str, object], now: Mapping[str, int]
    ) -> list[Said]:
        """Hear every graph on a context, in their order; one that was heard on the values of its
        fields is not run again.
        """
        told = []
        for n, (of_order, of_dest, of_now) in enumerate(self._getters):
            key = (n, of_order(order), of_dest(dest), of_now(now))
            said = self._said.get(key)
            if said is None:
                said = self.run(self.codes[n], self._narrow(self.reads[n], order, dest, now))
                # equal ones are one object: what was made of them is found again
                said = self._same.setdefault(said, said)
                if len(self._said) >= POLICY_MEMO:
                    self._said.clear()
                    self._same.clear()
                if not said.trouble:
                    self._said[key] = said
            told.append(said)
        return told

    def _narrow(
        self, reads: Reads, order: OrderView, dest: Mapping[str, object], now: Mapping[str, int]
    ) -> bytes:
        """Give the context of a graph's own fields: the engine reads and copies all of it."""
        return msgspec.json.encode(
            {
                "order": {ORDER_FIELDS[n]: order[n] for n in reads.order},
                "dest": {name: dest[name] for name in reads.dest},
                "now": {name: now[name] for name in reads.now},
            }
        )

    def run(self, code: str, context: bytes) -> Said:
        """Run one graph on a context as JSON."""
        try:
            told = effects.read(self.engine.evaluate(code, context)["result"])
        except Exception as error:  # noqa: BLE001 - whatever it is, the order asks for review
            return Said((), expressions.describe(error) or BROKEN)
        if isinstance(told, effects.Told):
            return Said((), f"{told.code} {told.value}".strip() or BROKEN)
        return Said(tuple(told))


def content_of(graph: Graph) -> dict[str, Any]:
    """Give a graph as the engine takes it; each row of a table tells its name with its effect."""
    told: dict[str, Any] = msgspec.to_builtins(graph)
    for part in (*told["nodes"], *told["edges"]):  # the engine takes nothing for something
        for name in [name for name, value in part.items() if value is None]:
            del part[name]
    for node in told["nodes"]:
        if node["type"] != "decisionTableNode" or not isinstance(node.get("content"), dict):
            continue
        table = node["content"]
        outputs = [o.get("field") for o in table.get("outputs", [])]
        if "effect" not in outputs:
            continue
        column = {"id": "_rule", "name": "rule", "field": "rule"}
        node["content"] = {
            **table,
            "outputs": [*table["outputs"], column],
            "rules": [
                {**row, "_rule": _quote(f"{graph.code}/{row.get('_id', n)}")}
                for n, row in enumerate(table.get("rules", []))
            ],
        }
    return {"nodes": told["nodes"], "edges": told["edges"]}


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "").replace("'", "") + "'"


def cells(graph: Graph) -> Iterable[tuple[str, str]]:
    """Give what a graph evaluates, as (expression, field that it is compared with or "")."""
    for node in graph.nodes:
        content = node.content if isinstance(node.content, dict) else {}
        for row in content.get("rules", []):
            for column in content.get("inputs", []):
                yield str(row.get(column.get("id"), "")), str(column.get("field") or "")
            for column in content.get("outputs", []):
                yield str(row.get(column.get("id"), "")), ""
        for one in content.get("expressions", []):
            yield str(one.get("value", "")), ""
        for one in content.get("statements", []):
            yield str(one.get("condition", "")), ""


def uses(graph: Graph, kind: str = "routing") -> set[str]:
    """Name the fields of the context that a graph can depend on; a bare root means all of it."""
    found: set[str] = set()
    context = CONTEXTS[kind]
    prefixes = {f.path.partition(".")[0] + "." for f in context}
    for text, field in cells(graph):
        for name in (*expressions.names(text), *([field] if field else [])):
            plain = name.removeprefix("$root.")
            roots = [p for p in prefixes if plain in (p[:-1], "$root")]
            found |= {f.path for f in context for p in roots if f.path.startswith(p)}
            found.add(plain)
    return found


def _getter(fields: Sequence[Any]) -> Callable[[Any], Any]:
    return itemgetter(*fields) if fields else _nothing


def _nothing(_: object) -> None:
    return None


def _reads(named: set[str]) -> Reads:
    return Reads(
        tuple(n for n, field in enumerate(ORDER_FIELDS) if f"order.{field}" in named),
        tuple(field for field in _DEST_FIELDS if f"dest.{field}" in named),
        tuple(field for field in _NOW_FIELDS if f"now.{field}" in named),
    )


class PolicyEngine:
    """A compiled set on one snapshot. Not for several threads at once."""

    def __init__(self, compiled: Compiled, snapshot: Snapshot) -> None:
        self.compiled = compiled
        self.snapshot = snapshot
        self.broken: dict[str, str] = {}
        self._rulings: dict[tuple[Any, ...], Ruling | None] = {}
        self._equal: dict[Ruling, Ruling] = {}
        self._settled: dict[tuple[int, ...], tuple[Sequence[Said], Ruling | None]] = {}
        self._chosen: dict[str, frozenset[str]] = {}
        self._dests: dict[str, tuple[dict[str, object], tuple[object, ...]]] = {}
        self._now: tuple[int, dict[str, int], tuple[int, ...]] = (-1, {}, ())

    def rule(self, order: OrderView, now_ms: int) -> Ruling | None:
        """Say what policy says of an order at a moment; None for nothing."""
        compiled = self.compiled
        if not compiled.codes:
            return None
        minute, now, moment = self._now
        if minute != now_ms // 60_000:
            now = now_of(now_ms)
            moment = tuple([now[name] for name in compiled.now_fields])
            self._now = now_ms // 60_000, now, moment
        known = self._dests.get(order.region)
        if known is None:
            dest = view_region(self.snapshot, order.region, self.regions)
            known = dest, tuple([dest[name] for name in compiled.dest_fields])
            if len(self._dests) < POLICY_MEMO:
                self._dests[order.region] = known
        key = (*[order[n] for n in compiled.order_fields], known[1], moment)
        try:
            return self._rulings[key]
        except KeyError:
            if len(self._rulings) >= POLICY_MEMO:
                self._rulings.clear()
                self._equal.clear()
                self._settled.clear()
            ruled = self._rule(compiled.hear(order, known[0], now))
            # equal rulings are one object: a group lays each out once
            ruled = self._rulings[key] = ruled and self._equal.setdefault(ruled, ruled)
            return ruled

    def _rule(self, told: Sequence[Said]) -> Ruling | None:
        """Make one ruling of what the graphs said; where they said the same before, it is that."""
        key = tuple([id(said) for said in told])
        known = self._settled.get(key)
        if known is None:
            known = self._settled[key] = told, self._settle(told)  # while kept, ids are theirs
        return known[1]

    def _settle(self, told: Sequence[Said]) -> Ruling | None:
        said = [effect for each in told for effect in each.effects]
        for code, each in zip(self.compiled.codes, told, strict=True):
            if each.trouble:
                self.broken[code] = each.trouble
                said.append(effects.PolicyEffect(effect="review", reason=BROKEN, rule=code))
        codes = self.snapshot.network.codes
        try:
            return effects.settle(said, codes, self.select, self.compiled.digest)
        except ValueError as error:
            self.broken["where"] = str(error)
            mended = [e for e in said if e.effect not in effects.SELECTS]
            mended.append(effects.PolicyEffect(effect="review", reason=BROKEN, rule="where"))
            return effects.settle(mended, codes, self.select, self.compiled.digest)

    def select(self, where: str) -> frozenset[str]:
        """Find the warehouses that a selector means; raises ValueError for a broken one."""
        if where not in self._chosen:
            self._chosen[where] = frozenset(
                code
                for code, view in zip(self.snapshot.network.codes, self.warehouses, strict=True)
                if not where.strip() or expressions.holds(where, view)
            )
        return self._chosen[where]

    @cached_property
    def regions(self) -> Columns:
        """What is known of the regions."""
        return read_regions(self.snapshot)

    @cached_property
    def warehouses(self) -> list[dict[str, object]]:
        """The warehouses as selectors see them."""
        return view_warehouses(self.snapshot)


def now_of(now_ms: int) -> dict[str, int]:
    """Give the moment as policies see it, in China's time."""
    at = datetime.datetime.fromtimestamp(now_ms / 1000, _UTC8)
    return {
        "minute": at.hour * 60 + at.minute,
        "weekday": at.isoweekday(),
        "date": at.year * 10_000 + at.month * 100 + at.day,
    }
