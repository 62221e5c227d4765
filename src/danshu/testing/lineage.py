"""A reference collector of OpenLineage: takes run events by POST at /api/v1/lineage, as Marquez
does (201; 400 for what is no run event), and keeps them in their order.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = "/api/v1/lineage"
_KINDS: Final = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")


class LineageCollector:
    """What the collector took; `url` is what DANSHU_OPENLINEAGE_URL names. `room`: how many events
    more it takes, -1 = any number.
    """

    def __init__(self) -> None:
        self.url = ""
        self.events: list[dict[str, Any]] = []
        self.room = -1

    def respond(self, asked: Asked) -> Answer:
        """Take an event."""
        if asked.path != PATH or asked.method != "POST":
            return Answer(status=404)
        if self.room == 0:
            return Answer(status=503)
        event: dict[str, Any] = {}
        try:
            event = msgspec.json.decode(asked.body, type=dict[str, Any])
            known = event["eventType"] in _KINDS and event["run"]["runId"] and event["job"]["name"]
        except (msgspec.DecodeError, KeyError, TypeError):
            known = False
        if not known:
            return Answer(status=400)
        self.room -= self.room > 0
        self.events.append(event)
        return Answer(status=201)


@contextlib.contextmanager
def serve() -> Iterator[LineageCollector]:
    """Serve a collector on a free port of this machine."""
    collector = LineageCollector()
    with far_side.serve(collector.respond) as collector.url:
        yield collector
