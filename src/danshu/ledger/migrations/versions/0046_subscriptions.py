"""Subscriptions 订阅 to published events, what is parked or given up, and the log of deliveries.

Topics of the notice service become subscriptions; what was in its tray is read again from the log.
"""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"

TABLES = """
create table subscriptions (
  tenant int not null, id uuid not null, name text not null, url text not null,
  mode text not null, batch int not null, width int not null, timeout_s int not null,
  types text[] not null, filters bytea not null, state text not null default 'active',
  why text not null default '', revision int not null default 0, rotated timestamptz,
  made timestamptz not null default now(), made_by text not null,
  changed timestamptz not null default now(), changed_by text not null,
  breaker bytea not null default '{}', open_until timestamptz, trouble text not null default '',
  trouble_since timestamptz, taken timestamptz, delivered bigint not null default 0,
  parked int not null default 0, next_retry timestamptz, attempts bigint not null default 0,
  primary key (tenant, id)) with (fillfactor = 50);
create table parked_events (
  tenant int not null, subscription uuid not null, half text not null, position bigint not null,
  id uuid not null, state text not null, event text not null, type text not null,
  subject text not null, tries int not null default 0, next_try timestamptz,
  status int not null default 0, trouble text not null default '',
  parked timestamptz not null default now(), died timestamptz,
  primary key (tenant, subscription, half, position));
create index parked_events_due on parked_events (tenant, subscription, next_try)
  where state = 'parked' and next_try is not null;
create index parked_events_subject on parked_events (tenant, subscription, subject, half, position)
  where state = 'parked';
create unique index parked_events_id on parked_events (tenant, id);
create index parked_events_dead on parked_events (tenant, id) where state = 'dead';
create table deliveries (
  tenant int not null, subscription uuid not null, is_good boolean not null, slot int not null,
  no bigint not null, at timestamptz not null, kind text not null, half text not null,
  first bigint not null, last bigint not null, events int not null, status int not null,
  ms int not null, bytes bigint not null, trouble text not null,
  primary key (tenant, subscription, is_good, slot)) with (fillfactor = 50);
"""

# Topics, and what they stood for, become types; the id is a UUIDv7. The secret stays the notice
# service's until it is changed. Reading begins where it stood, or at the oldest event of the tray.
# Tray and column stay, empty, for nodes of the version before; a later migration drops them.
MOVE = """
insert into subscriptions(tenant,id,name,url,mode,batch,width,timeout_s,types,filters,made_by,
  changed_by)
select s.tenant, encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
  substring(int8send((extract(epoch from clock_timestamp())*1000)::int8) from 3) from 1 for 6),
  52, 1), 53, 1), 'hex')::uuid, '告知服务', s.url, 'structured', 1, 1, 10,
  array(select k.type from (values ('negotiation', 'danshu.negotiation.*'),
    ('negotiation', 'danshu.shipment.arranged'), ('negotiation', 'danshu.promise.amended'),
    ('redecision', 'danshu.route.redecided'), ('replan', 'danshu.replan.finished'),
    ('replan', 'danshu.prices.published'), ('policy', 'danshu.policy_set.*'),
    ('breaker', 'danshu.routing.stopped'), ('breaker', 'danshu.routing.resumed'))
    k(topic, type) where k.topic = any(s.events)), '[]', 'notices', 'notices'
from notice_settings s where s.events <> '{}' and s.adapter <> '';
insert into cursors(name,tenant,half,position)
select 'subscription/' || s.id, s.tenant, c.half, least(c.position, (select min(e.position)
  from event_sends e where e.tenant=c.tenant and e.half=c.half and e.state='due'))
from subscriptions s join cursors c on c.name='events' and c.tenant=s.tenant;
delete from cursors where name='events';
update notice_settings set events='{}' where events <> '{}';
delete from event_sends where state='due';
"""


def upgrade() -> None:
    """Create the tables and turn topics into subscriptions."""
    for statement in (TABLES + MOVE).split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
