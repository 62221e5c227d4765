"""Sandbox 沙箱验证区: which originals may become orders without a person, and how that is earned.

Trust belongs to a merchant, modality, version of its plug-in, models and class of device together:
another version or model begins anew. It is a run of reviews without a correction, long enough that
the bound on the error holds; one error ends it. Pure: what is counted is given, nothing is drawn.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final, Literal

import msgspec
from msgspec import Struct

from danshu.kernel.limits import SANDBOX_IN_A_ROW

Stage = Literal["review", "auto"]
Route = Literal["auto", "sample", "review"]
PPM: Final = 1_000_000
DOUBT: Final = 0.05
"""What the bound may fail: it is a one-sided 95 % bound of Clopper and Pearson (1934)."""
RISKS: Final = frozenset({"dangerous", "licensed", "prescription"})
"""Requirements and storage classes of goods that a person lets through, whatever was earned."""
CONTRADICTION: Final = "contradiction"


class Key(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What trust belongs to, within a merchant. `models` are digests in any order."""

    modality: str
    version: str
    models: tuple[str, ...] = ()
    device_class: str = ""


class Limits(Struct, frozen=True, kw_only=True):
    """What a merchant demands of a modality. `in_a_row` reviews without a correction; the bound on
    the error in ppm; `confidence` in thousandths, calibrated; `amount_fen` above which nothing goes
    by itself; `sample` and `second` are shares in thousandths: of what goes by itself that a person
    sees, and of the reviews that another person does again.
    """

    in_a_row: int = SANDBOX_IN_A_ROW
    error_ppm: int = 6_000
    confidence: int = 900
    amount_fen: int = 500_000
    sample: int = 20
    second: int = 50


class Counter(Struct, frozen=True, kw_only=True):
    """How far a key has come: `accepted` in a row since it began anew; the others ever.

    `why` is the code for which it began anew last, "" = it never did.
    """

    stage: Stage = "review"
    accepted: int = 0
    reviewed: int = 0
    corrected: int = 0
    resets: int = 0
    why: str = ""


class Case(Struct, frozen=True, kw_only=True):
    """What is known of an original once it is read.

    `confidence` is calibrated where that can be, in thousandths; `amount_fen` what it would cost,
    -1 = it can't be told; `risks` storage classes and requirements of its goods.
    """

    digest: str
    confidence: int
    amount_fen: int
    risks: frozenset[str] = frozenset()
    troubles: tuple[str, ...] = ()
    questions: bool = False
    known: bool = True  # who orders, or which device speaks, is in the master data
    device_class: str = ""


class Verdict(Struct, frozen=True, kw_only=True):
    """Where an original goes: `auto` is ordered by itself; `sample` could be, and a person sees it
    first; `review` may not be. `reasons` are codes of docs/reference/multimodal.md, `bound` the
    bound on the error so far in ppm, `confidence` the one that was judged by.
    """

    route: Route
    reasons: tuple[str, ...] = ()
    bound: int = PPM
    confidence: int = 0
    key: str = ""


def name(key: Key) -> str:
    """Name a key: 32 hex digits, the same for the same models in any order."""
    told = msgspec.json.encode(
        [key.modality, key.version, sorted(set(key.models)), key.device_class]
    )
    return hashlib.sha256(told).hexdigest()[:32]


def bound_ppm(right: int) -> int:
    """Bound the error above after so many in a row that were right: ppm, rounded up.

    Clopper and Pearson's upper bound at no error in n is 1 - 0.05^(1/n): 500 give 0.6 %.
    """
    return PPM if right <= 0 else math.ceil((1 - DOUBT ** (1 / right)) * PPM)


def needed(limits: Limits) -> int:
    """Count the reviews in a row that a merchant's limits ask for."""
    by_bound = math.ceil(math.log(DOUBT) / math.log1p(-limits.error_ppm / PPM))
    while bound_ppm(by_bound) > limits.error_ppm:  # rounding
        by_bound += 1
    return max(limits.in_a_row, by_bound)


def count(counter: Counter, corrected: bool, limits: Limits) -> Counter:
    """Count a review. A correction begins anew, whatever was earned."""
    if corrected:
        seen = msgspec.structs.replace(
            counter, reviewed=counter.reviewed + 1, corrected=counter.corrected + 1
        )
        return reset(seen, "corrected")
    accepted = counter.accepted + 1
    stage: Stage = counter.stage
    if stage == "review" and accepted >= needed(limits):
        stage = "auto"
    return msgspec.structs.replace(
        counter, stage=stage, accepted=accepted, reviewed=counter.reviewed + 1
    )


def reset(counter: Counter, why: str) -> Counter:
    """Begin anew. What had not begun is left as it is but for the reason."""
    begun = counter.accepted > 0 or counter.stage == "auto"
    return msgspec.structs.replace(
        counter, stage="review", accepted=0, why=why, resets=counter.resets + begun
    )


def judge(case: Case, counter: Counter, limits: Limits, key: str) -> Verdict:
    """Say where an original goes, with every reason that keeps it from going by itself."""
    reasons = [*_of_counter(case, counter, limits), *_of_case(case, limits)]
    route: Route = "review" if reasons else "auto"
    if not reasons and draw(key, case.digest) < limits.sample:
        route, reasons = "sample", ["sampled"]
    return Verdict(
        route=route,
        reasons=tuple(reasons),
        bound=bound_ppm(counter.accepted),
        confidence=case.confidence,
        key=key,
    )


def draw(key: str, digest: str) -> int:
    """Draw 0 to 999 for an original of a key: evenly, and the same whenever it is asked."""
    drawn = hashlib.sha256(f"{key}/{digest}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % 1000


def _of_counter(case: Case, counter: Counter, limits: Limits) -> list[str]:
    if counter.stage == "auto" and counter.accepted >= needed(limits):
        return []  # limits may have become stricter since
    if case.device_class and not counter.reviewed:
        return ["new_device_class", "first_orders"]
    return ["first_orders"]


def _of_case(case: Case, limits: Limits) -> list[str]:
    said: list[str] = []
    if case.confidence < limits.confidence:
        said.append("below_confidence")
    if case.amount_fen < 0:
        said.append("no_amount")
    elif case.amount_fen > limits.amount_fen:
        said.append("over_amount")
    if case.risks & RISKS:
        said.append("risk_goods")
    said += [
        CONTRADICTION if trouble == CONTRADICTION else f"trouble:{trouble}"
        for trouble in case.troubles
    ]
    if case.questions:
        said.append("question_open")
    if not case.known:
        said.append("unknown_customer")
    return said
