"""Policies mean what they say: effects, selectors, findings, and what a broken one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.routing.model import Region
from danshu.capabilities.routing.policy import effects, engine, expressions, lint, model, seen
from danshu.capabilities.routing.policy.fields import BY_PATH, EFFECT_KEYS, OF_WAREHOUSE
from danshu.capabilities.routing.policy.templates import Template, shipped
from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.signals import Reading, resolve, warehouse_subject
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.kernel.errors import InputError
from tests.capabilities.routing.worlds import make_network

NOON_MS = 1_780_286_400_000  # 2026-06-01T12:00:00+08:00


def table(
    inputs: list[str], outputs: list[str], *rows: list[str], hit: str = "collect"
) -> dict[str, object]:
    """A decision table; each row holds its cells, inputs first."""
    columns = [f"c{n}" for n in range(len(inputs) + len(outputs))]
    return {
        "hitPolicy": hit,
        "passThrough": False,
        "inputField": None,
        "outputPath": "effects" if hit == "collect" else None,
        "inputs": [{"id": c, "name": f, "field": f} for c, f in zip(columns, inputs, strict=False)],
        "outputs": [
            {"id": c, "name": f, "field": f}
            for c, f in zip(columns[len(inputs) :], outputs, strict=True)
        ],
        "rules": [
            {"_id": f"r{n}", **dict(zip(columns, row, strict=True))} for n, row in enumerate(rows)
        ],
    }


def graph(content: object, code: str = "one", kind: str = "decisionTableNode") -> model.Graph:
    """Input, one node, output."""
    nodes = (
        model.GraphNode(id="in", type="inputNode", name="in"),
        model.GraphNode(id="it", type=kind, name="it", content=content),
        model.GraphNode(id="out", type="outputNode", name="out"),
    )
    edges = (
        model.GraphEdge(id="a", source_id="in", target_id="it"),
        model.GraphEdge(id="b", source_id="it", target_id="out"),
    )
    return model.Graph(code=code, zh="一", en="one", nodes=nodes, edges=edges)


def snapshot_with(**readings: float) -> Snapshot:
    """A network whose first warehouse has these readings; every third one is elevated."""
    network = make_network(1, 6, 4)
    sites = [
        site._replace(kind="elevated" if n % 3 == 2 else "ground", region="440300")
        for n, site in enumerate(network.sites)
    ]
    network = type(network)(
        sites,
        [Region(code=c, name=c) for c in network.regions],
        network.arrays(),
    )
    told = [
        Reading(
            key=key,
            subject=warehouse_subject(network.codes[0]),
            value=value,
            observed_ms=NOON_MS,
            received_ms=NOON_MS,
            source="s",
        )
        for key, value in readings.items()
    ]
    return Snapshot(network, resolve(told, network, NOON_MS))


def ask(policy: model.PolicySet, snapshot: Snapshot, **more: object) -> engine.PolicyEngine:
    return engine.PolicyEngine(engine.Compiled(policy), snapshot)


COLD = engine.view_order("jd", "110100", 9_900, -1, [(2, 500, 2)])
PLAIN = engine.view_order("jd", "110100", 9_900, -1, [(2, 500, 1)])


@pytest.mark.parametrize("template", shipped(), ids=lambda t: t.code)
def test_what_is_shipped_is_sound(template: Template) -> None:
    assert lint.check(template.policy()) == ()
    assert model.read(template.policy().content) == template.policy()


def test_red_rain_moves_orders_off_the_ground() -> None:
    policy = next(t for t in shipped() if t.code == "rainstorm").policy()
    dry, wet = snapshot_with(), snapshot_with(wx_alert=204)
    ruled = ask(policy, dry).rule(PLAIN, NOON_MS)
    assert ruled is not None
    assert ruled.forbid == ()
    ruled = ask(policy, wet).rule(PLAIN, NOON_MS)
    assert ruled is not None
    assert ruled.forbid == (wet.network.codes[0],)
    assert ruled.rules == ("rainstorm/r1",)
    assert ruled.policy == policy.digest


@pytest.mark.parametrize(
    ("kind", "alert", "stops"),
    [
        ("ground", 204, True),
        ("underground", 204, True),
        ("elevated", 204, False),
        ("elevated", 104, True),
        ("elevated", 304, True),
        ("ground", 203, False),
    ],
)
def test_red_rain_closes_all_but_what_stands_high(kind: str, alert: int, stops: bool) -> None:
    calm = snapshot_with().network
    sites = [site._replace(kind=kind) for site in calm.sites]
    network = type(calm)(sites, [Region(code=c, name=c) for c in calm.regions], calm.arrays())
    told = Reading(
        key="wx_alert", subject=warehouse_subject(network.codes[0]), value=alert,
        observed_ms=NOON_MS, received_ms=NOON_MS, source="s",
    )  # fmt: skip
    bits = Snapshot(network, resolve([told], network, NOON_MS)).tables.lane_bits[:, 0]
    assert bool((bits & Reason.WEATHER).all()) is stops


def test_orange_rain_weighs_on_cold_orders_alone() -> None:
    policy = next(t for t in shipped() if t.code == "rainstorm").policy()
    orange = snapshot_with(wx_alert=203)
    cold, plain = (ask(policy, orange).rule(view, NOON_MS) for view in (COLD, PLAIN))
    assert cold is not None
    assert cold.prefer == ((orange.network.codes[0], -800),)
    assert plain is not None
    assert plain.prefer == ()


def test_a_set_speaks_graph_by_graph_and_the_narrower_holds() -> None:
    one = graph(
        table(
            ["order.cold"],
            ["effect", "where", "fen", "most", "reason"],
            ["true", "'forbid'", "'kind == \"ground\"'", "", "", ""],
            ["", "'prefer'", "'kind == \"elevated\"'", "100", "", ""],
            ["", "'parcels_max'", "", "", "3", ""],
        ),
        "one",
    )
    two = graph(
        table(
            [],
            ["effect", "where", "fen", "most", "reason"],
            ["'avoid'", "'kind == \"elevated\"'", "40", "", ""],
            ["'parcels_max'", "", "", "2", ""],
            ["'hold'", "", "", "", "'先等等'"],
            ["'review'", "", "", "", "'看一眼'"],
            ["'tell'", "", "", "", "'说一声'"],
        ),
        "two",
    )
    snapshot = snapshot_with()
    ruled = ask(model.PolicySet(graphs=(one, two)), snapshot).rule(COLD, NOON_MS)
    assert ruled is not None
    high = {code for n, code in enumerate(snapshot.network.codes) if n % 3 == 2}
    assert set(ruled.forbid) == set(snapshot.network.codes) - high
    assert dict(ruled.prefer) == dict.fromkeys(high, 60)
    assert (ruled.parcels_max, ruled.hold, ruled.review) == (2, "先等等", "看一眼")
    assert ruled.tell == ("说一声",)


def test_equal_contexts_share_one_ruling_and_others_do_not() -> None:
    one = graph(table(["order.value_fen"], ["effect", "reason"], ["> 100", "'tell'", "'大'"]))
    asked = ask(model.PolicySet(graphs=(one,)), snapshot_with())
    large = PLAIN._replace(value_fen=101)
    assert asked.rule(large, NOON_MS) is asked.rule(large._replace(channel="tmall"), NOON_MS)
    assert asked.rule(PLAIN._replace(value_fen=100), NOON_MS) is None


@given(st.integers(0, 10**7), st.booleans(), st.integers(0, 1439), st.sampled_from(["jd", "pdd"]))
def test_what_is_remembered_is_what_would_be_said(
    value: int, cold: bool, minute: int, channel: str
) -> None:
    """The key of the memory holds every field that the graph depends on."""
    at = NOON_MS - 12 * 3_600_000 + minute * 60_000
    view = PLAIN._replace(value_fen=value, cold=cold, channel=channel)
    assert REMEMBERING.rule(view, at) == ask(REMEMBERED, SNAPSHOT).rule(view, at)


REMEMBERED = model.PolicySet(
    graphs=(
        graph(
            {
                "expressions": [
                    {"id": "1", "key": "big", "value": "order.value_fen > 50000"},
                    {
                        "id": "2",
                        "key": "effects",
                        "value": "order.cold or $root.now.minute < 480 or order.channel == 'pdd'"
                        " ? [{effect: 'tell', reason: string(order.value_fen > 50000)}] : []",
                    },
                ]
            },
            kind="expressionNode",
        ),
    )
)
SNAPSHOT = snapshot_with()
REMEMBERING = ask(REMEMBERED, SNAPSHOT)

EFFECTS = ["effect", "where", "fen", "most", "reason"]
NOTHING = ["", "", "", "", ""]


@pytest.mark.parametrize(
    ("field", "cell", "output", "code"),
    [
        ("order.cold", "red red", ["'keep'", "", "", "", ""], "cell_broken"),
        ("order.cold", "'5'", ["'keep'", "", "", "", ""], "cell_never"),
        ("dest.weather_level", "> 3 and", ["'keep'", "", "", "", ""], "cell_broken"),
        ("dest.weather_level", "'red'", ["'keep'", "", "", "", ""], "cell_never"),
        ("order.channel", "5", ["'keep'", "", "", "", ""], "cell_never"),
        ("order.colour", "true", ["'keep'", "", "", "", ""], "name_unknown"),
        ("订单.冷链", "true", ["'keep'", "", "", "", ""], "name_ascii"),
        ("now.minute", "> date('now')", ["'keep'", "", "", "", ""], "clock"),
        ("order.cold", "true", ["forbid", "", "", "", ""], "name_unknown"),
        ("order.cold", "true", ["'forbid'", "'kind == \"elevted\"'", "", "", ""], "cell_never"),
        ("order.cold", "true", ["'forbid'", "'kinds == \"ground\"'", "", "", ""], "where_name"),
        ("order.cold", "true", ["'forbid'", "'kind = = 1'", "", "", ""], "where_broken"),
        ("order.cold", "true", ["'forbid'", "'kind'", "", "", ""], "where_broken"),
        ("order.cold", "true", ["'prefer'", "", "0", "", ""], "case_broken"),
        ("order.cold", "true", ["'hold'", "", "", "", ""], "case_broken"),
        ("order.cold", "true", ["'explode'", "", "", "", ""], "case_broken"),
        ("order.cold", "true", ["'forbid'", "", "", "", ""], "case_differs"),
    ],
)
def test_what_passes_in_silence_is_found(
    field: str, cell: str, output: list[str], code: str
) -> None:
    policy = model.PolicySet(
        graphs=(graph(table([field], EFFECTS, [cell, *output])),),
        cases=(model.Case(name="一", context={"order": {"cold": True}}),),
    )
    found = lint.check(policy)
    assert code in {one.code for one in found}, found
    assert not lint.is_sound(found)


def test_a_row_without_a_case_is_found() -> None:
    policy = model.PolicySet(
        graphs=(
            graph(
                table(
                    ["order.cold"],
                    EFFECTS,
                    ["true", "'tell'", "", "", "", "'冷'"],
                    ["false", "'tell'", "", "", "", "'不冷'"],
                )
            ),
        ),
        cases=(model.Case(name="冷", context={"order": {"cold": True}}, expect=(("tell", ""),)),),
    )
    assert [(one.code, one.row) for one in lint.check(policy)] == [("row_untried", "2")]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda g: msgspec.structs.replace(g, edges=g.edges[:1]), "node_unreached"),
        (lambda g: msgspec.structs.replace(g, nodes=g.nodes[1:]), "no_input"),
        (lambda g: msgspec.structs.replace(g, nodes=g.nodes[:2]), "edge_dangling"),
        (lambda g: msgspec.structs.replace(g, code="Bad Code"), "graph_code"),
        (
            lambda g: msgspec.structs.replace(
                g,
                nodes=(
                    g.nodes[0],
                    model.GraphNode(id="it", type="functionNode", name="js", content="x"),
                    g.nodes[2],
                ),
            ),
            "node_type",
        ),
    ],
)
def test_the_form_of_a_graph_is_looked_at(
    spoil: Callable[[model.Graph], model.Graph], code: str
) -> None:
    good = graph(table([], EFFECTS, NOTHING))
    assert code in {one.code for one in lint.check(model.PolicySet(graphs=(spoil(good),)))}


def test_a_policy_that_fails_at_work_asks_for_review() -> None:
    """Published sets are linted; one that fails all the same is never passed over in silence."""
    broken = graph(
        {"expressions": [{"id": "1", "key": "effects", "value": "order.channel >= 3"}]},
        "broken",
        "expressionNode",
    )
    works = graph(table([], EFFECTS, ["'forbid'", "'kind == \"elevated\"'", "", "", ""]), "works")
    asked = ask(model.PolicySet(graphs=(broken, works)), snapshot_with())
    ruled = asked.rule(PLAIN, NOON_MS)
    assert ruled is not None
    assert ruled.review == engine.BROKEN
    assert ruled.rules == ("works/r0", "broken")
    assert len(ruled.forbid) == 2
    assert "broken" in asked.broken


def test_a_selector_that_fails_forbids_nothing_and_asks_for_review() -> None:
    one = graph(table([], EFFECTS, ["'forbid'", "'kind >= 3'", "", "", ""]))
    ruled = ask(model.PolicySet(graphs=(one,)), snapshot_with()).rule(PLAIN, NOON_MS)
    assert ruled is not None
    assert ruled.review == engine.BROKEN
    assert ruled.forbid == ()


def test_sets_are_named_by_what_they_say() -> None:
    moved = graph(table([], EFFECTS, NOTHING))
    nodes = tuple(msgspec.structs.replace(n, position={"x": 1.4, "y": 2}) for n in moved.nodes)
    one = model.PolicySet(graphs=(msgspec.structs.replace(moved, nodes=nodes),))
    nodes = tuple(msgspec.structs.replace(n, position={"x": 1, "y": 2.2}) for n in moved.nodes)
    two = model.PolicySet(graphs=(msgspec.structs.replace(moved, nodes=nodes),))
    assert one.digest == two.digest
    case = model.Case(name="比", context={"dest": {"saturation": 0.7}})
    three = model.PolicySet(graphs=one.graphs, cases=(case,))
    assert three.digest != one.digest
    assert model.read(three.content).cases == (case,)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"form":"other"}', b'{"form":"danshu-policy-1","graphs":3}']
)
def test_what_is_no_set_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="policy set"):
        model.read(raw)


def test_names_are_read_out_of_expressions() -> None:
    text = "filter(warehouses, #.kind == 'order.x' and $root.dest.lockdown)[0].code + order.lines"
    assert set(expressions.names(text)) >= {"#.kind", "$root.dest.lockdown", "order.lines"}
    assert "order.x" not in set(expressions.names(text))
    assert set(effects.PolicyEffect.__struct_fields__) | EFFECT_KEYS > EFFECT_KEYS
    assert all(path.count(".") == 1 for path in BY_PATH)
    assert set(OF_WAREHOUSE) == set(seen.view_warehouses(SNAPSHOT)[0])


def test_proofs_of_cold_count_readings_and_not_defaults() -> None:
    assert seen.count_cold_evidence(snapshot_with()) == [0] * 6
    told = seen.count_cold_evidence(snapshot_with(cold_unit_health=0.9))
    assert np.array_equal(told, [1, 0, 0, 0, 0, 0])


def test_a_graph_is_run_again_only_where_a_field_of_its_own_differs() -> None:
    """What reads the order's total is asked for each order, the others once, whatever snapshot."""
    policy = model.PolicySet(graphs=tuple(g for each in shipped() for g in each.graphs))
    compiled = engine.Compiled(policy)
    orders = [view._replace(value_fen=9_900 + n) for n in range(3) for view in (PLAIN, COLD)]
    told = [engine.PolicyEngine(compiled, SNAPSHOT).rule(order, NOON_MS) for order in orders]
    ran = Counter(key[0] for key in compiled._said)
    of = {code: ran[n] for n, code in enumerate(compiled.codes)}
    assert (of["promotion"], of["rainstorm"], of["cold_evidence"]) == (3, 2, 2)
    assert (of["lockdown"], of["overload"], of["negotiate"]) == (1, 1, 1)
    assert told == [ask(policy, SNAPSHOT).rule(order, NOON_MS) for order in orders]


@given(st.integers(0, 10**7), st.booleans(), st.integers(0, 4), st.floats(0, 2), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_graph_says_the_same_of_its_own_fields_as_of_all(
    value: int, cold: bool, level: int, saturation: float, lockdown: bool
) -> None:
    order = PLAIN._replace(value_fen=value, cold=cold)
    dest = seen.view_region(SNAPSHOT, "110100") | {
        "weather_level": level, "saturation": saturation, "lockdown": lockdown,
    }  # fmt: skip
    now = engine.now_of(NOON_MS)
    whole, broken = SHIPPED.ask({"order": order._asdict(), "dest": dest, "now": now})
    heard = SHIPPED.hear(order, dest, now)
    assert [effect for said in heard for effect in said.effects] == whole
    assert broken == []


SHIPPED = engine.Compiled(
    model.PolicySet(graphs=tuple(g for each in shipped() for g in each.graphs))
)
