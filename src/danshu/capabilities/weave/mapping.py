"""From a typed question to a request, and from a response to a typed answer, by expressions.

What evaluates is passed in, so that two implementations of JSONata can be held against each other.
Every expression is tried by itself: what is wrong with one is a fault at its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct

from danshu.kernel.limits import EXPRESSION_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from danshu.capabilities.weave.woven import Woven, WovenField, WovenLeaf, WovenReading

    Evaluate = Callable[[str, Any, Mapping[str, Any]], Any]
_SHOWN: Final = 5  # rows of a list whose values are shown beside their expressions
_AS_LIST: Final = "list"


class WovenFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one expression: a JSON pointer (RFC 6901) to it, and the words."""

    pointer: str
    detail: str


class Built(Struct, frozen=True, kw_only=True):
    """A request without its secrets. `values` is what each part became, by pointer."""

    method: str = "GET"
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = {}
    body: Any = None
    values: dict[str, Any] = {}
    faults: tuple[WovenFault, ...] = ()


class Received(Struct, frozen=True, kw_only=True):
    """What came back: header names are lower case, `body` is the JSON, or the text."""

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = None


class Understood(Struct, frozen=True, kw_only=True):
    """What a response means. `answer` holds the fields where it is done."""

    verdict: str = "done"
    code: str = ""
    reason: str = ""
    answer: dict[str, Any] = {}
    values: dict[str, Any] = {}
    faults: tuple[WovenFault, ...] = ()


class Sounded(Struct, frozen=True, kw_only=True):
    """A reading of a routing variable that an answer gives."""

    key: str
    subject: str
    value: float


