"""The work of learning: train, watch, ask. Slow, so it is done in a child process; what it finds is
written in whole commits, so that it may end anywhere.
"""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from danshu.capabilities.learning import registry, training, trees
from danshu.capabilities.learning.features import KNOWN, STAGES, TARGETS
from danshu.capabilities.learning.model import Push, Shadow
from danshu.hub import asset_files, asset_pieces, asset_store, learning_risks, learning_tables
from danshu.hub import learning_rows as rows
from danshu.hub.learning_frames import Frames, read_masters
from danshu.hub.learning_risks import LineRisk, OpenPromise, Risk
from danshu.hub.learning_sql import DAY_MS, SOON_MS
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import LEARNING_FEW, LEARNING_RECENT_D

if TYPE_CHECKING:
    import contextlib
    import uuid
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from danshu.capabilities.learning.frames import Frame
    from danshu.capabilities.learning.model import Model
    from danshu.capabilities.learning.training import Trained
    from danshu.capabilities.learning.trees import Fitted

Connection = Any
ACTOR: Final = Actor(sub="hub", role="learning")
_WHY: Final = 6
_STEPS: Final = 100


class Answering(NamedTuple):
    """Who answers for a target."""

    model: Model
    fitted: Fitted


async def open_frames(
    connection: Connection, tenant: int, folder: Path, now_ms: int, within: contextlib.ExitStack
) -> Frames:
    """Bring a merchant's sources up to the log, and give the frames over them."""
    await asset_pieces.follow(connection, tenant, asset_files.of_tenant(folder, tenant))
    masters = await read_masters(connection, tenant)
    store = within.enter_context(asset_store.open_store(folder, tenant))
    return await asyncio.to_thread(Frames, store, masters, now_ms)


async def train(
    connection: Connection,
    tenant: int,
    frames: Frames,
    actor: Actor,
    tell: Callable[[str, int, int], None],
) -> list[uuid.UUID]:
    """Learn every target that has enough ended rows, and keep what was learned, in one commit."""
    made: list[Trained] = []
    for target in TARGETS:
        tell(target, 0, _STEPS)
        frame = await asyncio.to_thread(frames.ended, target)
        if frame.rows >= LEARNING_FEW:
            made += await asyncio.to_thread(learn, frame, partial(_tell, tell, target))
    return await rows.add(connection, tenant, made, actor, frames.now_ms)


def _tell(tell: Callable[[str, int, int], None], target: str, done: int) -> None:
    tell(target, done, _STEPS)


def learn(frame: Frame, tell: Callable[[int], None]) -> list[Trained]:
    """Learn a target; without the extra `forecast` the rates alone. `tell` hears hundredths."""
    try:
        trees.load_engine()
        has_engine = True
    except InputError:
        has_engine = False
    return training.train(
        frame,
        version("danshu"),
        with_trees=has_engine,
        tell=lambda share: tell(round(_STEPS * share)),
    )


async def watch(connection: Connection, tenant: int, frames: Frames) -> None:
    """See how models do on what came since: drift, calibration, the challenger beside the one in
    use. Whoever must steps back; whoever may by the merchant's rule is promoted.
    """
    models = await rows.current(connection, tenant)
    for target in TARGETS:
        if not any(of == target for of, _ in models):
            continue
        ended = await asyncio.to_thread(frames.ended, target)
        used = await answering(connection, tenant, models, target, frames.now_ms)
        if used is None:
            continue
        await _watch_used(connection, tenant, used, ended, frames.now_ms)
        rival = models.get((target, "challenger"))
        if rival is not None:
            await _watch_rival(connection, tenant, used, rival, ended, frames.now_ms)


async def _watch_used(
    connection: Connection, tenant: int, used: Answering, ended: Frame, now_ms: int
) -> None:
    since = now_ms - LEARNING_RECENT_D * DAY_MS
    lately = ended.pick(ended.known_ms >= since)
    unseen = ended.pick(ended.placed_ms > used.model.card.until_ms)
    seen = await asyncio.to_thread(registry.watch, used.model, used.fitted, lately, unseen, now_ms)
    await rows.keep_watch(connection, tenant, used.model.id, seen)
    await rows.change(connection, tenant, used.model.id, ACTOR, now_ms, registry.fall_back)


async def _watch_rival(
    connection: Connection, tenant: int, used: Answering, rival: Model, ended: Frame, now_ms: int
) -> None:
    until = max(rival.card.until_ms, used.model.card.until_ms)
    unseen = ended.pick(ended.placed_ms > until)
    try:
        fitted = await rows.load(connection, tenant, rival)
        beside: Shadow = await asyncio.to_thread(registry.shadow, fitted, used.fitted, unseen)
    except InputError:
        beside = Shadow()  # a file that can't be read is never ready
    told = replace(rival.watch, at_ms=now_ms, shadow=beside)
    await rows.keep_watch(connection, tenant, rival.id, told)
    if await rows.is_by_rule(connection, tenant):
        await rows.change(connection, tenant, rival.id, ACTOR, now_ms, registry.promote_by_rule)


async def answering(
    connection: Connection,
    tenant: int,
    models: dict[tuple[str, str], Model],
    target: str,
    now_ms: int,
) -> Answering | None:
    """Load who answers. A champion whose file is damaged falls, and the base answers."""
    for state in rows.USED:
        model = models.get((target, state))
        if model is None:
            continue
        try:
            return Answering(model, await rows.load(connection, tenant, model))
        except InputError as error:
            if error.code == trees.DAMAGED.code and state == "champion":
                await rows.change(
                    connection, tenant, model.id, ACTOR, now_ms, lambda _: registry.damaged()
                )
    return None


