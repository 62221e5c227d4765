"""Transfer orders in the product: reserved, on the way, received with differences, each once."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.hub import agent_acts
from danshu.hub.agent_act import Performed
from danshu.hub.folding import StockFolder
from danshu.hub.master_audit import MastersFolder
from danshu.hub.transfer_audit import TransfersFolder
from danshu.kernel.errors import Refusal
from danshu.ledger import audit
from danshu.ledger.fold import Folder
from tests.fixtures.hub import SKUS, TESTER, UNITS, WAREHOUSES, House
from tests.fixtures.people import Browser, seat

SPLIT: dict[str, Any] = {
    "promotion": "双十二",
    "warehouse": WAREHOUSES[0].code,
    "sku": SKUS[0].code,
    "split": [{"channel": "jd", "cap": 30}, {"channel": "taobao", "cap": 10}],
}
MARKDOWN = {"warehouse": WAREHOUSES[0].code, "sku": SKUS[0].code, "markdown": 200}
PAST = {"warehouse": WAREHOUSES[1].code, "sku": SKUS[0].code, "now": 5, "safety": 6}
FROM, TO = WAREHOUSES[0].code, WAREHOUSES[1].code
CUP, SOAP = SKUS[0].code, SKUS[1].code


def level(house: House, warehouse: str, sku: str = CUP) -> tuple[int, int, int]:
    """On hand, reserved, in transit."""
    told = house.call("GET", f"/v1/stock?sku={sku}&warehouse={warehouse}").json()["items"]
    return told[0]["on_hand"], told[0]["reserved"], told[0]["in_transit"]


def plan(house: House, role: str = "admin", **changes: Any) -> Any:
    wish = {
        "key": uuid.uuid4().hex,
        "from_warehouse": FROM,
        "to_warehouse": TO,
        "lines": [{"sku": CUP, "quantity": 40}, {"sku": SOAP, "quantity": 5}],
        "truck": "4.2m",
        "cost_fen": 86_000,
        **changes,
    }
    return house.call("POST", "/v1/transfers", wish, role)


def act(house: House, one: dict[str, Any], what: str, role: str = "admin", **more: Any) -> Any:
    body = more if what == "cancel" else {"key": uuid.uuid4().hex, **more}
    return house.call("POST", f"/v1/transfers/{one['id']}/{what}", body, role)


def test_a_transfer_on_its_way(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One house for all of it: setting it up costs more than what is asked of it."""
    goes_whole(house)
    differs(house)
    is_never_oversold(house)
    is_repeated(house)
    may_not(house)
    acts_on_stock(house)
    is_worth_what_it_served(house, monkeypatch)
    stays_at_its_warehouse(house)
    check(house)


def goes_whole(house: House) -> None:
    made = plan(house)
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["state"], one["units"], one["number"][:3]) == ("planned", 45, "TR-")
    assert level(house, FROM) == (UNITS, 40, 0)
    gone = act(house, one, "dispatch").json()
    assert (gone["state"], gone["lines"][0]["waiting"]) == ("dispatched", 40)
    assert level(house, FROM) == (UNITS - 40, 0, 0)
    assert level(house, TO) == (UNITS, 0, 40)
    part = act(house, one, "receive", lines=[{"sku": CUP, "good": 25}]).json()
    assert (part["state"], part["lines"][0]["waiting"]) == ("dispatched", 15)
    assert level(house, TO) == (UNITS + 25, 0, 15)
    rest = [{"sku": CUP, "good": 15}, {"sku": SOAP, "good": 5}]
    done = act(house, one, "receive", lines=rest).json()
    assert (done["state"], done["differs"]) == ("received", False)
    assert [s["what"] for s in done["steps"]] == [
        "planned", "dispatched", "received", "received", "closed",
    ]  # fmt: skip
    assert level(house, TO) == (UNITS + 40, 0, 0)
    assert act(house, one, "receive", lines=rest).json()["code"] == "transfer_not_dispatched"
    assert act(house, one, "cancel", reason="晚了").json()["code"] == "transfer_not_planned"
    assert house.call("GET", f"/v1/transfers/{one['id']}").json() == done
    ways = house.call("GET", f"/v1/go?q={one['number'].lower()}").json()
    assert (ways["only"], [w["kind"] for w in ways["items"]]) == (True, ["transfer"])


