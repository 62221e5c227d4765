"""What makes a definition fit to be promised. Every refusal names the place as a JSON pointer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfoNotFoundError

from danshu.capabilities.contract.catalogue import EVENTS
from danshu.capabilities.contract.clock import zone
from danshu.kernel import limits
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.contract.model import Clock, Definition, Texts

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = limits.PROMISE_DAYS * DAY_MS

_CODE = re.compile(r"[a-z][a-z0-9_]{1,31}")
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_PARAM = re.compile(r"\{([^{}]*)\}")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)")
_DURATION = re.compile(
    r"P(?!$)(?:(?P<w>\d{1,4})W)?(?:(?P<d>\d{1,4})D)?"
    r"(?:T(?!$)(?:(?P<h>\d{1,6})H)?(?:(?P<m>\d{1,8})M)?(?:(?P<s>\d{1,10})S)?)?"
)
_UNITS_MS: Final = {"w": 7 * DAY_MS, "d": DAY_MS, "h": 3_600_000, "m": 60_000, "s": 1_000}


def parse_duration(text: str, pointer: str) -> int:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds as milliseconds.

    Years and months have no fixed length and are refused; so are 0 and more than PROMISE_DAYS.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InputError("definition_duration", f"{text[:64]!r} is not a duration", pointer)
    total = sum([int(n) * _UNITS_MS[unit] for unit, n in found.groupdict().items() if n])
    if not 0 < total <= LONGEST_MS:
        raise InputError(
            "definition_duration",
            f"{text} is not within 1 second and {limits.PROMISE_DAYS} days",
            pointer,
        )
    return total


def parse_time(text: str, pointer: str) -> int:
    """Read hh:mm:ss as milliseconds of the day."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise InputError("definition_time", f"{text[:64]!r} is not hh:mm:ss", pointer)
    hour, minute, second = map(int, found.groups())
    return (hour * 3600 + minute * 60 + second) * 1000


def check(definition: Definition) -> None:
    """Refuse a definition that cannot be kept, measured or understood. Raises InputError."""
    if not _CODE.fullmatch(definition.code):
        raise InputError("definition_code", "a code is a-z, 0-9 and _, 2 to 32 long", "/code")
    if not 1 <= definition.version <= limits.DEFINITION_VERSION:
        raise InputError("definition_version", "a version is 1 or more", "/version")
    _check_applies(definition)
    _check_events(definition.clock)
    _check_clock(definition.clock)
    _check_texts(definition)


def render(texts: Texts, params: dict[str, int | str], pointer: str) -> tuple[str, str]:
    """Give the Chinese and the English words with their parameters filled in."""
    return _fill(texts.zh, params, f"{pointer}/zh"), _fill(texts.en, params, f"{pointer}/en")


def _fill(text: str, params: dict[str, int | str], pointer: str) -> str:
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in params:
            raise InputError("definition_param", f"{{{name}}} has no value", pointer)
        return str(params[name])

    filled = _PARAM.sub(value, text)
    if not filled.strip() or len(filled) > limits.TEXT_CHARS:
        raise InputError(
            "definition_text", f"a text has 1 to {limits.TEXT_CHARS} characters", pointer
        )
    return filled


def _check_applies(definition: Definition) -> None:
    rule = definition.applies
    conditions = (
        rule.channels or rule.channels_not or rule.regions or rule.presale is not None
    ) or (rule.requested or rule.announced)
    if rule.all == bool(conditions):
        raise InputError(
            "definition_applies", "say either `all: true` or the conditions", "/applies"
        )
    both = set(rule.channels) & set(rule.channels_not)
    if both:
        raise InputError(
            "definition_applies", f"{min(both)} is in and not in", "/applies/channels_not"
        )
    for at, region in enumerate(rule.regions):
        if not region:
            raise InputError("definition_applies", "an empty region", f"/applies/regions/{at}")


def _roles(clock: Clock) -> Iterator[tuple[str, str]]:
    """Give every event that the clock names, with its place."""
    yield clock.start, "/clock/start"
    yield clock.stop, "/clock/stop"
    for at, event in enumerate(clock.stop_alt):
        yield event, f"/clock/stop_alt/{at}"
    for at, event in enumerate(clock.void):
        yield event, f"/clock/void/{at}"
    for at, pause in enumerate(clock.pause):
        yield pause.on, f"/clock/pause/{at}/on"
        yield pause.until, f"/clock/pause/{at}/until"


def _check_events(clock: Clock) -> None:
    seen: set[str] = set()
    for event, pointer in _roles(clock):
        if event not in EVENTS:
            raise InputError("definition_event", f"no event {event[:64]!r}", pointer)
        if event in seen:
            raise InputError("definition_event", f"{event} has two roles", pointer)
        seen.add(event)
    for at, source in enumerate(clock.precedence):
        if not _NAME.fullmatch(source) or source in clock.precedence[:at]:
            raise InputError(
                "definition_source",
                f"{source[:64]!r} is no name, or named twice",
                f"/clock/precedence/{at}",
            )


def _check_clock(clock: Clock) -> None:
    if bool(clock.limit) == (clock.until is not None):
        raise InputError("definition_limit", "say either `limit` or `until`", "/clock")
    try:
        zone(clock.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("definition_tz", f"no time zone {clock.tz[:64]!r}", "/clock/tz") from error
    if clock.limit:
        parse_duration(clock.limit, "/clock/limit")
    if clock.until:
        parse_time(clock.until.time, "/clock/until/time")
        if not 0 <= clock.until.days <= limits.PROMISE_DAYS:
            raise InputError(
                "definition_limit", f"0 to {limits.PROMISE_DAYS} days", "/clock/until/days"
            )
        if clock.pause:
            raise InputError(
                "definition_pause", "a deadline on the wall clock cannot pause", "/clock/pause"
            )
        if clock.calendar != "elapsed":
            raise InputError(
                "definition_calendar",
                "a deadline on the wall clock counts no calendar",
                "/clock/calendar",
            )
    for at, pause in enumerate(clock.pause):
        parse_duration(pause.max, f"/clock/pause/{at}/max")
    if clock.platform not in ("", "ship_by"):
        raise InputError("definition_platform", "only ship_by is known", "/clock/platform")
    _check_warnings(clock)


def _check_warnings(clock: Clock) -> None:
    if len(clock.warn) > limits.PROMISE_WARNINGS:
        raise InputError(
            "definition_warn", f"at most {limits.PROMISE_WARNINGS} warnings", "/clock/warn"
        )
    for at, level in enumerate(clock.warn):
        pointer = f"/clock/warn/{at}"
        if isinstance(level, str):
            parse_duration(level, pointer)
        elif not 0 < level < 1000:
            raise InputError("definition_warn", "a share is between 0 and 1", pointer)


def _check_texts(definition: Definition) -> None:
    params = definition.params
    for name in params:
        if not re.fullmatch(r"[a-z0-9_]+", name):
            raise InputError("definition_param", f"{name[:64]!r} is not a-z, 0-9, _", "/params")
    render(definition.name, params, "/name")
    zh, en = render(definition.text, params, "/text")
    render(definition.breach, params, "/breach")
    stop = EVENTS[definition.clock.stop]
    if not any(word in zh for word in stop.words_zh):
        raise InputError(
            "definition_stop_unnamed",
            f"the text must say what stops its clock: {'、'.join(stop.words_zh)}",
            "/text/zh",
        )
    if not any(word in en.lower() for word in stop.words_en):
        raise InputError(
            "definition_stop_unnamed",
            f"the text must say what stops its clock: {', '.join(stop.words_en)}",
            "/text/en",
        )
