"""`danshu audit`: hash the log again, fold the facts again, compare every row."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import journal_room
from danshu.hub.action_audit import ActionsFolder
from danshu.hub.after_sales_audit import AfterSalesFolder
from danshu.hub.agent_audit import AgentFolder
from danshu.hub.assistant_audit import AssistantFolder
from danshu.hub.association_audit import CampaignsFolder
from danshu.hub.board_audit import BoardFolder
from danshu.hub.catalogue_audit import CatalogueFolder
from danshu.hub.classification_audit import ClassificationFolder
from danshu.hub.coe_audit import CoeFolder
from danshu.hub.compose import Hub
from danshu.hub.connector_audit import ConnectorsFolder
from danshu.hub.device_audit import DevicesFolder
from danshu.hub.differences_audit import DifferencesFolder
from danshu.hub.document_audit import DocumentTemplatesFolder
from danshu.hub.findings_audit import FindingsFolder
from danshu.hub.folding import OrdersFolder, StockFolder
from danshu.hub.forecast_audit import ForecastsFolder
from danshu.hub.health_audit import HealthFolder
from danshu.hub.intent_audit import IntentsFolder
from danshu.hub.intercept_audit import InterceptsFolder
from danshu.hub.journal_audit import JournalFolder
from danshu.hub.learning_audit import LearningFolder
from danshu.hub.licence_audit import LicencesFolder
from danshu.hub.marks import MarksFolder
from danshu.hub.master_audit import MastersFolder
from danshu.hub.metric_audit import MetricsFolder
from danshu.hub.negotiation_audit import NegotiationsFolder
from danshu.hub.network_audit import NetworkFolder
from danshu.hub.order_skill_audit import OrderSkillsFolder
from danshu.hub.order_type_audit import OrderTypesFolder
from danshu.hub.original_audit import OriginalsFolder
from danshu.hub.paid_settings import PaidFolder
from danshu.hub.parcel_settings import RulesFolder
from danshu.hub.people_audit import PeopleFolder
from danshu.hub.perceiver_audit import PerceiversFolder
from danshu.hub.performing_audit import PerformingFolder
from danshu.hub.policy_audit import PoliciesFolder
from danshu.hub.power_audit import PowersFolder
from danshu.hub.protection_audit import ProtectionFolder
from danshu.hub.reconcile_audit import ReconcileFolder
from danshu.hub.remedy_audit import RemediesFolder
from danshu.hub.repair_audit import RepairsFolder
from danshu.hub.return_reason_audit import ReturnReasonsFolder
from danshu.hub.sandbox_audit import SandboxFolder
from danshu.hub.selling_audit import SellingFolder
from danshu.hub.standing_audit import StandingFolder
from danshu.hub.subscription_audit import SubscriptionsFolder
from danshu.hub.transfer_audit import TransfersFolder
from danshu.hub.woven_audit import WovenFolder
from danshu.kernel.errors import InputError
from danshu.ledger import audit
from danshu.ledger.fold import Folder

_FOLDERS: Final[tuple[Callable[[int], Folder], ...]] = (
    StockFolder,
    MarksFolder,
    MastersFolder,
    ActionsFolder,
    PeopleFolder,
    StandingFolder,
    SubscriptionsFolder,
    AgentFolder,
    CampaignsFolder,
    CoeFolder,
    CatalogueFolder,
    ConnectorsFolder,
    PerceiversFolder,
    PerformingFolder,
    PowersFolder,
    PoliciesFolder,
    RemediesFolder,
    RepairsFolder,
    RulesFolder,
    PaidFolder,
    NegotiationsFolder,
    NetworkFolder,
    DevicesFolder,
    DifferencesFolder,
    FindingsFolder,
    ForecastsFolder,
    HealthFolder,
    DocumentTemplatesFolder,
    IntentsFolder,
    AssistantFolder,
    LearningFolder,
    LicencesFolder,
    MetricsFolder,
    ClassificationFolder,
    ProtectionFolder,
    ReconcileFolder,
    WovenFolder,
    AfterSalesFolder,
    SellingFolder,
    ReturnReasonsFolder,
    SandboxFolder,
    InterceptsFolder,
    OrderSkillsFolder,
    OrderTypesFolder,
    OriginalsFolder,
    TransfersFolder,
)
_SHOWN = 40


def run(tenant: str, as_json: bool) -> int:
    """Audit a merchant; exit 0 when everything is as it should be, 1 when something differs."""
    started = time.monotonic()

    async def work(hub: Hub) -> tuple[audit.Report, audit.Report]:
        number = await opening.find_tenant(hub, tenant)
        folders: list[Folder] = [make(number) for make in _FOLDERS]
        try:
            world = await hub.worlds.ensure(number)
            folders += [OrdersFolder(world), BoardFolder(number, world.book)]
        except InputError as error:
            if error.code != "no_network":  # without warehouses there never was an order
                raise
        async with hub.connection() as connection:
            policy = await journal_room.read_policy(connection, number)
            folders.append(JournalFolder(number, policy))
            log = await audit.audit_log(connection, number)
            return log, await audit.fold_rows(connection, number, folders)

    log, rows = opening.with_hub(work)
    is_clean = log.clean and rows.clean
    seconds = round(time.monotonic() - started, 2)
    if as_json:
        opening.show_json(
            {
                "clean": is_clean,
                "log": msgspec.to_builtins(log),
                "rows": msgspec.to_builtins(rows),
                "seconds": seconds,
                "tenant": tenant,
            }
        )
    else:
        _describe(tenant, log, rows, seconds)
    return 0 if is_clean else 1


def _describe(tenant: str, log: audit.Report, rows: audit.Report, seconds: float) -> None:
    console = Console()
    found = [*log.differences, *rows.differences]
    counts = "、".join(f"{name} {n:,}" for name, n in {**log.counts, **rows.counts}.items())
    console.print(f"审计 {tenant}:{counts};用时 {seconds} 秒")
    if not found:
        console.print("日志与每一行都与事实一致。")
        return
    table = Table("代码", "位置", "差异", title="不一致")
    for one in found[:_SHOWN]:
        table.add_row(one.code, one.where, one.detail)
    console.print(table)
    more = len(found) - min(len(found), _SHOWN) + log.more + rows.more
    if more:
        console.print(f"另有 {more} 处")
