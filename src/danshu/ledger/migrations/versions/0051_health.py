"""Health: what processes measured, the figures by minute, levels, incidents, windows, thresholds.

Revision 0051. Tenant 0 is the installation: what is measured of all merchants together.
"""

from __future__ import annotations

from alembic import op

revision = "0051"
down_revision = "0050"
TABLES = """
create table health_samples (
  tenant int not null, subject text not null, minute int not null, node text not null,
  ok bigint not null, failed bigint not null, waiting bigint not null default 0,
  keys int2[] not null, ns int8[] not null, primary key (tenant, subject, minute, node))
  with (fillfactor = 50);
create index health_samples_minute on health_samples (minute);
create table health_marks (
  tenant int not null, minute int not null, vals float8[] not null, good int8[] not null,
  total int8[] not null, primary key (tenant, minute)) with (fillfactor = 80);
create index health_marks_minute on health_marks (minute);
create table health_states (
  tenant int not null, metric text not null, value float8, culprit text not null default '',
  level smallint not null, since timestamptz not null, worse smallint not null,
  worst smallint not null, better smallint not null, best smallint not null,
  burn float8 not null default 0, spent float8 not null default 0,
  muted boolean not null default false, at timestamptz not null,
  primary key (tenant, metric)) with (fillfactor = 50);
create table health_incidents (
  tenant int not null, id uuid not null, metric text not null, level smallint not null,
  value text not null, culprit text not null, opened timestamptz not null, closed timestamptz,
  seq int not null, head bytea not null, primary key (tenant, id)) with (fillfactor = 80);
create unique index health_incidents_open on health_incidents (tenant, metric)
  where closed is null;
create table health_windows (
  tenant int not null, id uuid not null, scope text not null, reason text not null,
  begins timestamptz not null, ends timestamptz not null, by text not null,
  ended timestamptz, seq int not null, head bytea not null, primary key (tenant, id));
create index health_windows_ends on health_windows (tenant, ends);
create table health_thresholds (
  tenant int not null, metric text not null, stream uuid not null, own boolean not null,
  blue text not null, yellow text not null, red text not null, seq int not null,
  head bytea not null, primary key (tenant, metric))
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
