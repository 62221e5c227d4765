"""Tables of re-decisions 信号改派 (what was answered, runs, orders) and of stopped classes."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

TABLES = """
create table redecided_heads (
  tenant int primary key, no int not null, digest bytea not null);
create table redecisions (
  tenant int not null, no int not null, before bytea, after bytea not null, closed bytea not null,
  began timestamptz not null default now(), ended timestamptz,
  primary key (tenant, no));
create index redecisions_open on redecisions (tenant, no) where ended is null;
create table redecision_items (
  tenant int not null, no int not null, id uuid not null, outcome text not null,
  primary key (tenant, no, id));
create table class_stops (
  tenant int not null, no int not null, class text not null, cause text not null,
  place text not null, count int not null, total int not null, usual_ppm int not null,
  stopped timestamptz not null default now(), resumed timestamptz, reason text not null default '',
  by text not null default '', primary key (tenant, no));
create unique index class_stops_open on class_stops (tenant, class) where resumed is null;
create table cold_equipment (
  tenant int not null, code text not null, name text not null, active boolean not null,
  primary key (tenant, code));
create table replays (
  tenant int not null, day date not null, asked int not null, equal int not null,
  differed int not null, at timestamptz not null default now(), primary key (tenant, day));
create index redecision_of on redecision_items (tenant, id);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
