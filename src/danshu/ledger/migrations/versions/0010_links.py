"""Tables of the customer's evidence page: links and their views."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = """
create table links (
  tenant int not null, id uuid not null, order_id uuid not null, digest bytea not null,
  purpose text not null, issued timestamptz not null, expires timestamptz not null,
  revoked timestamptz, viewed timestamptz, views int not null default 0, by text not null,
  minute int not null default 0, minute_views int not null default 0,
  seq int not null, head bytea not null,
  primary key (tenant, id), unique (tenant, digest));
create index links_order on links (tenant, order_id, id);
create table link_settings (
  tenant int primary key, slip boolean not null, days int not null check (days > 0));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
