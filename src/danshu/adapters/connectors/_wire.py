"""What adapters to far sides share: how a status is meant, JSON that may be anything, signatures.

Whose fault a status is: 429 and 503 say that nothing was taken; other 5xx leave it open; what else
is not 2xx was not understood, and a person must look at it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.connector import NotTaken

if TYPE_CHECKING:
    from danshu.ports.connector import Answer

RETRY_S: Final = 30
REASON_CHARS: Final = 200


def read(answer: Answer, who: str, *known: int) -> bytes:
    """Give the body of an answer of 2xx, or of a status in `known`. Raises as `call` does."""
    status = answer.status
    if 200 <= status < 300 or status in known:
        return answer.body
    if status in (429, 503):
        raise NotTaken(f"{who} answers {status}", RETRY_S)
    if status >= 500 or status == 408:
        raise NotAvailable(f"{who} answers {status}", RETRY_S)
    raise refused(who, str(status), say(answer.body))


def refused(who: str, code: str, reason: str = "") -> InputError:
    """Make the error of a far side that did not understand."""
    return InputError("call_refused", f"{who} answers {code} {reason}"[:REASON_CHARS].rstrip())


def say(body: bytes) -> str:
    """Give the words in which a far side's JSON says what is wrong; "" where it has none."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if isinstance(told, list) and told:
        told = told[0]
    if not isinstance(told, dict):
        return ""
    return " ".join(str(told[k]) for k in ("code", "errorCode", "message") if told.get(k))


def read_object(body: bytes, who: str) -> dict[str, Any]:
    """Read a JSON object. Raises NotAvailable where an answer is none: its fate is not known."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise NotAvailable(f"{who}'s answer is no JSON", RETRY_S) from error
    if not isinstance(found, dict):
        raise NotAvailable(f"{who}'s answer is no object", RETRY_S)
    return found


def hear_object(body: bytes) -> dict[str, Any]:
    """Read the JSON object of a callback. Raises InputError `bad_callback`."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise InputError("bad_callback", "the callback is no JSON") from error
    if not isinstance(found, dict):
        raise InputError("bad_callback", "the callback is no object")
    return found


def part(of: dict[str, Any], name: str) -> dict[str, Any]:
    """Give the object of that name, an empty one where it is none."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def parts(of: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Give the objects of the list of that name."""
    found = of.get(name)
    return [n for n in found if isinstance(n, dict)] if isinstance(found, list) else []


def same(given: str, expected: str) -> bool:
    """Compare two signatures in constant time; an empty one equals nothing."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


BAD_SIGNATURE: Final = InputError("bad_signature", "the signature is not the far side's")


def md5(text: bytes) -> bytes:
    """Digest as far sides of that age ask; it proves nothing against who can choose texts."""
    return hashlib.md5(text, usedforsecurity=False).digest()


def base64_md5(text: str) -> str:
    """Give the md5 in base64."""
    return base64.b64encode(md5(text.encode())).decode()


def yuan(fen: int) -> str:
    """Write minor units as yuan with two digits."""
    return f"{fen // 100}.{fen % 100:02}"


def fen(yuan_: Any) -> int:
    """Read yuan with at most two digits as minor units. Raises InputError `bad_callback`."""
    whole, _, rest = str(yuan_).partition(".")
    if not (whole.isdigit() and len(rest) <= 2 and (rest or "0").isdigit()):
        raise InputError("bad_callback", "an amount is no yuan with two digits")
    return int(whole) * 100 + int(rest.ljust(2, "0"))
