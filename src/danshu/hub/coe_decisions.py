"""What was decided and what happened in the days of a review: policies, replans, campaigns,
experiments, proposals; findings and incidents. As it was known at the review's moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.agent.model import Proposal
from danshu.capabilities.associations import evolve as campaigns
from danshu.capabilities.associations.facts import AssociationProposed
from danshu.capabilities.coe import evolve as records
from danshu.capabilities.coe import words
from danshu.capabilities.coe.model import Experiment, Goal
from danshu.capabilities.coe.weekly import Decided, Happened
from danshu.capabilities.sentinel.model import BY_CODE
from danshu.capabilities.weave import health
from danshu.kernel import fact
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.coe.evolve import Record
    from danshu.kernel.fact import Fact

Connection = Any
MOST: Final = 40
"""Decisions of each kind that are read, the newest."""
_POLICIES: Final = """
select encode(t.digest, 'hex'), t.act, (extract(epoch from t.at)*1000)::int8, s.name
from policy_steps t join policy_sets s on s.tenant=t.tenant and s.digest=t.digest
where t.tenant=%(t)s and t.at >= %(since)s and t.at < %(end)s
and t.act in ('activated', 'rolled_back') order by t.no desc limit %(most)s
"""
_REPLANS: Final = """
select r.id::text, r.cause, r.planned, r.before_fen - r.after_fen
from replans r join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%(t)s and j.ended >= %(since)s and j.ended < %(end)s and j.state='done'
order by r.id desc limit %(most)s
"""
_CAMPAIGNS: Final = """
select id from campaigns where tenant=%(t)s and started < %(end)s
and (stopped is null or stopped >= %(since)s) order by id desc limit %(most)s
"""
_EXPERIMENTS: Final = """
select id from experiments where tenant=%(t)s and (body->>'made_ms')::int8 < %(end_ms)s
and (state='running' or (body->>'changed_ms')::int8 >= %(since_ms)s)
order by id desc limit %(most)s
"""
_PROPOSALS: Final = """
select doc::text from proposals where tenant=%(t)s and state in ('done', 'measured', 'rolled_back')
and (doc->>'ended_ms')::int8 < %(end_ms)s and ((doc->>'ended_ms')::int8 >= %(since_ms)s
  or (doc->'outcome'->>'at_ms')::int8 >= %(since_ms)s) order by id desc limit %(most)s