def differs(house: House) -> None:
    """Less leaves than planned; some is short, some damaged, some more than left."""
    one = plan(house).json()
    more = act(house, one, "dispatch", lines=[{"sku": CUP, "quantity": 41}])
    assert (more.status_code, more.json()["code"]) == (409, "transfer_sent_more")
    before = level(house, TO), level(house, TO, SOAP)
    act(house, one, "dispatch", lines=[{"sku": CUP, "quantity": 30}])
    assert level(house, FROM)[1] == 0  # what stayed behind is free again
    came = [{"sku": CUP, "good": 20, "damaged": 3}, {"sku": SOAP, "good": 8}]
    done = act(house, one, "receive", lines=came, final=True).json()
    cup, soap = done["lines"]
    assert (cup["sent"], cup["good"], cup["damaged"], cup["short"], cup["over"]) == (
        30,
        20,
        3,
        7,
        0,
    )
    assert (soap["sent"], soap["short"], soap["over"], done["differs"]) == (5, 0, 3, True)
    assert level(house, TO) == (before[0][0] + 20, 0, 0)
    assert level(house, TO, SOAP) == (before[1][0] + 8, 0, 0)


def is_never_oversold(house: House) -> None:
    """What is planned can't be promised; what can't be promised can't be planned."""
    on_hand = level(house, FROM)[0]
    one = plan(house, lines=[{"sku": CUP, "quantity": on_hand}]).json()
    told = plan(house, lines=[{"sku": SOAP, "quantity": 1}, {"sku": CUP, "quantity": 1}])
    assert (told.status_code, told.json()["code"]) == (409, "transfer_short")
    assert CUP in told.json()["detail"]
    assert level(house, FROM, SOAP)[1] == 0  # nothing of a refused plan is left
    ways = house.call("GET", f"/v1/atp?sku={CUP}").json()["warehouses"]
    assert next(w["atp"] for w in ways if w["warehouse"] == FROM) == 0
    counted = {"levels": [{"warehouse": FROM, "sku": CUP, "on_hand": on_hand - 1}]}
    assert house.call("PUT", "/v1/stock", counted).json()["code"] == "below_reserved"
    assert act(house, one, "cancel", reason="不调了").json()["state"] == "cancelled"
    assert level(house, FROM) == (on_hand, 0, 0)


def is_repeated(house: House) -> None:
    """Whatever is repeated with its key is done once."""
    key = uuid.uuid4().hex
    one = plan(house, key=key).json()
    assert plan(house, key=key).json() == one
    assert plan(house, key=key, cost_fen=1).json()["code"] == "key_conflict"
    gone = act(house, one, "dispatch", key="out-1").json()
    assert act(house, one, "dispatch", key="out-1").json() == gone
    assert act(house, one, "dispatch", key="out-2").json()["code"] == "transfer_not_planned"
    on_hand = level(house, TO)[0]
    came: dict[str, Any] = {"lines": [{"sku": CUP, "good": 10}], "key": "in-1"}
    assert act(house, one, "receive", **came).json() == act(house, one, "receive", **came).json()
    assert level(house, TO)[0] == on_hand + 10
    listed = house.call("GET", f"/v1/transfers?state=dispatched&warehouse={TO}&limit=1").json()
    assert [one["id"] for one in listed["items"]] == [one["id"]]
    all_ = house.call("GET", "/v1/transfers?limit=2").json()
    more = house.call("GET", f"/v1/transfers?limit=2&cursor={all_['next']}").json()
    numbers = [one["number"] for one in (*all_["items"], *more["items"])]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4


def may_not(house: House) -> None:
    assert plan(house, role="viewer").status_code == 403
    assert plan(house, to_warehouse=FROM).json()["code"] == "transfer_same_place"
    assert plan(house, to_warehouse="nowhere").json()["code"] == "stock_row"
    gone = house.call("GET", f"/v1/transfers/{uuid.uuid4()}")
    assert (gone.status_code, gone.json()["code"]) == (404, "no_transfer")


