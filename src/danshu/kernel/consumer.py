"""Events as a receiver takes them in: prove them, read them, act on each once.

CloudEvents 1.0.2 in structured, binary or batched mode over HTTP, signed after Standard Webhooks
1.0. This module needs nothing but Python's own library and no other module of the hub: a receiver
may install the hub's package for it, or copy the file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import importlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
TOLERANCE_S: Final = 300
"""How far the time of a signature may be from the receiver's clock (Standard Webhooks 1.0)."""
TABLE: Final = """
create table if not exists event_inbox (
  source varchar(200) not null, id varchar(200) not null, digest varchar(64) not null,
  heard timestamp not null default current_timestamp, primary key (source, id))
"""
_ADD: Final = "insert into event_inbox(source,id,digest) values(?,?,?) on conflict do nothing"
_FIND: Final = "select digest from event_inbox where source=? and id=?"
_NAME: Final = re.compile(r"[a-z0-9]{1,64}", re.ASCII)
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_NEEDED: Final = ("specversion", "id", "source", "type")


class BadSignature(ValueError):
    """The delivery was not proved to be the sender's: answer 401, and act on nothing of it."""


class BadEvent(ValueError):
    """What came is no CloudEvent; `code` is a word for it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class OtherBytes(ValueError):
    """An event came again under its id and says something else."""


@dataclass(frozen=True)
class Event:
    """A CloudEvent. `data` is decoded JSON; `attributes` are all others, extensions too, as text.

    Of the hub's events `subject` is the stream (an order, a negotiation…), within which they come
    in the order of the log.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: Any
    attributes: Mapping[str, str]

    @property
    def seq(self) -> int:
        """Give the event's place in its subject: the hub's ids are <stream>/<place>; else 0."""
        place = self.id.rpartition("/")[2]
        return int(place) if place.isascii() and place.isdigit() else 0

    @property
    def digest(self) -> str:
        """Give SHA-256 (hex) of what the event says, the same in each mode."""
        rest = {n: v for n, v in self.attributes.items() if n != "datacontenttype"}  # it is JSON
        told = [rest, self.data]
        body = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now_s: float,
    tolerance_s: float = TOLERANCE_S,
) -> None:
    """Prove a delivery by any of the secrets (`whsec_…`; two while one replaces the other).

    Raises BadSignature: no signature, a time that is too far away, or another body.
    """
    given = {name.lower(): value for name, value in headers.items()}
    id_, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not id_ or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        raise BadSignature("the delivery is not signed")
    if abs(now_s - int(stamp)) > tolerance_s:
        raise BadSignature("the signature is too old, or from the future")
    content = b"%b.%b.%b" % (id_.encode(), stamp.encode(), body)
    wanted = [hmac.digest(_key(each), content, "sha256") for each in secrets]
    for word in given.get("webhook-signature", "").split():
        version, _, signature = word.partition(",")
        if version != "v1":
            continue
        try:
            got = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            continue
        if any([hmac.compare_digest(got, each) for each in wanted]):
            return
    raise BadSignature("the signature is not of this body and secret")


