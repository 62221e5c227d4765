"""Which question it is, by rules: no model, the same words give the same understanding."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final

from danshu.capabilities.assistant.model import Asked, Look, Span

if TYPE_CHECKING:
    from danshu.capabilities.assistant.model import Kind

_DAY_MS: Final = 86_400_000
_ZONE: Final = datetime.timezone(datetime.timedelta(hours=8))
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
# A number has a digit, is no date and no short count: 5 characters or more.
_NUMBER: Final = re.compile(
    r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*\d)[A-Za-z0-9][A-Za-z0-9_-]{4,63}(?![A-Za-z0-9_-])"
)
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DAYS: Final = re.compile(
    r"(?:未来|接下来|近|最近|过去|next|last|past)\s*(\d{1,2})\s*(?:天|日|days?)", re.I
)
_WHY: Final = re.compile(r"为什么|为何|为啥|怎么会|怎么这么|原因|why|cause|reason", re.I)
_LOW: Final = re.compile(r"低|差|下降|变差|不好|low|bad|drop|worse|fell", re.I)
_LATE: Final = re.compile(r"迟|晚|逾期|超时|没到|没发|还没|延误|late|delay|overdue", re.I)
_ON_TIME: Final = re.compile(r"准时|守约|兑现|履约率|及时率|on.?time|promises? kept|kept", re.I)
_SHORT: Final = re.compile(
    r"缺货|断货|卖断|卖完|不够卖|缺什么|短缺|short|stock.?outs?|run(?:s|ning)? out", re.I
)
_DUE: Final = re.compile(
    r"(?:承诺|单|哪些|what|which|promise).{0,12}(?:到期|要破|会破|违约|来不及|break|due)|快到期|即将到期",
    re.I,
)
_SAVED: Final = re.compile(
    r"省了|节省|挽回|带来|值不值|效果|成效|saved?|worth|outcome|pa(?:y|id) off", re.I
)
_DECISION: Final = re.compile(r"决定|决策|提案|建议|decision|proposal", re.I)
_WAITING: Final = re.compile(r"提案|待批|proposals?|approve", re.I)
_ANOMALY: Final = re.compile(r"异常|发现|不对劲|出了什么问题|anomal|finding|incident|wrong", re.I)
_OVERVIEW: Final = re.compile(
    r"怎么样|情况如何|总览|概况|how are we|overview|how is it going|status today", re.I
)


def read(text: str, now_ms: int) -> Asked:
    """Understand a question. What is none of the known ones is a question for a figure."""
    span = _span(text, now_ms)
    ref = _ref(text)
    days = min(28, max(1, int(found[1]))) if (found := _DAYS.search(text)) else 7
    return Asked(kind=_kind(text, ref), text=text, span=span, ref=ref, days=days)


def _kind(text: str, ref: str) -> Kind:
    if (_DECISION.search(text) and _SAVED.search(text)) or _WAITING.search(text):
        return "saved"
    if ref:
        return "late_order" if _WHY.search(text) or _LATE.search(text) else "order"
    if _SHORT.search(text):
        return "short"
    is_about_promises = _ON_TIME.search(text) or _LATE.search(text)
    if is_about_promises and (_WHY.search(text) or _LOW.search(text)):
        return "on_time"
    if _DUE.search(text):
        return "due"
    if _ANOMALY.search(text):
        return "anomalies"
    return "overview" if _OVERVIEW.search(text) else "figure"


def _ref(text: str) -> str:
    """Give the id or number that a question names; "" for none."""
    if found := _UUID.search(text):
        return found.group().lower()
    for number in _NUMBER.finditer(text):
        if not _DATE.fullmatch(number.group()):
            return number.group()
    return ""


def _span(text: str, now_ms: int) -> Span:
    """Give the span that a question names, in the merchant's days (UTC+8); else yesterday."""
    today = datetime.datetime.fromtimestamp(now_ms / 1000, _ZONE).date()
    lower = text.lower()
    if found := _DATE.search(text):
        try:
            day = datetime.date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            day = today
        return _days(day, 1, f"{day}", f"{day}")
    if "前天" in text:
        return _days(_back(today, 2), 1, "前天", "the day before yesterday")
    if "今天" in text or "今日" in text or "today" in lower:
        return _days(today, 1, "今天", "today")
    monday = _back(today, today.weekday())
    if "上周" in text or "last week" in lower:
        return _days(_back(monday, 7), 7, "上周", "last week")
    if "本周" in text or "这周" in text or "this week" in lower:
        return _days(monday, 7, "本周", "this week")
    if found := _DAYS.search(text):
        n = min(90, max(1, int(found[1])))
        return _days(_back(today, n - 1), n, f"近 {n} 天", f"the last {n} days")
    return _days(_back(today, 1), 1, "昨天", "yesterday")


