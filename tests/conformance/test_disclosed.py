"""Originals of a bundle: the first receiver and one that the order was amended to, each by its own
salt, held against the fact that commits to it; the two Python verifiers agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType

import pytest

from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.facts import OrderConfirmed
from danshu.kernel.fact import Actor, Evidence
from danshu.ledger import vault
from danshu.stories import forging
from danshu.testing import dossier
from tests.conformance import test_forgeries as table

alone = table.alone  # the fixture

PERSONS = (b'{"detail":"1"}', b'{"detail":"2"}', b'{"detail":"3"}')
SALTS = tuple(bytes([n]) * vault.SALT_BYTES for n in range(1, 4))
LABELS = ("person", "person", "receiver")


def evidence(n: int) -> Evidence:
    digest = vault.commit(SALTS[n], LABELS[n], PERSONS[n])
    return Evidence(digest=digest, kind="receiver", salted=True, size=len(PERSONS[n]))


class Moved(dossier.Dossier):
    """An order that was amended to two other addresses, by the second as a buyer had asked."""

    def _live(self, nth: int, acts: int) -> dossier.Stream:
        stream = dossier.Stream(order=super()._live(nth, 0).order, log=self.log)
        hub = Actor(sub="hub")
        stream.say(OrderConfirmed(by="hub"), hub, evidence(0))
        for n in (1, 2):
            said = OrderAmended(by="hub", reason="address", receiver=f"row {n}")
            stream.say(said, hub, evidence(n))
        return stream


FILES = forging.unpack(Moved(acts=0).bundle())
ORIGINALS = {
    **{f"disclosed/{at}receiver": PERSONS[n] for n, at in enumerate(("", "2/", "3/"))},
    **{f"disclosed/{at}salt.hex": SALTS[n].hex().encode() for n, at in enumerate(("", "2/", "3/"))},
}


def bundle(**changed: bytes) -> bytes:
    return forging.mend({**FILES, **ORIGINALS, **changed}, signers=table.INSIDER)


def test_each_receiver_is_held_against_its_own_fact(alone: ModuleType) -> None:
    assert table.failed(bundle(), alone) == set()


FORGED: dict[str, dict[str, bytes]] = {
    "another second address": {"disclosed/2/receiver": PERSONS[2]},
    "the salt of another": {"disclosed/3/salt.hex": SALTS[1].hex().encode()},
    "an address that no fact names": {
        "disclosed/9/receiver": PERSONS[1],
        "disclosed/9/salt.hex": SALTS[1].hex().encode(),
    },
    "the first in a folder": {
        "disclosed/1/receiver": PERSONS[0],
        "disclosed/1/salt.hex": SALTS[0].hex().encode(),
    },
    "a folder in a folder": {
        "disclosed/2/2/receiver": PERSONS[1],
        "disclosed/2/2/salt.hex": SALTS[1].hex().encode(),
    },
}


@pytest.mark.parametrize("name", FORGED)
def test_a_false_receiver_is_found(name: str, alone: ModuleType) -> None:
    assert "disclosed" in table.failed(bundle(**FORGED[name]), alone)


MAKERS: dict[str, Callable[[], bytes]] = {
    "true": bundle,
    **{name: partial(bundle, **changed) for name, changed in FORGED.items()},
}
