"""科目对照: accounts named."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._books import AccountName


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """By which codes and names finance's own books know the accounts; all anew."""

    names: Annotated[tuple[AccountName, ...], Meta(description="Codes and names of the accounts.")]


class SettlementAccountsNamed:
    """settlement.accounts_named, told to the world."""

    name: Final = "danshu.settlement.accounts_named"
    fact: Final = "settlement.accounts_named"
    topic: Final = "settlement"
    title: Final = "科目对照"
    title_en: Final = "Accounts named"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
