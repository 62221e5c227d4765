"""Whether an action can be proven: findings with their place, and what would make it provable.

Pure: the action, the other published actions, the calendars and today go in. An action with an
error is not published; a warning is for counsel to weigh. The rule behind each: what cannot be
shown later to somebody who believes nobody is not written down as a duty today.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.contract import lint as promise_lint
from danshu.capabilities.contract.actions import catalogue, collecting, remedies
from danshu.capabilities.contract.actions.findings import Finding, find
from danshu.capabilities.contract.actions.model import Action
from danshu.capabilities.contract.actions.promising import promise
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.kernel import calendar
from danshu.kernel.calendar import Calendar
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    ACTION_HORIZON_DAYS,
    ACTION_PARTS,
    DEFINITION_VERSION,
    TEXT_CHARS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.contract.model import Applies, Clock, Texts

_CODE = re.compile(r"[a-z][a-z0-9_]{1,31}")
_KEY = re.compile(r"[a-z0-9_]{1,64}")
_PLACE = re.compile(r"\{([^{}]*)\}")
_DAY_US: Final = calendar.DAY_US
_SKIPPED: Final = {"definition_stop_unnamed", "definition_event"}  # told with words of their own


class Around(Struct, frozen=True, kw_only=True):
    """What an action is read beside: the merchant's other active actions by code, what finds a
    calendar (`calendar.load`), and now in epoch milliseconds.
    """

    actions: Mapping[str, Action]
    now_ms: int
    find: Callable[[str], Calendar] = calendar.load


def check(action: Action, around: Around) -> tuple[Finding, ...]:
    """Give every finding, in the order of the checks; none means that all of it can be proven."""
    found = [
        *_shape(action),
        *_stop(action, around),
        *_clock(action, around),
        *collecting.check(action),
        *_who(action, around),
        *remedies.check(action, around.actions),
        *_duty(action, around),
        *_statement(action),
    ]
    return tuple(dict.fromkeys(found))


def is_provable(findings: tuple[Finding, ...]) -> bool:
    """Tell whether nothing stands in the way of publication."""
    return all(finding.severity != "error" for finding in findings)


def _shape(action: Action) -> Iterator[Finding]:
    if not _CODE.fullmatch(action.action):
        yield find("action_code", "/action", value=action.action[:64])
    if not 1 <= action.version <= DEFINITION_VERSION:
        yield find("action_version", "/version")
    texts = [("/name", action.name), ("/statement", action.statement)]
    if action.promise:
        texts.append(("/promise/text", action.promise.text))
        if action.promise.breach:
            texts.append(("/promise/breach", action.promise.breach))
    for pointer, text in texts:
        yield from _words(text, pointer)
    for name in ("evidence", "requires", "breach", "excuse", "legal"):
        if len(getattr(action, name)) > ACTION_PARTS:
            yield find("too_many", f"/{name}", value=ACTION_PARTS)
    for pointer, keys in (
        ("/states", action.states),
        ("/promise/params", action.promise.params if action.promise else {}),
    ):
        for key in keys:
            if not _KEY.fullmatch(key):
                yield find("key_bad", pointer, value=key[:64])


def _words(text: Texts, pointer: str) -> Iterator[Finding]:
    for lang, words in (("zh", text.zh), ("en", text.en)):
        if not words.strip() or len(words) > TEXT_CHARS:
            yield find("text_empty", f"{pointer}/{lang}", value=TEXT_CHARS)


def _stop(action: Action, around: Around) -> Iterator[Finding]:
    """The text must say what stops the clock, and something must be there that says it."""
    clock, shown = action.clock, action.promise
    if clock is None or clock.stop not in EVENTS:
        return
    event = EVENTS[clock.stop]
    if shown:
        zh, en = (_filled(text, shown.params) for text in (shown.text.zh, shown.text.en))
        if not any(word in zh for word in event.words_zh):
            yield find(
                "stop_unnamed", "/promise/text/zh", value=" / ".join(event.words_zh), event=event.zh
            )
        if not any(word in en.lower() for word in event.words_en):
            yield find(
                "stop_unnamed", "/promise/text/en", value=" / ".join(event.words_en), event=event.en
            )
    said = _said(action, around)
    if clock.stop not in said:
        yield find("nobody_stops", "/clock/stop", zh=event.zh, en=event.en)


def _said(action: Action, around: Around) -> set[str]:
    """Give the events that something says: the hub itself, or an action when it is done."""
    others = {other.says for code, other in around.actions.items() if code != action.action}
    return {*catalogue.HEARD, *others, action.says} - {""}


def _filled(text: str, params: Mapping[str, int | str]) -> str:
    return _PLACE.sub(lambda found: str(params.get(found[1], found[0])), text)


def _clock(action: Action, around: Around) -> Iterator[Finding]:
    clock = action.clock
    if action.says and action.says not in EVENTS:
        yield find("event_unknown", "/says", value=action.says[:64])
    if clock is None:
        if action.promise:
            yield find("promise_unclocked", "/clock")
        return
    if action.promise is None:
        yield find("clock_unpromised", "/promise")
    yield from _events(clock)
    yield from _unsaid(clock, _said(action, around))
    paused = list(_pauses(clock))
    yield from paused
    yield from _covered(clock, around)
    try:
        promise(action)
    except InputError as error:
        if error.code not in _SKIPPED and error.pointer not in {f.pointer for f in paused}:
            pointer = error.pointer.replace("/text", "/promise/text", 1)
            pointer = pointer.replace("/breach", "/promise/breach", 1)
            pointer = pointer.replace("/params", "/promise/params", 1)
            yield find("definition", pointer or "/clock", value=error.detail)


def _unsaid(clock: Clock, said: set[str]) -> Iterator[Finding]:
    """Events that nothing says: a clock that never starts, a pause that never begins or never ends
    before its bound, a comparison or an end that never comes.
    """
    named = [(clock.start, "/clock/start", "nobody_starts")]
    for at, pause in enumerate(clock.pause):
        named.append((pause.on, f"/clock/pause/{at}/on", "nobody_pauses"))
        named.append((pause.until, f"/clock/pause/{at}/until", "nobody_resumes"))
    named += [(e, f"/clock/stop_alt/{at}", "nobody_says") for at, e in enumerate(clock.stop_alt)]
    named += [(e, f"/clock/void/{at}", "nobody_says") for at, e in enumerate(clock.void)]
    for event, pointer, code in named:
        if event in EVENTS and event not in said:
            yield find(code, pointer, zh=EVENTS[event].zh, en=EVENTS[event].en)


def _events(clock: Clock) -> Iterator[Finding]:
    named = [(clock.start, "/clock/start"), (clock.stop, "/clock/stop")]
    named += [(event, f"/clock/stop_alt/{at}") for at, event in enumerate(clock.stop_alt)]
    named += [(event, f"/clock/void/{at}") for at, event in enumerate(clock.void)]
    for at, pause in enumerate(clock.pause):
        named += [(pause.on, f"/clock/pause/{at}/on"), (pause.until, f"/clock/pause/{at}/until")]
    for event, pointer in named:
        if event not in EVENTS:
            yield find("event_unknown", pointer, value=event[:64])


def _pauses(clock: Clock) -> Iterator[Finding]:
    limit_ms = _span(clock.limit)
    for at, pause in enumerate(clock.pause):
        pointer = f"/clock/pause/{at}/max"
        most_ms = _span(pause.max)
        if not most_ms:
            yield find("pause_unbounded", pointer)
        elif limit_ms and most_ms > limit_ms:
            yield find("pause_long", pointer, value=pause.max)


def _span(text: str) -> int:
    """Read a duration as milliseconds; 0 for what is none."""
    try:
        return promise_lint.parse_duration(text, "")
    except InputError:
        return 0


def _covered(clock: Clock, around: Around) -> Iterator[Finding]:
    """The calendar must know the years that a limit from today, and from the horizon, reaches."""
    limit_ms = _span(clock.limit)
    if clock.calendar == "elapsed" or not limit_ms:
        return
    name = clock.calendar.partition("#")[0][:64]
    try:
        days = around.find(clock.calendar)
    except InputError:
        yield find("calendar_unknown", "/clock/calendar", value=name)
        return
    paused_ms = sum([_span(pause.max) for pause in clock.pause])
    start_us, limit_us = around.now_ms * 1000, (limit_ms + paused_ms) * 1000
    try:
        calendar.due(start_us, limit_us, days)
    except InputError:
        yield find("calendar_gap", "/clock/calendar", value=name)
        return
    try:
        calendar.due(start_us + ACTION_HORIZON_DAYS * _DAY_US, limit_us, days)
    except InputError:
        yield find("calendar_ends", "/clock/calendar", value=name, days=ACTION_HORIZON_DAYS)


def _who(action: Action, around: Around) -> Iterator[Finding]:
    who = action.who
    if not who.roles:
        yield find("role_missing", "/who/roles")
    for at, role in enumerate(who.roles):
        pointer = f"/who/roles/{at}"
        outsider = catalogue.OUTSIDERS.get(role)
        if outsider is None and role not in catalogue.ROLES:
            yield find("role_unknown", pointer, value=role[:64])
        elif outsider and who.grade == "A":
            yield find("grade_unsignable", pointer, zh=outsider.zh, en=outsider.en)
        elif outsider and who.grade == "B":
            yield find("grade_outside", pointer, zh=outsider.zh, en=outsider.en)
    if who.device_bound and who.grade != "A":
        yield find("device_ungraded", "/who/device_bound")
    for at, certificate in enumerate(who.certificates):
        yield find("certificate_outside", f"/who/certificates/{at}", value=certificate[:64])
    yield from _others(action, around)


def _others(action: Action, around: Around) -> Iterator[Finding]:
    """Check the actions that must come before, and those that somebody else must have done."""
    for at, code in enumerate(action.who.separation_from):
        pointer = f"/who/separation_from/{at}"
        if code == action.action:
            yield find("separation_self", pointer)
        elif code not in around.actions:
            yield find("action_unknown", pointer, value=code[:64])
    for at, code in enumerate(action.requires):
        if code != action.action and code not in around.actions:
            yield find("action_unknown", f"/requires/{at}", value=code[:64])
    circle = remedies.circle(action, around.actions, lambda each: each.requires)
    if circle:
        yield find("requires_circle", "/requires", value=" → ".join(circle))


def _duty(action: Action, around: Around) -> Iterator[Finding]:
    if action.moves and action.moves not in catalogue.MOVES:
        yield find("move_unknown", "/moves", value=action.moves[:64])
    yield from _holds(action)
    measure = action.measure
    if measure and (
        measure.start not in catalogue.MOMENTS
        or measure.end not in catalogue.MOMENTS
        or measure.start == measure.end
        or measure.min_ms <= 0
    ):
        yield find("measure_bad", "/measure")
    for code, other in sorted(around.actions.items()):
        if code != action.action and _conflict(action, other):
            yield find("duty_conflict", "/deontic/type", zh=other.name.zh, en=other.name.en)


def _holds(action: Action) -> Iterator[Finding]:
    holds = action.holds
    if action.deontic.type == "maintenance" and holds is None:
        yield find("holds_missing", "/holds")
    if holds is None:
        return
    if action.deontic.type != "maintenance":
        yield find("holds_unasked", "/holds")
    if holds.low >= holds.high or holds.quantity != "temp":
        yield find("holds_bad", "/holds")
    for name in ("tolerance", "gap"):
        if not _span(getattr(holds, name)):
            yield find("span_bad", f"/holds/{name}", value=getattr(holds, name)[:64])
    if not any("temperature_series" in wanted.kind.split("|") for wanted in action.evidence):
        yield find("series_missing", "/evidence")


def _conflict(one: Action, other: Action) -> bool:
    """Tell whether one order could be bound to do and not to do the same: one of the two forbids a
    transition, an event or the action that the other brings, and some order falls under both.
    """
    kinds = {one.deontic.type == "prohibition", other.deontic.type == "prohibition"}
    if kinds != {True, False} or not _overlap(one.applies, other.applies):
        return False
    forbidden, owed = (one, other) if one.deontic.type == "prohibition" else (other, one)
    return (
        bool(forbidden.moves and forbidden.moves == owed.moves)
        or bool(forbidden.says and forbidden.says == owed.says)
        or forbidden.action in owed.requires
    )


def _overlap(one: Applies, other: Applies) -> bool:
    """Tell whether some order can fall under both."""
    if one.presale is not None and other.presale is not None and one.presale != other.presale:
        return False
    if one.channels and other.channels and not set(one.channels) & set(other.channels):
        return False
    for a, b in ((one, other), (other, one)):
        if a.channels and set(a.channels) <= set(b.channels_not):
            return False
    if one.regions and other.regions:
        return any(a.startswith(b) or b.startswith(a) for a in one.regions for b in other.regions)
    return True


def _statement(action: Action) -> Iterator[Finding]:
    if action.promise and not action.promise.shown_at:
        yield find("shown_nowhere", "/promise/shown_at")
    for lang, text in (("zh", action.statement.zh), ("en", action.statement.en)):
        places = _PLACE.findall(text)
        for place in dict.fromkeys(places):
            if place not in catalogue.PLACES:
                offer = ", ".join(f"{{{name}}}" for name in catalogue.PLACES)
                yield find("place_unknown", f"/statement/{lang}", value=place[:64], offer=offer)
        if text.strip() and "order" not in places:
            yield find("place_order", f"/statement/{lang}", order="{order}")
