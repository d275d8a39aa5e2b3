-- Every table with rows of accounts: name, name as SQL, tenant column, the same as SQL, columns, order of the key,
-- whether the login may read and delete them, and the tables that it refers to.
-- $1, $2: the table of accounts, and its tenant column.
with t as (
  select c.oid, c.relname, n.nspname, format('%I.%I', n.nspname, c.relname) as sql, a.attname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
    and a.attname = case when c.relname = $1 and n.nspname = 'public' then $2 else 'account_id' end
  where c.relkind in ('r', 'p', 'f') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$)')
select t.relname::text, t.sql, t.attname::text, quote_ident(t.attname),
  (select array_agg(c.attname::text) from pg_attribute c where c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped),
  coalesce((select string_agg('t.' || quote_ident(c.attname), ', ' order by k.place)
    from pg_index i, unnest(i.indkey) with ordinality k(attnum, place)
    join pg_attribute c on c.attrelid = t.oid and c.attnum = k.attnum
    where i.indrelid = t.oid and i.indisprimary), 't.ctid'),
  has_schema_privilege(t.nspname, 'USAGE') and has_table_privilege(t.oid, 'SELECT'),
  has_schema_privilege(t.nspname, 'USAGE') and has_table_privilege(t.oid, 'DELETE'),
  coalesce((select array_agg(distinct p.sql) from pg_constraint f join t p on p.oid = f.confrelid
    where f.conrelid = t.oid and f.contype = 'f'), '{}')
from t order by t.relname
