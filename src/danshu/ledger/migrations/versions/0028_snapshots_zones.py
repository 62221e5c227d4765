"""Which routing snapshots are named and which may go; physics of cold zones that were learned."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

# What was stored before nobody can tell apart: it counts as named, and stays. `replaced` is when
# the head moved on from a snapshot, `part` names what it has in common with others. Of zone_fits
# `physics` and `report` are JSON.
TABLES = """
alter table snapshots add column named boolean not null default true;
alter table snapshots alter column named set default false;
alter table snapshots add column replaced timestamptz;
alter table snapshots add column part bytea;
create table snapshot_parts (
  tenant int not null, digest bytea not null, body bytea not null,
  made timestamptz not null default now(), primary key (tenant, digest));
create index snapshots_part on snapshots (tenant, part) where part is not null;
create index snapshots_spare on snapshots (replaced) where not named and replaced is not null;
create table zone_fits (
  tenant int not null, no int not null, wh text not null, zone text not null,
  physics bytea not null, report bytea not null, passed boolean not null,
  active boolean not null default false, by text not null default '',
  made timestamptz not null default now(), adopted timestamptz, primary key (tenant, no));
create unique index zone_fits_active on zone_fits (tenant, wh, zone) where active;
create index zone_fits_of on zone_fits (tenant, wh, zone, no);
create table zone_fit_work (
  tenant int primary key, wanted timestamptz, looked date, outcomes bytea not null default '');
"""


def upgrade() -> None:
    """Add the columns, make the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
