"""A policy set at work: compiled once, asked once for each distinct context of a snapshot.

A graph's result depends on the fields that it names, on nothing else: so the ruling of an order is
remembered by the values of those fields. A selector (`where`) is worked out once a snapshot. What a
graph cannot work out is never skipped in silence: the order is ruled by the others and asks for
review, with the graph's name.
"""

from __future__ import annotations

import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import zen

from danshu.capabilities.routing.policy import effects, expressions
from danshu.capabilities.routing.policy.fields import CONTEXT, OF_WAREHOUSE, WAREHOUSE
from danshu.capabilities.routing.score import CHILLED, DANGEROUS, FROZEN, LICENSED
from danshu.capabilities.routing.signals import Status, alert_level, alert_type
from danshu.capabilities.routing.variables import ZONES, Compliance, Per, Zone
from danshu.kernel.errors import InputError
from danshu.kernel.limits import POLICY_MEMO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.routing.policy.model import Graph, PolicySet
    from danshu.capabilities.routing.ruling import Ruling
    from danshu.capabilities.routing.snapshot import Snapshot

BROKEN: Final = "策略无法运行"
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_PREFIXES: Final = ("order.", "dest.", "now.")


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
assert OrderView._fields == ORDER_FIELDS


def view_order(
    channel: str,
    region: str,
    value_fen: int,
    promise_min: int,
    lines: Iterable[tuple[int, int, int]],
) -> OrderView:
    """Look at an order; its lines are (units, grams a unit, storage bit)."""
    count = units = grams = bits = 0
    for quantity, weight_g, storage in lines:
        count += 1
        units += quantity
        grams += quantity * weight_g
        bits |= storage
    return OrderView(
        channel=channel,
        region=region,
        province=region[:2] + "0000" if region.isdigit() else region,
        value_fen=value_fen,
        promise_min=promise_min,
        lines=count,
        units=units,
        weight_g=grams,
        cold=bool(bits & (1 << CHILLED | 1 << FROZEN)),
        chilled=bool(bits >> CHILLED & 1),
        frozen=bool(bits >> FROZEN & 1),
        licensed=bool(bits >> LICENSED & 1),
        dangerous=bool(bits >> DANGEROUS & 1),
    )


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
            named = {name for graph in policy.graphs for name in uses(graph)}
        except Exception as error:  # the engine raises no narrower one
            why = expressions.describe(error)
            raise InputError("policy", f"it cannot be compiled: {why}") from error
        self.order_fields = tuple(
            n for n, field in enumerate(ORDER_FIELDS) if f"order.{field}" in named
        )
        self.sees_dest = any(name.startswith("dest.") for name in named)
        self.now_fields = tuple(sorted(name[4:] for name in named if name.startswith("now.")))

    def ask(
        self, context: Mapping[str, Any]
    ) -> tuple[list[effects.PolicyEffect], list[tuple[str, str]]]:
        """Run every graph on a context: effects in order; (graph, trouble) of what failed."""
        said: list[effects.PolicyEffect] = []
        broken: list[tuple[str, str]] = []
        raw = msgspec.json.encode(context)
        for code in self.codes:
            try:
                told = effects.read(self.engine.evaluate(code, raw)["result"])
            except Exception as error:  # noqa: BLE001 - whatever it is, the order asks for review
                broken.append((code, expressions.describe(error)))
                continue
            if isinstance(told, effects.Told):
                broken.append((code, f"{told.code} {told.value}".strip()))
            else:
                said.extend(told)
        return said, broken


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


def uses(graph: Graph) -> set[str]:
    """Name the fields of the context that a graph can depend on; a bare root means all of it."""
    found: set[str] = set()
    for text, field in cells(graph):
        for name in (*expressions.names(text), *([field] if field else [])):
            plain = name.removeprefix("$root.")
            roots = [p for p in _PREFIXES if plain == p[:-1]]
            found |= {f.path for f in CONTEXT for p in roots if f.path.startswith(p)}
            found.add(plain)
    return found


