"""Parcels: intercepts and groups on the floor, members of merged parcels, receivers, rules."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """What follows from the facts of parcels; the rules are the merchant's own data."""
    op.execute("alter table floor_tasks add column stop timestamptz, add column grp uuid")
    op.execute(
        "create index floor_tasks_stop on floor_tasks (tenant, wh, stop, id, fulfilment)"
        " where stop is not null"
    )
    op.execute(
        "create table parcel_members (tenant int4 not null, grp uuid not null, id uuid not null,"
        " fulfilment int4 not null, wh int4 not null, state text not null,"
        " primary key (tenant, grp, id, fulfilment))"
    )
    op.execute("create index parcel_members_order on parcel_members (tenant, id)")
    # One row for each fulfilment order that may be merged: `rkey` is a keyed hash of its receiver.
    op.execute(
        "create table parcel_receivers (tenant int4 not null, id uuid not null,"
        " fulfilment int4 not null, wh int4 not null, rkey int8 not null, since timestamptz"
        " not null, due timestamptz, primary key (tenant, id, fulfilment))"
    )
    op.execute("create index parcel_receivers_key on parcel_receivers (tenant, wh, rkey)")
    op.execute(
        "create table parcel_rules (tenant int4 primary key, version int4 not null,"
        " merges bool not null, indexed bool not null, body bytea not null)"
    )
    # What a carrier is to be asked, and the accounts by which it is.
    op.execute(
        "create table carrier_intercepts (tenant int4 not null, id uuid not null,"
        " fulfilment int4 not null, carrier text not null, waybill text not null,"
        " asked timestamptz not null default now(), next_try timestamptz default now(),"
        " tries int4 not null default 0, trouble text not null default '',"
        " primary key (tenant, id, fulfilment))"
    )
    op.execute(
        "create index carrier_intercepts_due on carrier_intercepts (next_try)"
        " where next_try is not null"
    )
    op.execute(
        "create table carrier_desks (tenant int4 not null, carrier text not null,"
        " adapter text not null, url text not null, options bytea not null,"
        " primary key (tenant, carrier))"
    )


def downgrade() -> None:
    """The facts stay; what followed from them goes."""
    op.execute("drop table carrier_desks, carrier_intercepts")
    op.execute("drop table parcel_rules, parcel_receivers, parcel_members")
    op.execute("drop index floor_tasks_stop")
    op.execute("alter table floor_tasks drop column stop, drop column grp")
