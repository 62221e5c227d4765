"""Forecasts: demand per region and SKU."""

from __future__ import annotations

from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    """Make past sales that were brought, promotions, runs, and what each run foretold."""
    op.execute(
        "create table forecast_files(tenant int4 not null, id uuid not null, name text not null,"
        " digest text not null, rows int4 not null, series int4 not null, first_day date not null,"
        " last_day date not null, primary key(tenant,id))"
    )
    op.execute(
        "create table forecast_history(tenant int4 not null, place text not null,"
        " sku text not null, first_day date not null, units int4[] not null,"
        " primary key(tenant,place,sku))"
    )
    op.execute(
        "create table forecast_promotions(tenant int4 not null, id uuid not null,"
        " name text not null, skus text[] not null, first_day date not null,"
        " last_day date not null, uplift int4 not null, primary key(tenant,id))"
    )
    op.execute(
        "create table forecast_runs(tenant int4 not null, id uuid not null, day date not null,"
        " digest text not null, series int4 not null, at timestamptz not null default now(),"
        " watched date, doc jsonb not null, primary key(tenant,id))"
    )
    op.execute("create index forecast_runs_at on forecast_runs(tenant,at)")
    op.execute(
        "create table forecast_series(tenant int4 not null, run uuid not null,"
        " place text not null, sku text not null, daily int8 not null, method text not null,"
        " mean int4[] not null, quantiles int4[] not null, sums int8[] not null,"
        " recent int4[] not null, doc jsonb not null, plain int4[] not null,"
        " primary key(tenant,run,place,sku))"
    )
    op.execute(
        "create index forecast_series_daily on forecast_series(tenant,run,daily desc,place,sku)"
    )
    op.execute(
        "create table forecast_drifts(tenant int4 not null, run uuid not null,"
        " place text not null, sku text not null, days int4 not null, outside int4 not null,"
        " chance int4 not null, at timestamptz not null default now(),"
        " primary key(tenant,run,place,sku))"
    )


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