def acts_on_stock(house: House) -> None:
    """What the agent may do to stock: tried without a trace, done once, taken back."""
    transfers_once(house)
    for action, parameters, read in (
        ("safety_stock", {"warehouse": TO, "sku": CUP, "now": 0, "safety": 12}, safety),
        ("promotion_split", SPLIT, quotas),
        ("clear_slow_movers", MARKDOWN, price),
    ):
        before = read(house)
        told = do(house, action, "rehearse", parameters)
        assert (told.touched > 0, read(house)) == (True, before)
        proposal = uuid.uuid4()
        done = do(house, action, "perform", parameters, proposal)
        after = read(house)
        assert after != before
        assert do(house, action, "perform", parameters, proposal) == done
        assert read(house) == after
        back = do(house, action, "compensate", parameters, proposal, done)
        assert isinstance(back, Performed)
        assert read(house) == before
        assert do(house, action, "compensate", parameters, proposal, done) == back
        assert read(house) == before
    assert do(house, "safety_stock", "rehearse", PAST).code == "safety_changed"
    assert do(house, "safety_stock", "perform", PAST, uuid.uuid4()).code == "safety_changed"
    done = do(house, "clear_slow_movers", "perform", MARKDOWN, uuid.uuid4())
    do(house, "clear_slow_movers", "perform", MARKDOWN, uuid.uuid4())
    told = do(house, "clear_slow_movers", "compensate", MARKDOWN, uuid.uuid4(), done)
    assert told.code == "price_changed"  # somebody lowered it further


def transfers_once(house: House) -> None:
    """Planned once for a proposal; taken back while it is there; its worth is what it served."""
    wish: dict[str, Any] = {"from_warehouse": FROM, "to_warehouse": TO, "sku": CUP, "days": 2}
    wish |= {"quantity": 7, "cost_fen": 100}
    on_hand, reserved, _ = level(house, FROM)
    assert do(house, "transfer", "rehearse", wish).touched == 7
    assert level(house, FROM)[1] == reserved
    proposal = uuid.uuid4()
    done = do(house, "transfer", "perform", wish, proposal)
    assert do(house, "transfer", "perform", wish, proposal) == done
    assert level(house, FROM)[1] == reserved + 7
    one = house.call("GET", f"/v1/transfers/{done.kept['transfer']}").json()
    assert (one["proposal"], one["state"]) == (str(proposal), "planned")
    assert do(house, "transfer", "measure", wish, proposal, done) is None
    do(house, "transfer", "compensate", wish, proposal, done)
    assert level(house, FROM) == (on_hand, reserved, 0)
    assert do(house, "transfer", "measure", wish, proposal, done).counted == 0
    proposal = uuid.uuid4()
    done = do(house, "transfer", "perform", wish, proposal)
    one = house.call("GET", f"/v1/transfers/{done.kept['transfer']}").json()
    act(house, one, "dispatch")
    told = do(house, "transfer", "compensate", wish, proposal, done)
    assert (type(told), told.code) == (Refusal, "transfer_on_its_way")
    act(house, one, "receive", lines=[{"sku": CUP, "good": 7}])
    back = do(house, "transfer", "compensate", wish, proposal, done)
    assert do(house, "transfer", "compensate", wish, proposal, done) == back
    planned = house.call("GET", f"/v1/transfers/{back.kept['transfer']}").json()
    assert (planned["from_warehouse"], planned["units"]) == (TO, 7)
    act(house, planned, "cancel", reason="试过了")
    far = {**wish, "quantity": 10 * UNITS}
    assert do(house, "transfer", "rehearse", far).code == "transfer_short"
    assert do(house, "transfer", "perform", far, uuid.uuid4()).code == "transfer_short"


