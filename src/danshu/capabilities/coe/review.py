"""The weekly review: figures of two weeks -> sentences in both languages, each with what it rests
on. The same figures give the same sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.coe import changes, kpi, words
from danshu.capabilities.coe.outcomes import say_decided, say_happened
from danshu.capabilities.coe.weekly import (
    CoeCite,
    CoeReviewBody,
    CoeSection,
    CoeSentence,
)
from danshu.kernel import shares
from danshu.kernel.limits import COE_BRANCHES, COE_CITES, COE_SENTENCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.coe.changes import Change
    from danshu.capabilities.coe.kpi import CoeCell, CoeTree
    from danshu.capabilities.coe.weekly import CoeSectionCode, Week

AGENDA: Final = ("worse", "questions", "risks", "goals", "paid")
"""Sections whose sentences a meeting decides about."""
_RATES: Final = {
    "split": ("拆单的决策", "Decisions over several warehouses", "split_rate"),
    "overridden": ("人工改仓的订单", "Orders that a person sent elsewhere", "override_rate"),
}
_ORDER: Final = ("all", "warehouse", "carrier", "channel", "code", "split", "overridden")
_OPEN_P: Final = 10
"""Open changes that look large are told as small numbers, so many at most."""


def compose(week: Week) -> CoeReviewBody:
    """Write the review of a week."""
    found = changes.find(week)
    costs = say_costs(week)
    sections = (
        section("better", [*say_changes(week, found, True), *costs["better"]]),
        section("worse", [*say_changes(week, found, False), *costs["worse"]]),
        section("paid", map(say_decided, week.decided)),
        section("owners", say_owners(week)),
        section("goals", say_goals(week)),
        section("incidents", [*map(say_happened, week.happened), *say_paid_out(week)]),
        section("small", say_small(week, found)),
        section("questions", ask(week, found)),
        section("risks", [CoeSentence(key=a.key, zh=a.zh, en=a.en, cites=a.cites)
                          for a in week.ahead]),
    )  # fmt: skip
    return CoeReviewBody(
        week=week.week,
        since_ms=week.since_ms,
        until_ms=week.until_ms,
        as_of_ms=week.as_of_ms,
        is_partial=week.as_of_ms < week.until_ms,
        positions=week.positions,
        sections=sections,
        trees=tuple(map(_pruned, kpi.trees(week.cells))),
        curve=week.curve,
        goals=week.goals,
    )


def keys(body: CoeReviewBody) -> list[str]:
    """Give the sentences that a meeting may decide about, by their keys."""
    return [s.key for part in body.sections if part.code in AGENDA for s in part.sentences]


def find_sentence(body: CoeReviewBody, key: str) -> CoeSentence | None:
    """Find a sentence by its key."""
    return next((s for part in body.sections for s in part.sentences if s.key == key), None)


def section(code: CoeSectionCode, sentences: Iterable[CoeSentence]) -> CoeSection:
    """Make a section of the first of these sentences; each has something to rest on."""
    told = [s for s in sentences if s.cites]
    return CoeSection(
        code=code,
        sentences=tuple(told[:COE_SENTENCES]),
        more=max(len(told) - COE_SENTENCES, 0),
    )


def _pruned(tree: CoeTree) -> CoeTree:
    """Keep the largest branches; what the others of the first level brought goes to the rest."""
    import msgspec

    kept = tree.branches[:COE_BRANCHES]
    lost = sum(b.rate + b.mix for b in tree.branches[COE_BRANCHES:] if not b.parent)
    return msgspec.structs.replace(tree, branches=kept, rest=tree.rest + lost)


def say_changes(week: Week, found: Sequence[Change], better: bool) -> list[CoeSentence]:
    """Say the real changes in one direction, the largest first."""
    told = [c for c in found if c.is_real and c.is_better is better]
    told.sort(key=lambda c: (-abs(c.change), _ORDER.index(c.by), c.key))
    return [_say_change(week, c) for c in _once(told)]


def _once(found: Sequence[Change]) -> list[Change]:
    """Drop what counts the very same promises as one before it: the one warehouse of the one
    channel is no news of its own.
    """
    seen: dict[tuple[int, int, int, int], Change] = {}
    for one in found:
        seen.setdefault((one.now, one.now_of, one.before, one.before_of), one)
    return list(seen.values())


def _say_change(week: Week, one: Change) -> CoeSentence:
    if one.by in _RATES:
        zh, en, code = _RATES[one.by]
        cites = [CoeCite(kind="metric", ref=f"{code}@0")]
        kept_zh, kept_en = "占", "were"
    else:
        zh, en = words.name(one.by, one.key)
        cites = [week.metric, *_facts(week.cells, one, missed=not one.is_better)]
        kept_zh, kept_en = "兑现", "kept"
    now, before = words.percent(one.now, one.now_of), words.percent(one.before, one.before_of)
    low, high = words.points(one.low), words.points(one.high)
    return CoeSentence(
        key=f"change:{one.by}:{one.key}",
        zh=f"{zh}{kept_zh} {now}（{one.now}/{one.now_of}），上周 {before}"
        f"（{one.before}/{one.before_of}），{words.points(one.change)} 个百分点"
        f"（95% 区间 {low} 至 {high}）。",
        en=f"{en} {kept_en} {now} ({one.now}/{one.now_of}), {before} the week before"
        f" ({one.before}/{one.before_of}): {words.points(one.change)} points"
        f" (95 % interval {low} to {high}).",
        cites=tuple(cites[:COE_CITES]),
    )


def _facts(cells: Sequence[CoeCell], one: Change, missed: bool) -> list[CoeCite]:
    """Give facts that a change counts, one of each kind of promise that is in it."""
    return [
        CoeCite(kind="fact", ref=c.fact, label=c.order)
        for c in cells
        if c.is_now
        and bool(c.missed) is missed
        and c.fact
        and (one.by == "all" or getattr(c, one.by) == one.key)
    ][: COE_CITES - 1]


def say_costs(week: Week) -> dict[str, list[CoeSentence]]:
    """Say whether the expected cost of a decision went up or down; nothing where it did not."""
    told = changes.cost_change(week)
    if told is None or told[2] <= 0 <= told[3]:
        return {"better": [], "worse": []}
    now, before, low, high = told
    span = f"{words.yuan(low)}–{words.yuan(high)}"
    said = CoeSentence(
        key="change:cost:",
        zh=f"每次决策的预计成本 {words.yuan(now)}，上周 {words.yuan(before)}"
        f"（差的 95% 区间 {span}）。",
        en=f"The expected cost of a decision is {words.yuan(now)}, {words.yuan(before)} the week"
        f" before (95 % interval of the difference {span}).",
        cites=(CoeCite(kind="metric", ref="route_cost@0"),),
    )
    return {"better": [said] if high < 0 else [], "worse": [said] if low > 0 else []}


def say_small(week: Week, found: Sequence[Change]) -> list[CoeSentence]:
    """Say what looks large and can't be told from chance, and that it is so."""
    told = [
        c
        for c in found
        if not c.is_real
        and abs(c.change) >= changes.LOOKS_LARGE
        and c.now_of
        and c.before_of
        and c.by not in _RATES
    ]
    out = []
    told.sort(key=lambda c: (-abs(c.change), _ORDER.index(c.by), c.key))
    for one in _once(told)[:_OPEN_P]:
        zh, en = words.name(one.by, one.key)
        zh_why = f"不足 {shares.SIDE_MIN} 条" if one.is_small else "与偶然分不开"
        en_why = f"fewer than {shares.SIDE_MIN}" if one.is_small else "not told from chance"
        out.append(
            CoeSentence(
                key=f"small:{one.by}:{one.key}",
                zh=f"{zh}兑现 {one.now}/{one.now_of}，上周 {one.before}/{one.before_of}："
                f"{zh_why}，不下结论。",
                en=f"{en} kept {one.now}/{one.now_of}, {one.before}/{one.before_of} the week"
                f" before: {en_why}, nothing is concluded.",
                cites=(week.metric, *_facts(week.cells, one, missed=one.change < 0)),
            )
        )
    return out