"""
_FACTS: Final = """
select stream, body from facts where tenant=%s and stream = any(%s) order by stream, v
"""
_GOALS: Final = "select id from goals where tenant=%(t)s and (body->>'made_ms')::int8 <= %(end_ms)s"
_FINDINGS: Final = """
select class, count(*), sum(risk_fen)::int8 from findings
where tenant=%(t)s and at >= %(since)s and at < %(end)s and found < %(end)s
group by class order by 3 desc, 1 limit %(most)s
"""
_INCIDENTS: Final = """
select metric, count(*) from health_incidents where tenant=%(t)s and opened >= %(since)s
and opened < %(end)s group by metric order by 2 desc, 1 limit %(most)s
"""


class Found(Struct, frozen=True, kw_only=True):
    """Decisions with the moments after which promises are to be counted apart (0 = not)."""

    decided: tuple[tuple[Decided, int], ...]
    happened: tuple[Happened, ...]


async def read(
    connection: Connection, tenant: int, since_ms: int, until_ms: int, as_of_ms: int
) -> Found:
    """Read the decisions and incidents of [since, until), known at `as_of_ms`."""
    end_ms = min(until_ms, as_of_ms)
    asked = {
        "t": tenant,
        "since": write.instant(since_ms * 1000),
        "end": write.instant(end_ms * 1000),
        "since_ms": since_ms,
        "end_ms": end_ms,
        "most": MOST,
    }
    decided = [
        *await _policies(connection, asked),
        *[(d, 0) for d in await _replans(connection, asked)],
        *[(d, 0) for d in await _experiments(connection, tenant, asked)],
        *[(d, 0) for d in await _campaigns(connection, tenant, asked)],
        *[(d, 0) for d in await _proposals(connection, asked, as_of_ms)],
    ]
    return Found(decided=tuple(decided), happened=await _happened(connection, asked))


async def _policies(connection: Connection, asked: dict[str, Any]) -> list[tuple[Decided, int]]:
    rows = await (await connection.execute(_POLICIES, asked)).fetchall()
    told: dict[str, tuple[Decided, int]] = {}
    for digest, act, at_ms, name in rows:
        zh, en = {
            "activated": (f"策略「{name}」生效", f"Policy “{name}” was activated"),
            "rolled_back": (f"策略「{name}」回滚", f"Policy “{name}” was rolled back"),
        }[act]
        one = Decided(kind="policy", ref=digest, zh=zh, en=en, label=name)
        told.setdefault(digest, (one, at_ms))
    return list(told.values())


async def _replans(connection: Connection, asked: dict[str, Any]) -> list[Decided]:
    rows = await (await connection.execute(_REPLANS, asked)).fetchall()
    return [
        Decided(
            kind="replan",
            ref=id_,
            zh=f"重排 {planned} 单（{cause}）",
            en=f"{planned} orders planned anew ({cause})",
            worth_fen=saved,
            measured_zh="按预计成本，未与账单核对",
            measured_en="by expected cost, not compared with bills",
        )
        for id_, cause, planned, saved in rows
    ]


async def read_goals(connection: Connection, tenant: int, as_of_ms: int) -> tuple[Goal, ...]:
    """Read the goals that held at a moment, as they were then, the oldest first."""
    asked = {"t": tenant, "end_ms": as_of_ms}
    told = [_evolved(id_, said) for id_, said in await _fold(connection, tenant, _GOALS, asked)]
    return tuple(g for g in told if isinstance(g, Goal) and g.state == "active")


async def _fold(
    connection: Connection, tenant: int, sql: str, asked: dict[str, Any]
) -> list[tuple[uuid.UUID, list[Fact]]]:
    """Give streams with what had been said of them at the moment, the oldest first."""
    found: dict[uuid.UUID, list[Fact]] = {}
    ids = sorted(id_ for (id_,) in await (await connection.execute(sql, asked)).fetchall())
    for id_, packed in await (await connection.execute(_FACTS, (tenant, ids))).fetchall():
        said = [fact.read(body) for body in fact.unpack(bytes(packed))]
        known = [one for one in said if epoch_ms(one.time) <= asked["end_ms"]]
        found.setdefault(id_, []).extend(known)
    return [(id_, said) for id_, said in found.items() if said]


def _evolved(id_: uuid.UUID, said: list[Fact]) -> Record | None:
    one: Record | None = None
    for each in said:
        one = records.evolve(one, id_, _data(each), each.actor.sub, epoch_ms(each.time))
    return one


def _data(said: Fact) -> msgspec.Struct:
    if isinstance(said.data, msgspec.Raw):
        raise ProgramError(f"an unknown fact {said.type}")
    return said.data


async def _experiments(connection: Connection, tenant: int, asked: dict[str, Any]) -> list[Decided]:
    out = []
    for id_, said in await _fold(connection, tenant, _EXPERIMENTS, asked):
        one = _evolved(id_, said)
        if isinstance(one, Experiment):
            out.append(_tried(one))
    return out


def _tried(one: Experiment) -> Decided:
    zh, en = "", ""
    if one.figures and one.figures[0].is_known:
        f = one.figures[0]
        effect, low, high = (words.difference(f.metric, v) for v in (f.effect, f.low, f.high))
        zh, en = words.TRIALS[f.metric]
        zh = f"{zh}差 {effect[0]}（{low[0]} 至 {high[0]}，随时看都成立）"
        en = f"{en} differ by {effect[1]} ({low[1]} to {high[1]}, valid at all times)"
    if one.why == "guardrail":
        rail = words.TRIALS[one.breached]
        zh, en = (
            f"护栏“{rail[0]}”被突破，已自动停止",
            f"its guardrail on {rail[1]} broke: stopped",
        )
    return Decided(
        kind="experiment",
        ref=str(one.id),
        zh=f"实验「{one.plan.name}」",
        en=f"Experiment “{one.plan.name}”",
        measured_zh=zh,
        measured_en=en,
    )


async def _campaigns(connection: Connection, tenant: int, asked: dict[str, Any]) -> list[Decided]:
    out = []
    for id_, said in await _fold(connection, tenant, _CAMPAIGNS, asked):
        first = _data(said[0])
        assert isinstance(first, AssociationProposed)  # so a campaign's stream begins
        one = campaigns.begin(id_, first, said[0].actor.sub, epoch_ms(said[0].time))
        for each in said[1:]:
            one = campaigns.evolve(one, _data(each), each.actor.sub, epoch_ms(each.time))
        f = one.figures
        is_known = f.always_low > -1000 or f.always_high < 1000
        span = f"{f.effect / 10:+.1f}（{f.always_low / 10:+.1f} 至 {f.always_high / 10:+.1f}）"
        out.append(
            Decided(
                kind="campaign",
                ref=str(id_),
                zh=f"关联动作 {one.plan.first}→{one.plan.then}",
                en=f"Campaign {one.plan.first}→{one.plan.then}",
                measured_zh=f"多买 {span} 个百分点，有对照组" if is_known else "",
                measured_en=f"{span} points more buy, against a holdout" if is_known else "",
            )
        )
    return out


async def _proposals(connection: Connection, asked: dict[str, Any], as_of_ms: int) -> list[Decided]:
    rows = await (await connection.execute(_PROPOSALS, asked)).fetchall()
    out = []
    for (doc,) in rows:
        one = msgspec.json.decode(doc, type=Proposal)
        told = one.outcome if one.outcome and one.outcome.at_ms <= as_of_ms else None
        out.append(
            Decided(
                kind="proposal",
                ref=str(one.id),
                zh=f"提案「{one.terms.title_zh}」",
                en=f"Proposal “{one.terms.title_en}”",
                worth_fen=told.mid_fen if told else None,
                measured_zh=f"{told.method}，{told.counted} 例" if told else "",
                measured_en=f"{told.method}, {told.counted} cases" if told else "",
            )
        )
    return out


async def _happened(connection: Connection, asked: dict[str, Any]) -> tuple[Happened, ...]:
    found = await (await connection.execute(_FINDINGS, asked)).fetchall()
    rows = await (await connection.execute(_INCIDENTS, asked)).fetchall()
    metrics = health.by_code()
    return (
        *[
            Happened(
                kind="finding",
                ref=code,
                zh=BY_CODE[code].zh if code in BY_CODE else code,
                en=BY_CODE[code].en if code in BY_CODE else code,
                times=times,
                risk_fen=risk,
            )
            for code, times, risk in found
        ],
        *[
            Happened(
                kind="incident",
                ref=metric,
                zh=f"健康度告警·{metrics[metric].zh if metric in metrics else metric}",
                en=f"Health alert: {metrics[metric].en if metric in metrics else metric}",
                times=times,
                risk_fen=None,
            )
            for metric, times in rows
        ],
    )
