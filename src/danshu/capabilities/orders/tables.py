"""Order rows and the statements of the hot path and the list."""

from __future__ import annotations

from typing import Final

INSERT: Final = """
insert into orders(tenant,id,okey,channel,state,wh,region,total,currency,due,seq,head,doc,terms)
select * from unnest(%b::int4[],%b::uuid[],%b::text[],%b::text[],%b::int2[],%b::int4[],%b::text[],
%b::int8[],%b::text[],%b::timestamptz[],%b::int4[],%b::bytea[],%b::bytea[],%b::bytea[])
"""
READ: Final = """
select id,okey,channel,state,wh,region,total,currency,due,seq,head,doc,terms from orders
where tenant=%b and id=%b
"""
LOCK: Final = READ + " for update"
LOCK_MANY: Final = """
select id,okey,channel,state,wh,region,total,currency,due,seq,head,doc,terms from orders
where tenant=%b and id = any(%b::uuid[]) order by id for update
"""
UPDATE: Final = """
update orders set state=%b,wh=%b,region=%b,total=%b,due=%b,seq=%b,head=%b,doc=%b,terms=%b
where tenant=%b and id=%b
"""
UPDATE_MANY: Final = """
update orders o set state=w.state, wh=w.wh, seq=w.seq, head=w.head, doc=w.doc
from unnest(%b::uuid[],%b::int2[],%b::int4[],%b::int4[],%b::bytea[],%b::bytea[])
w(id,state,wh,seq,head,doc) where o.tenant=%b and o.id=w.id
"""
FIND_KEYS: Final = "select okey,oid,bh from idem where tenant=%b and okey = any(%b::text[])"
