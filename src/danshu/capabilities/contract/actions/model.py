"""What a contract action is: who may do it, on which evidence, by which clock, and what follows.

An action type is data, versioned and identified by the SHA-256 of its canonical bytes. Where it
promises something to a customer (`promise` and `clock`), its publication is also that of a promise
definition with the same code, so that the hot path knows promises only. Words after Symboleo
(obligation, power), LegalRuleML (achievement, maintenance, prohibition; reparation chain) and ODRL.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from danshu.capabilities.contract.model import Applies, Clock, Texts

Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")  # the strongest first


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True): ...


class Deontic(_Part, frozen=True, kw_only=True):
    """What kind of duty it is.

    `achievement`: to be done once, by a time. `maintenance`: to hold all the while (`holds`).
    `prohibition`: never to be done. `preemptive`: may be done before the clock starts. `perdurant`
    (违约后仍须履行): still owed after the breach.
    """

    type: Literal["achievement", "maintenance", "prohibition"]
    bearer: str = "merchant"
    counterparty: str = "buyer"
    preemptive: bool = True
    perdurant: bool = True


class Promised(_Part, frozen=True, kw_only=True):
    """The promise as a customer reads it; `shown_at` names the places where it stands.

    `breach` says what a breach means for the customer; without it, it is made of the chain.
    """

    text: Texts
    breach: Texts | None = None
    params: dict[str, int | str] = {}
    shown_at: tuple[str, ...] = ()


class Doers(_Part, frozen=True, kw_only=True):
    """Who may do it. `roles` of people (capabilities/people), or `system` and `carrier`.

    `grade` is the weakest proof that will do: A signed by the person, B in a session, C by a
    system, D as a third party says. `device_bound`: a synced passkey (backup-eligible) will not do.
    `separation_from`: codes of actions that the same person must not have done on this order.
    `certificates` that the person must hold.
    """

    roles: tuple[str, ...]
    grade: Grade = "B"
    device_bound: bool = False
    separation_from: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


class Wanted(_Part, frozen=True, kw_only=True):
    """One kind of evidence that must be there.

    `kind` may offer a choice (`photo|video`). `per`: `action`, or `lot`/`line` for one of each.
    `within` and `max_age` are ISO 8601: collected so long before the action at most; `by` who or
    what collects it (device, person, system); `source` where it must come from. `rule` is a check
    of its value from the closed list of `rules.py` (`expiry >= P180D`). `retain` says for how long
    it is kept.
    """

    kind: str
    min: int = 1
    per: Literal["action", "line", "lot"] = "action"
    by: str = "person"
    source: str = ""
    within: str = ""
    max_age: str = ""
    rule: str = ""
    retain: str = "P3Y"


class Measure(_Part, frozen=True, kw_only=True):
    """How long it must have taken at least: from `start` to `end`, so that nobody waves it by."""

    start: str
    end: str
    min_ms: int


class Holds(_Part, frozen=True, kw_only=True):
    """What a maintenance duty keeps: a quantity in thousandths between `low` and `high`.

    Outside for longer than `tolerance` is a breach; a sampling gap over `gap` is 未证明, and
    never kept.
    """

    quantity: str
    low: int
    high: int
    tolerance: str
    gap: str


class Amount(_Part, frozen=True, kw_only=True):
    """Money that is due: `permille` of `of` (paid, line), held between floor and cap, in 分."""

    permille: int = 0
    of: Literal["paid", "line"] = "paid"
    fixed_fen: int = 0
    floor_fen: int = 0
    cap_fen: int = 0


class Remedy(_Part, frozen=True, kw_only=True):
    """One step of the breach chain, in order.

    `compensate` pays `amount` within `due` (`auto`: without asking, where policy allows);
    `notify` tells `to`; `power` gives `holder` the right to do `action`. `after` delays the step.
    """

    do: Literal["compensate", "notify", "power"]
    amount: Amount | None = None
    to: str = ""
    holder: str = ""
    action: str = ""
    due: str = ""
    after: str = ""
    auto: bool = False


class Excuse(_Part, frozen=True, kw_only=True):
    """A ground on which a breach is excused: the papers it needs and the role that says so."""

    ground: str
    needs: tuple[str, ...] = ()
    approve: str = "legal"


class Action(_Part, frozen=True, kw_only=True):
    """One version of an action type.

    `statement` is what the person reads and signs; it may name {order}, {line}, {quantity}, {lots}
    and the like (`statement.py` lists them). `requires`: actions done before on this order. `moves`
    is the order machine's transition that it brings with it, `says` the event that clocks hear;
    both may be empty. `legal` cites law as counsel confirmed it, or not yet.
    """

    action: str
    version: int
    name: Texts
    deontic: Deontic
    applies: Applies
    who: Doers
    statement: Texts
    evidence: tuple[Wanted, ...] = ()
    promise: Promised | None = None
    clock: Clock | None = None
    measure: Measure | None = None
    holds: Holds | None = None
    requires: tuple[str, ...] = ()
    moves: str = ""
    says: str = ""
    breach: tuple[Remedy, ...] = ()
    excuse: tuple[Excuse, ...] = ()
    states: dict[str, str] = {}
    legal: tuple[str, ...] = ()