async def ask(connection: Connection, tenant: int, frames: Frames) -> int:
    """Say of every open order how likely its promises are to be broken; gives how many orders."""
    models = await rows.current(connection, tenant)
    now_ms = frames.now_ms
    used = {
        target: found
        for target in TARGETS
        if (found := await answering(connection, tenant, models, target, now_ms)) is not None
    }
    opened = await learning_risks.read_open(connection, tenant)
    told = await asyncio.to_thread(tell_risks, frames, used, opened) if "late" in used else []
    await learning_risks.write_all(connection, tenant, told, now_ms)
    return len(told)


def tell_risks(
    frames: Frames, used: dict[str, Answering], opened: Sequence[OpenPromise]
) -> list[Risk]:
    """Tell the risk of each open order: that of its likeliest promise, with what speaks for it."""
    promises = {(str(each.order), each.code): each for each in opened}
    asked = [(order, code, frames.now_ms) for order, code in promises]
    frame = frames.ask("late", asked)
    late = used["late"]
    chance = late.fitted.tell(frame)
    worst: dict[str, int] = {}
    for at in np.argsort(-chance, kind="stable").tolist():
        worst.setdefault(str(frame.order[at]), at)
    chosen = np.array(sorted(worst.values()), np.int64)
    kept = frame.pick(chosen)
    names, moved = late.fitted.explain(kept)
    times = tell_times(frames, used, kept)
    lines = tell_lines(frames, used, kept)
    found = []
    for no, at in enumerate(chosen.tolist()):
        order = str(frame.order[at])
        promise = promises[order, str(frame.part[at])]
        earliest, expected, latest = times[no]
        found.append(
            Risk(
                id=promise.order,
                number=promise.number,
                promise=promise.code,
                warehouse=str(kept.columns["warehouse"][no]) or promise.warehouse,
                carrier=str(kept.columns["carrier"][no]) or promise.carrier,
                region=promise.region,
                stage=STAGES[int(kept.columns["stage"][no])],
                due_ms=promise.due_ms,
                expected_ms=expected,
                earliest_ms=earliest,
                latest_ms=latest,
                asked_ms=frames.now_ms,
                chance=round(1_000 * float(chance[at])),
                amount=promise.total,
                owed=promise.owed_fen,
                why=_strongest(kept, no, names, moved[no]),
                lines=lines.get(order, ()),
                model=late.model.id,
            )
        )
    return found


def _strongest(frame: Frame, row: int, names: Sequence[str], moved: Any) -> tuple[Push, ...]:
    """Name the features that move a chance most, and what they are."""
    order = np.argsort(-np.abs(moved), kind="stable")[:_WHY]
    found = []
    for at in order.tolist():
        push = round(1_000 * float(moved[at]))
        if push:
            value = frame.columns[names[at]][row]
            is_word = KNOWN[names[at]].kind == "value"
            found.append(
                Push(feature=names[at], push=push, value=str(value) if is_word else f"{value:g}")
            )
    return tuple(found)


def tell_times(
    frames: Frames, used: dict[str, Answering], kept: Frame
) -> list[tuple[int, int, int]]:
    """Tell when orders will come: epoch ms, 10, 50 and 90 %. What was handed over has the way
    alone before it; the spreads of both parts are taken as independent.
    """
    orders = [str(order) for order in kept.order]
    placed = frames.placed(orders)
    hand = _times_of(frames, used, "hand", [(o, "hand", placed[o][0] + SOON_MS) for o in orders])
    way = _times_of(frames, used, "way", [(o, "1", frames.now_ms) for o in orders])
    found = []
    for order in orders:
        _, created, left_ms = placed[order]
        there = way.get(order, (0.0, 0.0, 0.0))
        before = (0.0, 0.0, 0.0) if left_ms else hand.get(order, (0.0, 0.0, 0.0))
        middle = before[1] + there[1]
        early = np.hypot(before[1] - before[0], there[1] - there[0])
        late = np.hypot(before[2] - before[1], there[2] - there[1])
        start = left_ms or created
        low, mid, high = (
            max(frames.now_ms, start + round(60_000 * float(minutes)))
            for minutes in (middle - early, middle, middle + late)
        )
        found.append((low, mid, high))
    return found


def _times_of(
    frames: Frames, used: dict[str, Answering], target: str, asked: list[tuple[str, str, int]]
) -> dict[str, tuple[float, float, float]]:
    if target not in used:
        return {}
    frame = frames.ask(target, asked)
    told = used[target].fitted.tell(frame).tolist()
    return {str(order): tuple(each) for order, each in zip(frame.order, told, strict=True)}


def tell_lines(
    frames: Frames, used: dict[str, Answering], kept: Frame
) -> dict[str, tuple[LineRisk, ...]]:
    """Tell how likely the lines of orders are to come back."""
    if "return" not in used:
        return {}
    frame = frames.ask("return", frames.lines([str(order) for order in kept.order]))
    told = used["return"].fitted.tell(frame)
    found: dict[str, tuple[LineRisk, ...]] = {}
    for no in np.lexsort((frame.part, frame.order)).tolist():
        order = str(frame.order[no])
        risk = LineRisk(
            line=int(frame.part[no]),
            sku=str(frame.columns["sku"][no]),
            chance=round(1_000 * float(told[no])),
        )
        found[order] = (*found.get(order, ()), risk)
    return found


async def look(connection: Connection, tenant: int, frames: Frames) -> int:
    """Watch the models, work lanes and habits out, ask about open orders; gives how many."""
    await watch(connection, tenant, frames)
    await learning_tables.write_tables(connection, tenant, frames)
    return await ask(connection, tenant, frames)
