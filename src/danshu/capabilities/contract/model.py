"""What a promise is: its definition (words and clock), the clause, the running instance.

A definition is data, versioned and hashed. A clause is a definition made ready: texts rendered,
durations in milliseconds, digests written out. A promise is one clause pinned to one order: a
later version of the definition never changes it. Nothing here can point back at itself, so what
each order makes many of is kept from the garbage collector's rounds (gc=False). Words after
Symboleo and LegalRuleML: perdurant (违约后仍须履行) = still owed after the breach.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from danshu.capabilities.contract.facts import Pinned
from danshu.kernel.calendar import Calendar


class State(StrEnum):
    """Where a promise stands."""

    PENDING = "pending"  # 未起表
    RUNNING = "running"  # 计时中
    PAUSED = "paused"  # 暂停
    KEPT = "kept"  # 已兑现
    BROKEN = "broken"  # 已违约
    LATE = "late"  # 逾期履行: broken, then done after all
    BORDERLINE = "borderline"  # 临界: the clock's error spans the deadline, a person decides
    EXCUSED = "excused"  # 免责
    SUPERSEDED = "superseded"  # 已终止: the order ended before the promise fell due


OPEN = frozenset({State.PENDING, State.RUNNING, State.PAUSED})
TICKING = frozenset({State.RUNNING, State.PAUSED})
ENDED = frozenset({State.EXCUSED, State.SUPERSEDED})


class Texts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same words in Chinese and English."""

    en: str
    zh: str

    def pick(self, lang: str) -> str:
        """Give the words in `lang`, Chinese unless it is "en"."""
        return self.en if lang == "en" else self.zh


