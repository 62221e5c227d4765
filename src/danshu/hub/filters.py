"""What a list of orders is asked for, as the text that stands in an address.

`channel.in.taobao,jd;due.lt.2h` = terms joined by `;`, each `field.op.values`, values joined by
`,` and percent-encoded where they hold one of `,;%`. A moment is relative (`2h`, `-30m`, `7d`), a
day of China (`yesterday`, `today`, `tomorrow`, with `@16:00` if wanted) or an RFC 3339 instant.
`resolve` turns the text's meaning at one instant into numbers; nothing here asks the database.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.standing import Standing
from danshu.capabilities.orders import model
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import (
    AMOUNT_MINOR,
    EARLIEST_MS,
    FILTER_CHARS,
    FILTER_TERMS,
    FILTER_VALUES,
    LATEST_MS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NONE: Final = "none"  # a value: no warehouse yet, nobody assigned, no hold
ANY: Final = "any"  # a value: some hold, whatever its reason
ME: Final = "me"  # a value: whoever asks
_LISTS: Final = frozenset({"in", "nin"})
_BOUNDS: Final = frozenset({"lt", "ge"})
FIELDS: Final[dict[str, frozenset[str]]] = {
    "channel": _LISTS,
    "state": _LISTS,
    "warehouse": _LISTS,
    "region": _LISTS,
    "tag": _LISTS | {"all"},
    "assignee": _LISTS,
    "promise": _LISTS,
    "hold": _LISTS,
    "short": frozenset({"is"}),
    "due": _BOUNDS,
    "placed": _BOUNDS,
    "amount": _BOUNDS,
    "q": frozenset({"is"}),
}
_MARKS: Final = re.compile(r"[,;%]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_AGO: Final = re.compile(r"(-?)(\d{1,5})([mhd])")
_DAY: Final = re.compile(r"(yesterday|today|tomorrow)(?:@([01]\d|2[0-3]):([0-5]\d))?")
_UNITS_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_PROVINCE: Final = re.compile(r"[1-9]\d0000")
_T = TypeVar("_T")


class Term(Struct, frozen=True):
    """One condition; all terms of a filter must hold."""

    field: str
    op: str
    values: tuple[str, ...]


class Filter(Struct, frozen=True):
    """Conditions on orders. No term = all orders."""

    terms: tuple[Term, ...] = ()

    def get(self, field: str, op: str) -> tuple[str, ...]:
        """Give the values of a term, () when there is none."""
        for term in self.terms:
            if term.field == field and term.op == op:
                return term.values
        return ()

    def without(self, field: str) -> Filter:
        """Give the filter less its terms on a field."""
        return Filter(tuple([t for t in self.terms if t.field != field]))


class Asked(Struct, frozen=True, kw_only=True):
    """A filter at one instant. None = not asked; instants in epoch ms, amounts in minor units.

    `*_not` are what must not be. A warehouse is its number, -1 = none; `regions` are LIKE patterns;
    an assignee "" is nobody; a hold "" is any, and `held` False asks for none.
    """

    channels: tuple[str, ...] = ()
    channels_not: tuple[str, ...] = ()
    states: tuple[int, ...] = ()
    states_not: tuple[int, ...] = ()
    warehouses: tuple[int, ...] = ()
    warehouses_not: tuple[int, ...] = ()
    regions: tuple[str, ...] = ()
    regions_not: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_not: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    assignees_not: tuple[str, ...] = ()
    standings: tuple[int, ...] = ()
    standings_not: tuple[int, ...] = ()
    holds: tuple[str, ...] = ()
    holds_not: tuple[str, ...] = ()
    held: bool | None = None
    short: bool | None = None
    due_from_ms: int | None = None
    due_to_ms: int | None = None
    placed_from_ms: int | None = None
    placed_to_ms: int | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    q: str = ""


def parse(text: str) -> Filter:
    """Read a filter's text. Raises InputError `bad_filter` with the term that cannot be read."""
    if len(text) > FILTER_CHARS:
        raise InputError("bad_filter", f"a filter is at most {FILTER_CHARS} characters", "/f")
    terms: list[Term] = []
    for part in filter(None, text.split(";")):
        field, _, rest = part.partition(".")
        op, _, listed = rest.partition(".")
        if op not in FIELDS.get(field, frozenset()):
            raise InputError("bad_filter", f"no condition {field}.{op}", "/f")
        try:
            values = tuple([unquote(v, errors="strict") for v in listed.split(",")])
        except UnicodeDecodeError as error:
            raise InputError("bad_filter", f"{field}.{op} is not UTF-8", "/f") from error
        if not all(values) or any(_CONTROL.search(v) for v in values):
            raise InputError("bad_filter", f"{field}.{op} needs its values", "/f")
        if op not in ("in", "nin", "all") and len(values) != 1:
            raise InputError("bad_filter", f"{field}.{op} takes one value", "/f")
        if len(values) > FILTER_VALUES:
            raise InputError("bad_filter", f"at most {FILTER_VALUES} values a condition", "/f")
        if any(t.field == field and t.op == op for t in terms):
            raise InputError("bad_filter", f"{field}.{op} is there twice", "/f")
        terms.append(Term(field, op, values))
    if len(terms) > FILTER_TERMS:
        raise InputError("bad_filter", f"at most {FILTER_TERMS} conditions", "/f")
    return Filter(tuple(terms))


