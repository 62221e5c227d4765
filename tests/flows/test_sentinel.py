"""The sentinel over a hub: what goes wrong is found once, counted exactly, and ends by itself."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from danshu.hub.findings_audit import FindingsFolder
from danshu.ledger.fold import fold_rows
from danshu.testing import messages, platforms
from tests.fixtures.hub import APP_KEY, SECRET, SKUS, order

if TYPE_CHECKING:
    from danshu.testing.platforms import Platform
    from tests.fixtures.hub import House


# As the platforms' own messages name the shop; 拼多多 names none, so the account does.
SHOPS = {"taobao": "单枢示例旗舰店", "jd": "90000317", "pdd": "pdd"}


def _look(house: House) -> dict[str, Any]:
    house.work("sequence", "sentinel")
    board = house.call("GET", "/v1/findings/board")
    assert board.status_code == 200, board.text
    told: dict[str, Any] = board.json()
    return told


def _audit(house: House) -> list[str]:
    """Fold what people did to findings and shops; gives what differs."""

    async def fold() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            report = await fold_rows(connection, house.tenant, [FindingsFolder(house.tenant)])
            return [f"{d.code} {d.where}" for d in report.differences]

    return asyncio.run(fold())


def _open(house: House, **asked: str) -> list[dict[str, Any]]:
    answer = house.call("GET", "/v1/findings", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def _act(house: House, id_: str, event: str, **more: Any) -> None:
    told = house.call("POST", f"/v1/orders/{id_}/transitions", {"event": event, **more})
    assert told.status_code == 200, told.text


def test_it_finds_once_and_ends_by_itself(house: House) -> None:
    """A finding names the change that came just before it, where that can bring it about."""
    account = {"account": "w1", "channel": "table", "shop": "", "secret": "s" * 12}
    assert house.call("PUT", "/v1/accounts", account).is_success  # of another channel: no cause
    shop = {"channel": "api", "shop": "", "is_sequence": True}
    assert house.call("PUT", "/v1/pulls", {**shop, "shop": "numbered"}).status_code == 200
    first = house.place()
    second = house.place()  # the same receiver, the same lines, another number
    board = _look(house)
    (found,) = _open(house)
    assert found["kind"] == "duplicate", found
    assert (found["cause"], found["order"]) == ("same_receiver", second["order"])
    assert found["params"]["other"] == first["order"]
    assert [(c["kind"], c["n"]) for c in board["counts"]] == [("duplicate", 1)]
    (incident,) = board["incidents"]
    assert (incident["kind"], incident["open"]) == ("duplicate", 1)
    change = incident["change"]
    assert (change["kind"], change["params"]["shop"], change["n"]) == (
        "pull.changed",
        "numbered",
        1,
    )
    assert (found["change"], change["after_ms"] >= 0) == (change, True)
    assert [f["no"] for f in _open(house, change=change["fact"])] == [found["no"]]
    _act(house, first["order"], "cancel", reason="test")
    board = _look(house)
    assert _open(house) == []
    assert [(c["state"], c["n"]) for c in board["counts"]] == [("done_gone", 1)]
    house.place()  # what a room that begins anew has read again: the newest that it repeats
    _look(house)
    assert [f["params"]["other"] for f in _open(house)] == [second["order"]]


def test_lots(house: House) -> None:
    receiver = {**order()["receiver"], "phone": "13900005678"}
    whole = house.place(receiver=receiver)
    for event in ("release", "pick", "pack", "ship"):
        _act(house, whole["order"], event)
    _look(house)
    kinds = {f["kind"] for f in _open(house)}
    assert kinds == {"shipped_without_waybill"}, _open(house)
    _act(house, whole["order"], "waybill", carrier="C", waybill="SF1")
    _look(house)
    assert _open(house) == []
    assert SKUS


def test_an_order_that_no_warehouse_begins_is_found_before_its_promise(house: House) -> None:
    """A finding is told to the groups that want to hear of it, by the name of its class."""
    told = {"name": "值班", "adapter": "wecom", "grade": "red"}
    url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=tests"
    assert house.call("POST", "/v1/alert-channels", {**told, "url": url}).is_success
    receiver = {**order()["receiver"], "phone": "13900007777"}
    stuck, begun = (
        house.place(receiver=receiver, lines=[{**order()["lines"][0], "quantity": n}])
        for n in (1, 2)
    )
    for event in ("release", "pick"):
        _act(house, begun["order"], event)
    house.work("sequence", "rows")
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute(
            "update ticking set started=now()-interval '20 hours', due=now()+interval '2 hours'"
            " where state='running' and id = any(%s::uuid[])",
            ([stuck["order"], begun["order"]],),
        )
    _look(house)  # a merchant is looked at from its first leaves on
    _look(house)
    (found,) = _open(house, kind="stuck")
    assert (found["order"], found["cause"]) == (stuck["order"], "not_begun")
    with psycopg.connect(house.url, autocommit=True) as connection:
        sent = connection.execute("select kind, detail, grade from alert_sends").fetchall()
    assert [row[0] for row in sent] == ["finding_opened:stuck"]
    for event in ("release", "pick"):
        _act(house, stuck["order"], event)
    house.work("sequence", "rows")
    _look(house)
    assert _open(house, kind="stuck") == []
    _check_late(house, begun["order"])


def _check_late(house: House, order: str) -> None:
    """A case past its time, and a parcel no carrier answers for, are found; each ends by itself."""
    for event in ("pack", "ship", "deliver"):
        _act(
            house, order, event, **({"carrier": "SF", "waybill": "SF1"} if event == "ship" else {})
        )
    asked = {"kind": "refund_only", "reason": "damaged", "lines": [{"line": 1, "quantity": 1}]}
    case = house.call("POST", f"/v1/orders/{order}/after-sales", asked)
    assert case.status_code == 201, case.text
    house.work("sequence", "rows")
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("update after_sales set due=now()-interval '1 minute'")
        connection.execute(
            "insert into pull_accounts(tenant,channel,shop,adapter,url,every_s,is_sequence,asked,"
            "upto,trouble) values(%s,'jd','S','jd','',60,false,now(),now()-interval '1 hour','no')",
            (house.tenant,),
        )
        connection.execute(
            "insert into carrier_intercepts(tenant,id,fulfilment,carrier,waybill,asked,next_try)"
            " values(%s,%s,1,'SF','SF1',now()-interval '3 hours',null)",
            (house.tenant, order),
        )
    _look(house)
    late = {f["cause"]: f for f in _open(house, kind="stuck")}
    assert set(late) == {"case_late", "intercept_late", "pull_late"}
    assert (late["pull_late"]["shop"], late["pull_late"]["params"]["trouble"]) == ("S", "no")
    assert late["case_late"]["order"] == late["intercept_late"]["order"] == order
    assert late["case_late"]["params"]["case"] == case.json()["item"]["id"]
    assert {f["remedy"] for f in late.values()} == {"tell"}, "no order is re-routed for them"
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("update after_sales set due=now()+interval '1 day'")
        again = connection.execute("select next_try from carrier_intercepts").fetchall()
        assert again[0][0] is not None, "before a person is asked, the carrier is, once more"
        connection.execute("delete from carrier_intercepts")
        connection.execute("update pull_accounts set upto=now()")
    _look(house)
    assert _open(house, kind="stuck") == []


def _pull(house: House, channel: str, platform: Platform, **more: Any) -> None:
    """Connect a shop, and let its listing be compared from long ago."""
    shop = {
        "channel": channel, "shop": SHOPS[channel], "adapter": channel, "url": platform.url,
        "key": platforms.KEY, "secret": platforms.SECRET, "token": platforms.TOKEN, "every_s": 2,
    }  # fmt: skip
    told = house.call("PUT", "/v1/pulls", {**shop, **more})
    assert told.status_code == 200, told.text
    assert platforms.SECRET not in told.text


def _tell(house: House, channel: str, body: bytes) -> None:
    message = messages.sign(channel, body, SECRET, APP_KEY, time.time_ns() // 1_000_000)
    told = house.client.post(
        f"/v1/channels/{channel}",
        params={**message.query, "account": f"{house.tenant}.{channel}"},
        content=body,
        headers=dict(message.headers),
    )
    assert told.status_code == 200, told.text


@pytest.mark.parametrize("channel", ["taobao", "pdd", "jd"])
def test_a_platform_s_listing_finds_what_is_missing(house: House, channel: str) -> None:
    at_ms = time.time_ns() // 1_000_000 - 600_000
    with platforms.serve() as platform:
        bodies = [messages.message(channel, n, 7, at_ms) for n in range(130)]
        numbers = [platform.sell(channel, b, at_ms + n) for n, b in enumerate(bodies)]
        garbled = platform.sell(channel, _garbled(channel, at_ms), at_ms + 200)
        _tell(house, channel, bodies[0])
        phantom = messages.message(channel, 900, 7, at_ms)
        _tell(house, channel, phantom)
        _pull(house, channel, platform)
        house.work("pulls")
        missing = _open(house, kind="missing", limit="200")
        assert {f["number"] for f in missing} == {*numbers[1:], garbled}
        _check_unreadable(house, channel, next(f for f in missing if f["number"] == garbled))
        missing = [f for f in missing if f["number"] != garbled]
        # the order that only we know is asked for by its number, once its window is looked at
        (shop,) = house.call("GET", "/v1/pulls").json()["items"]
        assert (shop["trouble"], shop["listed"]) == ("", 131)
        pages = [page for call, page in platform.asked if "list" in call or "search" in call
                 or "increment" in call]  # fmt: skip
        assert pages[1:] == sorted(pages[1:], reverse=True), "pages are read backwards"
        told = house.call("POST", f"/v1/findings/{missing[0]['no']}/remedy")
        assert (told.status_code, told.json()["code"]) == (200, ""), told.text
        again = house.call("POST", f"/v1/findings/{missing[0]['no']}/remedy")
        assert again.status_code == 422, "a finding that is done is not remedied twice"
        listed = house.call("GET", "/v1/orders", params={"q": missing[0]["number"]})
        _look(house)
        assert missing[0]["no"] not in {f["no"] for f in _open(house, limit="200")}
        assert listed.status_code == 200
        if channel == "pdd":  # the narrowest windows
            _check_shop(house, channel, platform)


def _garbled(channel: str, at_ms: int) -> bytes:
    """Make an order of another number whose lines nobody can read."""
    body = messages.message(channel, 700, 7, at_ms)
    told = json.loads(body)
    order = platforms.order_of(channel, told)
    for name in ("orders", "item_list", "itemInfoList"):
        if name in order:
            order[name] = "?"
    return json.dumps(told, ensure_ascii=False).encode()


def _check_unreadable(house: House, channel: str, found: dict[str, Any]) -> None:
    """What can't be read is a finding, and stands whole in the inbox, once."""
    assert found["cause"] == "unreadable"
    message = house.call("GET", f"/v1/inbox/{found['params']['message']}")
    assert message.status_code == 200, message.text
    item = message.json()["item"]
    assert (item["channel"], item["reason"], item["state"]) == (channel, "unreadable", "open")
    assert found["evidence"][0] == f"sha256:{message.json()['sha256']}"


