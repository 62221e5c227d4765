"""Order COE: goals, reviews, backlog, experiments."""

from __future__ import annotations

from alembic import op

revision = "0079"
down_revision = "0078"
_RECORDS = ("goals", "backlog_items", "experiments", "weekly_reviews")


def upgrade() -> None:
    """Make the tables; each record is a stream of its own, under its id."""
    for table in _RECORDS:
        op.execute(
            f"create table {table}(tenant int4 not null, id uuid not null, state text not null,"
            " owner text not null default '', week text not null default '', body jsonb not null,"
            " looked timestamptz, seq int4 not null, head bytea not null,"
            " primary key(tenant,id))"
        )
        op.execute(f"create index {table}_state on {table}(tenant, state, id)")
    op.execute("create unique index weekly_reviews_week on weekly_reviews(tenant, week)")
    op.execute("create index experiments_running on experiments(looked) where state='running'")
    op.execute(
        "create table weekly_review_versions(tenant int4 not null, id uuid not null,"
        " version int4 not null, digest bytea not null, body bytea not null,"
        " primary key(tenant,id,version))"
    )


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
