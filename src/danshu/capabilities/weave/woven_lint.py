"""What stands in the way of a woven capability, place by place."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from danshu.capabilities.weave import typed
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    EXPRESSION_CHARS,
    WOVEN_FIELDS,
    WOVEN_SAMPLE_CHARS,
    WOVEN_TIMEOUT_MS_MAX,
    WOVEN_TIMEOUT_MS_MIN,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from danshu.capabilities.weave.woven import Woven, WovenField, WovenLeaf

CODE: Final = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", re.ASCII)
_HOLE: Final = re.compile(r"\{([^{}]*)\}")
# What a person may not set: they belong to the transport, or to the authentication.
_OWN: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "authorization", "cookie",
     "content-type", "te", "upgrade", "expect"}
)  # fmt: skip
RESERVED: Final = frozenset({"drafts", "preview", "try", "infer"})


class WovenFinding(Struct, frozen=True, kw_only=True):
    """One thing that is in the way; the words are the console's, by `code`; `detail` is what the
    library of expressions says, or the name that is meant.
    """

    code: str
    severity: Literal["error", "warning"]
    pointer: str
    detail: str = ""


def _error(code: str, pointer: str, detail: str = "") -> WovenFinding:
    return WovenFinding(code=code, severity="error", pointer=pointer, detail=detail[:300])


def check(woven: Woven) -> tuple[WovenFinding, ...]:
    """Lint all but the grammar of expressions."""
    found = [*_head(woven), *_fields("question", woven.question), *_fields("answer", woven.answer)]
    found += [*_parts(woven), *_auth(woven), *_expressions(woven), *_samples(woven)]
    return tuple(found)


def is_sound(findings: Sequence[WovenFinding]) -> bool:
    """Tell whether nothing but warnings was found."""
    return all(finding.severity != "error" for finding in findings)


def list_expressions(woven: Woven) -> list[tuple[str, str]]:
    """List every expression with its place, those that are left empty too."""
    told = [(f"/parts/{n}/expression", part.expression) for n, part in enumerate(woven.parts)]
    for n, field in enumerate(woven.answer):
        told.append((f"/answer/{n}/expression", field.expression))
        told += [(f"/answer/{n}/of/{m}/expression", f.expression) for m, f in enumerate(field.of)]
    for n, rule in enumerate(woven.rules):
        for name in ("when", "code", "reason"):
            if text := getattr(rule, name):
                told.append((f"/rules/{n}/{name}", text))
    for n, reading in enumerate(woven.readings):
        told += [(f"/readings/{n}/{name}", getattr(reading, name)) for name in
                 ("rows", "subject", "value")]  # fmt: skip
    if woven.auth.kind == "hmac":
        told.append(("/auth/canonical", woven.auth.canonical))
    return told


def _head(woven: Woven) -> Iterator[WovenFinding]:
    if not CODE.fullmatch(woven.code) or woven.code in RESERVED:
        yield _error("code", "/code")
    if not woven.zh.strip() or len(woven.zh) > 64 or len(woven.en) > 64:
        yield _error("named", "/zh")
    parts = urlsplit(woven.base_url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        yield _error("base_url", "/base_url")
    if (
        (woven.path and not woven.path.startswith("/"))
        or len(woven.path) > 500
        or "?" in woven.path
    ):
        yield _error("path", "/path")
    if not WOVEN_TIMEOUT_MS_MIN <= woven.timeout_ms <= WOVEN_TIMEOUT_MS_MAX:
        yield _error("timeout", "/timeout_ms")
    if woven.idempotency and not _HEADER.fullmatch(woven.idempotency):
        yield _error("header", "/idempotency")
    for name in ("capability", "operation"):
        text = getattr(woven, name)
        if not CODE.fullmatch(text or ("" if name == "operation" else woven.code)):
            yield _error("code", f"/{name}")
    if not woven.answer:
        yield _error("no_answer", "/answer")
    if woven.method != "GET" and not woven.idempotency and not woven.repeatable:
        yield WovenFinding(code="not_repeatable", severity="warning", pointer="/idempotency")


def _fields(
    side: str, fields: Sequence[WovenField | WovenLeaf], at: str = ""
) -> Iterator[WovenFinding]:
    seen: set[str] = set()
    at = at or f"/{side}"
    if len(fields) > WOVEN_FIELDS:
        yield _error("too_many", at)
    for number, field in enumerate(fields):
        if not _NAME.fullmatch(field.name) or keyword.iskeyword(field.name):
            yield _error("field_name", f"{at}/{number}/name", field.name)
        elif field.name in seen:
            yield _error("field_twice", f"{at}/{number}/name", field.name)
        seen.add(field.name)
        if of := getattr(field, "of", ()):
            yield from _fields(side, of, f"{at}/{number}/of")


def _parts(woven: Woven) -> Iterator[WovenFinding]:
    holes = _HOLE.findall(woven.path)
    filled = {part.name for part in woven.parts if part.place == "path"}
    for name in holes:
        if name not in filled:
            yield _error("hole", "/path", name)
    if len(woven.parts) > WOVEN_FIELDS:
        yield _error("too_many", "/parts")
    for number, part in enumerate(woven.parts):
        at = f"/parts/{number}/name"
        if part.place == "path" and part.name not in holes:
            yield _error("no_hole", at, part.name)
        if part.place == "header" and (
            not _HEADER.fullmatch(part.name) or part.name.lower() in _OWN
        ):
            yield _error("header", at, part.name)
        if part.place == "body" and (woven.body == "none" or woven.method == "GET"):
            yield _error("no_body", at)
        if part.place == "query" and not part.name:
            yield _error("part_name", at)


def _auth(woven: Woven) -> Iterator[WovenFinding]:
    auth = woven.auth
    if auth.kind in ("header", "hmac") and not _HEADER.fullmatch(auth.name):
        yield _error("header", "/auth/name", auth.name)
    if auth.kind == "header" and auth.name.lower() in _OWN - {"authorization"}:
        yield _error("header", "/auth/name", auth.name)
    if auth.kind == "query" and not auth.name:
        yield _error("part_name", "/auth/name")
    if auth.kind in ("basic", "oauth2") and not auth.user:
        yield _error("user", "/auth/user")
    if auth.kind == "oauth2" and urlsplit(auth.token_url).scheme not in ("https", "http"):
        yield _error("base_url", "/auth/token_url")
    if auth.time_name and not _HEADER.fullmatch(auth.time_name):
        yield _error("header", "/auth/time_name", auth.time_name)
    if not auth.prefix.isprintable() or not auth.prefix.isascii():
        yield _error("header", "/auth/prefix")


def _expressions(woven: Woven) -> Iterator[WovenFinding]:
    for pointer, text in list_expressions(woven):
        if not text.strip():
            yield _error("no_expression", pointer)
        elif len(text) > EXPRESSION_CHARS:
            yield _error("expression_long", pointer)


def _samples(woven: Woven) -> Iterator[WovenFinding]:
    for name in ("question_sample", "response_sample", "poll"):
        text = getattr(woven, name)
        try:
            told = msgspec.json.decode(text.encode())
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            told = None
        if len(text) > WOVEN_SAMPLE_CHARS or told is None:
            yield _error("sample", f"/{name}")
        elif name != "response_sample" and (name != "poll" or woven.readings):
            try:
                typed.read_question(woven, text.encode())
            except InputError as error:
                yield _error("sample_type", f"/{name}", error.detail)
            except (NameError, TypeError, ValueError):  # a field's name that is none
                return
