"""Who reads pictures for the demo's merchant: the model on this machine first, a service after it.

The service is a reference server on this machine, for the demo alone; what it reads, it reads.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller
from danshu.testing import perceiver_desk
from danshu.testing.perceiver_desk import MAPPING, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

_LOCAL: Final = "本机单据识读"
_CLOUD: Final = "云单据识别"


@contextlib.contextmanager
def lend() -> Iterator[str]:
    """Serve the reader while the demo plays; gives its URL."""
    with perceiver_desk.reader_desk(perceiver_desk.read_here) as (_, url):
        yield url


async def seed(client: httpx.AsyncClient, url: str) -> None:
    """Register both, or tell where the service of an earlier demo answers now; set their order."""
    found = (await caller.ask(client, "GET", "/v1/perceivers")).json()["items"]
    known = {one["title"]: one["id"] for one in found if not one["default"]}
    common = {"kind": "document", "timeout_ms": 60_000}
    wishes: list[dict[str, Any]] = [
        {**common, "adapter": "paper", "title": _LOCAL},
        {
            **common,
            "adapter": "http-json",
            "title": _CLOUD,
            "url": url,
            "mapping": MAPPING,
            "secrets": {"api_key": TOKEN},
            "price_call": 1_500,
            "quota_minute": 60,
            "quota_day": 5_000,
        },
    ]
    ids = []
    for wish in wishes:
        id_ = known.get(wish["title"])
        path = f"/v1/perceivers/{id_}" if id_ else "/v1/perceivers"
        made = await caller.ask(client, "PUT" if id_ else "POST", path, json=wish)
        ids.append(made.json()["id"])
    chains = (await caller.ask(client, "GET", "/v1/perceiver-chains")).json()["items"]
    if not any(chain["set"] for chain in chains if chain["kind"] == "document"):
        order = {"services": ids, "reason": "演示"}
        await caller.ask(client, "PUT", "/v1/perceiver-chains/document", json=order)
