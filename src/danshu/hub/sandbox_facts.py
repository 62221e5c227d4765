"""The fact types of reviews of originals and of the trust that they earn.

Values that a person corrected are no part of a fact, since they name people: facts hold where it
was, the rows what.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class Standing(Struct, frozen=True, kw_only=True):
    """A counter after the act; `no` counts its acts, so that the last is known."""

    accepted: int
    corrected: int
    no: int
    resets: int
    reviewed: int
    stage: str
    why: str


@fact_type("review.done")
class ReviewDone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """复核: a person looked at an original beside how it was read, and decided.

    `verdict` confirmed or rejected, `why` of a rejection; `changed` are JSON pointers of what was
    corrected; `turn` 2 = another person's review of the same; `standing` None = it counts nothing.
    """

    changed: tuple[str, ...] = ()
    confidence: int = 0
    key: str
    modality: str
    original: str
    standing: Standing | None = None
    taught: int = 0  # aliases
    took_ms: int = 0
    turn: int = 1
    verdict: str
    why: str = ""


@fact_type("sandbox.promoted")
class SandboxPromoted(Struct, frozen=True, kw_only=True):
    """转自动: so many in a row were right that the bound on the error (ppm) is low enough."""

    accepted: int
    bound_ppm: int
    device_class: str
    key: str
    modality: str
    models: tuple[str, ...]
    version: str


@fact_type("sandbox.reset")
class SandboxReset(Struct, frozen=True, kw_only=True):
    """归零: trust begins anew: corrected, misread, disagreed or by_hand; `note` is a person's."""

    key: str
    modality: str
    note: str
    original: str
    standing: Standing
    why: str


@fact_type("sandbox.configured")
class SandboxConfigured(Struct, frozen=True, kw_only=True):
    """设定沙箱: what a merchant demands of a modality; "" = of all that are not set apart."""

    amount_fen: int
    confidence: int
    error_ppm: int
    in_a_row: int
    modality: str
    sample: int
    second: int
    version: int
