"""The registry's rows: models with their facts, files by digest, the setting."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from danshu.capabilities.learning import facts as said
from danshu.capabilities.learning import registry, trees
from danshu.capabilities.learning.model import Card, Model, Watch
from danshu.hub.merchants import say
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD
from danshu.kernel.limits import LEARNING_MODELS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from msgspec import Struct

    from danshu.capabilities.learning.training import Trained
    from danshu.capabilities.learning.trees import Fitted
    from danshu.kernel.fact import Actor

Connection = Any
NO_MODEL: Final = InputError("no_model", "there is no such model")
USED: Final = ("champion", "base")
"""Who answers, if it is there: the first of these."""
_COLUMNS: Final = (
    "id, digest, state, card::text, (extract(epoch from trained)*1000)::int8, by, why, watch::text,"
    " seq, head"
)
_ONE: Final = f"select {_COLUMNS} from learning_models where tenant=%s and id=%s"
_LIST: Final = f"""
select {_COLUMNS} from learning_models where tenant=%s and id < %s order by id desc limit %s
"""
_CURRENT: Final = f"""
select {_COLUMNS} from learning_models where tenant=%s
and state in ('base','challenger','champion','fallen') order by id desc
"""
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_ADD: Final = """
insert into learning_models(tenant,id,target,kind,digest,state,card,trained,by,seq,head)
values (%s,%s,%s,%s,%s,%s,%s::jsonb,%s,%s,%s,%s)
"""
_SET: Final = """
update learning_models set state=%s, by=%s, why=%s, seq=%s, head=%s where tenant=%s and id=%s
"""
_WATCH: Final = "update learning_models set watch=%s::jsonb where tenant=%s and id=%s"
_IN_STATE: Final = """
select id from learning_models where tenant=%s and target=%s and state=%s for update
"""
_PUT_FILE: Final = """
insert into learning_files(tenant,digest,body) values (%s,%s,%s) on conflict do nothing
"""
_FILE: Final = "select body from learning_files where tenant=%s and digest=%s"
_FORGET: Final = """
delete from learning_files f where f.tenant=%(tenant)s and not exists (
  select 1 from learning_models m where m.tenant=f.tenant and m.digest=f.digest
  and m.state <> 'retired') and not exists (
  select 1 from (select digest from learning_models where tenant=%(tenant)s order by id desc
    limit %(kept)s) newest where newest.digest=f.digest)
"""
_SETTING: Final = "select by_rule from learning_settings where tenant=%s"
_CONFIGURE: Final = """
insert into learning_settings(tenant,by_rule) values (%s,%s)
on conflict (tenant) do update set by_rule=excluded.by_rule
"""
_card = msgspec.json.Decoder(Card).decode
_watch = msgspec.json.Decoder(Watch).decode


def _read(row: Any) -> Model:
    id_, digest, state, card, trained_ms, by, why, watch = row[:8]
    return Model(
        id=id_,
        digest=digest,
        state=state,
        card=_card(card),
        trained_ms=trained_ms,
        by=by,
        why=why,
        watch=_watch(watch),
    )


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Model:
    """Read a model. Raises InputError `no_model`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_MODEL
    return _read(row)


async def list_models(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[Model]:
    """List models, the newest first."""
    rows = await (await connection.execute(_LIST, (tenant, before, limit))).fetchall()
    return [_read(row) for row in rows]


async def current(connection: Connection, tenant: int) -> dict[tuple[str, str], Model]:
    """Give the models that are not retired, by target and state; of those that fell the newest."""
    rows = await (await connection.execute(_CURRENT, (tenant,))).fetchall()
    found: dict[tuple[str, str], Model] = {}
    for model in map(_read, rows):
        found.setdefault((model.card.target, model.state), model)
    return found


def used(models: dict[tuple[str, str], Model], target: str) -> Model | None:
    """Give the model that answers for a target; None before anything was learned."""
    return next((models[target, state] for state in USED if (target, state) in models), None)


async def load(connection: Connection, tenant: int, model: Model) -> Fitted:
    """Load a model from its file. Raises InputError `model_damaged`, `no_extra`."""
    row = await (await connection.execute(_FILE, (tenant, model.digest))).fetchone()
    if row is None:
        raise trees.DAMAGED
    return trees.load(bytes(row[0]), model.digest)


async def add(
    connection: Connection, tenant: int, trained: Sequence[Trained], actor: Actor, now_ms: int
) -> list[uuid.UUID]:
    """Keep what a training made, all in one commit: rates take the former base's place at once,
    trees that of the former challenger.
    """
    made = []
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        for each in trained:
            state = "base" if each.card.kind == "rates" else "challenger"
            await _retire(connection, tenant, each.card.target, state, actor, now_ms)
            id_ = ids.uuid7(now_ms, os.urandom(10))
            data = _say(each, state)
            seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, data)
            await connection.execute(_PUT_FILE, (tenant, each.digest, each.body))
            card = msgspec.json.encode(each.card).decode()
            told = (each.card.target, each.card.kind, each.digest, state, card)
            at = write.instant(now_ms * 1000)
            await connection.execute(_ADD, (tenant, id_, *told, at, actor.sub, seq, head))
            made.append(id_)
        await connection.execute(_FORGET, {"tenant": tenant, "kept": LEARNING_MODELS})
    return made


