"""Assets 数据资产: their runs."""

from __future__ import annotations

from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    """Make its table; a run is written once it has ended, and never changed."""
    op.execute(
        "create table asset_runs(tenant int4 not null, run uuid not null,"
        ' asset text collate "C" not null, version int4 not null, formulas text not null,'
        " began timestamptz not null, seconds float8 not null, outcome text not null,"
        " trouble text not null, state text not null, inputs jsonb not null, rows int8 not null,"
        " bytes int8 not null, digest text not null, quality jsonb not null, event jsonb not null,"
        " primary key(tenant,asset,run))"
    )
    op.execute("create unique index asset_runs_by_run on asset_runs(tenant,run)")


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
