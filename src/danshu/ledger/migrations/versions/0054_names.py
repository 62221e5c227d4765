"""What things are called when people speak or write: directory, options, units, aliases."""

from __future__ import annotations

from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Make its tables."""
    op.execute(
        "create table directory(tenant int4 not null, kind text not null, code text not null,"
        " name text not null, warehouse text not null default '', address jsonb not null"
        " default '{}', active boolean not null default true, primary key(tenant,kind,code),"
        " check (kind in ('store','customer','supplier')))"
    )
    op.execute(
        "create table options(tenant int4 not null, code text not null, name text not null,"
        " sku text not null default '', price_fen int8 not null default 0,"
        " storage text not null default '', allergens text[] not null default '{}',"
        " active boolean not null default true, primary key(tenant,code))"
    )
    op.execute(
        "create table sku_units(tenant int4 not null, sku text not null, unit text not null,"
        " units int4 not null check (units > 0), primary key(tenant,sku,unit))"
    )
    op.execute(
        "create table aliases(tenant int4 not null, kind text not null, scope text not null,"
        " folded text not null, alias text not null, code text not null, source text not null,"
        " active boolean not null default true, at timestamptz not null default now(),"
        " primary key(tenant,kind,scope,folded,code))"
    )


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
