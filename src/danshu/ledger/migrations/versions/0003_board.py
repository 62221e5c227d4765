"""Tables of the board: counters that follow the log, and what each order was counted as.

Counters are one narrow table, so that a batch of the room is one statement whatever it counts.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
create table board_orders (
  tenant int not null, id uuid not null, wh int not null, state smallint not null,
  marks bytea not null, primary key (tenant, id)) partition by range (id);
create table board_counts (
  tenant int not null, kind smallint not null, wh int not null, channel text not null,
  at int not null, code text not null, state smallint not null, n bigint not null,
  amount bigint not null, primary key (tenant, kind, wh, channel, at, code, state))
  with (fillfactor = 60);
create table board_holds (
  tenant int not null, id uuid not null, since timestamptz not null, reason text not null,
  channel text not null, wh int not null, amount bigint not null, primary key (tenant, id));
create index board_holds_since on board_holds (tenant, since);
create table board_rebuilds (
  tenant int not null, at uuid not null, begun timestamptz not null default now(),
  primary key (tenant));
create table board_orders_rest partition of board_orders default;
create index verdicts_open on verdicts (tenant, state, at)
  where state in ('broken', 'borderline');
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
