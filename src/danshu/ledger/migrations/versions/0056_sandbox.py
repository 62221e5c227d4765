"""Sandbox: counters of trust, what a merchant demands, reviews of originals, what they teach."""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Make its tables."""
    op.execute(
        "create table sandbox_counters(tenant int4 not null, key text not null,"
        " modality text not null, version text not null, models text[] not null default '{}',"
        " device_class text not null default '', no int8 not null default 0,"
        " stage text not null default 'review', accepted int4 not null default 0,"
        " reviewed int4 not null default 0, corrected int4 not null default 0,"
        " resets int4 not null default 0, why text not null default '',"
        " since timestamptz not null default now(), worth jsonb not null default '{}',"
        " primary key(tenant,key), check (stage in ('review','auto')), check (accepted >= 0))"
    )
    op.execute(
        "create table sandbox_settings(tenant int4 not null, modality text not null,"
        " version int4 not null, body jsonb not null, primary key(tenant,modality))"
    )
    # Who looks at an original just now; gone when it is done, given back or too old.
    op.execute(
        "create table review_claims(tenant int4 not null, original uuid not null,"
        " person text not null, until timestamptz not null, began timestamptz not null,"
        " primary key(tenant,original))"
    )
    op.execute(
        "create table original_reviews(tenant int4 not null, original uuid not null,"
        " turn int2 not null, person text not null, at timestamptz not null default now(),"
        " took_ms int8 not null, verdict text not null, why text not null default '',"
        " key text not null, modality text not null, confidence int4 not null,"
        " was_right boolean, corrections jsonb not null default '[]',"
        " draft jsonb not null default '{}', again boolean not null default false,"
        " primary key(tenant,original,turn))"
    )
    op.execute("create index original_reviews_at on original_reviews(tenant,at)")
    op.execute("create index original_reviews_key on original_reviews(tenant,key,at)")
    op.execute(
        "create index original_reviews_again on original_reviews(tenant,at,original) where again"
    )
    op.execute(
        "create table training_rows(tenant int4 not null, original uuid not null,"
        " path text not null, key text not null, modality text not null,"
        " digest text not null, perceptions text[] not null default '{}',"
        " said text not null, was_read text not null, is_right text not null,"
        " confidence int4 not null, split_group text not null,"
        " at timestamptz not null default now(), primary key(tenant,original,path))"
    )
    op.execute("create index training_rows_key on training_rows(tenant,key,at)")


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
