"""The twin over HTTP: floors, state, contradiction and veto, replay; resilience: marks, losses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.kernel.fact import rfc3339
from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
from tests.fixtures import zones
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, WAREHOUSES, House, open_house

PATIENCE_S = 120.0
CODE = WAREHOUSES[0].code
COLD_UNIT = "B-U1"


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def probes(house: House, storage: str, temperature: Any, minutes: int = 30) -> None:
    """A reading a minute of three probes; `temperature` of the minute, 0 = now."""
    at = now_ms() - 500
    body = [
        {
            "key": "zone_temp",
            "subject": f"zn:{CODE}/{storage}/s{n + 1}",
            "value": temperature(-m) + n / 100,
            "observed": at - 60_000 * m,
        }
        for n in range(3)
        for m in range(minutes, -1, -1)
    ]
    answer = house.call("POST", "/v1/signals/telemetry", body, role="sensor")
    assert answer.json()["accepted"] == len(body), answer.text


def units(house: House, power: float) -> None:
    frame = {
        "units": [{"id": COLD_UNIT, "power": power}],
        "agvs": [{"id": "A1", "x_m": 8, "y_m": 45, "state": "busy"}],
        "docks": [{"id": "7", "state": "busy", "wait_min": 34}],
        "present": 64,
        "needed": 70,
    }
    told = house.call("POST", f"/v1/twin/{CODE}/frames", frame, role="sensor")
    assert told.status_code == 202, told.text


def floor(house: House) -> dict[str, Any]:
    return dict(house.call("GET", f"/v1/twin/{CODE}", role="viewer").json())


def decide(house: House) -> None:
    house.work("twin")
    house.work("signals")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)


def reasons(house: House, storage: int) -> int:
    bits = house.hub.worlds[house.tenant].snapshot.tables.class_bits
    return int(bits[storage, 0])


def test_still_probes_beside_a_dead_unit_stop_the_class_until_a_person_clears_it(
    house: House,
) -> None:
    """The drill: sensors and twin contradict each other."""
    probes(house, "chilled", lambda m: 4.0)
    units(house, 1.0)
    house.call("GET", "/v1/signals", role="viewer")
    decide(house)
    seen = floor(house)
    (zone,) = [z for z in seen["zones"] if z["storage"] == "chilled"]
    assert (zone["sensors"], zone["tint"], zone["forecast"]["hours"]) == ("fine", "calm", -1)
    assert seen["frame"]["agvs"][0]["id"] == "A1"
    assert {item["number"] for item in seen["signals"]} >= set(range(1, 12)) | {14, 16, 17}
    assert seen["stops"] == []
    assert not reasons(house, 1) & 16384

    time.sleep(0.01)
    units(house, 0.0)
    decide(house)
    (stop,) = floor(house)["stops"]
    assert (stop["storage"], stop["cause"], stop["detail"]) == ("chilled", "contradiction", "still")
    assert reasons(house, 1) & 16384
    assert not reasons(house, 0) & 16384
    page = house.call("GET", "/v1/twin", role="viewer").json()["items"]
    assert (page[0]["code"], page[0]["state"]) == (CODE, "limited")

    alerts = house.call("GET", "/v1/board/overview").json()["alerts"]
    told = [(a["kind"], a["code"], a["n"], a["link"]) for a in alerts]
    assert ("twin", "twin_contradiction", 1, "/twin") in told

    why = {"storage": "chilled", "reason": "现场复测 4.1 ℃"}
    assert house.call("POST", f"/v1/twin/{CODE}/clear", why, role="viewer").status_code == 403
    assert house.call("POST", f"/v1/twin/{CODE}/clear", why).status_code == 204
    assert house.call("POST", f"/v1/twin/{CODE}/clear", why).status_code == 422
    decide(house)  # the contradiction still stands, and is found again
    assert floor(house)["stops"]


def test_agreeing_evidence_clears_a_contradiction_once_it_is_old_enough(house: House) -> None:
    assert floor(house)["stops"]
    time.sleep(0.01)
    units(house, 1.0)
    decide(house)
    (stop,) = floor(house)["stops"]
    assert stop["agreed"], "both say that all is well, but not for long enough"
    tell(house.url, f"update twin_stops set agreed={now_ms() - 11 * 60_000}")
    decide(house)
    assert floor(house)["stops"] == []
    assert not reasons(house, 1) & 16384


def test_the_past_hour_is_replayed_from_the_log(house: House) -> None:
    high = now_ms()
    low = high - 10 * 60_000
    span = f"from={rfc3339(low)}&to={rfc3339(high)}"
    told = house.call("GET", f"/v1/twin/{CODE}/replay?{span}", role="viewer").json()
    assert len(told["items"]) == 11
    first = next(z for z in told["items"][0]["zones"] if z["storage"] == "chilled")
    assert first["value_c"] == pytest.approx(4.01, abs=0.02)
    assert first["sensors"] == "fine"
    long = f"from={rfc3339(high - 7_200_000)}&to={rfc3339(high)}"
    assert house.call("GET", f"/v1/twin/{CODE}/replay?{long}").status_code == 400
    assert house.call("GET", "/v1/twin/NOWHERE").status_code == 404


def test_a_floor_of_ones_own(house: House) -> None:
    plan = floor(house)["floor"]
    plan["zones"][0]["name"] = "自家的高架"
    assert house.call("PUT", f"/v1/twin/{CODE}/floor", plan).status_code == 200
    assert floor(house)["floor"]["zones"][0]["name"] == "自家的高架"
    plan["zones"][0]["storage"] = "warm"
    refused = house.call("PUT", f"/v1/twin/{CODE}/floor", plan)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_floor")
    plan = {"width_m": 10}
    assert house.call("PUT", f"/v1/twin/{CODE}/floor", plan).status_code == 422


def finish(house: House, run: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_S
    while True:
        seen = house.call("GET", f"/v1/resilience/runs/{run}", role="viewer").json()
        if seen["state"] not in ("waiting", "running"):
            return dict(seen)
        assert time.monotonic() < end, seen
        time.sleep(0.05)


def test_losses_are_simulated_and_marks_gate_new_volume(house: House) -> None:
    for n in range(12):
        lines = [{"sku": SKUS[n % 5].code, "quantity": 1, "price_fen": 1000}]
        house.place(lines=lines)
    begun = house.call("POST", "/v1/resilience/runs", {"cause": "演练"})
    assert begun.status_code == 202, begun.text
    done = finish(house, begun.json()["id"])
    assert done["state"] == "done", done
    assert done["losses"]["orders"] == 12
    singles = done["losses"]["singles"]
    assert singles
    assert singles[0]["total_fen"] == max(one["total_fen"] for one in singles) > 0
    again = house.call("POST", f"/v1/resilience/runs/{begun.json()['id']}/cancel")
    assert again.status_code == 422

    view = house.call("POST", "/v1/resilience/marks").json()
    assert len(view["items"]) == len(WAREHOUSES)
    assert 0 < view["network"]["mark"]["score"] <= 100
    assert not any(item["is_under"] for item in view["items"])
    days = house.call("GET", "/v1/resilience/days?days=7", role="viewer").json()["items"]
    assert [day["score"] for day in days] == [view["network"]["mark"]["score"]]

    body = {"threshold": 100, "surcharge_fen": 777}
    assert house.call("PUT", "/v1/resilience/settings", body, role="viewer").status_code == 403
    assert house.call("PUT", "/v1/resilience/settings", body).status_code == 200
    decide(house)
    extra = house.hub.worlds[house.tenant].snapshot.cautions.surcharge_fen
    under = [item["mark"]["score"] < 100 for item in view["items"]]
    assert (extra == 777).sum() == sum(under) > 0


def test_the_room_marks_each_hour_and_simulates_once_a_day(house: House) -> None:
    def count() -> tuple[int, int]:
        told = house.call("GET", "/v1/resilience").json()
        return len(told["items"]), len(told["runs"])

    tell(house.url, "delete from resilience_marks")
    tell(house.url, "delete from resilience_runs")
    house.work("resilience")
    assert count() == (len(WAREHOUSES), 0), "a new merchant is marked first"
    tell(house.url, "update resilience_marks set at = at - interval '61 minutes'")
    tell(house.url, "update resilience_marks set score = 1")
    house.work("resilience")
    assert count() == (len(WAREHOUSES), 1)
    assert house.call("GET", "/v1/resilience").json()["network"]["mark"]["score"] > 1
    house.work("resilience")
    assert count() == (len(WAREHOUSES), 1)


def record(house: House, told: list[zones.Minute], end_ms: int) -> None:
    """Keep what a day's devices told of the chilled zone, as its readings and frames."""
    begin = end_ms - 60_000 * len(told)
    read = [
        (begin + 60_000 * each.minute, house.tenant, f"zn:{CODE}/chilled/s{n}", each.air_c)
        for each in told
        for n in (1, 2, 3)
    ]
    frames = [
        (house.tenant, CODE, begin + 60_000 * each.minute, _frame(told, each)) for each in told[::2]
    ]
    with psycopg.connect(house.url, autocommit=True) as c, c.cursor() as cursor:
        cursor.executemany(
            "insert into readings(observed,tenant,no,received,value,quality)"
            " select %s,s.tenant,s.no,0,%s,0 from signal_sources s where s.tenant=%s"
            " and s.subject=%s on conflict do nothing",
            [(at, value, tenant, subject) for at, tenant, subject, value in read],
        )
        cursor.executemany(
            "insert into twin_frames(tenant,wh,at,body) values(%s,%s,%s,%s) on conflict do nothing",
            frames,
        )


