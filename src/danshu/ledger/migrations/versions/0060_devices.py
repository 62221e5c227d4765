"""Devices with their parts, history and waves; repairs ordered of their suppliers."""

from __future__ import annotations

from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    """Make their tables; the facts of a repair are a stream of its own, under its id."""
    op.execute(
        "create table devices(tenant int4 not null, code text not null, name text not null,"
        " kind text not null default '', device_class text not null default '',"
        " site text not null default '', supplier text not null default '',"
        " serial text not null default '', bearing jsonb, rpm int4 not null default 0,"
        " zones text not null default '', warranty_until date, active boolean not null"
        " default true, state text not null default 'learning', grade int2 not null default 2,"
        " baseline jsonb not null default '{}', normals int4 not null default 0,"
        " since timestamptz not null default now(), heard timestamptz,"
        " primary key(tenant,code),"
        " check (state in ('learning','normal','watch','abnormal')))"
    )
    op.execute("create index devices_worst on devices(tenant,grade,code)")
    op.execute(
        "create table device_parts(tenant int4 not null, device text not null, sku text not null,"
        " quantity int4 not null check (quantity > 0), fault text not null default '',"
        " primary key(tenant,device,sku,fault))"
    )
    op.execute(
        "create table device_events(tenant int4 not null, device text not null, id uuid not null,"
        " at timestamptz not null, what text not null, note text not null default '',"
        " parts jsonb not null default '[]', by text not null default '', repair uuid,"
        " primary key(tenant,device,id))"
    )
    op.execute(
        "create table waves(tenant int4 not null, original uuid not null, device text not null,"
        " at timestamptz not null, rpm int4 not null default 0, figures jsonb not null,"
        " state text not null, symptoms text[] not null default '{}',"
        " reasons text[] not null default '{}', confidence int4 not null default 0,"
        " normal boolean, primary key(tenant,original))"
    )
    op.execute("create index waves_device on waves(tenant,device,at,original)")
    op.execute(
        "create table repairs(tenant int4 not null, id uuid not null, device text not null,"
        " supplier text not null default '', original uuid, state text not null,"
        " action text not null, regulation text not null default '',"
        " symptoms text[] not null default '{}', figures jsonb not null default '{}',"
        " parts jsonb not null default '[]', wave text not null default '',"
        " warranty boolean not null default false, reference text not null default '',"
        " visit timestamptz, price_fen int8 not null default -1, order_id uuid,"
        " reason text not null default '', by text not null default '',"
        " opened timestamptz not null, closed timestamptz, seq int4 not null,"
        " head bytea not null, primary key(tenant,id),"
        " check (state in ('opened','sent','accepted','refused','closed')))"
    )
    op.execute("create index repairs_newest on repairs(tenant,opened,id)")
    op.execute("create index repairs_device on repairs(tenant,device,opened,id)")
    op.execute(
        "create unique index repairs_original on repairs(tenant,original)"
        " where original is not null"
    )


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
