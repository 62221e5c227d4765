"""The data dictionary: authorities of fields, what each system says, conflicts."""

from __future__ import annotations

from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    """Make its tables."""
    op.execute(
        "create table dictionary_sources(tenant int4 not null, source text not null,"
        " title text not null, primary key(tenant,source))"
    )
    op.execute(
        "create table field_authorities(tenant int4 not null, kind text not null,"
        " field text not null, source text not null, rule text not null,"
        " primary key(tenant,kind,field))"
    )
    op.execute(
        "create table field_claims(tenant int4 not null, kind text not null, key text not null,"
        " field text not null, source text not null, value text not null,"
        " said timestamptz not null, primary key(tenant,kind,key,field,source))"
    )
    op.execute(
        "create table field_conflicts(tenant int4 not null, kind text not null, key text not null,"
        " field text not null, state text not null, kept text not null, source text not null,"
        " seen bytea not null, opened timestamptz not null default now(),"
        " primary key(tenant,kind,key,field))"
    )
    op.execute("create index on field_conflicts(tenant, state, opened, kind, key, field)")


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
