"""What is shown of a promise: in the API, on the order's page, in the list of gaps.

Instants are RFC 3339 in UTC, spans are whole seconds (`*_s`), the gap rows keep milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.capabilities.contract.catalogue import EVENTS
from danshu.capabilities.contract.clock import judge, next_ms, stamp
from danshu.capabilities.contract.model import TICKING, State

if TYPE_CHECKING:
    from danshu.capabilities.contract.model import Mark, Promise

STATES: dict[State, tuple[str, str]] = {
    State.PENDING: ("未起表", "not started"),
    State.RUNNING: ("计时中", "running"),
    State.PAUSED: ("已暂停", "paused"),
    State.KEPT: ("已兑现", "kept"),
    State.BROKEN: ("已违约", "broken"),
    State.LATE: ("逾期履行", "done late"),
    State.BORDERLINE: ("临界待裁", "borderline, to be decided"),
    State.EXCUSED: ("已免责", "excused"),
    State.SUPERSEDED: ("已终止", "ended with the order"),
}


def describe(promise: Promise, now_ms: int) -> dict[str, Any]:
    """Describe a promise as JSON-ready values; absent things are None.

    `left_s` is negative once the deadline has passed; `gap_s` is done minus due. `self_declared`
    marks a verdict that rests on the beneficiary's word alone.
    """
    clause = promise.clause
    definition = clause.definition
    zh, en = STATES[promise.state]
    return {
        "code": promise.code,
        "version": promise.version,
        "definition": promise.digest,
        "name": {"zh": definition.name.zh, "en": definition.name.en},
        "text": {"zh": clause.text.zh, "en": clause.text.en},
        "shown": {"lang": promise.lang, "text": promise.text, "sha256": promise.text_digest},
        "breach": {"zh": clause.breach.zh, "en": clause.breach.en},
        "state": promise.state.value,
        "state_label": {"zh": zh, "en": en},
        "start_event": _event(clause.start),
        "stop_event": _event(clause.stop),
        "calendar": definition.clock.calendar,
        "tz": clause.tz,
        "started": _instant(promise.started_ms),
        "due": _instant(promise.due_ms),
        "ship_by": _instant(promise.ship_by_ms),
        "next": _instant(next_ms((promise,))),
        "left_s": _left_s(promise, now_ms),
        "used_permille": _used_permille(promise, now_ms),
        "warned": promise.warned,
        "warnings": [stamp(instant) for instant in promise.warn_ms],
        "pauses": [
            {"event": p.event, "from": stamp(p.from_ms), "until": stamp(p.until_ms)}
            for p in promise.pauses
        ],
        "stop": _mark(promise.stop) if promise.stop else None,
        "gap_s": _seconds(promise.gap_ms) if promise.stop and promise.due_ms else None,
        "self_declared": promise.self_declared,
        "alternates": [_alternate(promise, mark) for mark in promise.alternates],
        "gaps": gaps(promise),
        "ruling": promise.ruling or None,
    }


def gaps(promise: Promise) -> list[dict[str, Any]]:
    """Give a row for each event that tells another time than the stop does.

    `physical_ms` is when the stop says that it happened, `system_ms` when the other event does;
    `lag_ms` is the second minus the first, and `segment` names the stretch between the two.
    """
    stop = promise.stop
    if stop is None or not promise.due_ms:
        return []
    return [
        {
            "promise": promise.code,
            "due_ms": promise.due_ms,
            "physical_ms": stop.occurred_ms,
            "system_ms": mark.occurred_ms,
            "lag_ms": mark.occurred_ms - stop.occurred_ms,
            "segment": f"{stop.event} -> {mark.event}",
            "verdict": judge(promise.due_ms, stop).value,
            "verdict_system": judge(promise.due_ms, mark).value,
        }
        for mark in promise.alternates
    ]


def _event(name: str) -> dict[str, str]:
    event = EVENTS[name]
    return {"name": name, "zh": event.zh, "en": event.en}


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "event": _event(mark.event),
        "occurred": stamp(mark.occurred_ms),
        "recorded": stamp(mark.recorded_ms),
        "err_ms": mark.err_ms,
        "source": mark.source,
        "self_declared": mark.self_declared,
    }


def _alternate(promise: Promise, mark: Mark) -> dict[str, Any]:
    due = promise.due_ms
    shown = _mark(mark)
    shown["verdict"] = judge(due, mark).value if due else None
    shown["gap_s"] = _seconds(mark.occurred_ms - due) if due else None
    return shown


def _instant(ms: int) -> str | None:
    return stamp(ms) if ms else None


def _left_s(promise: Promise, now_ms: int) -> int | None:
    if promise.state not in TICKING:
        return None
    return _seconds(promise.due_ms - now_ms)


def _used_permille(promise: Promise, now_ms: int) -> int | None:
    """Tell the share of the time between start and deadline that has gone, pauses included."""
    if not promise.started_ms:
        return None
    until = promise.stop.occurred_ms if promise.stop else now_ms
    span = promise.due_ms - promise.started_ms
    if span <= 0:
        return 1000
    return max(0, min(1000, (until - promise.started_ms) * 1000 // span))


def _seconds(ms: int) -> int:
    """Cut to whole seconds towards zero."""
    return ms // 1000 if ms >= 0 else -(-ms // 1000)
