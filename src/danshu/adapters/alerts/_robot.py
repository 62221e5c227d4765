"""What the robots of groups share: markdown of an alert, and how an answer is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.alert import GRADE_WORDS

if TYPE_CHECKING:
    from collections.abc import Container

    from danshu.ports.alert import Alert
    from danshu.ports.notice import Account, Send

JSON: Final = {"content-type": "application/json; charset=utf-8"}
_RETRY_S: Final = 60  # robots allow about twenty messages a minute
_CUT: Final = "…"


def check_host(account: Account, hosts: Container[str], path: str) -> None:
    """Take an address of the robot's own service, or of this machine. Raises InputError."""
    parts = urlsplit(account.url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (is_here or parts.hostname in hosts) or not parts.path.startswith(path):
        raise InputError("bad_url", f"not an address of such a robot: {parts.hostname}", "/url")


def heading(alert: Alert) -> str:
    """Give grade and title in one line."""
    grade = GRADE_WORDS[alert.grade][0 if alert.lang == "zh" else 1]
    return f"【{grade}】{alert.title}" if alert.lang == "zh" else f"[{grade}] {alert.title}"


def markdown(alert: Alert, bytes_max: int) -> str:
    """Write an alert in the markdown that all robots know, cut to what they take."""
    zh = alert.lang == "zh"
    colon = ":" if zh else ": "
    told = [f"### {plain(heading(alert))}"]
    told += [f"> {plain(label)}{colon}{plain(value)}  " for label, value in alert.lines]
    told += ["", plain(alert.advice)]
    last = [f"[{'打开' if zh else 'Open'}]({alert.link})"] if alert.link else []
    last.append(f"{alert.made} · {alert.key}")
    foot = "\n\n" + "\n\n".join(last)
    return cut("\n".join(told), bytes_max - len(foot.encode())) + foot


def plain(text: str) -> str:
    """Take from words what markdown or a robot would read as more than words."""
    return "".join("·" if c in "<>[]`*@|\\" else c for c in " ".join(text.split()))


def cut(text: str, bytes_max: int) -> str:
    """Cut a text to so many bytes of UTF-8, at a whole character."""
    raw = text.encode()
    if len(raw) <= bytes_max:
        return text
    return raw[: bytes_max - len(_CUT.encode())].decode(errors="ignore") + _CUT


async def post(
    send: Send, url: str, body: bytes, code_name: str, again: Container[int]
) -> dict[str, object]:
    """Send, and read the answer: HTTP 200 with a code, 0 = taken; codes `again` may be repeated."""
    status, answer = await send("POST", url, JSON, body)
    if status == 429 or status >= 500:
        raise NotAvailable(f"the robot answers {status}", _RETRY_S)
    try:
        read = json.loads(answer)
        code = int(read[code_name])
    except (ValueError, KeyError, TypeError):
        if status != 200:
            raise InputError("alert_refused", f"the robot answers {status}") from None
        raise NotAvailable("the robot's answer cannot be read", _RETRY_S) from None
    if code in again:
        raise NotAvailable(f"the robot answers {code}", _RETRY_S)
    if code:
        raise InputError("alert_refused", f"the robot answers {code}")
    return dict(read)
