"""A reference data exchange over HTTP, by the protocol of hub/exchanges.py: it opens every package,
compares each digest, lists what is complete or says what is not, keeps orders and receipts.

`trouble` are statuses of its next answers; `lose` counts answers lost after it has done its work.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import io
import json
import threading
import zipfile
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY: Final = b"a signing secret of the exchange"
SECRET: Final = "whsec_" + base64.b64encode(KEY).decode()
WANTED: Final = (
    "metadata.jsonld",
    "dictionary.csv",
    "sample.csv",
    "quality.json",
    "compliance.json",
    "price.json",
    "licence.md",
)
SAMPLE_ROWS: Final = 100


class Offer(Struct, kw_only=True):
    """A listing in its books; `times` counts how often it came."""

    id: str
    key: str
    member: str
    files: dict[str, bytes]
    reasons: list[str]
    state: str = "reviewing"
    times: int = 1


class Exchange:
    """What the exchange knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.offers: dict[str, Offer] = {}
        self.orders: dict[str, list[dict[str, Any]]] = {}
        self.receipts: dict[str, dict[str, Any]] = {}
        self.trouble: list[int] = []
        self.lose = 0
        self._lock = threading.Lock()

    def review(self) -> None:
        """Review what waits: complete packages are listed, others rejected."""
        with self._lock:
            for offer in self.offers.values():
                if offer.state == "reviewing":
                    offer.state = "rejected" if offer.reasons else "listed"

    def order(self, offer: str, code: str, name: str, purpose: str, months: int = 12) -> str:
        """Let a buyer order a listing; gives the order's number."""
        with self._lock:
            if self.offers[offer].state != "listed":
                raise ValueError("only what is listed can be ordered")
            placed = self.orders.setdefault(offer, [])
            id_ = f"DD-{offer}-{len(placed) + 1:03d}"
            buyer = {"code": code, "name": name, "country": "CN"}
            placed.append({"id": id_, "buyer": buyer, "purpose": purpose, "months": months})
        return id_

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if not _is_signed(asked):
            return tell({"code": "signature", "message": "not the signature"}, 401)
        with self._lock:
            if self.trouble:
                return tell({"code": "trouble"}, self.trouble.pop(0))
            told = self._do(asked)
            if self.lose:
                self.lose -= 1
                return None
        return told

    def _do(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        match asked.method, parts:
            case "POST", ["listings"]:
                return self._take(asked)
            case "GET", ["listings", id_] if id_ in self.offers:
                return tell(_show(self.offers[id_]))
            case "GET", ["orders"]:
                return tell({"items": self.orders.get(asked.query.get("listing", ""), [])})
            case "POST", ["orders", id_, "receipts"]:
                self.receipts[asked.headers["webhook-id"]] = {
                    "order": id_,
                    **json.loads(asked.body),
                }
                return tell({"ok": True})
        return tell({"code": "path", "message": "no such thing"}, 404)

    def _take(self, asked: Asked) -> Answer:
        key = asked.headers["webhook-id"]
        known = next((o for o in self.offers.values() if o.key == key), None)
        if known is not None:
            known.times += 1
            return tell(_show(known))
        files, reasons = _open(asked.body)
        known = Offer(
            id=f"DP{len(self.offers) + 1:05d}",
            key=key,
            member=asked.headers.get("x-member", ""),
            files=files,
            reasons=reasons,
        )
        self.offers[known.id] = known
        return tell(_show(known), 201)


def _open(body: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Open a package; gives its files and what is wrong with it."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(files["manifest.json"])
        told = {each["path"]: each["sha256"] for each in manifest["files"]}
    except (zipfile.BadZipFile, KeyError, ValueError):
        return {}, ["unreadable"]
    reasons = [f"missing:{name}" for name in WANTED if name not in files]
    reasons += [
        f"digest:{name}"
        for name in WANTED
        if name in files and told.get(name) != hashlib.sha256(files[name]).hexdigest()
    ]
    if len(files.get("sample.csv", b"").splitlines()) > SAMPLE_ROWS + 1:
        reasons.append("sample_too_large")
    if b'"operate"' not in files.get("compliance.json", b""):
        reasons.append("no_right_to_operate")
    return files, reasons


def _show(offer: Offer) -> dict[str, Any]:
    shown = offer.reasons if offer.state == "rejected" else []
    return {"id": offer.id, "state": offer.state, "reasons": shown}


def _is_signed(asked: Asked) -> bool:
    id_, stamp = asked.headers.get("webhook-id", ""), asked.headers.get("webhook-timestamp", "")
    mac = hmac.new(KEY, f"{id_}.{stamp}.".encode() + asked.body, hashlib.sha256).digest()
    given = asked.headers.get("webhook-signature", "")
    return bool(id_) and given == "v1," + base64.b64encode(mac).decode()


@contextlib.contextmanager
def serve() -> Iterator[Exchange]:
    """Serve an exchange on a free port of this machine."""
    exchange = Exchange()
    with far_side.serve(exchange.respond) as exchange.url:
        yield exchange
