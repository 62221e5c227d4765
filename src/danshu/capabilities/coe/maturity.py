"""Maturity 成熟度 against the three stages of the road map: what is there, counted, and what is
missing. A criterion is met by a figure of the merchant's own data, never by somebody's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

Met = Literal["yes", "partly", "no"]
MaturityUnit = Literal["count", "thousandths", "seconds"]


class Criterion(Struct, frozen=True, kw_only=True):
    """What is looked at: from `yes` on it is met, from `partly` on in part; `is_less`: up to."""

    code: str
    stage: Literal[1, 2, 3]
    zh: str
    en: str
    missing_zh: str
    missing_en: str
    unit: MaturityUnit
    yes: int
    partly: int
    link: str
    is_less: bool = False


class MaturityRow(Struct, frozen=True, kw_only=True):
    """A criterion with what was found: `value` None where there is nothing to look at. `link` opens
    the rows behind it; `missing…` is what to do, "" where it is met.
    """

    code: str
    stage: int
    zh: str
    en: str
    unit: MaturityUnit
    value: int | None
    yes: int
    partly: int
    is_less: bool
    met: Met
    missing_zh: str
    missing_en: str
    link: str


class MaturityStage(Struct, frozen=True, kw_only=True):
    """A stage of the road map: how many of its criteria are met, and in part."""

    stage: int
    zh: str
    en: str
    met: int
    partly: int
    of: int


class MaturityReport(Struct, frozen=True, kw_only=True):
    """The check. `reached` is the highest stage of which, and of those before, all is met."""

    at: str
    reached: int
    stages: tuple[MaturityStage, ...]
    rows: tuple[MaturityRow, ...]


STAGES: Final = {
    1: ("接入与承诺：止血", "Connect and promise: stop the bleeding"),
    2: ("决策与编排：策略、连接、对账", "Decide and weave: policies, connectors, reconciliation"),
    3: ("预测与智能：预测履约、缺货、布货，有度的智能体",
        "Predict and propose: fulfilment, stock-outs, placement, an agent within bounds"),
}  # fmt: skip


def _c(
    stage: Literal[1, 2, 3],
    code: str,
    title: tuple[str, str],
    missing: tuple[str, str],
    unit: MaturityUnit,
    marks: tuple[int, int],
    link: str,
    is_less: bool = False,
) -> Criterion:
    return Criterion(
        code=code, stage=stage, zh=title[0], en=title[1], missing_zh=missing[0],
        missing_en=missing[1], unit=unit, yes=marks[0], partly=marks[1], link=link, is_less=is_less,
    )  # fmt: skip


CRITERIA: Final = (
    _c(1, "shops", ("已接入店铺", "Shops connected"),
       ("接入店铺，让订单自己进来", "Connect shops, so that orders come by themselves"),
       "count", (2, 1), "/channels"),
    _c(1, "promised", ("近 28 天带承诺的订单份额", "Orders of 28 days that carry a promise"),
       ("给没有承诺的订单定条款", "Define clauses for orders that promise nothing"),
       "thousandths", (950, 500), "/promises"),
    _c(1, "kept", ("近 28 天承诺兑现率", "Promises kept in 28 days"),
       ("看承诺差距，找出责任环节", "Look at promise gaps for the stretch at fault"),
       "thousandths", (950, 900), "/promises/gaps"),
    _c(1, "seal_lag", ("未封存的事实等了多久", "How long unsealed facts have waited"),
       ("看封存滞后的原因", "See why sealing lags"),
       "seconds", (60, 600), "/evidence", is_less=True),
    _c(1, "witnesses", ("见证方", "Witnesses of the log"),
       ("请至少一家见证方联署", "Have one witness at least cosign the log"),
       "count", (2, 1), "/evidence"),
    _c(1, "overdue_findings", ("超时未处理的异常", "Findings past their time"),
       ("先处理超时的异常", "Handle the findings that are past their time"),
       "count", (0, 20), "/incidents", is_less=True),
    _c(2, "live_policy", ("生效中的策略", "Policies that rule"),
       ("把口头规则画成策略并发布", "Draw the rules that people know, and publish them"),
       "count", (1, 1), "/policies"),
    _c(2, "trials", ("试算过的策略份额", "Policies that were tried before"),
       ("发布前在历史订单上试算", "Try policies on past orders before publishing"),
       "thousandths", (1_000, 500), "/policies"),
    _c(2, "connectors", ("启用的连接器", "Connectors in use"),
       ("接上仓储、运输、财务系统", "Connect warehouse, transport and finance systems"),
       "count", (3, 1), "/connectors"),
    _c(2, "reconciled", ("近 35 天的对账", "Reconciliations of 35 days"),
       ("导入账单，做一次三方对账", "Import bills and reconcile them once"),
       "count", (1, 1), "/reconcile"),
    _c(2, "assets", ("近 7 天建成的数据资产", "Data assets built in 7 days"),
       ("建数据资产，让分析有同一个口径", "Build data assets, so that figures agree"),
       "count", (5, 1), "/assets"),
    _c(2, "signals", ("信号来源", "Feeds of signals"),
       ("接入天气、产能、路况", "Connect weather, capacity, roads"),
       "count", (3, 1), "/signals"),
    _c(3, "forecasts", ("近 7 天的需求预测", "Demand forecasts of 7 days"),
       ("让需求预测每天跑", "Let demand be forecast each day"),
       "count", (1, 1), "/forecasts"),
    _c(3, "models", ("在用的订单模型", "Order models in use"),
       ("攒够签收的订单，训练并对照验证", "Gather delivered orders, train and validate"),
       "count", (2, 1), "/forecasts/orders"),
    _c(3, "network", ("近 7 天的缺货与布货计划", "Plans of stock-outs and placement, 7 days"),
       ("算一次缺货可能与调拨", "Work out stock-out chances and transfers once"),
       "count", (1, 1), "/network"),
    _c(3, "measured", ("量过结果的提案", "Proposals with a measured outcome"),
       ("采纳提案并等到能计效", "Accept proposals and wait until they can be measured"),
       "count", (20, 1), "/agent"),
    _c(3, "experiments", ("做完的实验", "Experiments that ended"),
       ("用带护栏的实验验证一条策略", "Verify a policy by an experiment with guardrails"),
       "count", (1, 1), "/coe?tab=experiments"),
    _c(3, "reviews", ("近 28 天有决定的周会", "Weekly reviews with decisions, 28 days"),
       ("开周会，把句子变成待办", "Hold the review, and turn sentences into work"),
       "count", (3, 1), "/coe"),
)  # fmt: skip


def check(found: Mapping[str, int | None], at: str) -> MaturityReport:
    """Check what was found, by the codes of the criteria."""
    rows = tuple(_row(one, found.get(one.code)) for one in CRITERIA)
    stages = tuple(
        MaturityStage(
            stage=stage,
            zh=zh,
            en=en,
            met=sum(r.met == "yes" for r in rows if r.stage == stage),
            partly=sum(r.met == "partly" for r in rows if r.stage == stage),
            of=sum(r.stage == stage for r in rows),
        )
        for stage, (zh, en) in STAGES.items()
    )
    reached = 0
    for stage in stages:
        if stage.met < stage.of:
            break
        reached = stage.stage
    return MaturityReport(at=at, reached=reached, stages=stages, rows=rows)


def _row(one: Criterion, value: int | None) -> MaturityRow:
    met: Met = "no"
    if value is not None:
        sign = -1 if one.is_less else 1
        if sign * value >= sign * one.yes:
            met = "yes"
        elif sign * value >= sign * one.partly:
            met = "partly"
    return MaturityRow(
        code=one.code,
        stage=one.stage,
        zh=one.zh,
        en=one.en,
        unit=one.unit,
        value=value,
        yes=one.yes,
        partly=one.partly,
        is_less=one.is_less,
        met=met,
        missing_zh="" if met == "yes" else one.missing_zh,
        missing_en="" if met == "yes" else one.missing_en,
        link=one.link,
    )
