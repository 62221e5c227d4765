"""kill -9 of the worker between an award and its confirmation: one delivery, one contract."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psycopg

from danshu.faces.cli import running
from danshu.testing import riders
from tests.fixtures.hub import open_house
from tests.fixtures.negotiating import add_service, audit, open_call, read_call

PATIENCE_S = 60.0  # only so that a failing test ends


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_order_whose_worker_died_is_confirmed_once(databases: Callable[[], str]) -> None:
    with open_house(databases()) as house, riders.serve("dada") as fleet:
        add_service(house, "dada", "dada", fleet)
        order = house.place()["order"]
        call = open_call(house, order, parties=["dada"], reply_ms=3_600_000)
        fleet.gate.clear()  # the service takes the order on, and its answer waits
        first = running.start_child(house.url, "work", "--only", "negotiations")
        wait(lambda: fleet.deliveries)
        first.send_signal(signal.SIGKILL)
        first.wait()
        fleet.gate.set()
        assert read_call(house, call["id"])["state"] == "awarded"
        with psycopg.connect(house.url, autocommit=True) as c:  # its hold on the message ends
            c.execute("update negotiation_sends set next_try=now() where state='due'")
        second = running.start_child(house.url, "work", "--only", "negotiations")
        try:
            wait(lambda: read_call(house, call["id"])["state"] == "confirmed")
        finally:
            second.terminate()
            second.wait()
        (made,) = fleet.deliveries.values()
        assert (made.came, made.cancelled) == (2, False)
        kinds = [m["type"] for m in read_call(house, call["id"])["messages"]]
        assert kinds.count("negotiation.confirmed") == kinds.count("negotiation.awarded") == 1
        house.work("sequence")
        assert audit(house) == []
