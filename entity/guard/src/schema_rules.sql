-- Each row is a table that breaks a rule. `gate` says that isolation hangs on it, so that an app must not start.
-- $1, $2: the declared tenant tables and their tenant columns; $3: tables that hold no account's rows.
with declared as (select * from unnest($1::text[], $2::text[]) d(name, tcol)),
app as (select oid, rolname from pg_roles where rolname in ('app', 'app_system')),
rel as (
  select c.*, nspname,
    coalesce((select tcol from declared where name = c.relname and nspname = 'public'), 'account_id') as tcol
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where not exists ( -- what an extension brought is not ours
    select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
  and (nspname = 'public' or nspname !~ '^(pg_|information_schema$)' and ( -- elsewhere: what holds accounts, or shows something to these roles
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'account_id' and not a.attisdropped)
    or c.relkind in ('v', 'm') and exists (select from app where has_any_column_privilege(app.oid, c.oid, 'SELECT'))))),
t as (
  select rel.*, a.attnum as tatt, a.attnotnull, a.atttypid from rel
  join pg_attribute a on a.attrelid = rel.oid and a.attname = rel.tcol and not a.attisdropped
  where relkind in ('r', 'p', 'f')),
verbs(v, verb) as (values ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE'))
select true as gate, 'the table is missing' as rule, name as object from declared where name not in (select relname::text from t where nspname = 'public')
union all select true, 'the tenant column may be null', oid::regclass::text from t where not attnotnull
union all select true, 'the tenant column is not uuid', oid::regclass::text from t where atttypid <> 'uuid'::regtype
union all select true, 'row level security is off', oid::regclass::text from t where not relrowsecurity
union all select true, 'row level security is not forced', oid::regclass::text from t where not relforcerowsecurity
union all select true, 'foreign table', oid::regclass::text from t where relkind = 'f'
union all -- permissive and restrictive, for each verb and each role
select true, (case when p then 'no permissive policy for ' else 'no restrictive policy for ' end) || verb || ' by ' || app.rolname, t.oid::regclass::text
  from t, verbs, app, (values (true), (false)) k(p)
  where not exists (select from pg_policy po where po.polrelid = t.oid and po.polcmd in (v, '*') and po.polpermissive = p
     and (po.polroles @> array[app.oid] or po.polroles = array[0::oid])
     and (v = 'a' or po.polqual is not null) and (v not in ('a', 'w') or po.polwithcheck is not null))
union all -- wrong text: a policy for any role that these or the login belong to must be the one expression
select distinct true, 'policy ' || polname || ' says ' || e, t.oid::regclass::text
  from t join pg_policy po on po.polrelid = t.oid
  join unnest(po.polroles) r(role) on role = 0 or exists (
    select from pg_roles member where (member.oid in (select oid from app) or member.rolname = session_user and not rolsuper)
      and member.rolname <> 'app_owner' and pg_has_role(member.oid, role, 'MEMBER')),
  lateral (values (pg_get_expr(polqual, polrelid)), (pg_get_expr(polwithcheck, polrelid))) x(e)
  where e is not null and e <> format('(%s = ( SELECT (NULLIF(current_setting(''app.account_id''::text, true), ''''::text))::uuid AS "nullif"))', t.tcol)
union all -- keys
select true, (case when x.indisprimary then 'primary key ' else 'unique key ' end) || x.indexrelid::regclass || ' does not start with the tenant column', t.oid::regclass::text
  from t join pg_index x on x.indrelid = t.oid where (x.indisunique or x.indisexclusion) and x.indkey[0] <> t.tatt
union all select false, 'no primary key', t.oid::regclass::text from t where not exists (select from pg_index x where x.indrelid = t.oid and x.indisprimary)
union all select false, 'invalid or unready index ' || x.indexrelid::regclass, t.oid::regclass::text from t join pg_index x on x.indrelid = t.oid where not (indisvalid and indisready)
union all select false, 'index on an expression ' || x.indexrelid::regclass, t.oid::regclass::text
  from t join pg_index x on x.indrelid = t.oid where x.indexprs is not null
union all -- foreign keys: the tenant column must stand at the same place on both sides
select true, 'foreign key ' || f.conname || ' does not pair the tenant columns', t.oid::regclass::text
  from t join pg_constraint f on f.conrelid = t.oid and f.contype = 'f'
  join t r on r.oid = f.confrelid
  where not exists (select from generate_subscripts(f.conkey, 1) i where f.conkey[i] = t.tatt and f.confkey[i] = r.tatt)
union all select false, 'constraint ' || f.conname || ' is not validated', t.oid::regclass::text from t join pg_constraint f on f.conrelid = t.oid where f.contype in ('f', 'c', 'n') and not convalidated
union all select false, 'foreign key ' || f.conname || ' sets null or default, or cascades an update', t.oid::regclass::text from t join pg_constraint f on f.conrelid = t.oid where f.contype = 'f' and (confdeltype in ('n', 'd') or confupdtype in ('n', 'd', 'c'))
union all select true, 'cascade ' || f.conname || ' deletes from a table that ' || app.rolname || ' may not delete from', t.oid::regclass::text
  from t join pg_constraint f on f.conrelid = t.oid, app where f.contype = 'f' and confdeltype = 'c' and not has_table_privilege(app.oid, t.oid, 'DELETE')
    and (app.rolname = 'app' or has_table_privilege(app.oid, f.confrelid, 'DELETE'))
union all select true, 'foreign key from outside: ' || f.conname, f.conrelid::regclass::text from pg_constraint f join t on t.oid = f.confrelid
  where f.contype = 'f' and f.conrelid not in (select oid from t)
union all -- a partition or child is its own table when named directly
select true, 'partition or child without its own row level security', i.inhrelid::regclass::text from pg_inherits i join t on t.oid = i.inhparent join pg_class k on k.oid = i.inhrelid
  where k.relkind in ('r', 'p', 'f') and not (k.relrowsecurity and k.relforcerowsecurity)
union all select true, 'view without security_invoker', oid::regclass::text from rel where relkind = 'v' and not coalesce('security_invoker=true' = any(reloptions) or 'security_invoker=on' = any(reloptions), false)
union all select true, 'materialised view', oid::regclass::text from rel where relkind = 'm'
union all select true, 'trigger ' || g.tgname, t.oid::regclass::text from t join pg_trigger g on g.tgrelid = t.oid where not tgisinternal
union all select true, 'rule ' || w.rulename, t.oid::regclass::text from t join pg_rewrite w on w.ev_class = t.oid
union all select true, 'granted to PUBLIC', t.oid::regclass::text from t, aclexplode(t.relacl) a where a.grantee = 0
union all select true, 'granted to PUBLIC by column ' || c.attname, t.oid::regclass::text
  from t join pg_attribute c on c.attrelid = t.oid, aclexplode(c.attacl) a where a.grantee = 0
union all select true, 'security definer function outside the lookups', p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prosecdef and n.nspname !~ '^(pg_|information_schema)' and not (n.nspname = 'lookup' and p.proowner = (select oid from pg_roles where rolname = 'app_lookup') and p.proconfig is not null
        and not has_function_privilege('public', p.oid, 'EXECUTE'))
    and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
union all -- by name, by schema or with all tables
select true, 'logged by the publication ' || pubname, t.oid::regclass::text from t join pg_publication_tables pt on pt.schemaname = t.nspname and pt.tablename = t.relname
union all select true, 'holds no account and is not on the list of such tables', oid::regclass::text from rel
  where nspname = 'public' and relkind in ('r', 'p') and oid not in (select oid from t) and relname <> all($3::text[])
order by 1 desc, 3, 2
