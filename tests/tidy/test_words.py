"""The words of the order page: every fact type and every refusal of an order has its own."""

from __future__ import annotations

import importlib
import re

from danshu.capabilities.orders import machines
from danshu.hub import act_words, offers, timeline_figures, timeline_words
from danshu.kernel.fact import NAMES, TYPES
from danshu.kernel.machine import Words
from tests.capabilities.contract import test_golden as contract
from tests.kernel import fact_examples
from tests.tidy.tree import assert_none, modules

# Facts that stand on an order's stream: those of these capabilities, and these.
ROOMS = tuple(f"danshu.capabilities.{room}." for room in ("orders", "contract", "routing"))
# A negotiation has a stream of its own; the order's says what came of it.
APART = "danshu.capabilities.routing.negotiation."
ALSO = (
    "order.",
    "fulfilment.",
    "person.revealed",
    "vault.erased",
    "negotiation.unopened",
    "gifts.",
    "preorder.",
    "allowances.",
    "release.",
)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHINESE = re.compile(r"[一-鿿]")


def order_types() -> set[str]:
    for name in modules():
        if name.endswith(".facts"):
            importlib.import_module(name)
    return {
        name
        for (name, _), cls in TYPES.items()
        if (cls.__module__.startswith(ROOMS) and not cls.__module__.startswith(APART))
        or (cls.__module__.startswith("danshu.") and name.startswith(ALSO))
    }


def test_every_fact_of_an_order_has_words() -> None:
    types = order_types()
    assert len(types) > 30
    assert_none(sorted(types - set(timeline_words.TOLD)))


def test_no_words_are_left_over() -> None:
    known = order_types() | {"document.printed"}
    assert_none(sorted({key.partition("/")[0] for key in timeline_words.TOLD} - known))


def test_the_words_are_whole_in_both_languages() -> None:
    told = [*timeline_words.TOLD.items(), *timeline_words.AWAITED.items()]
    assert_none(
        key
        for key, t in told
        if not (t.title.zh and t.title.en)
        or CHINESE.search(t.title.en + t.detail.en)
        or set(PLACEHOLDER.findall(t.detail.zh)) - set(PLACEHOLDER.findall(t.detail.en))
        or bool(t.detail.zh) != bool(t.detail.en)
    )


def test_every_figure_of_a_sentence_is_there() -> None:
    names = timeline_figures.Names(lang="zh")
    examples = {NAMES[type(e)][0]: e for e in (*fact_examples.EXAMPLES, *contract.EXAMPLES)}
    missing = []
    for key, words in timeline_words.TOLD.items():
        kind = key.partition("/")[0]
        _, figures = timeline_figures.tell(kind, [examples[kind]], names)
        given = {f.name for f in figures}
        missing += [f"{key} {n}" for n in PLACEHOLDER.findall(words.detail.zh) if n not in given]
    assert_none(missing)


def test_every_act_and_every_awaited_event_has_words() -> None:
    assert_none(sorted(set(offers.EVENTS) ^ set(act_words.ACTS)))
    forward = {
        e.event
        for e in machines.ORDER.edges
        if e.source != e.target and e.event not in ("cancel", "recall")
    }
    assert_none(sorted(forward - set(timeline_words.AWAITED)))
    undone = {a.undo for a in act_words.ACTS.values() if a.undo}
    assert undone <= set(act_words.ACTS)


def test_every_refusal_of_a_machine_has_a_way_out() -> None:
    codes = {
        refusal.code
        for machine in (machines.ORDER, machines.FULFILMENT, machines.HOLD)
        for refusal in machine.refusals.values()
    }
    assert_none(sorted(codes - set(act_words.WAYS)))
    assert_none(
        sorted(
            w.event for w in act_words.WAYS.values() if w.event and w.event not in act_words.ACTS
        )
    )


def test_every_table_is_whole() -> None:
    tables = [
        timeline_words.GRADES,
        timeline_words.ROLES,
        timeline_words.HOLDS,
        timeline_words.FIELDS,
        timeline_words.WORKS,
        {key: act.title for key, act in act_words.ACTS.items()},
        {key: way.text for key, way in act_words.WAYS.items()},
    ]
    bad = [key for table in tables for key, words in table.items() if not whole(words)]
    assert_none(bad)


def whole(words: Words) -> bool:
    return bool(words.zh and words.en and not CHINESE.search(words.en))
