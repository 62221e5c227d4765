"""The newest that a person should see: broken and doubtful promises, holds, the inbox; before all
of them what puts the proof in doubt, a forked log or a key of two people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub.board_model import Alert
from danshu.hub.timeline_figures import channel_title
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ALERT_ROWS, INBOX_COUNT

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from danshu.capabilities.contract.model import Clause
    from danshu.hub.board_frame import Frame
    from danshu.hub.board_queries import Raw

_SHOWN: Final = 4
_INBOX_PAGE: Final = "/tasks"
_ALARM_PAGES: Final = {
    "log": "/evidence",
    "passkey": "/settings/people",
    "twin": "/twin",
    "resilience": "/resilience",
    "breaker": "/redecisions",
    "replay": "/redecisions",
    "prices": "/replans",
    "policy": "/policies",
}


def alerts(raw: Raw, frame: Frame, names: Mapping[str, Clause]) -> tuple[Alert, ...]:
    """Give the alarms, then the newest groups, the newest first."""
    found: list[tuple[datetime.datetime, Alert]] = []
    full = sum(r[2] for r in raw.verdicts) < ALERT_ROWS
    for state, code, n, newest, _ in raw.verdicts:
        clause = names.get(code)
        found.append(
            (
                newest,
                Alert(
                    kind=state,
                    code=code,
                    name_zh=clause.definition.name.zh if clause else code,
                    name_en=clause.definition.name.en if clause else code,
                    channel="",
                    n=n,
                    exact=full,
                    at=_told(newest),
                    link=frame.link(f"promise.in.{state}"),
                ),
            )
        )
    full = sum(r[1] for r in raw.holds) < ALERT_ROWS
    for reason, n, newest, _ in raw.holds:
        link = frame.link(f"hold.in.{reason}" if reason else "state.in.held")
        found.append((newest, _plain("hold", reason, "", n, full, newest, link)))
    full = sum(r[2] for r in raw.inbox) < INBOX_COUNT
    for channel, reason, n, newest, _ in raw.inbox:
        found.append((newest, _plain("inbox", reason, channel, n, full, newest, _INBOX_PAGE)))
    found.sort(key=lambda each: each[0], reverse=True)
    pages = {**_ALARM_PAGES, "canary": frame.link("hold.in.cold_canary")}
    alarms = [_plain(kind, code, "", n, True, at, pages[kind]) for kind, code, n, at in raw.alarms]
    return tuple([*alarms, *(alert for _, alert in found)][:_SHOWN])


def _plain(
    kind: str, code: str, channel: str, n: int, exact: bool, at: datetime.datetime, link: str
) -> Alert:
    title = channel_title(channel) if channel else ""
    return Alert(
        kind=kind,
        code=code,
        name_zh=title,
        name_en=title,
        channel=channel,
        n=n,
        exact=exact,
        at=_told(at),
        link=link,
    )


def _told(at: datetime.datetime) -> str:
    return rfc3339(round(at.timestamp() * 1000))
