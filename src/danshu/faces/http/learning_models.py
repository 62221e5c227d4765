"""模型: the registry of what was learned, who answers, and what people decide about it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.learning.features import KNOWN
from danshu.capabilities.learning.model import Bin, Marks, Model, Spread
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.jobs import JobView, mine, runner_of, show_job
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import learning, learning_rows
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/learning/models/{model_id:uuid}"
_Note = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class LearnedMarks(Struct, frozen=True, kw_only=True):
    """How a model does on rows that it has not seen; -1 where it can't be told. AUC, calibration
    error and `covered` in thousandths, Brier and logarithmic loss in millionths, times in minutes.
    """

    rows: int
    auc: int
    ece: int
    brier_ppm: int
    loss_ppm: int
    pinball_min: int
    error_min: int
    covered: int


class LearnedBin(Struct, frozen=True, kw_only=True):
    """Of rows with about the same chance: what was said and what came, thousandths."""

    said: int
    came: int
    rows: int


class LearnedSlice(Struct, frozen=True, kw_only=True):
    """The marks of the rows whose feature `by` is `value`."""

    by: str
    value: str
    marks: LearnedMarks


class LearnedFeature(Struct, frozen=True, kw_only=True):
    """A feature, how much it counts in the whole model (thousandths), and how far its values have
    moved since (population stability index in thousandths, 0 where it does not count or lies
    as it did).
    """

    name: str
    title_zh: str
    title_en: str
    weight: int
    psi: int


class LearnedShadow(Struct, frozen=True, kw_only=True):
    """A challenger beside the model in use, on orders that neither has seen. `gain` is how much
    less it loses, `low` the lower end of that at 95 %, thousandths of the other's loss.
    """

    rows: int
    mine: LearnedMarks | None
    other: LearnedMarks | None
    gain: int
    low: int
    ready: bool


class LearnedModel(Struct, frozen=True, kw_only=True):
    """A model. `target`: late, hand, way, return; `kind`: rates (plain) or trees; `state`: base,
    challenger, champion, fallen, retired. `marks` are those of days after it learned, `plain` those
    of the rates of the same training, `shuffled` those of a split at random, `since` of what came
    after. `trouble` says why it should step back.
    """

    id: uuid.UUID
    target: str
    kind: str
    state: str
    digest: str
    data: str
    code: str
    from_day: str
    to_day: str
    fitted: int
    calibrated: int
    trained: str
    by: str
    why: str
    answers: bool
    marks: LearnedMarks
    plain: LearnedMarks
    shuffled: LearnedMarks | None
    since: LearnedMarks | None
    shadow: LearnedShadow
    trouble: str
    watched: str


class LearnedModelDetail(Struct, frozen=True, kw_only=True):
    """A model with its reliability table, its slices and its features, the weightiest first."""

    model: LearnedModel
    bins: tuple[LearnedBin, ...]
    since_bins: tuple[LearnedBin, ...]
    slices: tuple[LearnedSlice, ...]
    features: tuple[LearnedFeature, ...]


class LearnedModelPage(Struct, frozen=True, kw_only=True):
    """Models, the newest first; `next` is "" at the end. `training` is the job under way, `by_rule`
    whether a challenger that is better by the margin is used without a person.
    """

    items: tuple[LearnedModel, ...]
    next: str
    training: uuid.UUID | None
    by_rule: bool


class LearningNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is decided so."""

    note: _Note = ""


class LearningSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`by_rule`: a challenger that is better by the margin on later days is used at once."""

    by_rule: bool


def _marks(m: Marks) -> LearnedMarks:
    return LearnedMarks(
        rows=m.rows, auc=m.auc, ece=m.ece, brier_ppm=m.brier_ppm, loss_ppm=m.loss_ppm,
        pinball_min=m.pinball_min, error_min=m.error_min, covered=m.covered,
    )  # fmt: skip


def _bins(bins: tuple[Bin, ...]) -> tuple[LearnedBin, ...]:
    return tuple(LearnedBin(said=b.said, came=b.came, rows=b.rows) for b in bins)


def _show(model: Model, *, answers: bool) -> LearnedModel:
    card, watch, beside = model.card, model.watch, model.watch.shadow
    return LearnedModel(
        id=model.id,
        target=card.target,
        kind=card.kind,
        state=model.state,
        digest=model.digest,
        data=card.data,
        code=card.code,
        from_day=card.from_day,
        to_day=card.to_day,
        fitted=card.fitted,
        calibrated=card.calibrated,
        trained=rfc3339(model.trained_ms),
        by=model.by,
        why=model.why,
        answers=answers,
        marks=_marks(card.marks),
        plain=_marks(card.plain),
        shuffled=_marks(card.shuffled) if card.shuffled.rows else None,
        since=_marks(watch.marks) if watch.marks else None,
        shadow=LearnedShadow(
            rows=beside.rows,
            mine=_marks(beside.mine) if beside.mine else None,
            other=_marks(beside.other) if beside.other else None,
            gain=beside.gain,
            low=beside.low,
            ready=beside.ready,
        ),
        trouble=watch.trouble,
        watched=rfc3339(watch.at_ms) if watch.at_ms else "",
    )


def _features(model: Model) -> tuple[LearnedFeature, ...]:
    moved = {each.name: each.psi for each in model.watch.drift}

    def show(spread: Spread) -> LearnedFeature:
        feature = KNOWN[spread.name]
        return LearnedFeature(
            name=spread.name, title_zh=feature.zh, title_en=feature.en, weight=spread.weight,
            psi=moved.get(spread.name, 0),
        )  # fmt: skip

    return tuple(map(show, sorted(model.card.spreads, key=lambda s: (-s.weight, s.name))))


async def _detail(request: Ask, model: Model) -> LearnedModelDetail:
    async with hub_of(request).connection() as connection:
        models = await learning_rows.current(connection, held_of(request).tenant)
    used = learning_rows.used(models, model.card.target)
    return LearnedModelDetail(
        model=_show(model, answers=used is not None and used.id == model.id),
        bins=_bins(model.card.bins),
        since_bins=_bins(model.watch.bins),
        slices=tuple(
            LearnedSlice(by=s.by, value=s.value, marks=_marks(s.marks)) for s in model.card.slices
        ),
        features=_features(model),
    )


async def _answer(request: Ask, done: Model | Refusal) -> Response[LearnedModelDetail]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(await _detail(request, done))


@get("/v1/learning/models", **declare_read("listLearnedModels", "learning", "forecast.read"))
async def list_learned_models(
    request: Ask, cursor: Cursor = "", limit: Limit = 50
) -> LearnedModelPage:
    """List models, the newest first."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        found = await learning_rows.list_models(connection, tenant, read_before(cursor), limit + 1)
        models = await learning_rows.current(connection, tenant)
        training = await learning.under_way(connection, tenant)
        by_rule = await learning_rows.is_by_rule(connection, tenant)
    used = {m.id for m in found if learning_rows.used(models, m.card.target) == m}
    more = found[limit - 1].id if len(found) > limit else None
    return LearnedModelPage(
        items=tuple(_show(m, answers=m.id in used) for m in found[:limit]),
        next=write_place(str(more)) if more else "",
        training=training,
        by_rule=by_rule,
    )


@get(_ONE, **declare_read("getLearnedModel", "learning", "forecast.read"))
async def get_learned_model(model_id: FromPath[uuid.UUID], request: Ask) -> LearnedModelDetail:
    """Read a model: how it does, where, on which features, and whether they still lie so."""
    async with hub_of(request).connection() as connection:
        found = await learning_rows.read(connection, held_of(request).tenant, model_id)
    return await _detail(request, found)


@post(
    "/v1/learning/train",
    status_code=202,
    **declare_write("trainModels", "learning", "forecast.write"),
)
async def train_models(data: JSONBody[LearningNote], request: Ask) -> JobView:
    """Learn from the orders as they are now, as a job that can be cancelled."""
    del data
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await learning.ask(connection, held.tenant, who_of(held), held.actor)
    runner_of(request).wake()
    return show_job(await mine(request, id_), held)


@post(
    f"{_ONE}/promote",
    status_code=200,
    **declare_write("promoteModel", "learning", "forecast.write"),
)
async def promote_model(
    model_id: FromPath[uuid.UUID], data: JSONBody[LearningNote], request: Ask
) -> Response[LearnedModelDetail]:
    """Put a challenger, or a model that fell back, into use."""
    held = held_of(request)
    done = await learning.promote(hub_of(request), held.tenant, model_id, data.note, held.actor)
    return await _answer(request, done)


@post(
    f"{_ONE}/retire",
    status_code=200,
    **declare_write("retireModel", "learning", "forecast.write"),
)
async def retire_model(
    model_id: FromPath[uuid.UUID], data: JSONBody[LearningNote], request: Ask
) -> Response[LearnedModelDetail]:
    """Retire a model; without a champion plain rates answer."""
    held = held_of(request)
    done = await learning.retire(hub_of(request), held.tenant, model_id, data.note, held.actor)
    return await _answer(request, done)


@put(
    "/v1/learning/settings",
    **declare_write("setLearning", "learning", "forecast.write"),
)
async def set_learning(data: JSONBody[LearningSettings], request: Ask) -> LearningSettings:
    """Say whether the margin alone decides which model is used."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await learning_rows.configure(connection, held.tenant, data.by_rule, held.actor)
    return data


ROUTES: Final = [
    list_learned_models,
    get_learned_model,
    train_models,
    promote_model,
    retire_model,
    set_learning,
]