def _key(secret: str) -> bytes:
    """Give a secret's key: what `whsec_` stands before in base64, else the text's own bytes."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


def read(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
    """Read a delivery in any of the three modes: one event, or those of a batch in their order.

    Raises BadEvent: `content_type`, `bad_json`, `bad_event`, `bad_data`.
    """
    _, told = unwrap(headers, body)
    return tuple([read_event(each) for each in told])


def unwrap(headers: Mapping[str, str], body: bytes) -> tuple[bool, list[Any]]:
    """Tell whether a delivery is a batch, and give its events as decoded JSON, not yet looked at.

    Raises BadEvent as `read` does, but for what is wrong with a single event of a batch.
    """
    given = {name.lower(): value for name, value in headers.items()}
    kind = given.get("content-type", "").partition(";")[0].strip().lower()
    if kind == STRUCTURED:
        return False, [_load(body)]
    if kind == BATCHED:
        batch = _load(body)
        if not isinstance(batch, list):
            raise BadEvent("bad_event", "a batch is a JSON array of events")
        return True, batch
    if "ce-specversion" not in given:
        raise BadEvent("content_type", f"send {STRUCTURED}, {BATCHED}, or the headers ce-*")
    told: dict[str, Any] = {
        name[3:]: _unescape(value) for name, value in given.items() if name.startswith("ce-")
    }
    told["datacontenttype"] = kind or None
    if body:
        _check_json(kind or "application/json")
        told["data"] = _load(body)
    return False, [told]


def read_event(told: Any) -> Event:
    """Read one decoded JSON event (JSON event format 1.0.2, 2 and 3). Raises BadEvent."""
    if not isinstance(told, dict):
        raise BadEvent("bad_event", "an event is a JSON object")
    if told.get("specversion") != "1.0":
        raise BadEvent("bad_event", "specversion is 1.0")
    attributes: dict[str, str] = {}
    for name, value in told.items():
        if name in ("data", "data_base64") or value is None:
            continue
        if not _NAME.fullmatch(name):
            raise BadEvent("bad_event", f"no attribute is called {name!r}")
        if isinstance(value, bool):
            value = "true" if value else "false"
        if not isinstance(value, str | int):
            raise BadEvent("bad_event", f"{name} is neither text nor a number")
        attributes[name] = str(value)
    for name in _NEEDED:
        if not attributes.get(name):
            raise BadEvent("bad_event", f"{name} is missing")
    return Event(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        subject=attributes.get("subject", ""),
        time=attributes.get("time", ""),
        data=_data(told),
        attributes=attributes,
    )


def _data(told: dict[str, Any]) -> Any:
    """Give the data; text in base64 is decoded where it is JSON (JSON event format 1.0.2, 3.1)."""
    _check_json(str(told.get("datacontenttype") or "application/json").partition(";")[0])
    if "data_base64" not in told:
        return told.get("data")
    try:
        return _load(base64.b64decode(told["data_base64"], validate=True))
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadEvent("bad_data", "data_base64 is not JSON in base64") from error


def _check_json(kind: str) -> None:
    kind = kind.strip().lower()
    if kind not in ("application/json", "text/json") and not kind.endswith("+json"):
        raise BadEvent("bad_data", f"data of type {kind!r} can't be read")


def _load(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadEvent("bad_json", "the body is not JSON") from error


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _unescape(value: str) -> str:
    """Undo percent-encoding (HTTP protocol binding 1.0.2, 3.1.3.2). Raises BadEvent."""
    try:
        raw = value.encode("latin-1")
        return _PERCENT.sub(lambda m: bytes([int(m[1], 16)]), raw).decode("utf-8")
    except UnicodeError as error:
        raise BadEvent("bad_event", "a header is not UTF-8 in percent-encoding") from error


def once(connection: Any, event: Event) -> bool:
    """Tell whether an event is here for the first time, and note it, in the caller's transaction.

    Any DB-API connection (PEP 249) to a database that knows `on conflict do nothing`: PostgreSQL,
    SQLite; TABLE makes what it writes to. Act on the event where it is True, and commit both; where
    the commit fails, neither happened and the event comes again. Raises OtherBytes where the same
    id said something else before.
    """
    mark = "?" if _style(connection) == "qmark" else "%s"
    cursor = connection.cursor()
    cursor.execute(_ADD.replace("?", mark), (event.source, event.id, event.digest))
    if cursor.rowcount == 1:
        return True
    cursor.execute(_FIND.replace("?", mark), (event.source, event.id))
    row = cursor.fetchone()
    if row is not None and row[0] != event.digest:
        raise OtherBytes(f"{event.id} of {event.source} said something else before")
    return False


def _style(connection: Any) -> str:
    """Give how the connection's driver marks parameters (PEP 249, paramstyle)."""
    root = type(connection).__module__.partition(".")[0]
    return str(getattr(importlib.import_module(root), "paramstyle", "qmark"))
