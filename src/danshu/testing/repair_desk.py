"""A reference supplier that repairs: books of repair orders over HTTP, by the protocol of
adapters/connectors/repair_desk.py.

`declines` are devices that it does not repair; `lose` counts answers lost after it has done its
work; `slow`: it answers pending, until `book`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell
from danshu.testing.paid_parties import SECRET as SECRET
from danshu.testing.paid_parties import is_signed, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

VISIT = "2026-12-01T09:00:00+08:00"
PRICE_FEN = 68_000


class Repair(Struct, kw_only=True):
    """A repair order in its books; `times` counts how often it came."""

    id: str
    key: str
    order: dict[str, Any]
    state: str
    times: int = 1


class Desk:
    """What the supplier knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.books: dict[str, Repair] = {}
        self.declines: set[str] = set()
        self.lose = 0
        self.slow = False
        self._lock = threading.Lock()

    def held(self, device: str) -> list[Repair]:
        """Give its repair orders of a device."""
        with self._lock:
            return [r for r in self.books.values() if r.order["device"] == device]

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if not is_signed(asked):
            return tell({"code": "signature", "message": "not the signature"}, 401)
        parts = asked.path.strip("/").split("/")
        if parts[0] != "repairs":
            return tell({"code": "path", "message": "no such thing"}, 404)
        with self._lock:
            if asked.method == "GET":
                return tell(self._list(asked.query))
            if len(parts) == 3 and parts[2] == "cancellation":
                told = self._cancel(parts[1])
            else:
                told = self._take(asked)
            if self.lose:
                self.lose -= 1
                return None
        return tell(told, 404 if not told else 202 if told["state"] == "pending" else 200)

    def book(self, key: str) -> tuple[dict[str, str], bytes]:
        """Book what was pending; gives headers and body of the message about it."""
        with self._lock:
            repair = self.books[key]
            repair.state = "booked"
            body = json.dumps(_show(repair)).encode()
        return signed(f"{key}/booked", body), body

    def _take(self, asked: Asked) -> dict[str, Any]:
        key, order = asked.headers["webhook-id"], json.loads(asked.body)
        known = self.books.get(key)
        if known is None:
            state = "declined" if order["device"] in self.declines else "booked"
            known = Repair(
                id=f"WX{len(self.books) + 1:05d}",
                key=key,
                order=order,
                state="pending" if self.slow else state,
            )
            self.books[key] = known
        else:
            known.times += 1
        return _show(known)

    def _cancel(self, id_: str) -> dict[str, Any]:
        found = next((r for r in self.books.values() if r.id == id_), None)
        if found is None:
            return {}
        found.state = "cancelled"
        return _show(found)

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        if "key" in query:
            found = self.books.get(query["key"])
            return {"items": [_show(found)] if found else []}
        start = int(query.get("cursor") or 0)
        page = list(self.books.values())[start : start + 100]
        end = start + len(page)
        more = str(end) if end < len(self.books) else ""
        return {"items": [_show(r) for r in page], "next": more}


def _show(repair: Repair) -> dict[str, Any]:
    told: dict[str, Any] = {"id": repair.id, "key": repair.key, "state": repair.state}
    if repair.state == "booked":
        told |= {"visit": VISIT, "price_fen": PRICE_FEN}
    elif repair.state == "declined":
        told |= {"code": "not_ours", "reason": "not under contract"}
    return told


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve a supplier's desk on a free port of this machine."""
    desk = Desk()
    with far_side.serve(desk.respond) as desk.url:
        yield desk
