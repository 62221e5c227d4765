"""Port `alert`: a group of people, or a mailbox, that is told when something is wrong.

An adapter knows the far side's words and nothing of the network or the clock: it is lent `Send`,
and is told when it speaks. Robots know no idempotency: an alert whose answer was lost may come
twice, and says its key, so that people see that it is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.notice import Account, Send

Grade = Literal["red", "yellow", "blue"]


class Alert(Struct, frozen=True, kw_only=True):
    """What people are told, in one language, without anybody's personal data.

    `lines` are (label, value), `link` a page of the console ("" where its address is not known),
    `made` RFC 3339 in the merchant's time.
    """

    key: str
    grade: Grade
    title: str
    lines: tuple[tuple[str, str], ...]
    advice: str
    link: str
    made: str
    lang: Literal["zh", "en"]


class Herald(Protocol):
    """An adapter to one kind of far side."""

    def check(self, account: Account) -> None:
        """Look at an account before it is kept. Raises InputError `bad_url` or `bad_field`."""

    async def tell(self, account: Account, send: Send, alert: Alert, at_ms: int) -> str:
        """Hand an alert over at `at_ms` (epoch ms); gives the far side's number of it, or "".

        Raises NotAvailable when it may be tried again, InputError `alert_refused` when the far side
        will not take it.
        """


GRADE_WORDS: Mapping[str, tuple[str, str]] = {
    "red": ("红色", "Red"),
    "yellow": ("黄色", "Yellow"),
    "blue": ("蓝色", "Blue"),
}
