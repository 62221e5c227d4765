"""Drafts of skills, refused unless everything about them is in order.

What a skill says is data: which action it may propose, what parameters that has, how much may be at
stake, and that text from outside never becomes a title, the hub knows by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel import canonical
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import (
    AGENT_CITES,
    AGENT_EVIDENCE_BYTES,
    AGENT_KEY_CHARS,
    AGENT_LIFE_MS,
    AGENT_PARAMETER_BYTES,
    AGENT_TEXT_CHARS,
    AGENT_TITLE_CHARS,
    AGENT_WORTH_FEN,
)
from danshu.ports.skill import Alternative, Cited, Day, Draft, Reason, Untrusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.ports.skill import Chance

_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NAMED: Final = 40
_SHORT: Final = 4
"""Characters of a text from outside below which it says nothing by itself."""
NAME_FIELD: Final = "name"


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands beside a proposal's facts: reasons, other ways, the chart."""

    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...] = ()
    chart: tuple[Day, ...] = ()
    chart_unit: str = ""


class Outside(Struct, frozen=True, kw_only=True):
    """Texts from outside in what a skill was given: names of goods, and all others."""

    names: frozenset[str]
    words: frozenset[str]


def outside(rows: Iterable[Any]) -> Outside:
    """Gather what people outside wrote in the rows of views."""
    names: set[str] = set()
    words: set[str] = set()
    for row in rows:
        for field in row.__struct_fields__:
            _gather(getattr(row, field), names if field == NAME_FIELD else words)
    return Outside(names=frozenset(names), words=frozenset(words))


def _gather(value: Any, into: set[str]) -> None:
    if isinstance(value, Untrusted):
        if len(value.text.strip()) >= _SHORT:
            into.add(value.text.strip())
    elif isinstance(value, tuple):
        for each in value:
            _gather(each, into)


def read_parameters(raw: Any, kind: type[Struct]) -> str:
    """Give parameters as canonical JSON, as their kind has them: no member more, none of another
    type. Raises InputError `parameters`.
    """
    try:
        read = msgspec.convert(raw, kind, strict=True)
        plain = msgspec.to_builtins(read)
        if isinstance(raw, dict) and (more := sorted(map(str, raw.keys() - plain.keys()))):
            raise InputError("parameters", f"the action has no {more[0]!r}", "/parameters")
        text = canonical.encode(plain).decode()
    except (msgspec.ValidationError, ProgramError, TypeError) as error:
        raise InputError("parameters", str(error)[:200], "/parameters") from error
    if len(text) > AGENT_PARAMETER_BYTES:
        raise InputError("parameters", f"at most {AGENT_PARAMETER_BYTES} bytes", "/parameters")
    return text


def trouble(draft: Any, action: str, kind: type[Struct], now_ms: int, told: Outside) -> str:
    """Say why a draft is refused, as a stable code; "" = it is in order."""
    if not isinstance(draft, Draft):
        return "not_a_draft"
    if draft.action != action:
        return "foreign_action"
    checks = (
        ("key", _is_bad_key(draft.key)),
        ("title", _is_bad_text(draft.title.zh, AGENT_TITLE_CHARS)),
        ("title", _is_bad_text(draft.title.en, AGENT_TITLE_CHARS)),
        ("worth", _is_absurd(draft)),
        ("expired", draft.expires_ms <= now_ms),
        ("expires", draft.expires_ms > now_ms + AGENT_LIFE_MS),
        ("no_reasons", not draft.reasons),
        ("no_cites", any(not reason.cites for reason in draft.reasons)),
        ("cites", sum(len(reason.cites) for reason in draft.reasons) > AGENT_CITES),
        ("cites", any(not _is_cited(c) for r in draft.reasons for c in r.cites)),
        ("text", any(not _is_told(r) for r in draft.reasons)),
        ("outside_text", says(draft.title.zh, told) or says(draft.title.en, told)),
        ("outside_text", says(draft.key, told)),
        ("chance", _is_odd(draft.chance)),
    )
    found = next((code for code, is_bad in checks if is_bad), "")
    if found:
        return found
    try:
        read_parameters(draft.parameters, kind)
        big = len(msgspec.json.encode(evidence_of(draft))) > AGENT_EVIDENCE_BYTES
    except InputError:
        return "parameters"
    except (TypeError, UnicodeEncodeError):
        return "text"
    return "evidence_bytes" if big else ""


def says(text: str, told: Outside) -> bool:
    """Tell whether a text repeats what somebody outside wrote, other than the name of goods."""
    return any(words in text for words in told.words)


def quote_names(text: str, told: Outside) -> str:
    """Put names of goods in quotes, short and on one line: they come from outside too."""
    for name in sorted(told.names, key=len, reverse=True):
        if name in text and f"「{name[:_NAMED]}" not in text:
            text = text.replace(name, f"「{_CONTROL.sub(' ', name)[:_NAMED]}」")
    return text


def evidence_of(draft: Draft) -> Evidence:
    """Give what stands beside the facts."""
    return Evidence(
        reasons=draft.reasons,
        alternatives=draft.alternatives,
        chart=draft.chart,
        chart_unit=draft.chart_unit,
    )


def cites_of(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """Give what reasons rest on, each once, in order."""
    return tuple(dict.fromkeys(f"{c.kind}:{c.ref}" for r in reasons for c in r.cites))


def _is_bad_key(key: Any) -> bool:
    return _is_bad_text(key, AGENT_KEY_CHARS)


def _is_bad_text(text: Any, most: int) -> bool:
    if not isinstance(text, str) or not text.strip() or len(text) > most:
        return True
    return _CONTROL.search(text) is not None


def _is_cited(cited: Cited) -> bool:
    return not _is_bad_text(cited.ref, AGENT_KEY_CHARS) and len(cited.label) <= AGENT_KEY_CHARS


def _is_told(reason: Reason) -> bool:
    texts = (reason.text.zh, reason.text.en, *(quote.text for quote in reason.quotes))
    return all(isinstance(text, str) and len(text) <= AGENT_TEXT_CHARS for text in texts)


def _is_odd(chance: Chance | None) -> bool:
    if chance is None:
        return False
    text = _is_bad_text(chance.of.zh, AGENT_TITLE_CHARS) or _is_bad_text(
        chance.of.en, AGENT_TITLE_CHARS
    )
    return text or not (0 <= chance.before <= 1_000 and 0 <= chance.after <= 1_000)


def _is_absurd(draft: Draft) -> bool:
    worth = draft.worth
    money = (worth.low_fen, worth.mid_fen, worth.high_fen, draft.cost_fen, draft.lost_at_most_fen)
    if any(type(fen) is not int or abs(fen) > AGENT_WORTH_FEN for fen in money):
        return True
    if not worth.low_fen <= worth.mid_fen <= worth.high_fen:
        return True
    return draft.cost_fen < 0 or draft.lost_at_most_fen < 0
