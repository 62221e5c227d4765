"""Speaking into the hub: samples come while somebody talks, and become one original at the end.

What is heard meanwhile is for the eye alone, from a model on this machine; the original is heard
anew and whole. Bounded in bytes, seconds and people at once.
"""

from __future__ import annotations

import array
import contextlib
import io
import wave
from typing import TYPE_CHECKING, Final

from danshu.hub import originals, perceivers, perceiving_child
from danshu.kernel.errors import Busy, InputError, NotAvailable
from danshu.kernel.limits import SPEECH_S, SPEECH_STREAMS, SPEECH_STREAMS_TENANT
from danshu.ports.connector import Account

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.kernel.errors import Refusal
    from danshu.kernel.fact import Actor

RATE_HZ: Final = 16_000
WAV: Final = "audio/wav"
VIA: Final = "microphone"
_BYTES_S: Final = 2 * RATE_HZ
_BYTES: Final = SPEECH_S * _BYTES_S
_SHOWN: Final = 25 * _BYTES_S  # the last of what was said is shown
_FIRST: Final = _BYTES_S  # before it little can be heard
_NEW: Final = 3 * _BYTES_S // 2  # of sound between two looks
_PAUSE: Final = _BYTES_S * 3 // 10
_PAUSE_PEAK: Final = 900  # of 32,768, under which a stretch is a pause
_talking: dict[object, int] = {}


class Talk:
    """One utterance of one person. Use as a context: it counts among those that talk."""

    def __init__(self, tenant: int, source: Mapping[str, str], actor: Actor, key: str) -> None:
        self.tenant, self.actor, self.key = tenant, actor, key
        self.source = {**source, "via": VIA}
        self._sound = bytearray()
        self._seen = 0
        self._model = ""  # of this machine, that shows words while they come

    def __enter__(self) -> Talk:
        """Raise Busy where too many talk already."""
        here = list(_talking.values())
        if len(here) >= SPEECH_STREAMS or here.count(self.tenant) >= SPEECH_STREAMS_TENANT:
            raise Busy("too many people speak at once", 5)
        _talking[self] = self.tenant
        return self

    def __exit__(self, *_: object) -> None:
        _talking.pop(self, None)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self._sound) / _BYTES_S

    def take(self, frame: bytes) -> None:
        """Take samples: 16 bits, 16 kHz, mono. Raises InputError `recording_too_long`."""
        if len(self._sound) + len(frame) > _BYTES:
            raise InputError("recording_too_long", f"at most {SPEECH_S} s are heard")
        self._sound += frame

    def wants_look(self) -> bool:
        """Tell whether there is enough new sound for a look: after a pause, or a while."""
        new = len(self._sound) - self._seen
        if not self._model or len(self._sound) < _FIRST or new < _NEW:
            return False
        return new >= 2 * _NEW or self._is_paused()

    def _is_paused(self) -> bool:
        last = array.array("h", bytes(self._sound[-_PAUSE:][: _PAUSE // 2 * 2]))
        return max(max(last), -min(last)) < _PAUSE_PEAK

    async def look(self) -> str:
        """Give the words so far, "" where nothing on this machine hears."""
        self._seen = len(self._sound)
        recent = bytes(self._sound[-_SHOWN:])
        return await self._hear(recent, {"quick": True, "lang": self.source.get("lang") or "zh"})

    async def warm(self, hub: Hub) -> None:
        """Have the model loaded while the first words are spoken. Whose first service is a far
        side's sees no words before the end: they would cost for what is heard again.
        """
        async with hub.connection() as connection:
            known = await perceivers.read_all(connection, self.tenant, "speech")
        services = known or perceivers.defaults(self.tenant, "speech")
        if services and perceivers.load(services[0].adapter).local:
            self._model = services[0].adapter
            await self._hear(bytes(_FIRST), {"warm": True})

    async def _hear(self, samples: bytes, hints: Mapping[str, object]) -> str:
        if not self._model:
            return ""
        with contextlib.suppress(NotAvailable, InputError):
            told = await perceiving_child.perceive_local(
                self._model, Account(url=""), to_wav(samples), WAV, hints
            )
            return told.text
        return ""

    async def finish(self, hub: Hub) -> Row | Refusal:
        """Keep what was said as one original. Raises InputError `nothing_said`, as `receive`."""
        if not self._sound:
            raise InputError("nothing_said", "no sound came")
        return await originals.receive(
            hub,
            self.tenant,
            modality="voice",
            body=to_wav(bytes(self._sound)),
            media_type=WAV,
            name="",
            source=self.source,
            actor=self.actor,
            key=self.key,
        )

    async def read(self, hub: Hub, id_: uuid.UUID) -> Row:
        """Read the original that it became."""
        return await originals.read(hub, self.tenant, id_)


def to_wav(samples: bytes) -> bytes:
    """Write samples (16 bits, 16 kHz, mono) as WAV; half a sample at the end is left out."""
    told = io.BytesIO()
    with wave.open(told, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples[: len(samples) // 2 * 2])
    return told.getvalue()