def _frame(told: list[zones.Minute], each: zones.Minute) -> bytes:
    open_s = zones.door_open_s(told, each.minute)
    unit = {"id": COLD_UNIT, "power": each.power, "door_open_s": open_s}
    return msgspec.json.encode({"agvs": [{"id": "A1", "x_m": 1, "y_m": 1}], "units": [unit]})


def chilled(house: House) -> dict[str, Any]:
    (zone,) = [z for z in floor(house)["zones"] if z["storage"] == "chilled"]
    return dict(zone)


def test_a_zones_physics_are_learned_compared_and_adopted(house: House) -> None:
    """From recorded series by the room to what the zone is forecast by, and back again."""
    probes(house, "chilled", lambda m: 4.0)  # its probes are known
    record(house, zones.live(9, 3), now_ms() - 40 * 60_000)
    units(house, 0.0)
    declared, before = floor(house)["floor"], chilled(house)
    told = before["physics"]
    assert (told["source"], told["physics"]["tau_min"], told["error_min"]) == ("default", 600, -1)
    fits = f"/v1/twin/{CODE}/fits"
    assert house.call("POST", fits, role="viewer").status_code == 403
    assert house.call("POST", fits).json()["wanted"]
    house.work("physics")
    seen = house.call("GET", fits).json()
    assert seen["work"]["outcomes"] == {f"{CODE}/B": "proposed"}
    (made,) = seen["items"]
    lesson = made["lesson"]
    assert (made["zone"], made["passed"], made["active"]) == ("B", True, False)
    assert lesson["after"]["error_min"] < 3 < lesson["before"]["error_min"]
    assert chilled(house)["physics"] == told  # a proposal decides nothing
    house.call("POST", fits)
    house.work("physics")
    assert house.call("GET", fits).json()["work"]["outcomes"] == {f"{CODE}/B": "known"}

    adopt, retire = (f"{fits}/{made['no']}/{act}" for act in ("adopt", "retire"))
    assert house.call("POST", adopt, role="viewer").status_code == 403
    assert house.call("POST", f"{fits}/99/adopt").status_code == 404
    assert house.call("POST", adopt).json() == {"zone": "B", "no": made["no"]}
    now = chilled(house)
    assert (now["physics"]["source"], now["physics"]["physics"]) == ("learned", lesson["physics"])
    assert now["physics"]["error_min"] == lesson["after"]["error_min"]
    assert floor(house)["floor"] == declared
    # an idle unit: it is out of its band sooner than was declared
    assert 0 < now["forecast"]["hours"] < before["forecast"]["hours"] / 2
    assert house.call("POST", adopt).json()["code"] == "zone_fit_old"

    assert house.call("POST", retire).json() == {"zone": "B", "no": 0}
    assert chilled(house)["physics"] == told
    assert house.call("POST", retire).json()["code"] == "zone_fit_declared"
    said = "select count(*) from facts where position('zone_physics.adopted'::bytea in body) > 0"
    assert ask(house.url, said) == 2
    # of another declaration nobody knows how it compares
    assert house.call("POST", adopt).status_code == 200
    own = {"tau_min": 500, "ambient_c": 25, "reach_c": -10}
    plan = [z | {"physics": own} if z["code"] == "B" else z for z in declared["zones"]]
    body = declared | {"zones": plan}
    assert house.call("PUT", f"/v1/twin/{CODE}/floor", body).status_code == 200
    told = chilled(house)["physics"]
    assert (told["source"], told["physics"]["tau_min"]) == ("declared", 500)