def is_worth_what_it_served(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days later: what orders would not have found, sold beyond a quota or beyond the usual."""
    wish: dict[str, Any] = {"from_warehouse": FROM, "to_warehouse": TO, "sku": CUP, "quantity": 9}
    fix = [{"warehouse": w.code, "sku": CUP, "on_hand": 0} for w in WAREHOUSES[2:]]
    fix += [{"warehouse": TO, "sku": CUP, "on_hand": 2}]
    counted = {"levels": [*fix, {"warehouse": FROM, "sku": CUP, "on_hand": 9}]}
    assert house.call("PUT", "/v1/stock", counted).status_code == 200
    moved, split, down = (uuid.uuid4() for _ in range(3))
    done = do(house, "transfer", "perform", wish, moved)
    one = house.call("GET", f"/v1/transfers/{done.kept['transfer']}").json()
    act(house, one, "dispatch")
    act(house, one, "receive", lines=[{"sku": CUP, "good": 9}])
    quota = {"warehouse": TO, "sku": CUP, "channel": "api", "cap": 1}
    assert house.call("PUT", "/v1/quotas", quota).status_code == 200
    share = {**SPLIT, "warehouse": TO, "split": [{"channel": "api", "cap": 50}]}
    shared = do(house, "promotion_split", "perform", share, split)
    marked = do(house, "clear_slow_movers", "perform", {**MARKDOWN, "warehouse": TO}, down)
    for _ in range(5):
        placed = house.place(lines=[{"sku": CUP, "quantity": 1, "price_fen": 990}])
        assert [f["warehouse"] for f in placed["plan"]] == [TO]
    now = house.hub.clock
    monkeypatch.setattr(house.hub, "clock", lambda: now() + 3 * 86_400_000)
    told = do(house, "transfer", "measure", wish, moved, done)
    assert (told.method, told.counted) == ("replayed", 5)
    assert "有 3 件" in told.text.zh  # two were there
    assert told.worth.low_fen <= told.worth.mid_fen <= told.worth.high_fen
    told = do(house, "promotion_split", "measure", share, split, shared)
    assert "多卖 4 件" in told.text.zh
    assert told.worth.mid_fen > 0
    told = do(house, "clear_slow_movers", "measure", MARKDOWN, down, marked)
    assert (told.method, told.counted) == ("before_after", 5)
    monkeypatch.undo()
    safer(house)


def safer(house: House) -> None:
    """The service of a row beside that of the same goods elsewhere."""
    head, row = (
        "insert into network_heads(tenant,run,no) values (%s,%s,%s)"
        " on conflict (tenant) do update set no=excluded.no",
        "insert into network_rows values (%s,%s,%s,%s,%s,9,0,0,0,3000,0,%s,0,0,null,1,'A',950,"
        "9,1,1,0,0,1,0,0,0)",
    )

    def foretell(no: int, own: int, other: int) -> None:
        with psycopg.connect(house.url, autocommit=True) as connection:
            connection.execute(head, (house.tenant, uuid.uuid4(), no))
            for n, (wh, chance) in enumerate(((TO, own), (FROM, other))):
                connection.execute(row, (house.tenant, no, n, wh, CUP, chance))

    raised, proposal = {"warehouse": TO, "sku": CUP, "now": 0, "safety": 1}, uuid.uuid4()
    foretell(1, 400, 300)
    done = do(house, "safety_stock", "perform", raised, proposal)
    foretell(2, 150, 250)
    told = do(house, "safety_stock", "measure", raised, proposal, done)
    assert (told.method, told.counted) == ("matched", 2)
    assert "600‰ → 850‰" in told.text.zh
    assert "变了 50‰" in told.text.zh
    assert told.worth.mid_fen > 0


def stays_at_its_warehouse(house: House) -> None:
    """Who is bound to warehouses sends off from them and takes in at them, nowhere else."""
    seat(house.url, house.tenant, "W31", ("warehouse",), warehouses=(FROM,))
    floor = Browser(house)
    assert floor.sign_in("W31").status_code == 201
    one = plan(house, lines=[{"sku": SOAP, "quantity": 2}]).json()
    path = f"/v1/transfers/{one['id']}"
    assert floor.call("POST", f"{path}/cancel", {"reason": "不"}).status_code == 403
    assert floor.call("POST", f"{path}/dispatch", {"key": "a"}).status_code == 200
    body = {"key": "b", "lines": [{"sku": SOAP, "good": 2}]}
    assert floor.call("POST", f"{path}/receive", body).json()["code"] == "forbidden"


def do(house: House, action: str, what: str, parameters: dict[str, Any], *more: Any) -> Any:
    one = agent_acts.find(action)
    read = msgspec.convert(parameters, one.parameters)
    told = {
        "rehearse": lambda: one.rehearse(house.hub, house.tenant, read),
        "perform": lambda: one.perform(house.hub, house.tenant, more[0], read, TESTER),
        "compensate": lambda: one.compensate(
            house.hub, house.tenant, more[0], read, more[1], TESTER
        ),
        "measure": lambda: one.measure(house.hub, house.tenant, more[0], read, more[1]),
    }[what]
    with house.client.portal() as portal:
        return portal.call(told)


def safety(house: House) -> Any:
    told = house.call("GET", f"/v1/stock?sku={CUP}&warehouse={TO}").json()["items"]
    return told[0]["safety"]


def quotas(house: House) -> Any:
    return house.call("GET", f"/v1/quotas?sku={CUP}").json()["items"]


def price(house: House) -> Any:
    (sku,) = [s for s in house.call("GET", "/v1/skus").json()["items"] if s["code"] == CUP]
    return sku["price_fen"]


def check(house: House) -> None:
    """The facts give the rows."""

    async def work() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            t = house.tenant
            folders: list[Folder] = [TransfersFolder(t), StockFolder(t), MastersFolder(t)]
            return await audit.fold_rows(connection, t, folders)

    report = asyncio.run(work())
    assert report.clean, report