class PolicyEngine:
    """A compiled set on one snapshot. Not for several threads at once."""

    def __init__(self, compiled: Compiled, snapshot: Snapshot) -> None:
        self.compiled = compiled
        self.snapshot = snapshot
        self.broken: dict[str, str] = {}
        self._rulings: dict[tuple[Any, ...], Ruling | None] = {}
        self._equal: dict[Ruling, Ruling] = {}
        self._chosen: dict[str, frozenset[str]] = {}

    def rule(self, order: OrderView, now_ms: int) -> Ruling | None:
        """Say what policy says of an order at a moment; None for nothing."""
        compiled = self.compiled
        if not compiled.codes:
            return None
        now = now_of(now_ms) if compiled.now_fields else {}
        key = (
            *[order[n] for n in compiled.order_fields],
            order.region if compiled.sees_dest else None,
            *[now[name] for name in compiled.now_fields],
        )
        if key not in self._rulings:
            if len(self._rulings) >= POLICY_MEMO:
                self._rulings.clear()
                self._equal.clear()
            ruled = self._rule(order, now or now_of(now_ms))
            # equal rulings are one object: a group lays each out once
            self._rulings[key] = None if ruled is None else self._equal.setdefault(ruled, ruled)
        return self._rulings[key]

    def context(self, order: OrderView, now: Mapping[str, int]) -> dict[str, Any]:
        """Give the whole context of an order."""
        return {
            "order": order._asdict(),
            "dest": view_region(self.snapshot, order.region),
            "now": dict(now),
        }

    def _rule(self, order: OrderView, now: Mapping[str, int]) -> Ruling | None:
        said, broken = self.compiled.ask(self.context(order, now))
        for code, trouble in broken:
            self.broken[code] = trouble
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


def view_region(snapshot: Snapshot, region: str) -> dict[str, object]:
    """Give a region as policies see it; an unknown one has the declared defaults."""
    network = snapshot.network
    row = network.region_index.get(region)

    def value(key: str, default: float) -> float:
        if row is None:
            return default
        return float(snapshot.signals.field(key, Per.REGION, network).value[row])

    alert, bits = value("wx_alert", 0.0), int(value("policy_compliance", 0.0))
    return {
        "weather_type": alert_type(alert),
        "weather_level": alert_level(alert),
        "saturation": value("station_saturation", 0.8),
        "rider_heat": value("rider_heat", 0.5),
        "lockdown": bool(bits & Compliance.LOCKDOWN),
        "hours": bool(bits & Compliance.HOURS),
    }


def view_warehouses(snapshot: Snapshot) -> list[dict[str, object]]:
    """Give every warehouse as selectors see it, in the order of the network."""
    network, signals = snapshot.network, snapshot.signals

    def values(key: str) -> list[float]:
        read: list[float] = signals.field(key, Per.WAREHOUSE, network).value.tolist()
        return read

    alerts, bits = values("wx_alert"), values("policy_compliance")
    equipment, labour, agv = (
        values("equipment_health"), values("labour_redundancy"), values("agv_availability"),
    )  # fmt: skip
    cold, backlog, dock = values("cold_unit_health"), values("pick_backlog"), values("dock_queue")
    evidence = count_cold_evidence(snapshot)
    out: list[dict[str, object]] = []
    for w, site in enumerate(network.sites):
        view: dict[str, object] = {
            "code": site.code,
            "kind": site.kind,
            "region": site.region,
            "province": site.region[:2] + "0000" if site.region.isdigit() else site.region,
            "weather_type": alert_type(alerts[w]),
            "weather_level": alert_level(alerts[w]),
            "equipment": equipment[w],
            "labour": labour[w],
            "agv": agv[w],
            "cold_unit": cold[w],
            "backlog_min": backlog[w],
            "dock_min": dock[w],
            "lockdown": bool(int(bits[w]) & Compliance.LOCKDOWN),
            "cold_evidence": evidence[w],
        }
        for name, position in (
            ("chilled", CHILLED), ("frozen", FROZEN),
            ("licensed", LICENSED), ("dangerous", DANGEROUS),
        ):  # fmt: skip
            view[name] = bool(site.storage_bits >> position & 1)
        out.append(view)
    assert not out or out[0].keys() == OF_WAREHOUSE.keys() == {f.path for f in WAREHOUSE}
    return out


def count_cold_evidence(snapshot: Snapshot) -> list[int]:
    """Count what speaks for the cold of each warehouse by readings, not by defaults: a zone whose
    sensors agree (one proof, all zones of a kind together) and a cold unit that reports.
    """
    network, signals = snapshot.network, snapshot.signals
    unit = signals.field("cold_unit_health", Per.WAREHOUSE, network).status
    zones = signals.field("zone_temp", Per.ZONE, network).status
    rows = [ZONES.index(zone) for zone in (Zone.CHILLED, Zone.FROZEN)]
    return [
        int(unit[w] == Status.FRESH) + int(any(zones[row, w] == Status.FRESH for row in rows))
        for w in range(len(network.codes))
    ]
