"""Asked of customs brokers 报关: to declare an order by its three documents 三单 and the list of
its goods 清单, and to take a declaration back.
"""

from __future__ import annotations

from msgspec import Struct


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who ordered and pays 订购人: name, number of the identity card, telephone, address."""

    name: str
    id_number: str
    phone: str = ""
    address: str = ""


class Payment(Struct, frozen=True, kw_only=True):
    """The payment document 支付单: by which payment company, its number, minor units, when."""

    code: str
    name: str
    number: str
    amount: int
    at: str


class Waybill(Struct, frozen=True, kw_only=True):
    """The logistics document 运单: by which carrier, its number, the weight in grams."""

    code: str
    name: str
    number: str
    weight_g: int


class Goods(Struct, frozen=True, kw_only=True):
    """A line of the list 清单: `hs_code` of ten digits, `unit` and `country` by the customs' own
    codes (011 件, 116 日本), the price each in minor units.
    """

    line: int
    sku: str
    title: str
    hs_code: str
    quantity: int
    unit: str
    price: int
    country: str
    weight_g: int = 0


class Declaration(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Declare an order. `customs` is the district's code, `port` that of the port of entry;
    `mode` is 1210 (bonded) or 9610 (by parcel). Amounts are minor units of CNY.
    """

    order: str
    platform_code: str
    platform: str
    merchant_code: str
    merchant: str
    customs: str
    port: str
    mode: str
    buyer: Person
    payment: Payment
    waybill: Waybill
    goods: tuple[Goods, ...]
    placed: str
    freight: int = 0
    tax: int = 0
    discount: int = 0
    insured: int = 0


class Declared(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Customs let it through 放行: the number of the list and the status 回执状态 (800, 899)."""

    number: str
    status: str
    at: str = ""


class Withdrawal(Struct, frozen=True, kw_only=True):
    """Take back 撤单 what was declared under `key`; `reference` is the broker's number of it."""

    key: str
    reference: str
    reason: str


class Withdrawn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It is taken back."""

    at: str = ""
