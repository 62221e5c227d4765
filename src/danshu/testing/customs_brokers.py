"""Two competing customs brokers as reference servers: what they keep, and how they fail on demand.

`rest` speaks JSON with HMAC and answers at once; `window` takes CEB messages in a form and sends
its receipts later (customs_broker_forms.py has the words of both). Both prove our signatures,
answer a repeated key with what they answered at first, and tell their books. `python -m` runs one
as a process of its own: POST /_mood changes how it is, GET /_books tells what it did.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
from msgspec import Struct

from danshu.testing import customs_broker_forms as forms
from danshu.testing import quick_side
from danshu.testing.customs_broker_forms import Entry as Entry
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS: Final = {
    "rest": {"key_id": "danshu"},
    "window": {"cop_code": forms.COP, "dxp_id": forms.DXP},
}
SECRETS: Final = {"signing_secret": forms.SECRET}
ADAPTERS: Final = {"rest": "customs-rest", "window": "customs-window"}
PAGE: Final = 500


class Mood(Struct, kw_only=True):
    """How a broker is. Shares are counted in percent of the calls, evenly.

    `fail`: 500 before anything is done; `lose`: it is done and the connection breaks; `hang`: it is
    done after `hang_ms` and nobody is there any more; `refuse`: customs return it; `repeat`: how
    often each receipt is sent; `receipt_ms`: how long customs take (window).
    """

    fail: int = 0
    lose: int = 0
    hang: int = 0
    refuse: int = 0
    latency_ms: int = 5
    hang_ms: int = 3_000
    receipt_ms: int = 50
    repeat: int = 1


class Broker:
    """A broker: its books by key, in the order in which they came."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.url = ""
        self.mood = Mood()
        self.books: dict[str, Entry] = {}
        self.asked = 0
        self.receipts = 0
        self.lose_next = 0  # so many answers are lost, once
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._web: httpx.AsyncClient | None = None

    async def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        if asked.path == "/_mood":
            self.mood = msgspec.json.decode(asked.body, type=Mood)
            return tell({})
        if asked.path == "/_books":
            return tell([msgspec.to_builtins(entry) for entry in self.books.values()])
        form = forms.read(self.kind, asked)
        if isinstance(form, Answer):
            return form
        self.asked += 1
        mood = self.mood
        if mood.latency_ms:
            await asyncio.sleep(mood.latency_ms / 1_000)
        if form.act in ("declare", "withdraw"):
            self._count += 1
            if self._falls(mood.fail):
                return Answer(status=500)
            if self._falls(mood.hang):
                await asyncio.sleep(mood.hang_ms / 1_000)
        answer = self._act(form)
        if form.act in ("declare", "withdraw") and self._falls(mood.lose):
            return None
        if self.lose_next:
            self.lose_next -= 1
            return None
        return answer

    def _falls(self, percent: int) -> bool:
        """Tell whether this call is one of so many percent, spread evenly."""
        return self._count * percent // 100 > (self._count - 1) * percent // 100

    def _act(self, form: forms.Form) -> Answer:
        if form.act == "ping":
            return forms.write(self.kind, [])
        if form.act == "find":
            found = self.books.get(form.key)
            return forms.write(self.kind, [found] if found else [])
        if form.act == "list":
            entries = list(self.books.values())
            first = int(form.cursor or 0)
            page = entries[first : first + PAGE]
            more = str(first + PAGE) if first + PAGE < len(entries) else ""
            return forms.write(self.kind, page, more)
        if form.act == "withdraw":
            found = next((e for e in self.books.values() if e.number == form.number), None)
            if found is None:
                return forms.refuse(self.kind, "no such declaration")
            found.status = forms.WITHDRAWN[self.kind]
            return forms.write_one(self.kind, found)
        return self._declare(form)

    def _declare(self, form: forms.Form) -> Answer:
        known = self.books.get(form.key)
        if known is not None:
            if known.digest != form.digest:
                return Answer(status=409)
            return forms.write_one(self.kind, known)
        is_returned = self._falls(self.mood.refuse)
        entry = Entry(
            key=form.key,
            order=form.order,
            number=f"{'R' if self.kind == 'rest' else 'P'}{len(self.books) + 1:09d}",
            status="100" if is_returned else "800" if self.kind == "rest" else "2",
            digest=form.digest,
            notify=form.notify,
        )
        self.books[form.key] = entry
        if self.kind == "window":
            task = asyncio.create_task(self._receive(entry, "100" if is_returned else "800"))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return forms.write_one(self.kind, entry)

    async def _receive(self, entry: Entry, status: str) -> None:
        """Let customs take their time, and send the receipt to whoever declared."""
        await asyncio.sleep(self.mood.receipt_ms / 1_000)
        if entry.status == "2":
            entry.status = status
        if not entry.notify:
            return
        self._web = self._web or httpx.AsyncClient(trust_env=False, timeout=5)
        body, headers = forms.receipt(entry)
        for _ in range(self.mood.repeat):
            with contextlib.suppress(httpx.HTTPError):
                told = await self._web.post(entry.notify, content=body, headers=headers)
                self.receipts += told.is_success


@contextlib.contextmanager
def serve(kind: str, port: int = 0) -> Iterator[Broker]:
    """Serve a broker in a thread of this process."""
    broker = Broker(kind)
    with quick_side.serve(broker.respond, port) as broker.url:
        yield broker


def main() -> None:
    """Serve a broker until this process is ended; the first line tells its origin."""
    parser = argparse.ArgumentParser(prog="danshu.testing.customs_brokers")
    parser.add_argument("kind", choices=("rest", "window"))
    parser.add_argument("--port", type=int, default=0)
    told = parser.parse_args()

    async def run() -> None:
        broker = Broker(told.kind)
        server, origin = await quick_side.listen(broker.respond, told.port)
        sys.stdout.write(json.dumps({"url": origin, "at": time.time()}) + "\n")
        sys.stdout.flush()
        await server.serve_forever()

    asyncio.run(run())


def mood_body(**how: Any) -> bytes:
    """Give the body of POST /_mood."""
    return msgspec.json.encode(Mood(**how))


if __name__ == "__main__":
    main()
