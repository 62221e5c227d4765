"""Filters of subscriptions, after the CloudEvents Subscriptions API 1.0-wip, section 3.2.4: the
dialects exact, prefix, suffix, all, any and not.

Beside an attribute's name (`type`, `subject`, `source` …) stands a dotted path into the data,
`data.lines.sku`; through a list it leads to each of its members, and one that fits is enough. What
is no text is compared in the canonical form of CloudEvents (true, 12).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from danshu.kernel.errors import InputError
from danshu.kernel.limits import EVENT_FILTER_CHARS, EVENT_FILTER_DEPTH, EVENT_FILTER_PARTS

Test = Callable[[Mapping[str, Any]], bool]
"""Tells of an event, as its structured JSON was read, whether it is wanted."""
_PATH: Final = re.compile(r"[a-z0-9]{1,20}|data(\.[A-Za-z0-9_-]{1,64}){1,8}")
_TYPE: Final = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){1,5}|([a-z0-9_]{1,40}\.){1,5}\*")
_FITS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "exact": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
}
PREFIX: Final = "danshu."


def compile_filter(filters: Sequence[Any], pointer: str = "/filters") -> Test | None:
    """Make the test of a list of filters, all of which must fit; None for an empty list.

    Raises InputError `bad_filter` with the place of what can't be understood.
    """
    if not filters:
        return None
    return _all([_compile(f, f"{pointer}/{n}", 1) for n, f in enumerate(_count(filters, pointer))])


def compile_types(wanted: Sequence[str], known: Sequence[str]) -> frozenset[str]:
    """Give the types that a list of names and patterns (`danshu.order.*`) means, of those known.

    A pattern means types that come later too. Raises InputError `bad_type`.
    """
    found: set[str] = set()
    for n, name in enumerate(wanted):
        pattern = full_name(name, f"/types/{n}")
        if pattern.endswith(".*"):
            found |= {each for each in known if each.startswith(pattern[:-1])}
        elif pattern in known:
            found.add(pattern)
    return frozenset(found)


def full_name(name: str, pointer: str) -> str:
    """Give a type or pattern with its prefix. Raises InputError `bad_type`."""
    if not _TYPE.fullmatch(name):
        raise InputError("bad_type", f"not a type of event: {name[:80]!r}", pointer)
    return name if name.startswith(PREFIX) else PREFIX + name


def values(event: Mapping[str, Any], path: str) -> Iterator[str]:
    """Give the values at a path of an event, as text."""
    found: list[Any] = [event]
    for name in path.split("."):
        found = [each[name] for each in found if isinstance(each, Mapping) and name in each]
        found = [m for each in found for m in (each if isinstance(each, list) else [each])]
    for each in found:
        if isinstance(each, str):
            yield each
        elif isinstance(each, bool):
            yield "true" if each else "false"
        elif isinstance(each, int | float):
            yield str(each)


def _count(filters: Any, pointer: str) -> Sequence[Any]:
    if not isinstance(filters, list | tuple) or not 0 < len(filters) <= EVENT_FILTER_PARTS:
        raise _bad(f"a list of 1 to {EVENT_FILTER_PARTS} filters", pointer)
    return filters


def _compile(given: Any, pointer: str, depth: int) -> Test:
    if depth > EVENT_FILTER_DEPTH:
        raise _bad(f"filters lie at most {EVENT_FILTER_DEPTH} deep", pointer)
    if not isinstance(given, Mapping) or len(given) != 1:
        raise _bad("a filter has one member: exact, prefix, suffix, all, any or not", pointer)
    ((dialect, inner),) = given.items()
    place = f"{pointer}/{dialect}"[:200]
    if dialect in _FITS:
        return _compare(_FITS[dialect], inner, place)
    if dialect == "not":
        test = _compile(inner, place, depth + 1)
        return lambda event: not test(event)
    if dialect not in ("all", "any"):
        raise _bad("no such filter dialect", place)
    tests = [_compile(f, f"{place}/{n}", depth + 1) for n, f in enumerate(_count(inner, place))]
    return _all(tests) if dialect == "all" else lambda event: any(test(event) for test in tests)


def _all(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda event: all(test(event) for test in tests)


def _compare(fits: Callable[[str, str], bool], wanted: Any, pointer: str) -> Test:
    """Every member of `wanted` must fit."""
    if not isinstance(wanted, Mapping) or not 0 < len(wanted) <= EVENT_FILTER_PARTS:
        raise _bad("names and the text that each is compared with", pointer)
    pairs: list[tuple[str, str]] = []
    for path, text in wanted.items():
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise _bad("not an attribute, nor a path into the data", f"{pointer}/{path}"[:200])
        if not isinstance(text, str) or not 0 < len(text) <= EVENT_FILTER_CHARS:
            raise _bad(f"text of 1 to {EVENT_FILTER_CHARS} characters", f"{pointer}/{path}")
        pairs.append((path, text))

    def test(event: Mapping[str, Any]) -> bool:
        return all(any(fits(v, text) for v in values(event, path)) for path, text in pairs)

    return test


def _bad(reason: str, pointer: str) -> InputError:
    return InputError("bad_filter", reason, pointer)
