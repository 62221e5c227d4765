"""The five figures, the chart and the tables of the overview, from the rows of its questions."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.orders.model import State
from danshu.hub import board_model as model
from danshu.hub.board_frame import DUE_SLOTS, VERDICT_HOURS, Frame
from danshu.hub.board_marks import HOUR_MS, MINUTE_MS, OWED, SLOT_MS, Kind, Verdict, day_of
from danshu.hub.timeline_figures import channel_title
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import INBOX_COUNT

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.contract.model import Clause
    from danshu.capabilities.stock.model import Warehouse
    from danshu.hub.board_queries import Raw
    from danshu.hub.latency import Latency

KEPT_TARGET: Final = 0.99
_PERCENTILE: Final = 0.99
_LATENCY_MIN: Final = 5
_DAY_SLOTS: Final = 144
_WEEKS_LEAST: Final = 2
_LATENCY_SERIES_MIN: Final = 60
_NOT_SHIPPED: Final = frozenset(
    {State.HELD, State.ALLOCATED, State.RELEASED, State.PICKED, State.PACKED}
)


def orders(raw: Raw, frame: Frame) -> model.OrdersFigure:
    """Say how many orders were placed, and against the period before."""
    before = raw.before[0][0]
    return model.OrdersFigure(
        count=sum(r[1] for r in raw.pace),
        amount_fen=sum(r[2] for r in raw.pace),
        change=raw.so_far[0][0] / before - 1 if before else None,  # both of whole ten minutes
        link=frame.link(frame.placed(), "state.nin.return_requested"),
    )


def promises(raw: Raw, frame: Frame) -> model.PromisesFigure:
    """Say what share of the verdicts of a day was kept."""
    last = frame.now_ms // HOUR_MS
    hours = range(last - VERDICT_HOURS + 1, last + 1)
    told = {(at, state): n for at, state, n in raw.outcomes}

    def total(verdict: Verdict) -> int:
        return sum(told.get((hour, int(verdict)), 0) for hour in hours)

    kept, broken = total(Verdict.KEPT), total(Verdict.BROKEN)
    today = day_of(frame.now_ms)
    return model.PromisesFigure(
        kept=kept,
        kept_self=total(Verdict.KEPT_SELF),
        broken=broken,
        share=_share(kept, broken),
        target=KEPT_TARGET,
        hours=VERDICT_HOURS,
        broken_today=sum(
            n
            for _, state, at, n in raw.promises
            if at == today and state in (Verdict.BROKEN, Verdict.LATE)
        ),
        spark=tuple(
            [
                _share(
                    told.get((hour, int(Verdict.KEPT)), 0), told.get((hour, int(Verdict.BROKEN)), 0)
                )
                for hour in hours
            ]
        ),
        link=frame.link("promise.in.broken,late"),
    )


def due(raw: Raw, frame: Frame) -> model.DueFigure:
    """Say which promises are about to break."""
    first, end = frame.now_ms // SLOT_MS, frame.due_slot
    soon = [(state, n) for at, state, n in raw.due if at < end]
    spark = [0] * DUE_SLOTS
    for at, _, n in raw.due:
        spark[max(0, at - first)] += n
    return model.DueFigure(
        count=sum(n for _, n in soon),
        unallocated=sum(n for state, n in soon if state),
        until=rfc3339(end * SLOT_MS),
        spark=tuple(spark),
        link=frame.link("due.lt.2h", "promise.in.running,warned"),
    )


def exceptions(raw: Raw, frame: Frame) -> model.ExceptionsFigure:
    """Say what waits for a person, and for how long."""
    waiting = [r for r in raw.states if r[0] == State.HELD or r[1] == OWED]
    inbox = sum(r[2] for r in raw.inbox)
    count = sum(r[3] for r in waiting)
    since = [r[0] for r in raw.oldest_hold]
    since += [r[4] for r in raw.verdicts if r[0] == "broken"] + [r[4] for r in raw.inbox]
    first = frame.now_ms // HOUR_MS - VERDICT_HOURS + 1
    spark = [0] * VERDICT_HOURS
    for hour, n in raw.hold_hours:
        if 0 <= hour - first < VERDICT_HOURS:
            spark[hour - first] += n
    for hour, state, n in raw.outcomes:
        if state == Verdict.BROKEN and 0 <= hour - first < VERDICT_HOURS:
            spark[hour - first] += n
    return model.ExceptionsFigure(
        count=count + inbox,
        orders=count,
        held=sum(r[3] for r in waiting if r[0] == State.HELD),
        owed=sum(r[3] for r in waiting if r[1] == OWED),
        inbox=inbox,
        inbox_exact=inbox < INBOX_COUNT,
        amount_fen=sum(r[4] for r in waiting),
        oldest=_told(min(since)) if since else "",
        spark=tuple(spark),
        link="/tasks",
    )


def latency(measured: Latency, node: str) -> model.LatencyFigure:
    """Say how long placing took at this node."""
    answer = measured.answer.percentile(_PERCENTILE, _LATENCY_MIN)
    return model.LatencyFigure(
        node=node,
        minutes=_LATENCY_MIN,
        samples=answer.samples,
        answer_p50_us=measured.answer.percentile(0.5, _LATENCY_MIN).us,
        answer_p99_us=answer.us,
        decision_p99_us=measured.decision.percentile(_PERCENTILE, _LATENCY_MIN).us,
        spark=tuple(measured.answer.series(_PERCENTILE, _LATENCY_SERIES_MIN)),
    )


def pace(raw: Raw, frame: Frame) -> model.Pace:
    """Draw the orders a minute, and the same weekday of the last weeks behind today."""
    step_ms = frame.step_min * MINUTE_MS
    first = frame.begin_ms // step_ms
    values = [0.0] * ((frame.now_ms - frame.begin_ms) // step_ms + 1)
    now_min = (frame.now_ms % step_ms) / MINUTE_MS
    for at, n, _ in raw.pace:
        if 0 <= at - first < len(values):
            values[at - first] = n / frame.step_min
    if now_min >= 1:
        values[-1] = values[-1] * frame.step_min / now_min
    of_min = frame.of_min
    peak = raw.peak[0] if raw.peak else None
    history: dict[int, dict[int, int]] = {}
    for week, slot, n in raw.history:
        history.setdefault(week, {})[slot] = n
    weeks = list(history.values()) if frame.range == "today" else []
    return model.Pace(
        begin=rfc3339(frame.begin_ms),
        step_min=frame.step_min,
        values=tuple([round(v, 2) for v in values]),
        of_min=of_min,
        latest=raw.latest[0][0] / of_min,
        peak=peak[1] / of_min if peak else 0.0,
        peak_at=rfc3339(peak[0] * of_min * MINUTE_MS) if peak else "",
        weeks=len(weeks),
        band=_band(weeks) if len(weeks) >= _WEEKS_LEAST else None,
    )


def _band(weeks: Sequence[Mapping[int, int]]) -> model.Band:
    low, mean, high = [], [], []
    slot_min = SLOT_MS // MINUTE_MS
    for slot in range(_DAY_SLOTS):
        seen = [day.get(slot, 0) / slot_min for day in weeks]
        middle, spread = statistics.fmean(seen), 2 * statistics.pstdev(seen)
        low.append(round(max(0.0, middle - spread), 2))
        mean.append(round(middle, 2))
        high.append(round(middle + spread, 2))
    return model.Band(weeks=len(weeks), low=tuple(low), mean=tuple(mean), high=tuple(high))


def channels(raw: Raw, frame: Frame) -> tuple[model.ChannelRow, ...]:
    """List the channels, the largest first."""
    told: dict[tuple[str, int], int] = {}
    placed: dict[str, int] = {}
    for channel, kind, state, n in raw.channels:
        if kind == Kind.SLOT:
            placed[channel] = n
        else:
            told[channel, state] = n
    rows = []
    for channel in {*placed, *[c for c, _ in told]}:
        kept = told.get((channel, int(Verdict.KEPT)), 0)
        broken = told.get((channel, int(Verdict.BROKEN)), 0)
        mine = frame if frame.channel else replace(frame, channel=channel)
        rows.append(
            model.ChannelRow(
                channel=channel,
                title=channel_title(channel),
                orders=placed.get(channel, 0),
                kept=kept,
                broken=broken,
                share=_share(kept, broken),
                link=mine.link(frame.placed(), "state.nin.return_requested"),
            )
        )
    return tuple(sorted(rows, key=lambda r: (-r.orders, r.channel)))


def promise_lines(
    raw: Raw, frame: Frame, names: Mapping[str, Clause]
) -> tuple[model.PromiseLine, ...]:
    """List the promises with their verdicts in the range, the most made first."""
    told: dict[str, dict[int, int]] = {}
    for code, state, at, n in raw.promises:
        of_code = told.setdefault(code, {})
        if at == 0 or at >= frame.first_day:
            of_code[state] = of_code.get(state, 0) + n
    lines = []
    for code, counts in told.items():

        def n(*verdicts: Verdict, of: Mapping[int, int] = counts) -> int:
            return sum(of.get(int(v), 0) for v in verdicts)

        clause = names.get(code)
        kept, broken = n(Verdict.KEPT), n(Verdict.BROKEN, Verdict.LATE)
        lines.append(
            model.PromiseLine(
                code=code,
                name_zh=clause.definition.name.zh if clause else code,
                name_en=clause.definition.name.en if clause else code,
                kept=kept,
                kept_self=n(Verdict.KEPT_SELF),
                broken=broken,
                borderline=n(Verdict.BORDERLINE),
                excused=n(Verdict.EXCUSED),
                running=n(Verdict.RUNNING, Verdict.PAUSED),
                share=_share(kept, broken),
                target=KEPT_TARGET,
                link=frame.link("promise.in.broken,late,borderline"),
            )
        )
    return tuple(sorted(lines, key=lambda r: (-(r.kept + r.broken + r.running), r.code)))


def nodes(raw: Raw, warehouses: Sequence[Warehouse], frame: Frame) -> tuple[model.Node, ...]:
    """List the warehouses with what they have to ship."""
    counts: dict[int, list[int]] = {}
    for state, code, wh, n, _ in raw.states:
        of_wh = counts.setdefault(wh, [0, 0, 0])
        of_wh[0] += n if state in _NOT_SHIPPED else 0
        of_wh[1] += n if state == State.HELD else 0
        of_wh[2] += n if code == OWED else 0
    out = []
    for no, w in enumerate(warehouses):
        waiting, held, owed = counts.get(no, [0, 0, 0])
        words = ",".join(s.word for s in sorted(_NOT_SHIPPED))
        out.append(
            model.Node(
                code=w.code,
                name=w.name,
                lng_udeg=w.lng_udeg,
                lat_udeg=w.lat_udeg,
                open=waiting,
                held=held,
                owed=owed,
                link=replace(frame, warehouse=w.code).link(f"state.in.{words}"),
            )
        )
    return tuple(out)


def stages(raw: Raw, frame: Frame) -> tuple[model.Stage, ...]:
    """List the states in the order of a life, with those that nobody is in."""
    counts: dict[int, int] = {}
    for state, _, _, n, _ in raw.states:
        counts[state] = counts.get(state, 0) + n
    return tuple(
        [
            model.Stage(
                state=s.word, count=counts.get(int(s), 0), link=frame.link(f"state.in.{s.word}")
            )
            for s in State
        ]
    )


def _share(kept: int, broken: int) -> float | None:
    return kept / (kept + broken) if kept + broken else None


def _told(at: datetime.datetime) -> str:
    return rfc3339(round(at.timestamp() * 1000))
