"""The room `waves`: originals of devices that come over NATS, and over MQTT by its listener.

Subjects are `danshu.originals.MERCHANT.DEVICE`; as an MQTT topic the same with slashes. What comes
is kept as an original before it is acknowledged; one that comes again is the same original. A
message is bounded by the NATS server's own bound (1 MiB unless set), longer waves come over HTTP.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.intake import media
from danshu.faces.work import telemetry
from danshu.hub import originals
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import ORIGINAL_NATS_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg
    from nats.aio.msg import Msg

    from danshu.hub.compose import Hub

WAVE: Final = "application/vnd.danshu.wave"
_KEY_CHARS: Final = 32


def begin(url: str) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Make the step of the room; without DANSHU_NATS_URL there is nothing to do."""
    return telemetry.pull(lambda servers: Waves(url, servers))


class Waves(telemetry.Puller):
    """Keeps what devices send as originals; the room `originals` reads them."""

    stream, subjects = "danshu-originals", "danshu.originals.>"
    message_bytes = ORIGINAL_NATS_BYTES

    def __init__(self, url: str, servers: str) -> None:
        super().__init__(servers)
        self._url = url
        self._open = contextlib.AsyncExitStack()
        self._hub: Hub | None = None

    async def close(self) -> None:
        """Let go of NATS and the hub."""
        await super().close()
        await self._open.aclose()
        self._hub = None

    async def take(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, words: list[str], msg: Msg
    ) -> list[str]:
        """Keep one original."""
        if self._hub is None:
            from danshu.hub import compose  # an idle room needs none of it

            self._hub = await self._open.enter_async_context(compose.open_hub(self._url))
        device = words[3]
        said = (msg.header or {}).get("Content-Type", "")
        digest = hashlib.sha256(msg.data).hexdigest()[:_KEY_CHARS]
        # when NATS had it: the same however often it comes
        at_ms = int(msg.metadata.timestamp.timestamp() * 1000)
        kept = await originals.receive(
            self._hub,
            tenant,
            modality="",
            body=msg.data,
            media_type=said or ("" if media.sniff(msg.data) else WAVE),
            name="",
            source={"device": device, "via": "mqtt"},
            actor=Actor(sub=f"device:{device}", role="sensor", grade="D"),
            key=f"nats/{device}/{at_ms}/{digest}",
        )
        if isinstance(kept, Refusal):
            raise InputError(kept.code, kept.reason_en)
        await originals.release(self._hub, tenant, kept.id)
        return []
