"""Skills at work: they look, each in a process of its own, and what they draft becomes proposals.

A draft is refused unless everything about it is in order; a skill that fails is named and rests,
twice as long each time; the others go on.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.agent import autonomy, decide, drafts, facts
from danshu.capabilities.agent.model import Autonomy, Terms
from danshu.hub import agent_acts, agent_rows, agent_switch, agent_views
from danshu.hub.agent_child import SkillErrand, SkillSaid, SkillShown
from danshu.hub.agent_doing import nature_of
from danshu.hub.agent_switch import ROBOT
from danshu.kernel import ids
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.limits import AGENT_REST_S, AGENT_SKILL_S, AGENT_VIEW_ROWS
from danshu.ledger import write
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.agent.drafts import Outside
    from danshu.hub.agent_act import Act
    from danshu.hub.compose import Hub
    from danshu.ports.skill import Draft

Connection = Any
_START_S: Final = 20
_DAY_S: Final = 86_400
_LEAST_S: Final = 60
_REFUSALS: Final = 20
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", registry.VARIABLE)
_PYTHON: Final = "PYTHON"
_DECIDED: Final = """
select 1 from proposals where tenant=%s and action=%s and key=%s
and doc->'terms'->>'parameters' = %s and made > to_timestamp(%s/1000.0) - interval '7 days'
and state not in ('waiting','approved','performing','expired','withdrawn','failed') limit 1
"""
_RUN: Final = """
insert into agent_runs(tenant,skill,version,looked,next,took_ms,drafts,made,refusals,trouble,
failures) values (%(t)s,%(skill)s,%(version)s,%(at)s,%(next)s,%(took)s,%(drafts)s,%(made)s,
%(refusals)s::jsonb,%(trouble)s,%(failures)s)
on conflict (tenant,skill) do update set version=excluded.version, looked=excluded.looked,
next=excluded.next, took_ms=excluded.took_ms, drafts=excluded.drafts, made=excluded.made,
refusals=excluded.refusals, trouble=excluded.trouble, failures=excluded.failures
"""
_FAILURES: Final = "select failures from agent_runs where tenant=%s and skill=%s"
_RUNS: Final = """
select skill, version, (extract(epoch from looked)*1000)::int8,
(extract(epoch from next)*1000)::int8, took_ms, drafts, made, refusals::text, trouble
from agent_runs where tenant=%s
"""
_shown: Final = msgspec.json.Decoder(tuple[SkillShown, ...]).decode
_said: Final = msgspec.json.Decoder(SkillSaid).decode
_known: dict[str, tuple[SkillShown, ...]] = {}


class DraftRefused(Struct, frozen=True, kw_only=True):
    """A draft that became nothing: why, and what it was about."""

    code: str
    key: str


class Run(Struct, frozen=True, kw_only=True):
    """A look of a skill: drafts that it gave, how many became or renewed proposals, the first that
    were refused; `trouble` how it failed, "" = it did not.
    """

    skill: str
    version: int
    looked_ms: int
    next_ms: int
    took_ms: int
    drafts: int
    made: int
    refusals: tuple[DraftRefused, ...]
    trouble: str


async def describe() -> tuple[SkillShown, ...]:
    """Describe the skills that are plugged in, asked once a process and set of plug-ins."""
    table = repr(registry.plugins("skill"))
    found = _known.get(table)
    if found is None:
        found = _shown(await _ask(SkillErrand()))
        _known[table] = found
    return found


async def find(name: str) -> SkillShown:
    """Give a skill. Raises InputError `no_skill`."""
    for shown in await describe():
        if shown.name == registry.spell_name(name):
            return shown
    raise InputError("no_skill", "there is no such skill")


async def _ask(errand: SkillErrand) -> bytes:
    """Ask a process of its own; raises TimeoutError, DanshuError where it gives no answer."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PYTHON)
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "danshu.hub.agent_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=kept,
    )
    try:
        line = msgspec.json.encode(errand)
        said, _ = await asyncio.wait_for(process.communicate(line), AGENT_SKILL_S + _START_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not said:
        raise DanshuError(f"the skill's process ended with {process.returncode}")
    return said


async def look(hub: Hub, tenant: int, shown: SkillShown) -> Run:
    """Let a skill look now, and take in what it drafts."""
    began_s = time.perf_counter()
    now_ms = hub.clock()
    trouble = shown.trouble
    said = SkillSaid()
    rows: dict[str, Sequence[Any]] = {}
    try:
        if not trouble:
            rows = await read_views(hub, tenant, shown.views, now_ms)
            if any(rows.values()):
                said = await _think(shown.name, rows, now_ms)
                trouble = said.trouble
    except (DanshuError, TimeoutError, msgspec.MsgspecError) as error:
        trouble = str(error)[:300] or f"it took more than {AGENT_SKILL_S} s"
    told = drafts.outside(row for some in rows.values() for row in some)
    made, refused = await take(hub, tenant, shown, said.drafts, told)
    run = Run(
        skill=shown.name,
        version=shown.version,
        looked_ms=now_ms,
        next_ms=now_ms,
        took_ms=round(1000 * (time.perf_counter() - began_s)),
        drafts=len(said.drafts),
        made=made,
        refusals=tuple(refused[:_REFUSALS]),
        trouble=trouble,
    )
    async with hub.connection() as connection:
        return await _note(connection, tenant, shown, run)


async def read_views(
    hub: Hub, tenant: int, names: Sequence[str], now_ms: int
) -> dict[str, Sequence[Any]]:
    """Read the tables that a skill is given. Raises InputError `no_view`."""
    readers = agent_views.readers()
    found: dict[str, Sequence[Any]] = {}
    for name in names:
        if name not in readers:
            raise InputError("no_view", f"nobody reads {name!r}")
        found[name] = (await readers[name](hub, tenant, now_ms))[:AGENT_VIEW_ROWS]
    return found


async def _think(name: str, rows: dict[str, Sequence[Any]], now_ms: int) -> SkillSaid:
    views = {view: msgspec.Raw(msgspec.json.encode(some)) for view, some in rows.items()}
    return _said(await _ask(SkillErrand(skill=name, now_ms=now_ms, views=views)))


async def take(
    hub: Hub, tenant: int, shown: SkillShown, given: Sequence[Draft | None], told: Outside
) -> tuple[int, list[DraftRefused]]:
    """Take drafts in, each refused unless it is in order; gives how many became proposals."""
    refused: list[DraftRefused] = []
    act = agent_acts.known().get(shown.action)
    seen: set[str] = set()
    made = 0
    for draft in given:
        code = "not_a_draft"
        if draft is not None:
            kind = act.parameters if act else Struct
            code = drafts.trouble(draft, shown.action, kind, hub.clock(), told)
            code = code or ("no_act" if act is None else "")
            code = code or ("twice" if draft.key in seen else "")
        if draft is not None and act is not None and not code:
            seen.add(draft.key)
            code = await _take(hub, tenant, shown, act, draft, told)
        if code:
            key = draft.key if draft is not None and isinstance(draft.key, str) else ""
            refused.append(DraftRefused(code=code, key=key[:80]))
        else:
            made += 1
    return made, refused


async def _take(
    hub: Hub, tenant: int, shown: SkillShown, act: Act, draft: Draft, told: Outside
) -> str:
    """Keep one draft as a proposal, or bring the open one up to date; gives why not."""
    terms, text = _write(act, draft, told)
    now_ms = hub.clock()
    async with hub.connection() as connection, connection.transaction():
        standing = await agent_switch.hold(connection, tenant, "update")
        open_ = await agent_rows.find_open(connection, tenant, draft.action, draft.key)
        if open_ is not None:
            if open_.origin != "skill" or open_.skill != shown.name:
                return "open_of_another"
            await agent_rows.change(
                connection,
                tenant,
                open_.id,
                ROBOT,
                now_ms,
                lambda one: decide.renew(one, terms, shown.version),
                evidence=text,
            )
            return ""
        asked = (tenant, draft.action, draft.key, terms.parameters, now_ms)
        if await (await connection.execute(_DECIDED, asked)).fetchone():
            return "decided_before"
        data = facts.ProposalMade(
            action=draft.action,
            key=draft.key,
            loose=shown.loose,
            origin="skill",
            skill=shown.name,
            terms=terms,
            version=shown.version,
        )
        id_ = ids.uuid7(now_ms, os.urandom(10))
        is_due = _is_automatic(data, act, standing.of(draft.action))
        await agent_rows.add(connection, tenant, id_, data, text, ROBOT, now_ms, is_due=is_due)
        return ""


def _is_automatic(data: facts.ProposalMade, act: Act, rules: Autonomy) -> bool:
    """Tell whether the room should try to carry it out at once; it looks again before it does."""
    table = autonomy.approvers(nature_of(act), data.terms.at_stake_fen, rules)
    return rules.level == "automatic" and not data.loose and table == autonomy.AUTOMATIC


def _write(act: Act, draft: Draft, told: Outside) -> tuple[Terms, str]:
    text = agent_rows.encode_evidence(drafts.evidence_of(draft))
    terms = Terms(
        title_zh=drafts.quote_names(draft.title.zh, told),
        title_en=drafts.quote_names(draft.title.en, told),
        parameters=drafts.read_parameters(draft.parameters, act.parameters),
        low_fen=draft.worth.low_fen,
        mid_fen=draft.worth.mid_fen,
        high_fen=draft.worth.high_fen,
        cost_fen=draft.cost_fen,
        lost_fen=draft.lost_at_most_fen,
        expires_ms=draft.expires_ms,
        cites=drafts.cites_of(draft.reasons),
        evidence=hashlib.sha256(text.encode()).hexdigest(),
        chance=draft.chance,
    )
    return terms, text


async def _note(connection: Connection, tenant: int, shown: SkillShown, run: Run) -> Run:
    row = await (await connection.execute(_FAILURES, (tenant, shown.name))).fetchone()
    failures = (row[0] + 1 if row else 1) if run.trouble else 0
    rest_s = max(shown.every_s, _LEAST_S)
    if failures:
        rest_s = min(AGENT_REST_S * 2 ** min(failures - 1, 5), _DAY_S)
    next_ms = run.looked_ms + rest_s * 1000
    given = {
        "t": tenant,
        "skill": run.skill,
        "version": run.version,
        "at": write.instant(run.looked_ms * 1000),
        "next": write.instant(next_ms * 1000),
        "took": run.took_ms,
        "drafts": run.drafts,
        "made": run.made,
        "refusals": msgspec.json.encode(run.refusals).decode(),
        "trouble": run.trouble,
        "failures": failures,
    }
    await connection.execute(_RUN, given)
    return msgspec.structs.replace(run, next_ms=next_ms)


async def read_runs(connection: Connection, tenant: int) -> dict[str, Run]:
    """Read the last look of each skill."""
    cursor = await connection.execute(_RUNS, (tenant,))
    return {
        row[0]: Run(
            skill=row[0],
            version=row[1],
            looked_ms=row[2],
            next_ms=row[3],
            took_ms=row[4],
            drafts=row[5],
            made=row[6],
            refusals=msgspec.json.decode(row[7], type=tuple[DraftRefused, ...]),
            trouble=row[8],
        )
        for row in await cursor.fetchall()
    }
