"""While the clock is not trusted, a signed act is answered once a token covers it, not before."""

from __future__ import annotations

import pytest

from danshu.capabilities.contract.actions.model import Doers
from danshu.hub import trusted_time
from danshu.testing.tsa import Tsa
from tests.fixtures.acting import begin, complete, person, prepare
from tests.fixtures.engine import ask
from tests.fixtures.floor import facts, release
from tests.fixtures.hub import House
from tests.flows.test_acting import publish, ready
from tests.flows.test_time import look, pytestmark, tsa  # noqa: F401 - found by their names


def test_a_signed_act_waits_for_its_token(
    house: House,
    tsa: Tsa,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trusted_time.require_token, "__defaults__", (0.0,))  # it does not wait
    publish(house, "outbound_review", who=Doers(roles=("reviewer",), grade="A"))
    browser, device = person(house, "R07", "reviewer")
    look(house, 250_000)
    with monkeypatch.context() as alone:
        alone.setenv("DANSHU_TSA_URLS", "")
        refused = begin(browser, str(release(house)["order"]))
        assert (refused.status_code, refused.json()["code"]) == (409, "time_untrusted")
    order, act = ready(house, browser)
    credential = device.get(prepare(browser, order, act).json()["options"])
    early = complete(browser, order, act, credential)
    assert (early.status_code, early.json()["code"]) == (503, "not_available")
    (told,) = facts(house, order, "action.performed")  # it is written and stays
    assert "fault" in told["clock"]
    house.work("sequence", "seal")
    assert complete(browser, order, act, credential).status_code == 503, "sealed is not stamped"
    house.work("stamp")
    done = complete(browser, order, act, credential)
    assert done.status_code == 200, done.text
    assert done.json()["grade"] == "A"
    assert ask(house.url, f"select count(*) from tokens where tenant={house.tenant}") == 2
    assert facts(house, order, "action.performed") == [told]