def _back(day: datetime.date, days: int) -> datetime.date:
    return day - datetime.timedelta(days=days)


def _days(first: datetime.date, days: int, zh: str, en: str) -> Span:
    midnight = datetime.datetime.combine(first, datetime.time(), _ZONE)
    since_ms = int(midnight.timestamp() * 1000)
    return Span(since_ms=since_ms, until_ms=since_ms + days * _DAY_MS, zh=zh, en=en)


def plan(asked: Asked, now_ms: int) -> tuple[Look, ...]:
    """Say what is to be looked up for a question: tools that read, and what they are given."""
    since, until = moment(asked.span.since_ms), moment(asked.span.until_ms)
    if asked.kind in ("order", "late_order"):
        looks = [
            Look(name="order", tool="get_order", args={"order": asked.ref}),
            Look(name="evidence", tool="get_order_evidence", args={"order": asked.ref}),
        ]
        if asked.kind == "late_order":
            args = {"order": asked.ref, "state": "all"}
            looks.append(Look(name="findings", tool="list_anomalies", args=args))
            looks.append(Look(name="decision", tool="explain_route", args={"order": asked.ref}))
        return tuple(looks)
    if asked.kind == "on_time":
        between = {"since": since, "until": until}
        return (
            *(
                Look(name=by, tool="promise_outcomes", args={"by": by, **between})
                for by in ("warehouse", "carrier", "channel")
            ),
            Look(name="late", tool="promise_gaps", args={"since": since, "limit": 50}),
            Look(name="findings", tool="list_anomalies", args={"state": "all", "limit": 50}),
        )
    if asked.kind == "short":
        return (
            Look(name="risks", tool="stockout_risk", args={"days": asked.days, "limit": 20}),
            Look(name="proposals", tool="list_proposals", args={"state": "waiting", "limit": 50}),
        )
    if asked.kind == "due":
        end = moment(_days(_today(now_ms), 1, "", "").until_ms)
        return (
            Look(name="due", tool="list_promises", args={"due_before": end, "limit": 50}),
            Look(name="risks", tool="order_risk", args={"limit": 20}),
        )
    if asked.kind == "saved":
        if _UUID.fullmatch(asked.ref):
            return (Look(name="one", tool="get_proposal", args={"proposal": asked.ref}),)
        return (
            Look(name="outcomes", tool="agent_outcomes", args={}),
            Look(name="review", tool="read_review", args={}),
            Look(name="proposals", tool="list_proposals", args={"state": "waiting", "limit": 50}),
        )
    if asked.kind == "anomalies":
        return (Look(name="findings", tool="list_anomalies", args={"limit": 50}),)
    if asked.kind == "overview":
        return (Look(name="board", tool="read_overview", args={"range": "today"}),)
    return (Look(name="figure", tool="search_assets", args={"question": asked.text}),)


def _today(now_ms: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(now_ms / 1000, _ZONE).date()


def moment(ms: int) -> str:
    """Write an instant with the merchant's offset."""
    return datetime.datetime.fromtimestamp(ms / 1000, _ZONE).isoformat(timespec="seconds")
