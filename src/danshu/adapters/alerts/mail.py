"""E-mail over SMTP submission (RFC 6409, RFC 5321), with TLS.

    smtps://<user>@<host>:465?from=<address>&to=<address>,<address>    TLS from the first byte
    smtp://<user>@<host>:587?…                                         STARTTLS before anything

The secret is the user's password. What is sent is a message of RFC 5322 whose Message-ID is made of
the alert's key: mailboxes show one that came twice once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlsplit

from danshu.adapters.alerts import _robot
from danshu.kernel.errors import InputError, NotAvailable

if TYPE_CHECKING:
    from danshu.ports.alert import Alert
    from danshu.ports.notice import Account, Send

_RETRY_S: Final = 60
_PEOPLE: Final = 20
_ADDRESS_CHARS: Final = 254  # RFC 5321, 4.5.3.1


def _parties(account: Account) -> tuple[str, list[str]]:
    """Read who writes to whom. Raises InputError."""
    parts = urlsplit(account.url)
    asked = parse_qs(parts.query)
    sender = asked.get("from", [""])[0]
    people = [p for p in asked.get("to", [""])[0].split(",") if p]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise InputError("bad_url", "not smtps://user@host:465?from=…&to=…", "/url")
    if not people or len(people) > _PEOPLE:
        raise InputError("bad_url", f"1 to {_PEOPLE} addresses in `to`", "/url")
    for address in (sender, *people):
        name, at, host = address.rpartition("@")
        is_plain = address.isascii() and not set(address) & set(' <>"\r\n\t,;')
        if not (name and at and "." in host and is_plain) or len(address) > _ADDRESS_CHARS:
            raise InputError("bad_url", f"no e-mail address: {address[:80]!r}", "/url")
    return sender, people


class Mail:
    """The adapter."""

    def check(self, account: Account) -> None:
        """Take an address of a mail server with a sender and those who are told."""
        _parties(account)

    async def tell(self, account: Account, send: Send, alert: Alert, at_ms: int) -> str:
        """Hand an alert to the mail server; gives the server's last words."""
        sender, people = _parties(account)
        raw = _write(sender, people, alert, at_ms)
        headers = {"from": sender, "to": ",".join(people), "password": account.secret}
        code, told = await send("MAIL", account.url, headers, raw)
        if 400 <= code < 500:
            raise NotAvailable(f"the mail server answers {code}", _RETRY_S)
        if code != 250:
            raise InputError("alert_refused", f"the mail server answers {code}")
        return "".join(c for c in told.decode(errors="replace") if c.isprintable())[:128]


def _write(sender: str, people: list[str], alert: Alert, at_ms: int) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(people)
    message["Subject"] = _robot.heading(alert)
    message["Date"] = format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC))
    number = quote(alert.key, safe="")  # RFC 5322, 3.6.4: no spaces, nothing beyond ASCII
    message["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    colon = ":" if alert.lang == "zh" else ": "
    told = [f"{label}{colon}{value}" for label, value in alert.lines]
    told += ["", alert.advice, "", *([alert.link] if alert.link else []), alert.made]
    message.set_content("\n".join(told))
    return message.as_bytes()
