"""What is kept of a model, and what is said of an order, a lane, a buyer."""

from __future__ import annotations

import uuid
from typing import Literal

from msgspec import Struct

Kind = Literal["rates", "trees"]
State = Literal["base", "challenger", "champion", "fallen", "retired"]


class Bin(Struct, frozen=True, kw_only=True):
    """Of rows with about the same chance: what was said and what came, thousandths."""

    said: int
    came: int
    rows: int


class Marks(Struct, frozen=True, kw_only=True):
    """How a model does on rows that it has not seen.

    A chance: AUC and expected calibration error in thousandths, Brier score and logarithmic loss in
    millionths. A time: pinball loss and |error| of the median in minutes, share within 10 % and
    90 % in thousandths. -1 where it can't be told.
    """

    rows: int
    auc: int = -1
    ece: int = -1
    brier_ppm: int = -1
    loss_ppm: int = -1
    pinball_min: int = -1
    error_min: int = -1
    covered: int = -1


class Slice(Struct, frozen=True, kw_only=True):
    """The marks of a part: of the feature `by` where it is `value`."""

    by: str
    value: str
    marks: Marks


class Spread(Struct, frozen=True, kw_only=True):
    """How a feature lay when it was learned from: shares in thousandths between `edges`, or of the
    values named; the last share is the rest.
    """

    name: str
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    shares: tuple[int, ...] = ()
    weight: int = 0
    """Of all that the model looks at, how much this counts, thousandths."""


class Card(Struct, frozen=True, kw_only=True):
    """What is known of a model: from which days it learned (ISO dates), of which data (SHA-256),
    by which code, with which marks on days after these, beside the rates that anybody could read
    off (`plain`), and how many rows it was fitted and calibrated on.
    """

    target: str
    kind: Kind
    from_day: str
    to_day: str
    data: str
    code: str
    fitted: int
    calibrated: int
    seconds: int
    marks: Marks
    plain: Marks
    shuffled: Marks
    """The marks of a split at random, to be laid beside: it promises what later days don't keep."""
    bins: tuple[Bin, ...] = ()
    slices: tuple[Slice, ...] = ()
    spreads: tuple[Spread, ...] = ()
    until_ms: int = 0
    """When the last order was placed that it learned from or was calibrated on."""


class Drifted(Struct, frozen=True, kw_only=True):
    """A feature that lies otherwise than it did: population stability index in thousandths."""

    name: str
    psi: int


class Shadow(Struct, frozen=True, kw_only=True):
    """A model beside the one in use, on what neither has seen. `gain` is how much less it loses,
    in thousandths of the other's loss, `low` the lower end of that at 95 %.
    """

    rows: int = 0
    mine: Marks | None = None
    other: Marks | None = None
    gain: int = 0
    low: int = -1_000
    ready: bool = False


class Watch(Struct, frozen=True, kw_only=True):
    """How a model does since: drift of its features, calibration of what came out."""

    at_ms: int = 0
    drift: tuple[Drifted, ...] = ()
    marks: Marks | None = None
    bins: tuple[Bin, ...] = ()
    shadow: Shadow = Shadow()
    trouble: str = ""
    """Why it should step back: `drift`, `calibration`; "" while it need not."""


class Model(Struct, frozen=True, kw_only=True):
    """A model in the registry. `by` and `why` are of its last change of state."""

    id: uuid.UUID
    digest: str
    state: State
    card: Card
    trained_ms: int
    by: str = ""
    why: str = ""
    watch: Watch = Watch()


class Push(Struct, frozen=True, kw_only=True):
    """How much a feature moves a chance, in thousandths, and what the feature was."""

    feature: str
    push: int
    value: str = ""


class Lane(Struct, frozen=True, kw_only=True):
    """A carrier from a warehouse to a province. Quantiles 10, 50, 90 % of minutes on the way.

    `late` of `counted` recent parcels took longer than `slow_min`, the time that nine in ten of
    those before stayed within; `usual` is the share of those before that took longer, `share` that
    of the recent ones with its 95 % interval (Wilson), all thousandths. `p` is the chance of so
    many by chance alone, `cusum` how strongly they pile up one after the other, thousandths.
    """

    carrier: str
    warehouse: str
    region: str
    minutes: tuple[int, int, int]
    slow_min: int
    parcels: int
    counted: int
    late: int
    usual: int
    share: int
    low: int
    high: int
    p: int
    cusum: int
    trend_min: int
    """Recent median less the median before, minutes."""
    is_late: bool
    on_way: tuple[str, ...] = ()
    """Orders with a parcel on the way, LEARNING_PARCELS of them at most."""


class Habits(Struct, frozen=True, kw_only=True):
    """What a buyer, under a pseudonym, chose: hour band of delivery and carrier with how often, out
    of how many; of split orders how many they cancelled or sent back. "" where nothing prevails.
    """

    buyer: str
    orders: int
    window: str = ""
    window_times: int = 0
    windows: int = 0
    carrier: str = ""
    carrier_times: int = 0
    parcels: int = 0
    splits: int = 0
    splits_regretted: int = 0
    dislikes_splits: bool = False
