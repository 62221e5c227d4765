"""Reference parties that are asked when an order is paid: risk, finance and logistics, each with
its own books, over HTTP, by the protocol of adapters/connectors/_party.py.

`refuses` are subjects (orders) that a party says no to; `trouble` statuses of its next answers;
`lose` counts answers lost after it has done its work; `hangs` says that it takes messages and
answers none until it is `released`; `slow`: it answers pending, until `decide`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY: Final = b"a signing secret of paid parties"
SECRET: Final = "whsec_" + base64.b64encode(KEY).decode()
WORDS: Final = {
    "risk": ("assessments", "approved", "declined", "withdrawal", "withdrawn"),
    "finance": ("receivables", "booked", "rejected", "reversal", "reversed"),
    "logistics": ("bookings", "booked", "rejected", "cancellation", "cancelled"),
}
_PAGE: Final = 100


class Thing(Struct, kw_only=True):
    """What a party holds of one key: the event that it came with, how often it came."""

    id: str
    key: str
    subject: str
    event: dict[str, Any]
    state: str
    reason: str = ""
    times: int = 1
    undos: int = 0


class Party:
    """What a party knows, and how it fails."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = ""
        self.books: dict[str, Thing] = {}
        self.refuses: set[str] = set()
        self.refuses_all = False
        self.refuses_undo = 0
        self.trouble: list[int] = []
        self.lose = 0
        self.slow = False
        self._way = threading.Event()
        self._way.set()
        self._lock = threading.Lock()

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._way.clear()

    def go_on(self) -> None:
        """Answer again, also what hangs."""
        self._way.set()

    def held(self, subject: str) -> list[Thing]:
        """Give what it holds of an order."""
        with self._lock:
            return [t for t in self.books.values() if t.subject == subject]

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        self._way.wait(60)
        if not is_signed(asked):
            return tell({"code": "signature", "message": "not the signature"}, 401)
        things, agreed, refused, undoing, undone = WORDS[self.name]
        parts = asked.path.strip("/").split("/")
        if parts[0] != things:
            return tell({"code": "path", "message": "no such thing"}, 404)
        with self._lock:
            if self.trouble:
                return tell({"code": "trouble", "message": "as told"}, self.trouble.pop(0))
            if asked.method == "GET":
                return tell(self._list(asked.query))
            if len(parts) == 3 and parts[2] == undoing:
                told = self._undo(parts[1], undone)
            else:
                told = self._ask(asked, agreed, refused)
            if self.lose:
                self.lose -= 1
                return None
        return tell(told, 404 if not told else 202 if told["state"] == "pending" else 200)

    def _ask(self, asked: Asked, agreed: str, refused: str) -> dict[str, Any]:
        key, event = asked.headers["webhook-id"], json.loads(asked.body)
        known = self.books.get(key)
        if known is None:
            no = self.refuses_all or event["subject"] in self.refuses
            known = Thing(
                id=f"{self.name[0].upper()}{len(self.books) + 1:06d}",
                key=key,
                subject=event["subject"],
                event=event,
                state="pending" if self.slow else refused if no else agreed,
                reason="as told" if no else "",
            )
            self.books[key] = known
        else:
            known.times += 1
        return _show(known)

    def _undo(self, id_: str, undone: str) -> dict[str, Any]:
        found = next((t for t in self.books.values() if t.id == id_), None)
        if found is None:
            return {}
        if self.refuses_undo:
            self.refuses_undo -= 1
            return {"id": id_, "state": WORDS[self.name][2], "code": "closed", "reason": "not now"}
        found.state = undone
        found.undos += 1
        return _show(found)

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        if "key" in query:
            found = self.books.get(query["key"])
            return {"items": [_show(found)] if found else []}
        start = int(query.get("cursor") or 0)
        page = list(self.books.values())[start : start + _PAGE]
        end = start + len(page)
        more = str(end) if end < len(self.books) else ""
        return {"items": [_show(t) for t in page], "next": more}

    def decide(self, key: str, *, yes: bool, at_s: int = 0) -> tuple[dict[str, str], bytes]:
        """Say what was pending; gives headers and body of the message about it."""
        _, agreed, refused, _, _ = WORDS[self.name]
        with self._lock:
            thing = self.books[key]
            thing.state = agreed if yes else refused
            thing.reason = "" if yes else "as told"
            body = json.dumps(_show(thing), ensure_ascii=False).encode()
        return signed(f"{key}/decided", body, at_s), body


def signed(id_: str, body: bytes, at_s: int = 0) -> dict[str, str]:
    """Sign as a party does: `at_s` 0 is now."""
    stamp = str(at_s or int(time.time()))
    mac = hmac.new(KEY, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def _show(thing: Thing) -> dict[str, Any]:
    told = {"id": thing.id, "key": thing.key, "state": thing.state, "score": 120}
    return told | ({"reason": thing.reason, "code": "no"} if thing.reason else {})


def is_signed(asked: Asked) -> bool:
    """Tell whether a request has the signature of the parties' secret."""
    id_, stamp = asked.headers.get("webhook-id", ""), asked.headers.get("webhook-timestamp", "")
    mac = hmac.new(KEY, f"{id_}.{stamp}.".encode() + asked.body, hashlib.sha256).digest()
    given = asked.headers.get("webhook-signature", "")
    return bool(id_) and given == "v1," + base64.b64encode(mac).decode()


@contextlib.contextmanager
def serve(name: str) -> Iterator[Party]:
    """Serve one party (risk, finance or logistics) on a free port of this machine."""
    party = Party(name)
    with far_side.serve(party.respond) as party.url:
        try:
            yield party
        finally:
            party.go_on()
