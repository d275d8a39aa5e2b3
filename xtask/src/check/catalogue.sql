-- Each row is a difference between the catalogue and what the entities declare. $1: what xtask/catalog prints.
with declared as (
  select * from jsonb_to_recordset($1->'tables') d(name text, tenant text, policy text, columns jsonb, app jsonb, system jsonb)),
unscoped(name) as (select jsonb_array_elements_text($1->'unscoped')),
rel as ( -- what an extension brought is not ours
  select c.* from pg_class c where relnamespace = 'public'::regnamespace and not exists (
    select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')),
t as (select rel.*, d.tenant, d.policy from rel join declared d on d.name = rel.relname and relkind in ('r', 'p')),
-- columns
wanted_column as (
  select d.name as rel, c.* from declared d, jsonb_to_recordset(d.columns) c(name text, sql_type text, nullable boolean)),
found_column as (
  select t.relname as rel, a.attname as name, a.atttypid, format_type(a.atttypid, a.atttypmod) as sql_type, not a.attnotnull as nullable,
    t.oid, a.attnum
  from t join pg_attribute a on a.attrelid = t.oid and attnum > 0 and not attisdropped),
-- grants
wanted_grant as (
  select d.name as rel, 'app' as grantee, upper(jsonb_array_elements_text(d.app)) as verb from declared d
  union all select d.name, 'app_system', upper(jsonb_array_elements_text(d.system)) from declared d
  union all select d.name, 'app_backup', 'SELECT' from declared d),
found_grant as (
  select rel.relname as rel, coalesce(r.rolname, 'PUBLIC') as grantee, a.privilege_type as verb, a.is_grantable
  from rel cross join aclexplode(coalesce(relacl, acldefault('r', relowner))) a left join pg_roles r on r.oid = a.grantee
  where relkind in ('r', 'p', 'v', 'm', 'f') and a.grantee <> relowner),
column_grant as (
  select rel.relname as rel, a.attname as name, coalesce(r.rolname, 'PUBLIC') as grantee, x.privilege_type as verb
  from rel join pg_attribute a on a.attrelid = rel.oid cross join aclexplode(a.attacl) x left join pg_roles r on r.oid = x.grantee),
reviewed_column_grant(rel, name, grantee, verb) as (values -- what was logged of a person can be erased, nothing else of the log
  ('payment_system_logs', 'data', 'app_system', 'UPDATE'), ('payment_system_logs', 'salt', 'app_system', 'UPDATE')),
reviewed_unscoped_grant(rel, grantee, verb) as (values -- who erases an account unlinks it; an event that was routed is no longer kept
  ('stripe_account_links', 'app_system', 'DELETE'), ('unrouted_stripe_events', 'app_system', 'DELETE')),
unscoped_of_system(name) as (values ('stripe_account_links'), ('system_uses'), ('unrouted_stripe_events')),
-- policies, as entity_guard::policy::protect makes them
wanted_policy as (
  select d.name as rel, p.* from declared d, lateral (values
    ('tenant_permit', true, '*', array['app', 'app_system'], d.policy, d.policy),
    ('tenant_restrict', false, '*', array['app', 'app_system'], d.policy, d.policy),
    ('owner_migrates', true, '*', array['app_owner'],
      '(( SELECT current_setting(''app.migrating''::text, true) AS current_setting) = ''on''::text)',
      '(( SELECT current_setting(''app.migrating''::text, true) AS current_setting) = ''on''::text)'),
    ('backup_reads', true, 'r', array['app_backup'], 'true', null)
  ) p(name, permissive, cmd, roles, qual, with_check)),
found_policy as (
  select t.relname as rel, polname::text as name, polpermissive as permissive, polcmd::text as cmd,
    (select array_agg(coalesce(rolname::text, 'PUBLIC') order by rolname) from unnest(polroles) o(role) left join pg_roles r on r.oid = o.role) as roles,
    pg_get_expr(polqual, polrelid) as qual, pg_get_expr(polwithcheck, polrelid) as with_check
  from t join pg_policy po on po.polrelid = t.oid)

select 'declared-tables' as rule, d.name as object, 'the entity''s table is missing' as detail
  from declared d where name not in (select relname from t)
union all select 'declared-tables', u.name, 'a table that is on the list of those without accounts is missing'
  from unscoped u where name not in (select relname from rel where relkind in ('r', 'p'))
union all select 'declared-tables', relname, 'no entity declares this table, and it is not on the list of those without accounts'
  from rel where relkind in ('r', 'p') and not relispartition
    and relname not in (select name from declared) and relname not in (select name from unscoped)
union all select 'table-owner', relname, 'it belongs to ' || pg_get_userbyid(relowner) || ', not to app_owner'
  from rel where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and pg_get_userbyid(relowner) <> 'app_owner'

union all select 'declared-columns', w.rel, 'the column ' || w.name || ' is missing'
  from wanted_column w join t on t.relname = w.rel
  where not exists (select from found_column f where f.rel = w.rel and f.name = w.name)
union all select 'declared-columns', f.rel, 'the entity has no column ' || f.name
  from found_column f where not exists (select from wanted_column w where f.rel = w.rel and f.name = w.name)
union all select 'declared-columns', f.rel, 'the column ' || f.name || ' is ' || f.sql_type || ', but the entity says ' || w.sql_type
  from found_column f join wanted_column w on w.rel = f.rel and w.name = f.name
  where to_regtype(w.sql_type) is distinct from f.atttypid or w.sql_type like '%(%' and w.sql_type <> f.sql_type
union all select 'declared-columns', f.rel, 'the column ' || f.name || case when f.nullable then ' may be null' else ' is NOT NULL' end || ', and the entity says otherwise'
  from found_column f join wanted_column w on w.rel = f.rel and w.name = f.name where f.nullable <> w.nullable

union all select 'declared-grants', w.rel, w.grantee || ' may not ' || w.verb || ', but the entity says so'
  from wanted_grant w join t on t.relname = w.rel
  where not exists (select from found_grant f where f.rel = w.rel and f.grantee = w.grantee and f.verb = w.verb)
union all select 'declared-grants', f.rel, f.grantee || ' may ' || f.verb || ', but the entity doesn''t say so'
  from found_grant f join t on t.relname = f.rel
  where not exists (select from wanted_grant w where f.rel = w.rel and f.grantee = w.grantee and f.verb = w.verb)
union all -- without accounts: the app reads, the system adds, the backup reads
select 'unscoped-grants', f.rel, f.grantee || ' may ' || f.verb
  from found_grant f join unscoped u on u.name = f.rel
  where (f.grantee, f.verb) not in (('app', 'SELECT'), ('app_system', 'SELECT'), ('app_system', 'INSERT'), ('app_backup', 'SELECT'))
      and (f.rel, f.grantee, f.verb) not in (select * from reviewed_unscoped_grant)
    or f.grantee = 'app' and f.rel in (select name from unscoped_of_system)
    or f.grantee <> 'app_backup' and f.rel = 'migration_checksums' -- the migration program's alone
union all select 'unscoped-grants', u.name, 'app_backup may not SELECT'
  from unscoped u join rel on rel.relname = u.name
  where not exists (select from found_grant f where f.rel = u.name and f.grantee = 'app_backup' and f.verb = 'SELECT')
union all select 'grant-option', f.rel, f.grantee || ' may grant ' || f.verb || ' to others' from found_grant f where is_grantable
union all -- the lookups read single columns
select 'column-grants', g.rel, g.grantee || ' may ' || g.verb || ' the column ' || g.name
  from column_grant g where (g.grantee, g.verb) <> ('app_lookup', 'SELECT')
    and (g.rel, g.name, g.grantee, g.verb) not in (select * from reviewed_column_grant)
union all select 'column-grants', w.rel, w.grantee || ' may not ' || w.verb || ' the column ' || w.name || ', but xtask/src/check/catalogue.sql lists it'
  from reviewed_column_grant w join rel on rel.relname = w.rel
  where (w.rel, w.name, w.grantee, w.verb) not in (select * from column_grant)
union all -- what tables that are made later would be granted
select 'default-privileges', coalesce(nullif(defaclnamespace::regnamespace::text, '-'), 'all schemas'),
    coalesce(r.rolname, 'PUBLIC') || ' would get ' || a.privilege_type || ' on what ' || pg_get_userbyid(defaclrole) || ' makes'
  from pg_default_acl cross join aclexplode(defaclacl) a left join pg_roles r on r.oid = a.grantee
  where defaclobjtype in ('r', 'S', 'n') and a.grantee <> defaclrole

union all select 'declared-policies', w.rel, 'the policy ' || w.name || ' is missing'
  from wanted_policy w join t on t.relname = w.rel where not exists (select from found_policy f where f.rel = w.rel and f.name = w.name)
union all select 'declared-policies', f.rel, 'the policy ' || f.name || ' for ' || array_to_string(f.roles, ', ') || ' is none of the guard''s'
  from found_policy f where not exists (select from wanted_policy w where f.rel = w.rel and f.name = w.name)
    and not (f.roles = array['app_lookup'] and f.cmd = 'r') -- a lookup has one of its own
union all select 'declared-policies', f.rel, 'the policy ' || f.name || ' is not as the guard makes it'
  from found_policy f join wanted_policy w on w.rel = f.rel and w.name = f.name
  where (f.permissive, f.cmd, f.roles, f.qual, f.with_check) is distinct from (w.permissive, w.cmd, w.roles, w.qual, w.with_check)

union all select 'column-types', f.rel, 'the column ' || f.name || ' is ' || f.sql_type
  from found_column f join pg_type y on y.oid = f.atttypid
  where y.oid in ('timestamp'::regtype, 'timetz'::regtype, 'real'::regtype, 'double precision'::regtype, 'money'::regtype,
    'varchar'::regtype, 'bpchar'::regtype, 'json'::regtype, 'oid'::regtype)
union all select 'checked-amounts', f.rel, 'no CHECK bounds the column ' || f.name
  from found_column f where (f.atttypid = 'bigint'::regtype or f.name = 'currency')
    and not exists (select from pg_constraint c where c.conrelid = f.oid and contype = 'c' and f.attnum = any(conkey))
union all select 'one-schema', nspname, 'a schema that is none of ours'
  from pg_namespace n where nspname !~ '^(pg_|information_schema$)' and nspname not in ('public', 'lookup') and not exists (
    select from pg_depend d where d.objid = n.oid and d.classid = 'pg_namespace'::regclass and d.deptype = 'e')
order by 1, 2, 3
