"""Learning: models of orders."""

from __future__ import annotations

from alembic import op

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    """Make the registry, and what models say; the facts of a model are a stream of its own."""
    op.execute(
        "create table learning_models(tenant int4 not null, id uuid not null, target text not null,"
        " kind text not null, digest text not null, state text not null, card jsonb not null,"
        " watch jsonb not null default '{}', trained timestamptz not null,"
        " by text not null, why text not null default '', seq int4 not null, head bytea not null,"
        " primary key(tenant,id), check (kind in ('rates','trees')),"
        " check (state in ('base','challenger','champion','fallen','retired')))"
    )
    op.execute(
        "create unique index learning_models_used on learning_models(tenant,target,state)"
        " where state in ('base','challenger','champion')"
    )
    op.execute(
        "create table learning_files(tenant int4 not null, digest text not null,"
        " body bytea not null, primary key(tenant,digest))"
    )
    op.execute(
        "create table learning_risks(tenant int4 not null, id uuid not null, number text not null,"
        " promise text not null, warehouse text not null, carrier text not null,"
        " region text not null, stage text not null, due timestamptz not null,"
        " chance int4 not null, expected timestamptz not null, earliest timestamptz not null,"
        " latest timestamptz not null, amount int8 not null, owed int8 not null,"
        " why jsonb not null, lines jsonb not null default '[]', model uuid not null,"
        " asked timestamptz not null, primary key(tenant,id),"
        " check (chance between 0 and 1000))"
    )
    op.execute("create index learning_risks_chance on learning_risks(tenant, chance desc, id desc)")
    op.execute(
        "create table learning_lanes(tenant int4 not null, no int4 not null, body jsonb not null,"
        " primary key(tenant,no))"
    )
    op.execute(
        "create table learning_buyers(tenant int4 not null, buyer text not null,"
        " body jsonb not null, primary key(tenant,buyer))"
    )
    op.execute(
        "create table learning_settings(tenant int4 not null primary key, by_rule bool not null)"
    )
    op.execute(
        "create table learning_looks(tenant int4 not null primary key, wanted timestamptz,"
        " looked date, outcome text not null default '')"
    )
    op.execute(
        "create table learning_asked(tenant int4 not null primary key,"
        " asked timestamptz not null, trouble text not null default '')"
    )


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
