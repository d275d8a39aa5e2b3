-- What lives outside a database's own catalogue: roles, who is a member of what, and rights to the database. Each row is a
-- difference from what `cargo xtask db roles` makes: (rule, object, detail, mend).
with ours(name, logs_in) as (values
  ('app', false), ('app_system', false), ('app_lookup', false), ('app_backup', false), ('app_owner', true)),
role as (select r.* from pg_roles r join ours on name = rolname),
-- Whoever makes a role gets ADMIN of it, which neither gives its rights nor lets become it.
member as (select m.*, g.rolname as of, r.rolname as name from pg_auth_members m
  join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member where m.inherit_option or m.set_option),
login as (select distinct r.* from pg_roles r join member m on m.name = r.rolname where m.of in (select name from ours) or m.name = 'app_owner'),
reach as (select l.rolname as login, r.* from (select rolname, oid, rolsuper from role union select rolname, oid, rolsuper from login) l
  join pg_roles r on l.oid = r.oid
    or not l.rolsuper and (pg_has_role(l.oid, r.oid, 'USAGE') or pg_has_role(l.oid, r.oid, 'SET'))),
database_grant as (select coalesce(r.rolname, 'PUBLIC') as role, a.privilege_type as verb
  from pg_database d cross join aclexplode(coalesce(datacl, acldefault('d', datdba))) a left join pg_roles r on r.oid = a.grantee
  where datname = current_database() and a.grantee <> datdba),
database_wanted(role, verb) as (values
  ('app_owner', 'CONNECT'), ('app_owner', 'CREATE'), ('app', 'CONNECT'), ('app_system', 'CONNECT'), ('app_backup', 'CONNECT')),
setting as (select coalesce(nullif(setrole, 0)::regrole::text, 'all roles') as role, unnest(setconfig) as value from pg_db_role_setting
  where setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and (setrole = 0 or setrole in (select oid from role union select oid from login)))
select 'role' as rule, name as object, 'the role is missing' as detail, 'cargo xtask db roles' as mend
  from ours where name not in (select rolname from pg_roles)
union all select 'role', rolname, 'a group role may log in', format('ALTER ROLE %I NOLOGIN', rolname)
  from role join ours on name = rolname where rolcanlogin and not logs_in
union all select 'role', login, format('it has %s', what) || case when login <> rolname then ', by ' || rolname else '' end,
    format('ALTER ROLE %I NO%s', rolname, what)
  from reach cross join lateral (values ('SUPERUSER', rolsuper), ('BYPASSRLS', rolbypassrls), ('CREATEROLE', rolcreaterole),
    ('REPLICATION', rolreplication)) has(what, holds) where holds
union all select 'membership', name, format('it is a member of %I, which a group of ours is to be of none', of), format('REVOKE %I FROM %I', of, name)
  from member where name in (select name from ours where not logs_in)
union all select 'membership', name, format('it is a member of %s, and of %s too', min(of), max(of)), format('REVOKE %I FROM %I', max(of), name)
  from member where of in (select name from ours) group by name having count(distinct of) > 1
union all select 'membership', name, format('it is a member of the predefined role %I', of), format('REVOKE %I FROM %I', of, name)
  from member where of like 'pg\_%' and (name in (select name from ours) or name in (select rolname from login))
union all select 'membership', name, format('it may become %I', of), format('REVOKE %I FROM %I', of, name)
  from member where of = 'app_owner' or of = 'app_lookup' and name <> 'app_owner'
union all select 'membership', 'app_owner', 'the policy of lookups, which sees all rows, applies to it',
    'GRANT app_lookup TO app_owner WITH INHERIT FALSE, SET TRUE'
  from member where of = 'app_lookup' and name = 'app_owner' and inherit_option
union all select 'database-grants', current_database(), format('%s may %s', role, verb), format('REVOKE %s ON DATABASE %I FROM %s', verb, current_database(),
    case role when 'PUBLIC' then role else quote_ident(role) end)
  from database_grant where (role, verb) <> ('PUBLIC', 'CONNECT') and (role, verb) not in (select * from database_wanted)
union all select 'database-grants', current_database(), format('%s may not %s', role, verb), format('GRANT %s ON DATABASE %I TO %I', verb, current_database(), role)
  from database_wanted w where not has_database_privilege((select oid from role where rolname = w.role),
    (select oid from pg_database where datname = current_database()), verb)
union all select 'setting', role, 'it is set for every session: ' || split_part(value, '=', 1), format('ALTER ROLE ... RESET %s, or ALTER DATABASE ... RESET %1$s', split_part(value, '=', 1))
  from setting where split_part(value, '=', 1) in ('app.account_id', 'app.migrating', 'row_security', 'session_replication_role', 'role')
order by 1, 2, 3