def _say(trained: Trained, state: str) -> said.LearningTrained:
    card, marks = trained.card, trained.card.marks
    return said.LearningTrained(
        auc=marks.auc,
        code=card.code,
        data=card.data,
        digest=trained.digest,
        ece=marks.ece,
        from_day=card.from_day,
        kind=card.kind,
        loss=marks.loss_ppm if marks.loss_ppm >= 0 else marks.pinball_min,
        rows=marks.rows,
        state=state,
        target=card.target,
        to_day=card.to_day,
    )


async def change(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    decide: Callable[[Model], Struct | Refusal | None],
) -> Model | Refusal:
    """Change a model's state with its fact, in one commit; whoever is promoted takes the former
    champion's place. None changes nothing. Raises InputError `no_model`.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(f"{_ONE} for update", (tenant, id_))).fetchone()
        if row is None:
            raise NO_MODEL
        model = _read(row)
        data = decide(model)
        if data is None or isinstance(data, Refusal):
            return data or model
        if isinstance(data, said.LearningPromoted):
            await load(connection, tenant, model)  # nothing is put into use that can't be read
            for state in ("champion", "fallen"):
                await _retire(
                    connection, tenant, model.card.target, state, actor, now_ms, but=model.id
                )
        end = (int(row[8]), bytes(row[9]))
        return await _follow(connection, tenant, model, end, actor, now_ms, data)


async def _follow(
    connection: Connection,
    tenant: int,
    model: Model,
    end: tuple[int, bytes],
    actor: Actor,
    now_ms: int,
    data: Struct,
) -> Model:
    seq, head = await say_next(connection, tenant, model.id, end, actor, now_ms, data)
    after = replace(
        model,
        state=registry.evolve(model.state, data),
        by=actor.sub,
        why=getattr(data, "why", ""),
    )
    told = (after.state, after.by, after.why, seq, head, tenant, model.id)
    await connection.execute(_SET, told)
    return after


async def _retire(
    connection: Connection,
    tenant: int,
    target: str,
    state: str,
    actor: Actor,
    now_ms: int,
    but: uuid.UUID | None = None,
) -> None:
    """Retire the models of a target in a state, but for one, whose place is taken."""
    rows = await (await connection.execute(_IN_STATE, (tenant, target, state))).fetchall()
    for (id_,) in rows:
        if id_ == but:
            continue
        row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
        end = (int(row[8]), bytes(row[9]))
        data = said.LearningRetired(note="", why="replaced")
        await _follow(connection, tenant, _read(row), end, actor, now_ms, data)


async def keep_watch(connection: Connection, tenant: int, id_: uuid.UUID, watch: Watch) -> None:
    """Keep how a model does."""
    await connection.execute(_WATCH, (msgspec.json.encode(watch).decode(), tenant, id_))


async def is_by_rule(connection: Connection, tenant: int) -> bool:
    """Tell whether the margin alone decides which model is used."""
    row = await (await connection.execute(_SETTING, (tenant,))).fetchone()
    return bool(row and row[0])


async def configure(connection: Connection, tenant: int, by_rule: bool, actor: Actor) -> None:
    """Let the margin decide, or people alone."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        if await is_by_rule(connection, tenant) == by_rule:
            return
        await say(connection, tenant, actor, said.LearningConfigured(by_rule=by_rule))
        await connection.execute(_CONFIGURE, (tenant, by_rule))
