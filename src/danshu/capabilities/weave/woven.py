"""Woven capabilities 编织能力: how a third party's API answers a typed question, as data.

A question has fields; the request is made of parts, each a JSONata expression over the question;
the answer's fields are expressions over the far side's response. What the far side says of itself
(done, refused, again) is rules in order. Nothing here is code, and nothing is a secret.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from typing import Final, Literal

import msgspec
import yaml
from msgspec import Struct

from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import WOVEN_BYTES

Kind = Literal["stock_query", "capacity_match", "generic"]
FieldType = Literal["text", "integer", "number", "boolean", "any"]
ListType = Literal["text", "integer", "number", "boolean", "any", "list"]
Place = Literal["path", "query", "header", "body"]
Ruled = Literal["done", "refused", "again", "pending", "broken"]
AuthKind = Literal["none", "header", "query", "basic", "bearer", "oauth2", "hmac"]
TEMPLATES: Final = ("wms_stock", "tms_capacity", "ship_notice")


class WovenLeaf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field of a row of a list: `expression` is over the row, `$question` and `$response` beside
    it; empty in a question.
    """

    name: str
    type: FieldType = "text"
    required: bool = True
    zh: str = ""
    en: str = ""
    expression: str = ""


class WovenField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field of a question or an answer. A `list` has rows of `of`; where `of` is empty its rows
    are texts. In an answer `expression` gives its value, or the rows of its list.
    """

    name: str
    type: ListType = "text"
    required: bool = True
    zh: str = ""
    en: str = ""
    expression: str = ""
    of: tuple[WovenLeaf, ...] = ()


class WovenPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of the request. A body's name is a path of names (`order.lines`), "" is the whole
    body. An expression without a value leaves the part out.
    """

    place: Place
    name: str
    expression: str


class WovenRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer means. `status` is "200", "4xx" or "" for any; `when` is an expression over
    {status, headers, body}, "" for always. `code` and `reason` are expressions over the same.

    `again`: another try may help; `broken`: a person must look at it.
    """

    status: str = ""
    when: str = ""
    verdict: Ruled = "done"
    code: str = ""
    reason: str = ""


class WovenAuth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the far side knows us. The secret itself lies in the safe.

    `name` is the header or query field that takes the key or signature; `user` the name for Basic,
    the client's id for OAuth 2.0 (RFC 6749, 4.4), or what `canonical` calls `user`. `canonical` is
    an expression over {method, path, query, body, at_s, user} that gives the text to be signed
    (HMAC, RFC 2104); `time_name` is the header that tells `at_s`, "" for none.
    """

    kind: AuthKind = "none"
    name: str = ""
    user: str = ""
    token_url: str = ""
    scope: str = ""
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    canonical: str = ""
    prefix: str = ""
    time_name: str = ""


class WovenReading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer says of a routing variable: `rows` is an expression over the answer that gives
    objects, `subject` (wh:, rg:, ln:) and `value` are over each of them.
    """

    key: str
    rows: str
    subject: str
    value: str


class Woven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A woven capability. `path` stands after `base_url` and holds `{name}` for parts of the path.

    As a connector it is able to do `operation` of `capability` ("" is its own code): what routes,
    and the parties that are asked when an order is paid, are named by.

    `idempotency` is the header that takes the key of a call, which is the same at each try;
    `repeatable` says that the far side answers a repeated key with its first answer. `poll` is the
    question (JSON) that is asked where it is a signal. The samples are JSON as a person gave it.
    """

    code: str
    version: int = 1
    zh: str = ""
    en: str = ""
    kind: Kind = "generic"
    capability: str = ""
    operation: str = "ask"
    base_url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str = ""
    body: Literal["none", "json", "form"] = "none"
    question: tuple[WovenField, ...] = ()
    parts: tuple[WovenPart, ...] = ()
    answer: tuple[WovenField, ...] = ()
    rules: tuple[WovenRule, ...] = ()
    auth: WovenAuth = WovenAuth()
    timeout_ms: int = 10_000
    repeatable: bool = True
    idempotency: str = ""
    readings: tuple[WovenReading, ...] = ()
    poll: str = "{}"
    question_sample: str = "{}"
    response_sample: str = "{}"


_decode: Final = msgspec.json.Decoder(Woven).decode


def encode(woven: Woven) -> bytes:
    """Write the canonical bytes. Raises InputError `woven_bytes` for more than is read."""
    body = canonical.encode_struct(woven)
    if len(body) > WOVEN_BYTES:
        raise InputError("woven_bytes", f"a woven capability has at most {WOVEN_BYTES} bytes")
    return body


def digest(woven: Woven) -> str:
    """Give the SHA-256 of the canonical bytes, 64 hex digits."""
    return hashlib.sha256(encode(woven)).hexdigest()


def read(body: bytes) -> Woven:
    """Read canonical bytes as stored."""
    return _decode(body)


@lru_cache(maxsize=1)
def templates() -> tuple[Woven, ...]:
    """Read what a new capability may begin from."""
    folder = resources.files("danshu") / "data" / "woven"
    return tuple(
        [
            msgspec.convert(yaml.safe_load((folder / f"{name}.yaml").read_bytes()), Woven)
            for name in TEMPLATES
        ]
    )
