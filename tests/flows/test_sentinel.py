"""The sentinel over a hub: what goes wrong is found once, counted exactly, and ends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fixtures.hub import SKUS, order

if TYPE_CHECKING:
    from tests.fixtures.hub import House


def _look(house: House) -> dict[str, Any]:
    house.work("sequence", "sentinel")
    board = house.call("GET", "/v1/findings/board")
    assert board.status_code == 200, board.text
    told: dict[str, Any] = board.json()
    return told


def _open(house: House, **asked: str) -> list[dict[str, Any]]:
    answer = house.call("GET", "/v1/findings", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def _act(house: House, id_: str, event: str, **more: Any) -> None:
    told = house.call("POST", f"/v1/orders/{id_}/transitions", {"event": event, **more})
    assert told.status_code == 200, told.text


def test_it_finds_once_and_ends_by_itself(house: House) -> None:
    first = house.place()
    second = house.place()  # the same receiver, the same lines, another number
    board = _look(house)
    (found,) = _open(house)
    assert found["kind"] == "duplicate", found
    assert (found["cause"], found["order"]) == ("same_receiver", second["order"])
    assert found["params"]["other"] == first["order"]
    assert [(c["kind"], c["n"]) for c in board["counts"]] == [("duplicate", 1)]
    assert [(i["kind"], i["open"]) for i in board["incidents"]] == [("duplicate", 1)]
    _act(house, first["order"], "cancel", reason="test")
    board = _look(house)
    assert _open(house) == []
    assert [(c["state"], c["n"]) for c in board["counts"]] == [("done_gone", 1)]


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
