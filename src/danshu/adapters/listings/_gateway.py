"""How the gateways of Taobao, JD and 拼多多 are asked: signed parameters, a form, JSON back."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import PULL_PAGES, PULL_RETRY_S

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def pages_of(total: int, size: int) -> int:
    """Tell how many pages a window has. Raises InputError when it is too wide."""
    pages = -(-total // size)
    if pages > PULL_PAGES:
        raise InputError("listing_refused", f"{total} orders in one window are too many")
    return pages


def _trouble(told: Any) -> str:
    if not isinstance(told, dict):
        return "the platform refuses"
    words = (told.get(name) for name in ("sub_msg", "error_msg", "zh_desc", "msg"))
    return next((str(word)[:200] for word in words if word), "the platform refuses")
