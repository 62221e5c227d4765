"""Voices of people: enrolled with consent, compared with samples, deleted when withdrawn.

A score is an item of evidence and never a signature: the network cannot tell a living voice from a
recording or a synthetic one. Recordings of an enrolment are not kept.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import io
import os
import wave
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import psycopg
from msgspec import Struct

from danshu.capabilities.people.facts import VoiceEnrolled, VoiceWithdrawn
from danshu.capabilities.voice import encoder
from danshu.capabilities.voice.encoder import Floats
from danshu.hub import people
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import (
    VOICE_ALIKE_PERMILLE,
    VOICE_BYTES,
    VOICE_ENROL_MIN_MS,
    VOICE_SPEECH_MIN_MS,
    VOICE_SPEECH_MS,
)
from danshu.ledger import vault

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_READ: Final = "select print, model, consent, enrolled from voices where tenant=%s and person=%s"
_PUT: Final = (
    "insert into voices(tenant,person,print,salt,model,consent) values (%s,%s,%s,%s,%s,%s)"
    " on conflict (tenant,person) do update set print=excluded.print, salt=excluded.salt,"
    " model=excluded.model, consent=excluded.consent, enrolled=now()"
)
_DELETE: Final = "delete from voices where tenant=%s and person=%s"
NO_VOICE: Final = Refusal(
    code="no_voice",
    reason="此人没有登记声纹,先在「我的账户」登记",
    reason_en="No voice is enrolled; enrol it in the account first",
    clause="people.voice",
)
CONSENT_CHANGED: Final = InputError(
    "consent_changed", "these are not the words of consent as they stand now", "/consent"
)
TWO_VOICES: Final = Refusal(
    code="two_voices",
    reason="录音前后不像同一个人,换个安静的地方,一个人重录",
    reason_en="The recording does not sound like one person: record again, alone and in quiet",
    clause="people.voice",
)


class Enrolled(Struct, frozen=True, kw_only=True):
    """A voice that is enrolled: which network heard it, since when, by which words of consent."""

    model: str
    consent: str
    enrolled: datetime.datetime


class Match(Struct, frozen=True, kw_only=True):
    """How alike a sample and the enrolled voice are (cosine in permille), and by which network."""

    score_permille: int
    threshold_permille: int
    model: str
    speech_ms: int

    @property
    def passed(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.score_permille >= self.threshold_permille


class _Heard(Struct, frozen=True, eq=False):
    speech_ms: int
    voice: Floats
    halves: float


@lru_cache(maxsize=1)
def consents() -> dict[str, str]:
    """Give the words of consent by language."""
    path = resources.files("danshu") / "data" / "voice" / "consent.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def consent_digest(text: str) -> str:
    """Give the SHA-256 (hex) by which a fact names the words that were agreed to."""
    return hashlib.sha256(text.encode()).hexdigest()


async def find(connection: Connection, tenant: int, person: uuid.UUID) -> Enrolled | None:
    """Tell whether a person's voice is enrolled."""
    row = await (await connection.execute(_READ, (tenant, person))).fetchone()
    return Enrolled(model=row[1], consent=row[2], enrolled=row[3]) if row else None


async def enrol(
    connection: Connection, tenant: int, row: people.Row, wav: bytes, consent: str, by: Actor
) -> Refusal | None:
    """Keep the voice of a locked person, in the caller's transaction; one before it is replaced.

    Raises InputError for a recording that is none, or too short, and `consent_changed`.
    """
    if consent not in map(consent_digest, consents().values()):
        raise CONSENT_CHANGED
    heard = await asyncio.to_thread(_hear, wav, VOICE_ENROL_MIN_MS)
    if heard.halves * 1000 < VOICE_ALIKE_PERMILLE:
        return TWO_VOICES
    salt = os.urandom(vault.SALT_BYTES)
    kept = heard.voice.astype("<f4").tobytes()
    model = encoder.weights().digest
    await connection.execute(_PUT, (tenant, row.id, kept, salt, model, consent))
    told = VoiceEnrolled(
        consent=consent,
        model=model,
        print=vault.commit(salt, "voice", kept),
        speech_ms=heard.speech_ms,
    )
    await people.tell(connection, tenant, row, by, [told])
    return None


async def withdraw(connection: Connection, tenant: int, row: people.Row, by: Actor) -> None:
    """Delete the voice of a locked person, in the caller's transaction; once is enough."""
    if (await connection.execute(_DELETE, (tenant, row.id))).rowcount:
        await people.tell(connection, tenant, row, by, [VoiceWithdrawn()])


async def compare(
    connection: Connection, tenant: int, person: uuid.UUID, wav: bytes
) -> Match | Refusal:
    """Compare a sample with the enrolled voice. Raises InputError for a recording that is none.

    A voice that another network heard cannot be compared and counts as none.
    """
    row = await (await connection.execute(_READ, (tenant, person))).fetchone()
    model = encoder.weights().digest
    if row is None or row[1] != model:
        return NO_VOICE
    heard = await asyncio.to_thread(_hear, wav, VOICE_SPEECH_MIN_MS)
    kept = np.frombuffer(row[0], "<f4").astype(np.float32)
    return Match(
        score_permille=max(0, round(encoder.alike(heard.voice, kept) * 1000)),
        threshold_permille=VOICE_ALIKE_PERMILLE,
        model=model,
        speech_ms=heard.speech_ms,
    )


def read_wav(wav: bytes) -> Floats:
    """Read a recording: WAV, PCM of 16 bits, 16 kHz, mono. Raises InputError `bad_recording`."""
    if len(wav) > VOICE_BYTES:
        raise InputError("bad_recording", f"a recording has at most {VOICE_BYTES} bytes")
    try:
        with wave.open(io.BytesIO(wav)) as opened:
            form = opened.getnchannels(), opened.getsampwidth(), opened.getframerate()
            raw = opened.readframes(opened.getnframes())
    except (wave.Error, EOFError, ValueError) as error:
        raise InputError("bad_recording", "a recording is a WAV file") from error
    if form != (1, 2, encoder.RATE_HZ):
        detail = f"a recording has one channel of 16 bits at {encoder.RATE_HZ} Hz"
        raise InputError("bad_recording", detail)
    whole = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.float32)
    return whole / np.float32(32_768)


def _hear(wav: bytes, least_ms: int) -> _Heard:
    samples = read_wav(wav)[: VOICE_SPEECH_MS * encoder.RATE_HZ // 1000]
    speech = encoder.find_speech(samples)
    speech_ms = len(speech) * 1000 // encoder.RATE_HZ
    if speech_ms < least_ms:
        detail = f"{speech_ms} ms of speech, at least {least_ms} are needed"
        raise InputError("too_little_speech", detail)
    middle = len(speech) // 2
    halves = encoder.alike(encoder.embed(speech[:middle]), encoder.embed(speech[middle:]))
    return _Heard(speech_ms, encoder.embed(speech), halves)
