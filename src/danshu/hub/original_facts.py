"""What is said about an original 原件: it came in, it was read, it was asked about, what became of
it. The stream is the original's own; words that were spoken or written are in none of these facts.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("original.received")
class OriginalReceived(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件收到: bytes came in and are kept under their digest (SHA-256).

    `salted`: the digest is a commitment to text, which is short enough to be guessed. `via` says by
    which way (`api`, `microphone`, `telephone`, `edge`…).
    """

    bytes: int
    device: str = ""
    digest: str
    media_type: str
    modality: str
    salted: bool = False
    store: str = ""
    via: str = ""


@fact_type("original.read")
class OriginalRead(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件识读: how a plug-in read it and which way it goes for that: `auto`, `sample`, `question`,
    `review`, `unreadable`, with the codes of why.

    `confidence` is in thousandths, `models` the digests of what perceived, `parsed` a commitment to
    all that was read.
    """

    amount_fen: int = 0
    confidence: int = 0
    intent: str = ""
    models: tuple[str, ...] = ()
    parsed: str = ""
    reasons: tuple[str, ...] = ()
    route: str
    troubles: tuple[str, ...] = ()
    version: str = ""


@fact_type("original.asked")
class OriginalAsked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件询问: who sent it was asked a question of this code about a field of the draft."""

    code: str
    path: str = ""


@fact_type("original.answered")
class OriginalAnswered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件应答: who was asked answered; the bytes of the answer are kept under their digest.

    `salted`: the digest is a commitment to words. `ending` says how the conversation stands then:
    `open`, `agreed`, `refused`, `person`.
    """

    digest: str
    ending: str
    media_type: str
    salted: bool = False
    turn: int


@fact_type("original.left")
class OriginalLeft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件待人工: the conversation about it is over without an order, and a person looks at it:
    `hung_up`, `asked_for_person`.
    """

    reason: str


@fact_type("original.confirmed")
class OriginalConfirmed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件确认: a person answers for the draft. `corrections` are the fields that they changed;
    `draft` is a commitment to what they confirmed.
    """

    corrections: tuple[str, ...] = ()
    draft: str


@fact_type("original.ordered")
class OriginalOrdered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件成单: an order was placed from it; `existing`: it had been placed before."""

    existing: bool = False
    number: str
    order: str


@fact_type("original.acted")
class OriginalActed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件处置: what it asked for was done and is no new order: `cancel` of
    `order`, `repair`; `note`: a measurement that asks for nothing."""

    act: str
    order: str = ""
    repair: str = ""


@fact_type("original.rejected")
class OriginalRejected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件不采纳: nothing is ordered for it, by this code; the words of why stay in its row."""

    reason: str


@fact_type("original.reopened")
class OriginalReopened(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件重读: a person wants it to be read again."""


@fact_type("original.erased")
class OriginalErased(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """原件删除: the bytes of an original that became nothing are kept no longer."""
