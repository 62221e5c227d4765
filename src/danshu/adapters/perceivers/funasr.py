"""Speech by FunASR's WebSocket: `2pass` or `offline`, samples in chunks, sentences with times.

Source: FunASR, runtime/docs/websocket_protocol.md. Its words carry no probability, so nothing is
known of how sure it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from msgspec import Struct

from danshu.adapters.perceivers import _hearing, _sound
from danshu.adapters.perceivers._hearing import Signs
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import SPEECH_TERM_CHARS
from danshu.ports.perceiver import Perception, Piece

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.adapters.perceivers._sound import Sound
    from danshu.ports.connector import Account, Send
    from danshu.ports.perceiver import Talk

_CHUNK_BYTES: Final = 2 * _sound.RATE_HZ * 600 // 1000
_LIKED: Final = 20  # the weight of a hotword
_FINAL: Final = ("offline", "2pass-offline")


class _Sentence(Struct, frozen=True):
    text_seg: str = ""
    punc: str = ""
    start: int = 0
    end: int = 0


class _Message(Struct, frozen=True):
    mode: str = ""
    text: str = ""
    is_final: bool = False
    stamp_sents: tuple[_Sentence, ...] = ()


_decode: Final = msgspec.json.Decoder(_Message).decode


class FunAsr:
    """The adapter. Options: `mode` (2pass or offline), `model` for the record."""

    kind = "speech"
    title = "FunASR 语音识别"
    title_en = "FunASR speech"
    local = False
    needs: tuple[str, ...] = ()
    extra = ""

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Raise NotAvailable: this service is talked to, not asked."""
        raise NotAvailable("FunASR is talked to over a WebSocket", 600)

    async def converse(
        self,
        account: Account,
        talk: Talk,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Hear a recording."""
        sound = _sound.read(body, media_type)
        mode = account.options.get("mode", "2pass")
        version = account.options.get("model", mode)
        digest = _hearing.digest_of("funasr", account.url, version)
        if _hearing.is_silent(sound):
            return _hearing.tell(sound, engine="funasr", version=version, digest=digest)
        told = await talk(
            account.url,
            {"sec-websocket-protocol": "binary"},
            (_begin(mode, hints), *_chunks(sound), '{"is_speaking": false}'),
            _is_last,
        )
        return _understand(sound, told, version, digest)


def _begin(mode: str, hints: Mapping[str, object]) -> str:
    given = hints.get("terms")
    terms = [t for t in given if isinstance(t, str)] if isinstance(given, list | tuple) else []
    liked: dict[str, int] = {}
    room = SPEECH_TERM_CHARS
    for term in terms:
        room -= len(term)
        if room < 0:
            break
        liked[term] = _LIKED
    first = {
        "mode": mode,
        "wav_name": "original",
        "wav_format": "pcm",
        "audio_fs": _sound.RATE_HZ,
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "is_speaking": True,
        "itn": True,
        "hotwords": msgspec.json.encode(liked).decode(),
    }
    return msgspec.json.encode(first).decode()


def _chunks(sound: Sound) -> tuple[bytes, ...]:
    raw = (np.clip(sound.samples, -1, 1) * 32_767).astype("<i2").tobytes()
    return tuple(raw[at : at + _CHUNK_BYTES] for at in range(0, len(raw), _CHUNK_BYTES))


def _is_last(text: str) -> bool:
    """Tell the last message. Servers say `is_final` of it, offline ones do not always."""
    try:
        told = _decode(text)
    except msgspec.DecodeError:
        return False
    return told.mode == "offline" or (told.mode in _FINAL and told.is_final)


def _understand(sound: Sound, told: tuple[str, ...], version: str, digest: str) -> Perception:
    try:
        messages = [_decode(text) for text in told]
    except msgspec.DecodeError as error:
        raise NotAvailable("the service's answer is none of FunASR's", 30) from error
    final = [message for message in messages if message.mode in _FINAL]
    if not final:
        raise NotAvailable("the service ended without a result", 30)
    pieces = tuple(piece for message in final for piece in _pieces(message, sound))
    text = "".join(piece.text for piece in pieces)
    spoken_ms = pieces[-1].to_ms - pieces[0].from_ms if pieces else sound.duration_ms
    return _hearing.tell(
        sound,
        engine="funasr",
        version=version,
        digest=digest,
        pieces=pieces,
        troubles=_hearing.doubt(Signs(text=text, speech_ms=spoken_ms)),
    )


def _pieces(message: _Message, sound: Sound) -> list[Piece]:
    """Give the sentences of a result; a sentence's words stand apart by blanks."""
    if message.stamp_sents:
        return [
            Piece(
                text=each.text_seg.replace(" ", "") + each.punc,
                confidence=_hearing.UNSAID,
                from_ms=max(0, each.start),
                to_ms=max(0, each.end),
            )
            for each in message.stamp_sents
            if each.text_seg.strip()
        ]
    words = message.text.strip()
    whole = Piece(text=words, confidence=_hearing.UNSAID, to_ms=sound.duration_ms)
    return [whole] if words else []
