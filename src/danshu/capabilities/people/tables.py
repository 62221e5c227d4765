"""Rows of people and the statements that read and write them."""

from __future__ import annotations

from typing import Final

_COLUMNS: Final = (
    "p.id, p.number, p.login, p.name, p.salt, p.handle, p.roles, p.warehouses, p.state, p.joined,"
    " p.password, p.totp, p.totp_step, p.preferences, p.seq, p.head, p.made,"
    " array(select encode(sha256(k.id), 'hex') from passkeys k where k.tenant=p.tenant"
    " and k.person=p.id order by k.made, k.id)"
)
READ: Final = f"select {_COLUMNS} from people p where p.tenant=%s and p.id=%s"
LOCK: Final = f"{READ} for update of p"
# By the number at work too, where nobody signs in by that word.
BY_LOGIN: Final = (
    f"select {_COLUMNS} from people p where p.tenant=%s and (p.login=%s or lower(p.number)=%s)"
    " order by p.login=%s desc limit 1"
)
BY_HANDLE: Final = f"select {_COLUMNS} from people p where p.tenant=%s and p.handle=%s"
PAGE: Final = (
    f"select {_COLUMNS} from people p where p.tenant=%s and p.number > %s"
    " and (%s = '' or p.state = %s) order by p.number limit %s"
)
EACH: Final = f"select {_COLUMNS} from people p where p.tenant=%s order by p.number limit %s"
INSERT: Final = (
    "insert into people(tenant,id,number,login,name,salt,handle,roles,warehouses,state,seq,head)"
    " values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
UPDATE: Final = (
    "update people set number=%s, login=%s, name=%s, roles=%s, warehouses=%s, state=%s, joined=%s,"
    " seq=%s, head=%s where tenant=%s and id=%s"
)
OTHER_ADMINS: Final = (
    "select count(*) from people where tenant=%s and id<>%s and state='active'"
    " and 'admin' = any(roles)"
)