def _check_shop(house: House, channel: str, platform: Platform) -> None:
    """A shop is tried without a trace, rests, and goes on; its coverage says how far."""
    named = {"channel": channel, "shop": SHOPS[channel]}
    covered = house.call("GET", "/v1/pulls/coverage", params=named).json()
    (first, *_) = covered["windows"]
    assert sum(w["listed"] for w in covered["windows"]) == 131
    assert sum(w["unreadable"] for w in covered["windows"]) == 1
    assert (covered["uncovered"], covered["gaps"], first["missing"] > 0) == ([], [], True)
    told = house.call("GET", "/v1/pulls").json()
    form = next(p for p in told["platforms"] if p["code"] == channel)
    assert [f["code"] for f in form["fields"]] == ["key", "secret", "token"]
    typed = {**named, "adapter": channel, "url": platform.url}
    tried = house.call("POST", "/v1/pulls/try", typed).json()
    assert (tried["trouble"], tried["listed"], tried["unreadable"]) == ("", 131, 1), tried
    assert tried["missing"] == 128
    wrong = house.call("POST", "/v1/pulls/try", {**typed, "secret": "another"}).json()
    assert wrong["trouble"], "a wrong secret is told"
    away = house.call("POST", "/v1/pulls/try", {**typed, "url": f"{platform.url}/else"}).json()
    assert away["trouble"], "what is kept goes to no other address"
    rests = house.call("POST", "/v1/pulls/turn", {**named, "is_on": False}).json()
    assert rests["items"][0]["is_on"] is False
    asked = len(platform.asked)
    house.work("pulls")
    assert len(platform.asked) == asked, "a shop that rests is not asked"
    assert house.call("POST", "/v1/pulls/turn", {**named, "is_on": True}).status_code == 200
    assert _audit(house) == []
    assert house.call("GET", "/v1/pulls", role="viewer").status_code == 403