class Applies(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which orders carry the promise: every condition given must hold; `all` = no condition.

    `regions` are prefixes of region codes (GB/T 2260: "31" is all of Shanghai). `requested`: only
    when the order asks for it or routing offered it. `announced`: goods sold ahead, for a day that
    was announced with them.
    """

    all: bool = False
    announced: bool = False
    channels: tuple[str, ...] = ()
    channels_not: tuple[str, ...] = ()
    presale: bool | None = None
    regions: tuple[str, ...] = ()
    requested: bool = False


class Until(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deadline on the wall clock: `time` (hh:mm:ss), `days` after the start's local day."""

    days: int
    time: str


class PauseRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From event `on` until event `until` the clock stands, at most `max` (ISO 8601) altogether."""

    max: str
    on: str
    until: str


class Clock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the time is counted: exactly one of `limit` (ISO 8601) and `until`.

    `stop_alt` is compared and never stops the clock. `precedence` names the sources of the stop's
    time, best first. `early_stop`: a stop before the start counts. `platform` = "ship_by": the
    platform's own deadline binds when it is earlier. `warn`: shares of the allowance in permille,
    or ISO 8601 before the deadline.
    """

    calendar: str = "elapsed"
    early_stop: bool = True
    limit: str = ""
    pause: tuple[PauseRule, ...] = ()
    platform: str = ""
    precedence: tuple[str, ...] = ()
    start: str
    stop: str
    stop_alt: tuple[str, ...] = ()
    tz: str = "Asia/Shanghai"
    until: Until | None = None
    void: tuple[str, ...] = ()
    warn: tuple[int | str, ...] = ()


class Definition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the merchant promises, in one version.

    Its canonical bytes leave defaults out, so that a new optional field changes no old digest.
    """

    applies: Applies
    breach: Texts
    clock: Clock
    code: str
    name: Texts
    params: dict[str, int | str] = {}
    perdurant: bool = True
    text: Texts
    version: int


class Pausing(Struct, frozen=True):
    """A pause rule made ready, `max_ms` in milliseconds."""

    on: str
    until: str
    max_ms: int


class Unstarted(Struct, frozen=True, kw_only=True):
    """The promise in `promise.made` as shown in Chinese and in English."""

    en: Pinned
    zh: Pinned


class Clause(Struct, frozen=True, kw_only=True):
    """A definition made ready for the hot path. Digests are SHA-256 in hex, of the text as shown.

    `limit_ms` is 0 when the deadline is on the wall clock (`until_days`, `until_ms` of the local
    day). `plain`: a limit in plain elapsed time, whose warnings are `warn_offsets_ms` after the
    start. `unstarted` is what the fact says of the promise before its clock starts.
    """

    definition: Definition
    code: str
    version: int
    digest: str
    text: Texts
    text_digest: Texts
    breach: Texts
    start: str
    stop: str
    stop_alt: tuple[str, ...]
    void: tuple[str, ...]
    rank: dict[str, int]
    early_stop: bool
    perdurant: bool
    conditional: bool
    requested: bool
    platform: bool
    limit_ms: int
    until_days: int
    until_ms: int
    tz: str
    calendar: Calendar | None
    pauses: tuple[Pausing, ...]
    warn_permille: tuple[int, ...]
    warn_before_ms: tuple[int, ...]
    plain: bool
    warn_offsets_ms: tuple[int, ...]
    unstarted: Unstarted


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened to an order. `err_ms` bounds the error of the clock that read it.

    `self_declared`: nobody but the party that benefits says so. `cause` is the fact that it was
    heard from.
    """

    name: str
    occurred_ms: int
    recorded_ms: int
    err_ms: int = 0
    source: str = ""
    self_declared: bool = False
    cause: str = ""


class Mark(Struct, frozen=True, kw_only=True, gc=False):
    """An event as a promise remembers it."""

    event: str
    occurred_ms: int
    recorded_ms: int
    err_ms: int = 0
    source: str = ""
    self_declared: bool = False


class Pause(Struct, frozen=True, kw_only=True, gc=False):
    """The clock stood from `from_ms` to `until_ms`; an open pause has its cap there."""

    event: str
    from_ms: int
    until_ms: int


class Context(Struct, frozen=True, kw_only=True, gc=False):
    """What pinning must know of an order. Times are epoch milliseconds, 0 = not yet or none."""

    channel: str
    placed_ms: int
    paid_ms: int = 0
    ship_by_ms: int = 0
    region: str = ""
    presale: bool = False
    announced: bool = False  # `ship_by_ms` was announced with goods that are sold ahead
    requested: tuple[str, ...] = ()
    lang: str = "zh"


class Promise(Struct, frozen=True, kw_only=True, gc=False):
    """One clause pinned to one order. Times are epoch milliseconds, 0 = not yet.

    `warned` counts the levels of `warn_ms` already given. `ruling` is the ground of a person's
    decision. `agreed_ms` is the deadline that the consumer agreed to, `before_ms` the one that was
    promised before.
    """

    clause: Clause
    state: State
    lang: str = "zh"
    ship_by_ms: int = 0
    started_ms: int = 0
    due_ms: int = 0
    warn_ms: tuple[int, ...] = ()
    warned: int = 0
    pauses: tuple[Pause, ...] = ()
    stop: Mark | None = None
    alternates: tuple[Mark, ...] = ()
    ruling: str = ""
    agreed_ms: int = 0
    before_ms: int = 0

    @property
    def code(self) -> str:
        """Code of the definition: ship48h."""
        return self.clause.code

    @property
    def version(self) -> int:
        """Version of the definition."""
        return self.clause.version

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the definition's canonical bytes."""
        return self.clause.digest

    @property
    def text(self) -> str:
        """The text as shown, in the language that it was shown in."""
        return self.clause.text.pick(self.lang)

    @property
    def text_digest(self) -> str:
        """SHA-256 (hex) of the UTF-8 bytes of the text as shown."""
        return self.clause.text_digest.pick(self.lang)

    @property
    def stopped_ms(self) -> int:
        """When the promised thing was done, 0 = not yet."""
        return self.stop.occurred_ms if self.stop else 0

    @property
    def gap_ms(self) -> int:
        """Done minus due: negative is time to spare; 0 while either is unknown."""
        return self.stop.occurred_ms - self.due_ms if self.stop and self.due_ms else 0

    @property
    def self_declared(self) -> bool:
        """Whether it rests on the beneficiary's own word, recorded after the deadline."""
        stop = self.stop
        return bool(stop and stop.self_declared and self.due_ms and stop.recorded_ms > self.due_ms)

    @property
    def ended(self) -> bool:
        """Whether no event can change it any more."""
        return self.state in ENDED or bool(self.ruling)
