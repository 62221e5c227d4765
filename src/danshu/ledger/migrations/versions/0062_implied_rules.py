"""Implied requirements: the rules that a merchant adds to the shipped ones."""

from __future__ import annotations

from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Make its table; a rule is replaced by its code, and what it said stands in the log."""
    op.execute(
        "create table implied_rules(tenant int4 not null, code text not null, doc jsonb not null,"
        " by text not null, at timestamptz not null default now(), primary key(tenant,code))"
    )


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
