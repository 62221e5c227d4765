"""Builders of what the tests of promises speak of: definitions as trees, events, contexts."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import yaml

from danshu.capabilities.contract import decide, definitions
from danshu.capabilities.contract.model import Clause, Context, Event, Promise
from danshu.kernel.fact import Said, epoch_ms

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
PAID_MS = epoch_ms("2026-11-20T10:00:00Z")

TREE: dict[str, Any] = {
    "code": "ship",
    "version": 1,
    "name": {"zh": "发货", "en": "Shipping"},
    "text": {
        "zh": "付款后{hours}小时内由承运商揽收",
        "en": "Accepted by the carrier within {hours} hours of payment",
    },
    "params": {"hours": 48},
    "applies": {"all": True},
    "clock": {
        "start": "payment.confirmed",
        "limit": "PT48H",
        "stop": "carrier.accepted",
        "stop_alt": ["waybill.created"],
        "precedence": ["carrier.accepted.signed", "handover.scan", "carrier.trace"],
        "pause": [
            {
                "on": "buyer.address_change_requested",
                "until": "buyer.address_confirmed",
                "max": "PT24H",
            }
        ],
        "void": ["order.cancelled"],
        "platform": "ship_by",
        "warn": [0.7, 0.9, "PT2H"],
    },
    "breach": {"zh": "赔付", "en": "Compensation"},
}


def tree(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Copy the tree with the values at the slash-separated places changed; None takes one away."""
    made = copy.deepcopy(TREE)
    for place, value in (changes or {}).items():
        *path, last = place.split("/")
        at: Any = made
        for key in path:
            at = at[int(key)] if isinstance(at, list) else at[key]
        if value is None:
            del at[last]
        elif isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value
    return made


def raw(changes: dict[str, Any] | None = None) -> bytes:
    """Give the changed tree as YAML."""
    return yaml.safe_dump(tree(changes), allow_unicode=True).encode()


def a_clause(changes: dict[str, Any] | None = None) -> Clause:
    """Load the changed tree."""
    return definitions.load(raw(changes))


def a_context(**changes: Any) -> Context:
    """Give an order on Taobao, placed and paid at PAID_MS."""
    given: dict[str, Any] = {"channel": "taobao", "placed_ms": PAID_MS, "paid_ms": PAID_MS}
    return Context(**(given | changes))


def an_event(name: str, hours: float, recorded: float | None = None, **changes: Any) -> Event:
    """Give an event some hours after PAID_MS, recorded then or at `recorded` hours."""
    occurred_ms = PAID_MS + round(hours * HOUR_MS)
    recorded_ms = occurred_ms if recorded is None else PAID_MS + round(recorded * HOUR_MS)
    return Event(name=name, occurred_ms=occurred_ms, recorded_ms=recorded_ms, **changes)


def at(hours: float) -> int:
    """Give the instant some hours after PAID_MS."""
    return PAID_MS + round(hours * HOUR_MS)


def only(promises: tuple[Promise, ...]) -> Promise:
    """Give the one promise."""
    (promise,) = promises
    return promise


def running(clause: Clause | None = None, **context: Any) -> tuple[Promise, ...]:
    """Pin a clause to a paid order."""
    return decide.pin([clause or a_clause()], a_context(**context))[0]


def live(
    promises: tuple[Promise, ...], events: Sequence[Event], until: int
) -> tuple[tuple[Promise, ...], list[Said]]:
    """Let timers fire and events be heard in the order in which the hub would see them."""
    said: list[Said] = []
    for event in sorted(events, key=lambda e: e.recorded_ms):
        while 0 < (due := decide.next_ms(promises)) <= event.recorded_ms:
            promises, more = decide.tick(promises, due)
            said += more
        promises, more = decide.hear(promises, [event], event.recorded_ms)
        said += more
    while 0 < (due := decide.next_ms(promises)) <= until:
        promises, more = decide.tick(promises, due)
        said += more
    return promises, said


def names(said: Sequence[Said]) -> list[str]:
    """Name the facts."""
    return [type(each.data).__name__.removeprefix("Promise") for each in said]
