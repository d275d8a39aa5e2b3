-- Each row is a reason to refuse to start. Run as the connecting login.
-- $1: the group role that the login should be a member of; $2: group roles that it must not reach.
with me as (select oid from pg_roles where rolname = session_user or rolname = current_user),
reach as ( -- every role that the login can become or inherit; MEMBER covers SET-only grants too
  select distinct r.* from pg_roles r, me where pg_has_role(me.oid, r.oid, 'MEMBER'))
select 'role ' || rolname || ' is superuser' as why from reach where rolsuper
union all select 'role ' || rolname || ' has BYPASSRLS' from reach where rolbypassrls
union all select 'role ' || rolname || ' has CREATEROLE' from reach where rolcreaterole
union all select 'role ' || rolname || ' has REPLICATION' from reach where rolreplication
union all select 'the login is a member of the predefined role ' || rolname from reach where rolname like 'pg\_%'
union all select 'the login is a member of ' || rolname from reach where rolname = any($2::text[])
union all select 'the login is not a member of ' || $1 where not exists (select from reach where rolname = $1)
union all select distinct 'role ' || rolname || ' owns ' || c.oid::regclass from reach join pg_class c on c.relowner = reach.oid
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
union all select distinct 'role ' || rolname || ' owns function ' || p.oid::regprocedure from reach join pg_proc p on p.proowner = reach.oid
union all select distinct 'role ' || reach.rolname || ' owns schema ' || n.nspname from reach join pg_namespace n on n.nspowner = reach.oid
union all select 'the login may CREATE in schema ' || nspname from pg_namespace
  where has_schema_privilege(oid, 'CREATE') and nspname !~ '^pg_(temp|toast_temp)'
union all select 'the login may CREATE in the database' where has_database_privilege(current_database(), 'CREATE')
union all select 'the login may create TEMP tables' where has_database_privilege(current_database(), 'TEMP')
union all select 'row_security is off' where current_setting('row_security') <> 'on'
union all select 'session_replication_role is ' || current_setting('session_replication_role')
  where current_setting('session_replication_role') <> 'origin'
union all select 'app.account_id is set for the whole session'
  where coalesce(nullif(current_setting('app.account_id', true), ''), '') <> ''
union all select 'the login may ' || v || ' ' || c.oid::regclass
  from pg_class c join pg_namespace n on n.oid = relnamespace, unnest(array['TRUNCATE', 'TRIGGER', 'REFERENCES']) v
  where nspname !~ '^(pg_|information_schema$)' and relkind in ('r', 'p') and has_table_privilege(c.oid, v)
union all select 'the login may REFERENCE columns of ' || c.oid::regclass
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where nspname !~ '^(pg_|information_schema$)' and relkind in ('r', 'p')
    and has_any_column_privilege(c.oid, 'REFERENCES') and not has_table_privilege(c.oid, 'REFERENCES')
union all select 'PostgreSQL ' || current_setting('server_version') || ' is older than 16'
  where current_setting('server_version_num')::int < 160000
union all select 'the extension vector is missing, or older than 0.8'
  where not exists (select from pg_extension
    where extname = 'vector' and string_to_array(extversion, '.')::int[] >= array[0, 8])
order by 1
