"""Associations and the actions that they led to. (part I)"""

from __future__ import annotations

from alembic import op

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    """Make their tables; the facts of a campaign are a stream of its own, under its id."""
    op.execute(
        "create table association_minings(tenant int4 not null, code text not null,"
        " body jsonb not null, mined timestamptz not null, primary key(tenant,code))"
    )
    op.execute(
        "create table campaigns(tenant int4 not null, id uuid not null, plan jsonb not null,"
        " state text not null, figures jsonb not null default '{}', why text not null default '',"
        " proposed_by text not null, started_by text not null default '',"
        " proposed timestamptz not null, started timestamptz, stopped timestamptz,"
        " looked timestamptz, seq int4 not null, head bytea not null, primary key(tenant,id),"
        " check (state in ('proposed','running','stopped')))"
    )
    op.execute("create index campaigns_running on campaigns(looked) where state='running'")
    op.execute(
        "create table campaign_buyers(tenant int4 not null, campaign uuid not null,"
        " buyer text not null, arm text not null, order_id uuid not null, number text not null,"
        " channel text not null, shop text not null, enrolled timestamptz not null,"
        " told text not null default '', tries int4 not null default 0, next_try timestamptz,"
        " primary key(tenant,campaign,buyer), check (arm in ('treated','holdout')),"
        " check (told in ('','due','told','unreached')))"
    )
    op.execute("create index campaign_buyers_due on campaign_buyers(next_try) where told='due'")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