class _Page:
    """Evaluates and gathers what each expression became."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.values: dict[str, Any] = {}
        self.faults: list[WovenFault] = []

    def read(self, pointer: str, expression: str, data: Any, **beside: Any) -> Any:
        try:
            value = self._evaluate(expression, data, beside)
        except ValueError as error:
            self.fault(pointer, str(error))
            return None
        self.values[pointer] = value
        return value

    def fault(self, pointer: str, detail: str) -> None:
        if len(self.faults) < 100:
            self.faults.append(WovenFault(pointer=pointer, detail=detail[:300]))


def build(woven: Woven, question: Mapping[str, Any], evaluate: Evaluate) -> Built:
    """Build the request that asks a question."""
    page = _Page(evaluate)
    path, query, headers = woven.path, [], {}
    body: Any = None
    for number, part in enumerate(woven.parts):
        at = f"/parts/{number}/expression"
        value = page.read(at, part.expression, question, question=question)
        if value is None:
            continue
        if part.place == "body":
            body = _put(page, at, body, part.name, value)
            continue
        if isinstance(value, dict | list):
            page.fault(at, "a text, number or truth value is expected")
            continue
        text = _spell(value)
        if part.place == "path":
            path = path.replace("{" + part.name + "}", quote(text, safe=""))
        elif part.place == "query":
            query.append((part.name, text))
        elif not text.isprintable() or not text.isascii():
            page.fault(at, "a header holds printable ASCII alone")
        else:
            headers[part.name.lower()] = text
    if "{" in path:
        page.fault("/path", f"a part of the path has no value: {path}")
    return Built(
        method=woven.method,
        path=path,
        query=tuple(query),
        headers=headers,
        body=body,
        values=page.values,
        faults=tuple(page.faults),
    )


def understand(
    woven: Woven, question: Mapping[str, Any], got: Received, evaluate: Evaluate
) -> Understood:
    """Judge a response by the rules, and read the answer where it is done."""
    page = _Page(evaluate)
    seen = {"status": got.status, "headers": got.headers, "body": got.body}
    verdict, code, reason = _judge(woven, seen, page)
    answer: dict[str, Any] = {}
    if verdict == "done":
        for number, field in enumerate(woven.answer):
            at = f"/answer/{number}"
            value = page.read(
                f"{at}/expression", field.expression, got.body, question=question, response=seen
            )
            value = _shape(page, at, field, value, question, seen)
            if value is not None:
                answer[field.name] = value
            elif field.required:
                page.fault(f"{at}/expression", f"{field.name} has no value")
    return Understood(
        verdict=verdict,
        code=code,
        reason=reason,
        answer=answer,
        values=page.values,
        faults=tuple(page.faults),
    )


def sound(
    readings: tuple[WovenReading, ...],
    question: Mapping[str, Any],
    answer: Mapping[str, Any],
    evaluate: Evaluate,
) -> tuple[tuple[Sounded, ...], tuple[WovenFault, ...]]:
    """Give the readings of routing variables that an answer tells."""
    page, found = _Page(evaluate), []
    for number, reading in enumerate(readings):
        at = f"/readings/{number}"
        rows = _rows(page.read(f"{at}/rows", reading.rows, answer, question=question))
        for row in rows[:EXPRESSION_ROWS]:
            subject = page.read(f"{at}/subject", reading.subject, row, question=question)
            value = page.read(f"{at}/value", reading.value, row, question=question)
            if isinstance(subject, str) and type(value) in (int, float):
                found.append(Sounded(key=reading.key, subject=subject, value=float(value)))
            elif value is not None:
                page.fault(f"{at}/value", "a subject (text) and a value (number) are expected")
    return tuple(found), tuple(page.faults)


def _judge(woven: Woven, seen: Mapping[str, Any], page: _Page) -> tuple[str, str, str]:
    status = int(seen["status"])
    for number, rule in enumerate(woven.rules):
        at = f"/rules/{number}"
        if not _fits(rule.status, status):
            continue
        if rule.when and page.read(f"{at}/when", rule.when, seen) is not True:
            continue
        code = page.read(f"{at}/code", rule.code, seen) if rule.code else ""
        reason = page.read(f"{at}/reason", rule.reason, seen) if rule.reason else ""
        return rule.verdict, _spell(code)[:64], _spell(reason)[:500]
    if 200 <= status < 300:
        return "done", "", ""
    if status in (408, 425, 429) or status >= 500:
        return "again", f"http_{status}", ""
    return "broken", f"http_{status}", ""


def _fits(pattern: str, status: int) -> bool:
    if pattern.endswith("xx"):
        return pattern[0] == str(status)[0]
    return not pattern or pattern == str(status)


def _shape(
    page: _Page,
    at: str,
    field: WovenField,
    value: Any,
    question: Mapping[str, Any],
    seen: Mapping[str, Any],
) -> Any:
    """Bring a value to its field's type where nothing is lost by it."""
    if field.type != _AS_LIST:
        return _whole(field.type, value)
    if f"{at}/expression" not in page.values:  # it could not be evaluated
        return None
    rows = _rows(value)
    if len(rows) > EXPRESSION_ROWS:
        page.fault(f"{at}/expression", f"a list has at most {EXPRESSION_ROWS} rows")
        return None
    if not field.of:
        return rows
    return [_row(page, at, field.of, row, (number, question, seen)) for number, row in
            enumerate(rows)]  # fmt: skip


def _row(
    page: _Page,
    at: str,
    leaves: tuple[WovenLeaf, ...],
    row: Any,
    beside: tuple[int, Mapping[str, Any], Mapping[str, Any]],
) -> dict[str, Any]:
    number, question, seen = beside
    told: dict[str, Any] = {}
    for column, leaf in enumerate(leaves):
        place = f"{at}/of/{column}/expression"
        value = page.read(place, leaf.expression, row, question=question, response=seen)
        shown = page.values.pop(place, None)
        if number < _SHOWN:
            page.values.setdefault(f"{place}#", []).append(shown)
        value = _whole(leaf.type, value)
        if value is not None:
            told[leaf.name] = value
        elif leaf.required:
            page.fault(place, f"{leaf.name} has no value in row {number + 1}")
    return told


def _rows(value: Any) -> list[Any]:
    """Give a list: JSONata makes no difference between one thing and a list of it."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _whole(type_: str, value: Any) -> Any:
    if type_ == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _put(page: _Page, at: str, body: Any, name: str, value: Any) -> Any:
    """Put a value into the body under a path of names."""
    if not name:
        return value
    body = body if isinstance(body, dict) else {}
    inner = body
    *path, last = name.split(".")
    for step in path:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            page.fault(at, f"{name} lies within a value that is no object")
            return body
    inner[last] = value
    return body


def _spell(value: Any) -> str:
    """Write a value as a text, as JSON does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
