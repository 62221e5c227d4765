"""What the overview shows: one answer, made of counters.

Each figure has a `link`: the console's address of the rows behind it, "" where there are none.
Times are RFC 3339, "" = none; a None is not known, and never 0.
"""

from __future__ import annotations

from msgspec import Struct


class OrdersFigure(Struct, frozen=True, kw_only=True):
    """Orders placed in the range, without returns. `change`: against the same time of the period
    before (same weekday a week ago; seven days before), None without orders then. `amount_fen` of
    orders in CNY. `spark`: a number for each step of `pace`.
    """

    count: int
    amount_fen: int
    change: float | None
    link: str


class PromisesFigure(Struct, frozen=True, kw_only=True):
    """Verdicts of the last `hours` full hours and the running one. `share` = kept / (kept +
    broken), None without verdicts; `kept_self` rests on the beneficiary's word and is in neither.
    `spark`: the share of each hour.
    """

    kept: int
    kept_self: int
    broken: int
    share: float | None
    target: float
    hours: int
    broken_today: int
    spark: tuple[float | None, ...]
    link: str


class DueFigure(Struct, frozen=True, kw_only=True):
    """Running promises that fall due before `until`, those past due and not yet judged included;
    `unallocated` of them belong to orders without a warehouse. `spark`: how many fall due in each
    ten minutes from now on.
    """

    count: int
    unallocated: int
    until: str
    spark: tuple[int, ...]
    link: str


class ExceptionsFigure(Struct, frozen=True, kw_only=True):
    """What waits for a person: orders that are held or owe a broken promise (`orders`, of them
    `held`, `owed`), and messages in the inbox (at least `inbox` when not `inbox_exact`).
    `spark`: orders by the hour since which they wait, the last 24 hours.
    """

    count: int
    orders: int
    held: int
    owed: int
    inbox: int
    inbox_exact: bool
    amount_fen: int
    oldest: str
    spark: tuple[int, ...]
    link: str


class LatencyFigure(Struct, frozen=True, kw_only=True):
    """Placing at this node in the last `minutes`: from the request to the answer after the commit,
    and deciding alone. None without orders there. `spark`: the answers' P99 of each minute.
    """

    node: str
    minutes: int
    samples: int
    answer_p50_us: float | None
    answer_p99_us: float | None
    decision_p99_us: float | None
    spark: tuple[float | None, ...]


class Figures(Struct, frozen=True, kw_only=True):
    """The five figures at the top."""

    orders: OrdersFigure
    promises: PromisesFigure
    due: DueFigure
    exceptions: ExceptionsFigure
    latency: LatencyFigure


class Band(Struct, frozen=True, kw_only=True):
    """What is normal: mean and mean ± 2 standard deviations of the same weekday of `weeks` weeks,
    orders a minute, one for each step of the day.
    """

    weeks: int
    low: tuple[float, ...]
    mean: tuple[float, ...]
    high: tuple[float, ...]


class Pace(Struct, frozen=True, kw_only=True):
    """Orders a minute from `begin` on, the mean of each `step_min` minutes; the last step is not
    over. `latest` and `peak` are of one minute (`of_min` 1), or means of ten where a warehouse is
    asked for. `band` None: fewer than two of the last four weeks have orders (`weeks` have).
    """

    begin: str
    step_min: int
    values: tuple[float, ...]
    of_min: int
    latest: float
    peak: float
    peak_at: str
    weeks: int
    band: Band | None


class ChannelRow(Struct, frozen=True, kw_only=True):
    """A channel in the range: orders placed, verdicts; `share` None without verdicts."""

    channel: str
    title: str
    orders: int
    kept: int
    broken: int
    share: float | None
    link: str


class PromiseLine(Struct, frozen=True, kw_only=True):
    """A promise: its name, verdicts in the range, and those open now."""

    code: str
    name_zh: str
    name_en: str
    kept: int
    kept_self: int
    broken: int
    borderline: int
    excused: int
    running: int
    share: float | None
    target: float
    link: str


class Node(Struct, frozen=True, kw_only=True):
    """A warehouse: orders that it has to ship (`open`), held ones, ones with a broken promise."""

    code: str
    name: str
    lng_udeg: int
    lat_udeg: int
    open: int
    held: int
    owed: int
    link: str


class Alert(Struct, frozen=True, kw_only=True):
    """Something new that a person should see: `kind` broken, borderline, hold or inbox; `code`
    is the promise, the hold's reason, or the inbox's, `name_*` the promise's or the channel's name;
    at least `n` when not `exact`. Before them, of kind log (`code` log_forked, forked) or passkey
    (passkey_shared), what puts the proof itself in doubt, of kind twin (twin_forecast,
    twin_contradiction) a storage class that is stopped, of kind resilience (resilience_under) a
    warehouse under the threshold.
    """

    kind: str
    code: str
    name_zh: str
    name_en: str
    channel: str
    n: int
    exact: bool
    at: str
    link: str


class Stage(Struct, frozen=True, kw_only=True):
    """A state and how many orders are in it now."""

    state: str
    count: int
    link: str


class Overview(Struct, frozen=True, kw_only=True):
    """The whole page. `behind`: leaves of the log that are not counted yet; `rebuilding`: the
    counters are being counted again and say less than there is. `shipped` orders of the range took
    `shipped_mean_s` from payment to hand-over, None when none was.
    """

    as_of: str
    range: str
    channel: str
    warehouse: str
    behind: int
    rebuilding: bool
    figures: Figures
    pace: Pace
    channels: tuple[ChannelRow, ...]
    promises: tuple[PromiseLine, ...]
    warehouses: tuple[Node, ...]
    alerts: tuple[Alert, ...]
    stages: tuple[Stage, ...]
    shipped: int
    shipped_mean_s: int | None
