"""Policies: the table of who may do what, as shipped; forbid beats permit; nothing means no."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.people import policies
from danshu.capabilities.people.model import ROLES
from danshu.capabilities.people.policies import Principal, Rules, Seat
from danshu.faces.http.transitions import Event
from danshu.hub import merchants
from danshu.kernel.errors import InputError
from danshu.kernel.limits import POLICY_BYTES

LOOK = "board.read contract.read floor.read master.read order.read promise.read"
LOOK += " routing.read stock.read order_type.read"
LOOK += " time.read trust.read"
LOOK += " connector.read modality.read"
LOOK += " signal.read subscription.read woven.read"
LOOK += " after_sale.read finding.read health.read"
LOOK += " device.read intent.read asset.read"
LOOK += " agent.read coe.read forecast.read transfer.read"
RULING = (
    "connector.route connector.write modality.write "
    "account.admin key.admin merchant.read merchant.write order.erase person.read person.write"
    " contract.approve contract.write routing.activate routing.approve routing.rollback"
    " routing.override routing.override_alone routing.override_policy"
    " routing.write"
    " policy.read policy.write calendar.write promise.write job.admin log.read log.write"
    " signal.retire subscription.write order_type.approve order_type.write"
    " woven.approve woven.write"
    " intent.approve intent.write"
    " reconcile.read reconcile.rules reconcile.write settlement.check settlement.close"
    " settlement.post settlement.read settlement.reopen settlement.write"
    " sandbox.write training.read"
    " asset.approve asset.export asset.grant asset.share asset.trace asset.view asset.write"
    " agent.approve agent.stop agent.write coe.write experiment.start forecast.write"
    " network.write"
    " association.start classification.write licence.approve licence.read licence.use"
    " licence.write metric.approve metric.write"
)

# Every person is asked: who may do a contract action, its type says.
ACTS = "action.lend action.perform"
# What each role may do beside looking, a fresh proof given. Read it as the merchant's own table.
PEOPLE = {
    "service": "finding.work after_sale.decide after_sale.open claim.write action.evidence"
    " link.read link.write"
    " field.name inbox.act inbox.read order.act order.align order.amend order.answer order.assign"
    " order.cancel order.compensate order.complete order.confirm order.evidence order.hold"
    " order.place order.report_damage order.request order.reveal order.tag order.unhold"
    " order.intercept order.lose order.refuse order.reship"
    " original.read original.write"
    " print.evidence review.decide review.read view.share"
    " asset.aggregate association.read association.write reason.write"
    " agent.approve agent.propose agent.stop",
    "warehouse": "after_sale.inspect action.evidence device.write finding.work"
    " export.make field.address field.name floor.handover floor.pack floor.photo"
    " floor.pick order.act order.allocate order.assign order.deliver order.hold"
    " order.pack order.pick order.recall order.release order.reroute order.reveal order.ship"
    " order.intercept order.lose order.merge order.refuse order.reship order.send_back order.split"
    " order.tag order.unhold order.waybill print.packing print.picking stock.write view.share"
    " routing.override signal.retire original.read original.write"
    " agent.stop transfer.act",
    "reviewer": "intent.approve intent.write action.evidence"
    " field.address field.name field.phone floor.photo floor.review inbox.act inbox.read"
    " order.act order.align order.assign order.confirm order.hold order.reveal order.tag"
    " order.unhold original.read original.write review.decide review.read view.share",
    "policy": "intent.write connector.route contract.write order_type.write"
    " export.make field.margin order.act order.allocate order.assign order.evidence"
    " order.hold order.negotiate order.reroute order.tag order.unhold policy.read quota.write"
    " replan.run review.read routing.activate routing.override routing.override_policy"
    " routing.approve routing.rollback routing.write sandbox.write view.share"
    " woven.approve woven.call woven.write"
    " asset.aggregate association.read association.start association.write metric.write"
    " agent.approve agent.propose agent.stop agent.write coe.write experiment.start"
    " forecast.write network.write transfer.write",
    "legal": "intent.approve intent.write order_type.approve action.evidence calendar.write"
    " contract.approve contract.write"
    " link.read link.write"
    " export.make field.address field.name field.phone log.read log.write"
    " order.erase order.evidence order.reveal person.read policy.read print.evidence promise.write"
    " time.stamp view.share"
    " asset.aggregate asset.approve asset.share asset.trace licence.approve licence.read"
    " metric.approve agent.approve agent.stop coe.write",
    "finance": "finding.work reconcile.read reconcile.rules reconcile.write"
    " after_sale.decide after_sale.open claim.write refund.record"
    " order_type.approve order_type.write"
    " export.make field.margin order.act order.amend order.assign order.cancel order.compensate"
    " order.evidence order.pay order.tag settlement.check settlement.close settlement.post"
    " settlement.read"
    " settlement.reopen settlement.write view.share"
    " asset.aggregate asset.view association.read licence.read licence.write"
    " metric.approve metric.write agent.approve agent.stop",
    "steward": "device.write export.make inbox.read master.write order.act order.align order.tag"
    " person.read policy.read stock.write training.read view.share"
    " asset.aggregate asset.export asset.grant asset.trace asset.view asset.write"
    " association.read association.write classification.write licence.read licence.write"
    " metric.write reason.write",
    "sre": "connector.route connector.write modality.write "
    "event.read subscription.write finding.work health.write"
    " account.admin inbox.act inbox.read job.admin key.admin"
    " log.read log.write"
    " merchant.read person.read policy.read routing.rollback time.stamp view.share"
    " signal.retire woven.approve woven.call woven.write agent.stop",
    "planner": "agent.approve agent.propose agent.stop asset.aggregate association.read coe.write"
    " export.make forecast.write network.write order.act order.tag quota.write stock.write"
    " transfer.act transfer.write view.share",
}
KEYS = {
    "warehouse": LOOK + " action.evidence action.perform event.send"
    " field.address field.name field.phone floor.handover floor.pack"
    " floor.photo floor.pick floor.review order.act order.deliver order.pack order.pick"
    " order.recall order.release order.ship order.waybill print.packing print.picking stock.write"
    " transfer.act",
    "channel": "order.place original.write stock.read trust.read",
    "sensor": "original.write signal.write",
    "partner": "licence.use",
    "viewer": "order_type.read board.read contract.read device.read"
    " master.read order.read promise.read routing.read stock.read time.read trust.read"
    " signal.read after_sale.read",
}


def person(*roles: str, rules: Rules | None = None, warehouses: tuple[str, ...] = ()) -> Seat:
    who = Principal(kind="Person", id="p", number="X01", roles=roles, warehouses=warehouses)
    return (rules or Rules()).seat(who, "demo")


def key(role: str, rules: Rules | None = None) -> Seat:
    return (rules or Rules()).seat(Principal(kind="Key", id="k", roles=(role,)), "demo")


@pytest.mark.parametrize("role", PEOPLE)
def test_each_role_may_do_its_work_and_nothing_else(role: str) -> None:
    assert person(role).granted({"proof_age_s": 0}) == {
        *PEOPLE[role].split(),
        *LOOK.split(),
        *ACTS.split(),
    }


def test_the_admin_may_do_everything() -> None:
    assert person("admin").granted({"proof_age_s": 0}) == set(policies.actions())
    assert key("admin").settled({}) == set(policies.actions())


@pytest.mark.parametrize("role", KEYS)
def test_each_key_may_do_its_work_and_nothing_else(role: str) -> None:
    assert key(role).granted({}) == set(KEYS[role].split())


def test_an_operator_s_key_rules_nothing() -> None:
    assert key("operator").granted({}) == set(policies.actions()) - set(RULING.split())


def test_every_role_has_a_file_and_a_row_of_the_table() -> None:
    assert set(policies.shipped()) == {*ROLES, "all", "keys"}
    assert {*PEOPLE, "admin"} == set(ROLES)
    assert {*KEYS, "admin", "operator"} == set(merchants.ROLES)


def test_shipped_policies_fit_the_schema() -> None:
    for text in policies.shipped().values():
        policies.check(text)


def test_nobody_may_do_anything_without_a_role_or_without_policies() -> None:
    assert person().granted({"proof_age_s": 0}) == set()
    bare = Rules(texts={})
    for role in ROLES:
        assert person(role, rules=bare).granted({"proof_age_s": 0}) == set()
    for role in merchants.ROLES:
        assert key(role, rules=bare).granted({}) == set()


def test_each_act_on_an_order_can_be_ruled_on() -> None:
    assert {f"order.{event}" for event in get_args(Event)} <= set(policies.actions())


def test_an_action_that_nobody_knows_is_a_no() -> None:
    assert not person("admin").ask("order.explode", {}).allowed


def test_amounts_draw_the_line_between_service_and_finance() -> None:
    service, finance = person("service"), person("finance")
    for action, most in (("order.cancel", 500_000), ("order.compensate", 20_000)):
        assert service.ask(action, {"amount_fen": most}).allowed
        assert not service.ask(action, {"amount_fen": most + 1}).allowed
        assert finance.ask(action, {"amount_fen": most + 1}).allowed


def test_who_is_bound_to_warehouses_acts_on_those_alone() -> None:
    bound = person("warehouse", warehouses=("WH-HGH",))
    assert bound.ask("order.pick", {"warehouse": "WH-HGH"}).allowed
    refused = bound.ask("order.pick", {"warehouse": "WH-SHA"})
    assert not refused.allowed
    assert refused.reasons == ("all.own-warehouses",)
    assert person("warehouse").ask("order.pick", {"warehouse": "WH-SHA"}).allowed


def test_what_opens_doors_asks_for_a_fresh_proof() -> None:
    admin = person("admin")
    asks = ("person.write", "policy.write", "key.admin", "account.admin", "merchant.write")
    for action in (*asks, "settlement.check"):
        assert admin.ask(action, {"proof_age_s": 600}).allowed
        assert not admin.ask(action, {"proof_age_s": 601}).allowed
        assert not admin.ask(action, {}).allowed


def test_a_forbid_of_the_merchant_beats_the_shipped_permit() -> None:
    rules = Rules('forbid (principal, action == Action::"order.erase", resource);')
    assert not person("admin", rules=rules).ask("order.erase", {"proof_age_s": 0}).allowed
    assert person("admin", rules=rules).ask("order.cancel", {}).allowed


def test_a_permit_of_the_merchant_adds() -> None:
    own = '@id("own") permit (principal is Person in Role::"sre", action == Action::"order.hold",'
    rules = Rules(own + " resource);")
    assert person("sre", rules=rules).ask("order.hold", {}).reasons == ("own",)


def test_a_key_s_rights_need_no_context_until_a_policy_looks_at_one() -> None:
    assert "order.place" in key("channel").settled({})
    own = (
        'forbid (principal is Key, action == Action::"order.place", resource)'
        " when { context has amount_fen && context.amount_fen > 100 };"
    )
    seat = key("channel", Rules(own))
    assert "order.place" not in seat.settled({})
    assert "stock.read" in seat.settled({})
    assert not seat.ask("order.place", {"amount_fen": 101}).allowed
    assert seat.ask("order.place", {"amount_fen": 100}).allowed


@pytest.mark.parametrize(
    "text",
    [
        "permit (principal, action, resource)",  # no semicolon
        'permit (principal, action == Action::"order.explode", resource);',
        "permit (principal, action, resource) when { context.amount_fen > 1 };",  # may be missing
        "permit (principal, action, resource) when { principal.salary > 1 };",
        'permit (principal == ?principal, action == Action::"order.read", resource);',
        "\0",
        "//" + "x" * POLICY_BYTES,
    ],
)
def test_text_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        policies.check(text)


@given(
    roles=st.sets(st.sampled_from(ROLES)),
    action=st.sampled_from(policies.actions()),
    amount=st.integers(0, 10**7),
    age=st.integers(0, 2_000),
)
def test_more_roles_never_take_a_right_away(
    roles: set[str], action: str, amount: int, age: int
) -> None:
    context: policies.Context = {"amount_fen": amount, "proof_age_s": age}
    alone = [person(role).ask(action, context).allowed for role in sorted(roles)]
    assert person(*sorted(roles)).ask(action, context).allowed == any(alone)
