"""Speech by `POST /v1/audio/transcriptions`, as OpenAI and many servers in the house speak it.

Source: the OpenAI API reference, "Create transcription" (multipart/form-data, `verbose_json`).
Where a server gives no segments (`json`), nothing is known of how sure it is.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.adapters.perceivers import _hearing, _sound
from danshu.adapters.perceivers._hearing import Signs
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import SPEECH_TERM_CHARS
from danshu.ports.connector import NotTaken
from danshu.ports.perceiver import Perception, Piece

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.adapters.perceivers._sound import Sound
    from danshu.ports.connector import Account, Answer, Send

_NO_SOUND: Final = frozenset(
    {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
)


class _Segment(Struct, frozen=True):
    start: float
    end: float
    text: str
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class _Told(Struct, frozen=True):
    text: str
    segments: tuple[_Segment, ...] | None = None


_decode: Final = msgspec.json.Decoder(_Told).decode


class OpenAiAudio:
    """The adapter. Options: `model`, `response_format` (verbose_json); the secret `api_key`."""

    kind = "speech"
    title = "OpenAI 兼容语音识别"
    title_en = "OpenAI-compatible transcription"
    local = False
    needs: tuple[str, ...] = ("model",)
    extra = ""

    async def perceive(
        self,
        account: Account,
        send: Send,
        body: bytes,
        media_type: str,
        hints: Mapping[str, object],
    ) -> Perception:
        """Hear a recording. The words of the catalogue go along as the prompt."""
        sound = _sound.read(body, media_type)
        model = account.options.get("model", "")
        digest = _hearing.digest_of("openai-audio", account.url, model)
        if _hearing.is_silent(sound):
            return _hearing.tell(sound, engine="openai-audio", version=model, digest=digest)
        fields = {
            "model": model,
            "language": str(hints.get("lang") or "zh"),
            "response_format": account.options.get("response_format", "verbose_json"),
            "temperature": "0",
        }
        if words := _words(hints):
            fields["prompt"] = words
        boundary = hashlib.sha256(body[:4096] + body[-4096:]).hexdigest()[:40]
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        if key := account.secrets.get("api_key", ""):
            headers["authorization"] = f"Bearer {key}"
        url = f"{account.url.rstrip('/')}/v1/audio/transcriptions"
        answer = await send("POST", url, headers, form(fields, body, boundary))
        return _understand(sound, answer, model, digest)


def _words(hints: Mapping[str, object]) -> str:
    given = hints.get("terms")
    terms = [t for t in given if isinstance(t, str)] if isinstance(given, list | tuple) else []
    return "，".join(terms)[:SPEECH_TERM_CHARS]


def form(fields: Mapping[str, str], wav: bytes, boundary: str) -> bytes:
    """Write fields and the recording as multipart/form-data (RFC 7578)."""
    parts = []
    for name, value in fields.items():
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(f"{head}{value}\r\n".encode())
    parts.append(
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="speech.wav"'
        "\r\ncontent-type: audio/wav\r\n\r\n".encode()
    )
    return b"".join((*parts, wav, f"\r\n--{boundary}--\r\n".encode()))


def _understand(sound: Sound, answer: Answer, model: str, digest: str) -> Perception:
    if answer.status in _NO_SOUND:
        raise InputError("bad_recording", f"the service takes no such sound ({answer.status})")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NotTaken("the service has no room", 5)
    if answer.status != HTTPStatus.OK:
        raise NotAvailable(f"the service answered {answer.status}", 30)
    try:
        told = _decode(answer.body)
    except msgspec.DecodeError as error:
        raise NotAvailable("the service's answer is no transcription", 30) from error
    segments = told.segments or ()
    known = [s.avg_logprob for s in segments if s.avg_logprob is not None]
    logprob = min(known) if known else None
    signs = Signs(
        text=told.text,
        speech_ms=round(sum(s.end - s.start for s in segments) * 1000) or sound.duration_ms,
        logprob=logprob,
        no_speech=max((s.no_speech_prob or 0.0 for s in segments), default=None),
        compression=max((s.compression_ratio or 0.0 for s in segments), default=None),
    )
    return _hearing.tell(
        sound,
        engine="openai-audio",
        version=model,
        digest=digest,
        pieces=_pieces(told, sound),
        logprob=logprob,
        troubles=_hearing.doubt(signs),
    )


def _pieces(told: _Told, sound: Sound) -> tuple[Piece, ...]:
    if not told.segments:
        words = told.text.strip()
        whole = Piece(text=words, confidence=_hearing.UNSAID, to_ms=sound.duration_ms)
        return (whole,) if words else ()
    return tuple(
        Piece(
            text=each.text,
            confidence=_hearing.UNSAID
            if each.avg_logprob is None
            else _hearing.calibrate(each.avg_logprob),
            from_ms=max(0, round(each.start * 1000)),
            to_ms=max(0, round(each.end * 1000)),
        )
        for each in told.segments
        if each.text.strip()
    )