def write(asked: Filter) -> str:
    """Write a filter as text; `parse` gives the same one back."""
    return ";".join(
        f"{t.field}.{t.op}." + ",".join([_MARKS.sub(_percent, v) for v in t.values])
        for t in asked.terms
    )


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def read_moment(text: str, now_ms: int) -> int:
    """Give the instant that a moment means at `now_ms`, epoch ms. Raises InputError
    `bad_filter`.
    """
    if found := _AGO.fullmatch(text):
        shift = int(found[2]) * _UNITS_MS[found[3]]
        return now_ms - shift if found[1] else now_ms + shift
    if found := _DAY.fullmatch(text):
        local = datetime.datetime.fromtimestamp(now_ms / 1000, _CHINA)
        day = local.date() + datetime.timedelta(days=_DAYS[found[1]])
        at = datetime.time(int(found[2] or 0), int(found[3] or 0))
        return int(datetime.datetime.combine(day, at, _CHINA).timestamp() * 1000)
    try:
        ms = epoch_ms(text)
    except ValueError as error:
        raise InputError("bad_filter", f"not a moment: {text!r}", "/f") from error
    if not EARLIEST_MS <= ms <= LATEST_MS:
        raise InputError("bad_filter", "an instant is between 2000 and 2100", "/f")
    return ms


def resolve(asked: Filter, warehouses: Mapping[str, int], me: str, now_ms: int) -> Asked:
    """Say what a filter means now, to `me`. Raises InputError `bad_filter` for unknown words."""
    found: dict[str, object] = {}
    for term in asked.terms:
        suffix = {"nin": "_not", "all": "_all"}.get(term.op, "")
        if term.field == "hold":
            found |= _holds(term)
        elif term.field in _WORDS:
            name, read = _WORDS[term.field]
            found[name + suffix] = tuple([read(v, warehouses, me) for v in term.values])
        elif term.field == "short":
            found["short"] = _is_yes(term.values[0])
        elif term.field == "q":
            found["q"] = term.values[0]
        else:
            read_bound = _amount if term.field == "amount" else read_moment
            name = _BOUND_NAMES[term.field, term.op]
            found[name] = read_bound(term.values[0], now_ms)
    return msgspec.convert(found, Asked)


def _holds(term: Term) -> dict[str, object]:
    """`hold.in.any`, `hold.in.none` ask whether; reasons ask for which."""
    if term.values in ((ANY,), (NONE,)):
        return {"held": (term.values[0] == ANY) == (term.op == "in")}
    if {ANY, NONE}.intersection(term.values):
        raise InputError("bad_filter", "a hold is any, none, or reasons", "/f")
    return {"holds" if term.op == "in" else "holds_not": term.values}


def _state(text: str, _: Mapping[str, int], __: str) -> int:
    return int(_known(text, model.BY_WORD, "state"))


def _standing(text: str, _: Mapping[str, int], __: str) -> int:
    return int(_known(text, Standing.by_word(), "promise state"))


def _warehouse(text: str, warehouses: Mapping[str, int], _: str) -> int:
    return -1 if text == NONE else _known(text, warehouses, "warehouse")


def _region(text: str, _: Mapping[str, int], __: str) -> str:
    """A province's code means all that lies in it (GB/T 2260)."""
    plain = re.sub(r"([\\%_])", r"\\\1", text)
    return plain[:2] + "%" if _PROVINCE.fullmatch(text) else plain


def _assignee(text: str, _: Mapping[str, int], me: str) -> str:
    return "" if text == NONE else me if text == ME else text


def _plain(text: str, _: Mapping[str, int], __: str) -> str:
    return text


def _known(text: str, words: Mapping[str, _T], what: str) -> _T:
    if text not in words:
        raise InputError("bad_filter", f"no {what} {text!r}", "/f")
    return words[text]


def _amount(text: str, _: int) -> int:
    if not re.fullmatch(r"\d{1,14}", text) or int(text) > AMOUNT_MINOR:
        raise InputError("bad_filter", f"not an amount in minor units: {text!r}", "/f")
    return int(text)


def _is_yes(text: str) -> bool:
    return _known(text, {"yes": True, "no": False}, "answer")


_WORDS: Final[dict[str, tuple[str, Callable[[str, Mapping[str, int], str], int | str]]]] = {
    "channel": ("channels", _plain),
    "state": ("states", _state),
    "warehouse": ("warehouses", _warehouse),
    "region": ("regions", _region),
    "tag": ("tags", _plain),
    "assignee": ("assignees", _assignee),
    "promise": ("standings", _standing),
}
_BOUND_NAMES: Final = {
    ("due", "ge"): "due_from_ms",
    ("due", "lt"): "due_to_ms",
    ("placed", "ge"): "placed_from_ms",
    ("placed", "lt"): "placed_to_ms",
    ("amount", "ge"): "amount_from",
    ("amount", "lt"): "amount_to",
}
