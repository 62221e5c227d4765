"""Catalogue: what people say of assets, and what they looked for."""

from __future__ import annotations

from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    """Make what stewards say of assets, views by day, and questions that found no answer."""
    op.execute(
        "create table catalogue_entries(tenant int4 not null, name text not null,"
        " registered boolean not null, doc jsonb not null, by text not null,"
        " at timestamptz not null default now(), primary key(tenant,name))"
    )
    op.execute(
        "create table catalogue_views(tenant int4 not null, name text not null, day date not null,"
        " views int4 not null, primary key(tenant,name,day))"
    )
    op.execute(
        "create table catalogue_questions(tenant int4 not null, question text not null,"
        " asked int4 not null, verdict text not null, last timestamptz not null,"
        " primary key(tenant,question))"
    )
    op.execute("create index catalogue_questions_last on catalogue_questions(tenant,last)")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
