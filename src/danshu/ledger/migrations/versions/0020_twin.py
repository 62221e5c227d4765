"""Tables of the digital twin 数字孪生 and of resilience 业务韧性: floors, what moves on them,
classes that are stopped, marks of each day, simulations of losses.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

# `at` and `since` are epoch milliseconds. Of resilience_marks wh '' is the network.
TABLES = """
create table twin_floors (
  tenant int not null, wh text not null, body bytea not null,
  at timestamptz not null default now(), primary key (tenant, wh));
create table twin_frames (
  tenant int not null, wh text not null, at bigint not null, body bytea not null,
  primary key (tenant, wh, at));
create table twin_stops (
  tenant int not null, wh text not null, class text not null, cause text not null,
  zone text not null, detail text not null, since bigint not null, agreed bigint not null,
  primary key (tenant, wh, class));
create table resilience_settings (
  tenant int primary key, threshold smallint not null check (threshold between 0 and 100),
  surcharge_fen bigint not null check (surcharge_fen >= 0));
create table resilience_marks (
  tenant int not null, day date not null, wh text not null, score smallint not null,
  body bytea not null, at timestamptz not null default now(), primary key (tenant, day, wh));
create table resilience_runs (
  tenant int not null, id uuid not null, cause text not null, orders int not null default 0,
  snapshot bytea, body bytea not null default '', at timestamptz not null default now(),
  primary key (tenant, id));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