def say_owners(week: Week) -> list[CoeSentence]:
    """Say who had the orders whose promises were missed."""
    tree = kpi.split_missed(week.cells)
    out = []
    for branch in tree.branches:
        missed, before = branch.judged - branch.kept, branch.judged_before - branch.kept_before
        if branch.parent or not missed:
            continue
        zh, en = words.owner(branch.key)
        share = words.percent(missed, branch.judged)
        cites = [
            CoeCite(kind="fact", ref=c.fact, label=c.order)
            for c in week.cells
            if c.is_now and c.missed and c.owner == branch.key and c.fact
        ]
        moved = words.points(branch.rate)
        out.append(
            (
                missed,
                CoeSentence(
                    key=f"owner:{branch.key}",
                    zh=f"到期时订单在{zh}手里：未兑现 {missed} 条，占已判定的 {share}，"
                    f"上周 {before} 条；对兑现率的贡献 {moved} 个百分点。",
                    en=f"In the hands of {en} when due: {missed} missed, {share} of those judged,"
                    f" {before} the week before; {moved} points of the share kept.",
                    cites=tuple(cites[:COE_CITES]),
                ),
            )
        )
    return [said for _, said in sorted(out, key=lambda o: (-o[0], o[1].key))]


def say_goals(week: Week) -> list[CoeSentence]:
    """Say of each goal whether it is met, those that are not first."""
    out = []
    for goal in week.goals:
        scope = f"（{goal.value}）" if goal.value else ""
        now, before, target = (
            words.measure(v, goal.unit) for v in (goal.now, goal.before, goal.target)
        )
        zh, en = {
            True: ("达标", "met"),
            False: ("未达标", "not met"),
            None: ("还没有数", "nothing to measure yet"),
        }[goal.is_met]
        said = CoeSentence(
            key=f"goal:{goal.goal}",
            zh=f"{goal.title_zh}{scope}目标 {target}，本周 {now}，上周 {before}：{zh}。",
            en=f"{goal.title_en}{f' ({goal.value})' if goal.value else ''}: goal {target},"
            f" this week {now}, the week before {before}: {en}.",
            cites=(
                CoeCite(kind="goal", ref=goal.goal),
                CoeCite(kind="metric", ref=f"{goal.metric}@{goal.version}", label=goal.digest),
            ),
        )
        out.append((goal.is_met is not False, said))
    return [said for _, said in sorted(out, key=lambda o: o[0])]


