"""The gate of assets over HTTP: what would happen, clause by clause, before anybody tries."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.protection import border
from danshu.capabilities.protection.model import Act, ExportNeed, Form, Purpose
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, only_json
from danshu.hub import data_gates
from danshu.hub.data_gates import Passage
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ORDER_BODY_BYTES

AssetName = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9-]*$")]
ColumnName = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
_WISHES: Final[tuple[tuple[Act, Form], ...]] = (
    ("aggregate", "cells"),
    ("view", "rows"),
    ("export", "cells"),
    ("export", "rows"),
    ("share", "cells"),
    ("share", "rows"),
)


class GateQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """About which asset, for which purpose; "" is the asset's own. `columns` [] are all."""

    asset: AssetName
    purpose: Purpose | None = None
    columns: Annotated[tuple[ColumnName, ...], Meta(max_length=64)] = ()


class GateAnswer(Struct, frozen=True, kw_only=True):
    """What one act would come to: `passed`, `conditions` with what is wanted, `refused` by a
    clause.
    """

    act: str
    form: str
    state: str
    needs: tuple[ExportNeed, ...]
    masked: tuple[str, ...]
    code: str
    clause: str


class GateAnswers(Struct, frozen=True, kw_only=True):
    """The answers for each act on one asset, with its level and purpose."""

    asset: str
    purpose: str
    level: int
    acts: tuple[GateAnswer, ...]


class ProtectionRules(Struct, frozen=True, kw_only=True):
    """The clauses and the cross-border table as data; `verified_by` "" is 条款未核."""

    clauses: tuple[border.Clause, ...]
    border: tuple[border.Row, ...]


@post(
    "/v1/data-gates",
    operation_id="askDataGate",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def ask_gate(data: JSONBody[GateQuestion], request: Request[Any, Any, Any]) -> GateAnswers:
    """Tell what the caller may do with an asset, and what stands in the way. Changes nothing."""
    hub, held = hub_of(request), held_of(request)
    answers, level = [], 1
    purpose = data.purpose or data_gates.find_asset(data.asset).purpose
    for act, form in _WISHES:
        told = await data_gates.ask(
            hub,
            held.tenant,
            held.seated,
            asset=data.asset,
            act=act,
            form=form,
            purpose=purpose,
            columns=data.columns,
        )
        if not isinstance(told, Refusal):
            level = max(level, told.level)
        answers.append(_answer(act, form, told))
    return GateAnswers(asset=data.asset, purpose=purpose, level=level, acts=tuple(answers))


def _answer(act: Act, form: Form, told: Passage | Refusal) -> GateAnswer:
    if isinstance(told, Refusal):
        return GateAnswer(
            act=act,
            form=form,
            state="refused",
            needs=(),
            masked=(),
            code=told.code,
            clause=told.clause,
        )
    return GateAnswer(
        act=act,
        form=form,
        state="conditions" if told.needs else "passed",
        needs=told.needs,
        masked=tuple(sorted(told.masked)),
        code="",
        clause="",
    )


@get(
    "/v1/data-gates/rules",
    operation_id="getProtectionRules",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def get_rules() -> ProtectionRules:
    """Give the clauses that refusals name, and the cross-border decision table."""
    return ProtectionRules(clauses=tuple(border.clauses().values()), border=border.rows())


ROUTES: Final = [ask_gate, get_rules]