def _handle(house: House, **told: Any) -> Any:
    return house.call("POST", "/v1/findings/acts", told)


def _person(house: House) -> str:
    """Give the id of somebody whom work may be given to."""
    with psycopg.connect(house.url, autocommit=True) as connection:
        row = connection.execute(
            "insert into people(tenant,id,number,login,name,salt,handle,roles,state,seq,head)"
            " values(%s,gen_random_uuid(),'W77','w77','测试','',%s,'{warehouse}','active',0,'')"
            " returning id::text",
            (house.tenant, b"h"),
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_people_assign_suppress_close_and_remedy(house: House) -> None:
    house.place()
    second = house.place()
    _look(house)
    (found,) = _open(house)
    no = found["no"]
    assert _handle(house, act="close", findings=[no]).json()["code"] == "reason"
    assert _handle(house, act="assign", findings=[no], owner=str(uuid.uuid4())).status_code == 404
    owner = _person(house)
    assert _handle(house, act="assign", findings=[no], owner=owner).json()["changed"] == 1
    assert [f["no"] for f in _open(house, owner=owner)] == [no]
    until = "2999-01-01T00:00:00Z"
    told = _handle(house, act="suppress", findings=[no], reason="两份都要", until=until)
    assert told.json() == {"changed": 1, "named": 1}
    board = _look(house)
    assert [(c["state"], c["n"]) for c in board["counts"]] == [("suppressed", 1)]
    assert board["incidents"] == []
    assert _handle(house, act="reopen", findings=[no], reason="再看").json()["changed"] == 1
    preview = house.call("GET", f"/v1/findings/{no}/remedy").json()
    assert (preview["remedy"], preview["after"]) == ("cancel", "cancelled")
    state = house.call("GET", f"/v1/orders/{second['order']}").json()["state"]
    assert state == "allocated", "a preview writes nothing"
    done = house.call("POST", f"/v1/findings/{no}/remedy")
    assert done.status_code == 200, done.text
    assert house.call("GET", f"/v1/orders/{second['order']}").json()["state"] == "cancelled"
    board = _look(house)
    assert [(c["state"], c["n"]) for c in board["counts"]] == [("done_remedy", 1)]
    assert board["resolve"]["n"] == 1
    (ended,) = _open(house, state="done")
    assert (ended["how"], ended["no"]) == ("remedy", no)
    assert _audit(house) == []
    with psycopg.connect(house.url, autocommit=True) as connection:
        connection.execute("update findings set how='person', reason='else' where no=%s", (no,))
    assert [one.split()[0] for one in _audit(house)] == [
        "finding_differs", "finding_counts_differ", "finding_counts_differ",
    ]  # fmt: skip
    # Who may only look may not act, and the words of a role are not another's.
    refused = house.call(
        "POST", "/v1/findings/acts", {"act": "reopen", "findings": [no]}, "channel"
    )
    assert refused.status_code == 403
