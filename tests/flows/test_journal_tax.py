"""Tax and cost of goods in the journal: as the facts say, to the fen, and made again the same."""

from __future__ import annotations

import datetime

import psycopg
import pytest
from msgspec.structs import replace

from danshu.capabilities.orders import facts as orders
from danshu.capabilities.orders.model import RefundShare
from danshu.capabilities.orders.parcel_facts import ShipmentLost
from danshu.capabilities.orders.refund_facts import GoodsReturned, RefundPaid
from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement.periods import Calendar
from danshu.hub import journal_room, reconcile_money, settlement_settings, sku_values
from danshu.hub.journal_audit import JournalFolder
from danshu.hub.settlement_settings import SettlementRules
from danshu.ledger.audit import fold_rows
from tests.fixtures.ledger import NOW_MS, make_tenant, new_stream, query
from tests.flows.test_journal import ONE, PLACED, Shop, moved

pytestmark = pytest.mark.anyio


async def test_tax_and_cost_are_entered_and_come_out_again_the_same(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        tenant = await make_tenant(connection, "a")
        shop = Shop(connection, tenant)
        today = Calendar().day(NOW_MS)
        await connection.execute(
            "insert into skus(tenant,no,code,name,weight_g,storage,price_fen,barcode)"
            " values (%s,0,'A','a',1,1,334,'')",
            (tenant,),
        )
        rules = SettlementRules(since=today, tax="general", costs=True)
        for cost_fen, now_ms in ((90, NOW_MS - 86_400_000), (100, NOW_MS - 86_400_000)):
            row = sku_values.NewSkuValue(code="A", cost_fen=cost_fen, tax="reduced")
            assert (await sku_values.put(connection, tenant, [row], ONE, now_ms)).year == 1970
        await settlement_settings.put(connection, tenant, rules, ONE, NOW_MS)
        row = sku_values.NewSkuValue(code="A", cost_fen=120, tax="exempt")
        tomorrow = today + datetime.timedelta(days=1)
        assert await sku_values.put(connection, tenant, [row], ONE, NOW_MS) == tomorrow
        one, two = await shop.place(), await shop.place()
        await shop.say(new_stream(NOW_MS), replace(PLACED, subsidy=300))
        await shop.say(one, moved(orders.OrderShipped, 2))
        await shop.follow()
        # 5.00 of postage and 2 of 3 units for 6.66, 9 % within; the units cost 1.00 each
        assert (await shop.balances()) == {
            a.PLATFORM: 3000, a.PREPAID: -3000 + 1166, a.SALES: -1070, a.VAT: -96,
            a.COST: 200, a.INVENTORY: -200,
        }  # fmt: skip
        later = NOW_MS + 86_400_000  # of tomorrow: another cost, the rate of its order
        await shop.say(two, moved(orders.OrderShipped, 3), at_ms=later)
        lost = ShipmentLost(
            fulfilment=1, warehouse="X", shares=moved(orders.OrderShipped, 1).shares
        )
        await shop.say(two, lost, at_ms=later)
        back = GoodsReturned(case="", outcome="restock", shares=lost.shares, warehouse="X")
        await shop.say(one, back, replace(back, outcome="scrap"))
        shares = (RefundShare(amount=666, line=1, quantity=2),)
        await shop.say(one, RefundPaid(
            amount=1166, case="", postage=500, reason="r", receipt="p", shares=shares))  # fmt: skip
        await shop.follow(leaves_max=2)
        told = await shop.balances()
        assert told == {
            a.PLATFORM: 3000 - 1166, a.PREPAID: -334, a.SALES: -1070 - 1376, a.RETURNS: 1070,
            a.VAT: -124, a.COST: 240, a.INVENTORY: -100 - 360, a.LOSSES: 100 + 120,
        }  # fmt: skip
        folder = JournalFolder(tenant, await journal_room.read_policy(connection, tenant))
        assert (await fold_rows(connection, tenant, [folder])).differences == ()
        made = await shop.rows()
        await journal_room.rebuild(connection, tenant)
        await shop.follow(leaves_max=3)
        assert await shop.rows() == made
        await reconcile_money.catch_up(connection, tenant)
        borne = await query(connection, "select subsidy from order_money order by 1")
        assert borne == [(0,), (0,), (300,)]
