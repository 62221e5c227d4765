"""Classification: what fields hold, and who confirmed it. (part E)"""

from __future__ import annotations

from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Make its tables. What was found is made anew by each look; what a person said is kept, and
    holds against what is found. `carried` came down the lineage.
    """
    op.execute(
        "create table classified_fields(tenant int4 not null,"
        ' place text collate "C" not null, field text collate "C" not null,'
        " held jsonb not null, klass text not null, level int2 not null, confidence int4 not null,"
        " declared int2 not null, carried int2 not null default 1,"
        " came_from text not null default '', state text not null,"
        " said_klass text not null default '', said_level int2 not null default 0,"
        " rules int4 not null default 0, by text not null default '', at timestamptz,"
        " drift text not null default '', drift_klass text not null default '',"
        " drift_share int4 not null default 0, drift_before int4 not null default 0,"
        " drift_at timestamptz, first_seen timestamptz not null, seen timestamptz not null,"
        " in_force int2 not null generated always as (case when said_level > 0 then said_level"
        " else greatest(declared, level, carried) end) stored,"
        " primary key(tenant,place,field))"
    )
    op.execute(
        "create index classified_fields_waiting on classified_fields(tenant,place,field)"
        " where state='waiting'"
    )
    op.execute(
        "create index classified_fields_drifted on classified_fields(tenant,place,field)"
        " where drift<>''"
    )
    op.execute(
        "create table classification_work(tenant int4 primary key, wanted timestamptz,"
        " looked date, outcome text not null default '', doing text not null default '',"
        " done int4 not null default 0, total int4 not null default 0,"
        " ended timestamptz)"
    )


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