def say_paid_out(week: Week) -> list[CoeSentence]:
    """Say what broken promises cost."""
    now, before = week.paid_out_fen
    if not now and not before:
        return []
    return [
        CoeSentence(
            key="paid_out",
            zh=f"违约赔付 {words.yuan(now)}，上周 {words.yuan(before)}。",
            en=f"Compensation paid {words.yuan(now)}, {words.yuan(before)} the week before.",
            cites=(CoeCite(kind="metric", ref="compensation_amount@0"),),
        )
    ]


def ask(week: Week, found: Sequence[Change]) -> list[CoeSentence]:
    """Ask what the figures leave open."""
    out = []
    if week.borderline:
        out.append(
            CoeSentence(
                key="question:borderline",
                zh=f"{week.borderline} 条承诺卡在期限边上，等人裁定。谁来定？",
                en=f"{week.borderline} promises are borderline and wait for a ruling. Who rules?",
                cites=(week.metric,),
            )
        )
    for one in found:
        if one.is_real and not one.is_better and one.by in ("warehouse", "carrier"):
            zh, en = words.name(one.by, one.key)
            out.append(
                CoeSentence(
                    key=f"question:{one.by}:{one.key}",
                    zh=f"{zh}变差，要不要用策略避开它？先试算。",
                    en=f"{en} got worse: should a policy avoid it? Try it on past orders first.",
                    cites=(week.metric, *_facts(week.cells, one, missed=True)),
                )
            )
    judged = sum(c.kept + c.missed for c in week.cells if c.is_now)
    kept = kpi.thousandths(sum(c.kept for c in week.cells if c.is_now), judged)
    if week.own_value is not None and kept is not None and week.own_value != kept:
        out.append(
            CoeSentence(
                key="question:formula",
                zh=f"按商户自己的口径兑现率是 {words.measure(week.own_value, 'thousandths')}，"
                f"拆分按出厂口径算是 {words.measure(kept, 'thousandths')}。以哪个为准？",
                en="By the merchant's own formula the share kept is"
                f" {words.measure(week.own_value, 'thousandths')}, the trees count"
                f" {words.measure(kept, 'thousandths')} by the shipped one. Which one holds?",
                cites=(week.metric,),
            )
        )
    return out
