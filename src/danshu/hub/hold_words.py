"""The words of the catalogue's reasons to hold."""

from __future__ import annotations

from typing import Final

from danshu.kernel.machine import Words

HELD: Final[dict[str, Words]] = {
    "buyer_asked": Words(zh="买家要求暂缓", en="The buyer asks to wait"),
    "stock_awaited": Words(zh="等货齐再发", en="Waits until all of it is in stock"),
    "payment_awaited": Words(zh="等款,不占库", en="Waits for payment, reserves nothing"),
    "address_check": Words(zh="地址待核", en="Address to be checked"),
    "price_check": Words(zh="价格待核", en="Price to be checked"),
    "fraud_suspected": Words(zh="疑似欺诈,不占库", en="Fraud suspected, reserves nothing"),
    "supplement_due": Words(zh="补款未付", en="Supplement not paid"),
}
