"""What a breach owes the buyer, to the fen: the compensating steps of the pinned version's chain.

Pure. A share is rounded half up to the minor unit once, then held between floor and cap.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.contract.actions.model import Amount, Remedy
from danshu.capabilities.contract.lint import parse_duration
from danshu.capabilities.contract.model import State
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.model import Definition, Promise

PAY_WITHIN: Final = "PT72H"  # where an old definition says nothing
# Compensation proposed for a claim has no step of a breach chain: it counts from here, by request.
CLAIM_STEP: Final = 40
UNKEPT: Final = frozenset({State.BROKEN, State.LATE})
_PERMILLE: Final = 1_000
_FEN_A_YUAN: Final = 100
_PERMILLE_A_PERCENT: Final = 10
_PARAM: Final = re.compile(r"\{(\w+)\}")


class Owed(Struct, frozen=True, kw_only=True):
    """What one step of a chain owes now. `pay_by_ms` counts from the deadline (and `after`)."""

    code: str
    step: int
    amount: int
    base: int
    pay_by_ms: int
    auto: bool


class Reached(Struct, frozen=True, kw_only=True):
    """A step of a chain that has come about; `from_ms` is when: the deadline, and `after`."""

    step: int
    remedy: Remedy
    from_ms: int


def reckon(amount: Amount, base: int) -> int:
    """Reckon what is due of `base` minor units: a share, a fixed sum or both, floor and cap held.

    Raises ProgramError for a negative base.
    """
    if base < 0:
        raise ProgramError(f"a share of a negative amount {base}")
    share = (base * amount.permille * 2 + _PERMILLE) // (2 * _PERMILLE)  # half up, in integers
    due = max(share + amount.fixed_fen, amount.floor_fen)
    return min(due, amount.cap_fen) if amount.cap_fen else due


def derive(definition: Definition) -> tuple[Remedy, ...]:
    """Give the chain of a definition that came without an action: by its parameters, if the text
    shown names them. `pct` is a share of what was paid, `yuan` a fixed sum.
    """
    named = set(_PARAM.findall(definition.text.zh))
    pct, yuan = definition.params.get("pct"), definition.params.get("yuan")
    amount = None
    if "pct" in named and isinstance(pct, int) and 0 < pct <= 100:
        amount = Amount(permille=pct * _PERMILLE_A_PERCENT)
    elif "yuan" in named and isinstance(yuan, int) and yuan > 0:
        amount = Amount(fixed_fen=yuan * _FEN_A_YUAN)
    return () if amount is None else (Remedy(do="compensate", amount=amount, due=PAY_WITHIN),)


def owe(
    chain: Sequence[Remedy], promise: Promise, *, paid: int, late_lines: int, now_ms: int
) -> tuple[tuple[Owed, ...], int]:
    """Say which steps of a broken promise's chain owe money by now, and when the next one will
    (epoch ms, 0 = none). `paid` and `late_lines` are what shares are taken of.
    """
    found = []
    reached, later = reach(chain, promise, now_ms, "compensate")
    for each in reached:
        if each.remedy.amount is None:
            continue
        base = late_lines if each.remedy.amount.of == "line" else paid
        amount = reckon(each.remedy.amount, base)
        if amount:
            found.append(
                Owed(
                    code=promise.code,
                    step=each.step,
                    amount=amount,
                    base=base,
                    pay_by_ms=each.from_ms + parse_duration(each.remedy.due or PAY_WITHIN, ""),
                    auto=each.remedy.auto,
                )
            )
    return tuple(found), later


def reach(
    chain: Sequence[Remedy], promise: Promise, now_ms: int, *kinds: str
) -> tuple[tuple[Reached, ...], int]:
    """Say which steps of these kinds (`do`) a broken promise's chain has come to by now, and when
    the next one will (epoch ms, 0 = none).
    """
    if promise.state not in UNKEPT:
        return (), 0
    found = []
    later = 0
    for step, remedy in enumerate(chain):
        if remedy.do not in kinds:
            continue
        from_ms = promise.due_ms + (parse_duration(remedy.after, "") if remedy.after else 0)
        if promise.stop and promise.stop.occurred_ms <= from_ms and remedy.after:
            continue  # it was performed before this step came about
        if from_ms > now_ms:
            later = min(later or from_ms, from_ms)
            continue
        found.append(Reached(step=step, remedy=remedy, from_ms=from_ms))
    return tuple(found), later
