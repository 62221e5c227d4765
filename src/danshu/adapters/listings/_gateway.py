"""How the gateways of Taobao, JD and 拼多多 are asked: signed parameters, a form, JSON back; a
window page by page from the last one back, else orders that change meanwhile move to a page that
was read already.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import PULL_PAGES, PULL_RETRY_S
from danshu.ports.listing import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from danshu.ports.listing import Account, Send

_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_FORM: Final = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}


def wall(ms: int) -> str:
    """Write an instant as Beijing wall time."""
    moment = datetime.datetime.fromtimestamp(ms / 1000, _CHINA)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Upper-case hex of md5(secret + key value … in key order + secret): all three platforms."""
    joined = "".join(f"{key}{parameters[key]}" for key in sorted(parameters))
    wrapped = f"{secret}{joined}{secret}".encode()
    return hashlib.md5(wrapped, usedforsecurity=False).hexdigest().upper()


async def ask(account: Account, send: Send, parameters: dict[str, str]) -> dict[str, Any]:
    """Ask a gateway; gives the answer's object.

    Raises NotAvailable when it may be asked again, InputError `listing_refused` when not.
    """
    signed = {**parameters, "sign": sign(parameters, account.secret)}
    status, body = await send("POST", account.url, _FORM, urlencode(signed).encode())
    if status >= 500 or status == 429:
        raise NotAvailable(f"the platform answers {status}", PULL_RETRY_S)
    try:
        told = json.loads(body)
    except ValueError as error:
        raise NotAvailable("the platform's answer can't be read", PULL_RETRY_S) from error
    if status != 200 or not isinstance(told, dict):
        raise InputError("listing_refused", f"the platform answers {status}")
    if trouble := told.get("error_response"):
        raise InputError("listing_refused", _trouble(trouble))
    return told


class Gateway(ABC):
    """A platform behind such a gateway: `size` orders a page; `unknown` is in the words of an error
    that says that there is no such order.
    """

    size: int
    unknown: str

    @abstractmethod
    def window(self, begin_ms: int, end_ms: int) -> dict[str, str]:
        """Give what a window [begin, end) is asked with."""

    @abstractmethod
    async def page(
        self, account: Account, send: Send, asked: dict[str, str], no: int, at_ms: int
    ) -> dict[str, Any]:
        """Ask for a page of a window."""

    @abstractmethod
    def total(self, page: dict[str, Any]) -> int:
        """Tell how many orders a window has."""

    @abstractmethod
    def orders(self, page: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give number and document of each order of a page, as if it had been asked for alone."""

    @abstractmethod
    async def order(self, account: Account, send: Send, number: str, at_ms: int) -> dict[str, Any]:
        """Ask for one order."""

    async def list_window(
        self, account: Account, send: Send, begin_ms: int, end_ms: int, at_ms: int
    ) -> tuple[Listed, ...]:
        """List a window, its last page first. Raises InputError when it is too wide."""
        asked = {**self.window(begin_ms, end_ms), "page_size": str(self.size)}
        total = self.total(await self.page(account, send, asked, 1, at_ms))
        pages = -(-total // self.size)
        if pages > PULL_PAGES:
            raise InputError("listing_refused", f"{total} orders in one window are too many")
        found: dict[str, bytes] = {}
        for no in range(pages, 0, -1):
            for number, told in self.orders(await self.page(account, send, asked, no, at_ms)):
                found.setdefault(number, _encode(told))
        return tuple([Listed(number=number, body=body) for number, body in found.items()])

    async def fetch(self, account: Account, send: Send, number: str, at_ms: int) -> bytes:
        """Give one order, b"" when there is none."""
        try:
            return _encode(await self.order(account, send, number, at_ms))
        except InputError as error:
            if self.unknown in error.detail:
                return b""
            raise


def _encode(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def _trouble(told: Any) -> str:
    if not isinstance(told, dict):
        return "the platform refuses"
    words = (told.get(name) for name in ("sub_msg", "error_msg", "zh_desc", "msg"))
    return next((str(word)[:200] for word in words if word), "the platform refuses")
