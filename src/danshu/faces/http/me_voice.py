"""The own voice: words of consent, enrolment, comparison, withdrawal."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    hub_of,
    raw_body,
    respond,
    session_of,
    signed_in,
)
from danshu.faces.http.me import ME, fresh
from danshu.faces.http.problems import of as problem_of
from danshu.hub import people, voices
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import VOICE_BYTES, VOICE_ENROL_MIN_MS

WAV: Final = "audio/wav"
VOICE: Final = f"{ME}/voice"
Consent = Annotated[
    str,
    QueryParameter(
        name="consent", pattern="^[0-9a-f]{64}$", description="SHA-256 of the words agreed to"
    ),
]
Lang = Annotated[str, QueryParameter(name="lang", pattern="^(zh|en)$")]
_RAW: Final[dict[str, Any]] = {
    "tags": ["me"],
    "responses": PROBLEMS,
    "guards": [signed_in],
    "status_code": 200,
    "request_max_body_size": VOICE_BYTES,
    "operation_class": raw_body("A recording: WAV, 16 bits, 16 kHz, mono", WAV),
}


class Voice(Struct, frozen=True, kw_only=True):
    """Whether the own voice is enrolled ("" when not), and the words that enrolling agrees to."""

    enrolled: str
    model: str
    consent: str
    consent_digest: str
    speech_ms: int


class Comparison(Struct, frozen=True, kw_only=True):
    """How alike a sample is (cosine in permille); an item of evidence, never a signature."""

    score_permille: int
    threshold_permille: int
    passed: bool
    model: str
    speech_ms: int


@get(VOICE, operation_id="readVoice", tags=["me"], responses=READ_PROBLEMS, guards=[signed_in])
async def read_voice(request: Request[Any, Any, Any], lang: Lang = "zh") -> Voice:
    """Tell whether the own voice is enrolled, and what enrolling it means."""
    session = session_of(request)
    async with hub_of(request).connection() as connection:
        found = await voices.find(connection, session.tenant, session.row.id)
    words = voices.consents()[lang]
    return Voice(
        enrolled=rfc3339(int(found.enrolled.timestamp() * 1000)) if found else "",
        model=found.model if found else "",
        consent=words,
        consent_digest=voices.consent_digest(words),
        speech_ms=VOICE_ENROL_MIN_MS,
    )


@post(VOICE, operation_id="enrolVoice", **_RAW)
async def enrol_voice(request: Request[Any, Any, Any], consent: Consent) -> Response[Any]:
    """Enrol the own voice from one recording, agreeing to the words whose digest is given."""
    session, wav = fresh(request), await request.body()
    async with hub_of(request).connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        refusal = await voices.enrol(connection, session.tenant, row, wav, consent, session.actor)
    return respond(problem_of(refusal)) if refusal else Response(None, status_code=204)


@post(f"{VOICE}/compare", operation_id="compareVoice", **_RAW)
async def compare_voice(request: Request[Any, Any, Any]) -> Response[Comparison]:
    """Compare a sample with the own voice, and keep nothing."""
    session, wav = session_of(request), await request.body()
    async with hub_of(request).connection() as connection:
        told = await voices.compare(connection, session.tenant, session.row.id, wav)
    if isinstance(told, Refusal):
        return respond(problem_of(told))
    shown = Comparison(
        score_permille=told.score_permille,
        threshold_permille=told.threshold_permille,
        passed=told.passed,
        model=told.model,
        speech_ms=told.speech_ms,
    )
    return Response(shown)


@delete(
    VOICE,
    operation_id="withdrawVoice",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in],
    status_code=204,
)
async def withdraw_voice(request: Request[Any, Any, Any]) -> None:
    """Take the consent back: the voice is deleted, what was compared stays evidence."""
    session = session_of(request)
    async with hub_of(request).connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        await voices.withdraw(connection, session.tenant, row, session.actor)


ROUTES: Final = [read_voice, enrol_voice, compare_voice, withdraw_voice]
