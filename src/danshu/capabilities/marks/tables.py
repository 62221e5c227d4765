"""The rows of marks: a row a tag, a row an assignee."""

from __future__ import annotations

from typing import Final

READ: Final = """
select array(select tag from order_tags where tenant=%(tenant)s and id=%(id)s),
  (select assignee from order_assignees where tenant=%(tenant)s and id=%(id)s)
"""
READ_MANY: Final = """
select w.id, array(select tag from order_tags t where t.tenant=%(tenant)s and t.id=w.id order by 1),
  (select assignee from order_assignees a where a.tenant=%(tenant)s and a.id=w.id)
from unnest(%(ids)s::uuid[]) w(id)
"""
TAG: Final = """
insert into order_tags(tenant,id,tag) select %s,%s,unnest(%s::text[]) on conflict do nothing
"""
UNTAG: Final = "delete from order_tags where tenant=%s and id=%s and tag = any(%s)"
ASSIGN: Final = """
insert into order_assignees(tenant,id,assignee) values(%s,%s,%s)
on conflict (tenant,id) do update set assignee=excluded.assignee
"""
UNASSIGN: Final = "delete from order_assignees where tenant=%s and id=%s"
RANGE: Final = """
select coalesce(t.id, a.id), coalesce(t.tags, '{}'), coalesce(a.assignee, '') from
  (select id, array_agg(tag) as tags from order_tags
    where tenant=%(tenant)s and id >= %(first)s and id < %(end)s group by id) t
  full join (select id, assignee from order_assignees
    where tenant=%(tenant)s and id >= %(first)s and id < %(end)s) a on a.id=t.id
"""
SUGGEST: Final = """
with recursive t(tag) as (
  (select tag from order_tags where tenant=%(tenant)s order by tag limit 1)
  union all
  select (select o.tag from order_tags o where o.tenant=%(tenant)s and o.tag > t.tag
    order by o.tag limit 1) from t where t.tag is not null)
select tag from t where tag is not null limit %(limit)s
"""
