-- What a database's catalogue doesn't say of its tables and indexes: order, size and use, as one JSON value.
with ns as (select oid, nspname from pg_namespace n where nspname !~ '^(pg_|information_schema$)'
  and not exists (select from pg_depend d where d.objid = n.oid and d.classid = 'pg_namespace'::regclass and d.deptype = 'e')),
tab as (
  select c.*, case nspname when 'public' then relname::text else nspname || '.' || relname end as name
  from pg_class c join ns on ns.oid = relnamespace where relkind in ('r', 'p') and not exists (
    select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e'))
select jsonb_build_object(
  'version', current_setting('server_version'), 'name', current_database(), 'bytes', pg_database_size(current_database()),
  'tables', coalesce(jsonb_object_agg(name, jsonb_build_object(
    'rows', nullif(reltuples, -1)::bigint,
    'bytes', pg_table_size(tab.oid), 'index_bytes', pg_indexes_size(tab.oid),
    'columns', (select jsonb_agg(attname order by attnum) from pg_attribute where attrelid = tab.oid and attnum > 0 and not attisdropped),
    'indexes', (select coalesce(jsonb_agg(jsonb_build_object(
        'name', x.relname, 'definition', pg_get_indexdef(indexrelid), 'valid', indisvalid and indisready, 'unique', indisunique,
        'of_key', exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x')),
        'method', amname, 'bytes', pg_relation_size(indexrelid), 'scans', coalesce(pg_stat_get_numscans(indexrelid), 0),
        'keys', (select jsonb_agg(pg_get_indexdef(indexrelid, k, true) order by k) from generate_series(1, indnkeyatts) k))
        order by not indisprimary, x.relname), '[]')
      from pg_index join pg_class x on x.oid = indexrelid join pg_am am on am.oid = x.relam where indrelid = tab.oid))), '{}'))
from tab
