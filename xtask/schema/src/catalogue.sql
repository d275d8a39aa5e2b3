-- Everything in the database that a migration may have made, as one JSON value. What is made by an extension is not ours.
with ns as (select oid, nspname, nspowner, nspacl from pg_namespace n where nspname !~ '^(pg_|information_schema$)'
  and not exists (select from pg_depend d where d.objid = n.oid and d.classid = 'pg_namespace'::regclass and d.deptype = 'e')),
rel as (
  select c.*, case nspname when 'public' then relname::text else nspname || '.' || relname end as name
  from pg_class c join ns on ns.oid = relnamespace where not exists (
    select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')),
tab as (select * from rel where relkind in ('r', 'p')),
-- Who may do what: (class, object, column, grants)
acl as (
  select 'rel' as class, oid, null::text as col, coalesce(relacl, acldefault('r', relowner)) as acl, relowner as owner from tab
  union all select 'rel', tab.oid, attname::text, attacl, relowner from tab join pg_attribute on attrelid = tab.oid where attacl is not null
  union all select 'type', oid, null, coalesce(typacl, acldefault('T', typowner)), typowner from pg_type
  union all select 'ns', oid, null, coalesce(nspacl, acldefault('n', nspowner)), nspowner from ns
  union all select 'proc', oid, null, coalesce(proacl, acldefault('f', proowner)), proowner from pg_proc),
granted as (
  select class, x.oid, jsonb_agg(jsonb_build_object('role', coalesce(r.rolname, 'PUBLIC'), 'right', x.privilege_type, 'column', col,
    'grantable', x.is_grantable)) as grants
  from (select class, acl.oid, col, owner, (aclexplode(acl)).* from acl) x left join pg_roles r on r.oid = x.grantee
  where x.grantee <> x.owner group by class, x.oid),
cols as (
  select a.attrelid, jsonb_object_agg(attname, jsonb_build_object(
    'sql_type', format_type(atttypid, atttypmod), 'not_null', attnotnull, 'default', pg_get_expr(adbin, adrelid),
    'identity', attidentity, 'generated', attgenerated,
    'collation', case when attcollation <> typcollation then attcollation::regcollation::text end,
    'comment', col_description(a.attrelid, attnum))) as of
  from pg_attribute a join tab on tab.oid = attrelid join pg_type y on y.oid = atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where attnum > 0 and not attisdropped group by a.attrelid),
cons as (
  select conrelid, jsonb_object_agg(conname, jsonb_build_object(
    'kind', contype, 'definition', pg_get_constraintdef(c.oid), 'valid', convalidated,
    'columns', coalesce((select jsonb_agg(attname order by ord) from unnest(conkey) with ordinality k(num, ord)
      join pg_attribute on attrelid = conrelid and attnum = num), '[]'),
    'references', case when contype = 'f' then jsonb_build_array((select name from tab where tab.oid = confrelid),
      (select jsonb_agg(attname order by ord) from unnest(confkey) with ordinality k(num, ord)
        join pg_attribute on attrelid = confrelid and attnum = num)) end,
    'on_delete', btrim(confdeltype), 'condition', pg_get_expr(conbin, conrelid),
    'comment', obj_description(c.oid, 'pg_constraint'))) as of
  from pg_constraint c join tab on tab.oid = conrelid where contype in ('p', 'u', 'f', 'c', 'x') group by conrelid),
idx as (
  select indrelid, jsonb_object_agg(rel.name, jsonb_build_object(
    'definition', pg_get_indexdef(indexrelid), 'valid', indisvalid and indisready, 'unique', indisunique,
    'nulls_not_distinct', indnullsnotdistinct, 'method', amname,
    'keys', (select jsonb_agg(jsonb_build_object('column', coalesce(attname, pg_get_indexdef(indexrelid, k, true)),
        'operator_class', case when not opcdefault then opcname end,
        'descending', indoption[k - 1] & 1 = 1, 'nulls_first', indoption[k - 1] & 2 = 2) order by k)
      from generate_series(1, indnkeyatts) k join pg_opclass o on o.oid = indclass[k - 1]
        left join pg_attribute a on a.attrelid = indrelid and a.attnum = nullif(indkey[k - 1], 0)),
    'include', coalesce((select jsonb_agg(attname order by k) from generate_series(indnkeyatts + 1, indnatts) k
        join pg_attribute a on a.attrelid = indrelid and a.attnum = indkey[k - 1]), '[]'),
    'predicate', pg_get_expr(indpred, indrelid), 'options', to_jsonb(coalesce(rel.reloptions, '{}')),
    'comment', obj_description(indexrelid, 'pg_class'))) as of
  from pg_index i join rel on rel.oid = indexrelid join pg_am am on am.oid = rel.relam
  where not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x')) group by indrelid),
pol as (
  select polrelid, jsonb_object_agg(polname, jsonb_build_object('permissive', polpermissive, 'command', polcmd,
    'roles', (select jsonb_agg(coalesce(rolname, 'PUBLIC') order by rolname) from unnest(polroles) o(role)
      left join pg_roles r on r.oid = o.role),
    'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))) as of
  from pg_policy join tab on tab.oid = polrelid group by polrelid),
trg as (
  select tgrelid, jsonb_object_agg(tgname, pg_get_triggerdef(g.oid)) as of
  from pg_trigger g join tab on tab.oid = tgrelid where not tgisinternal group by tgrelid),
others(name, definition) as (
  select 'relation ' || name, concat(relkind, ' of ', pg_get_userbyid(relowner), ' ', relacl, ' ', reloptions,
      case when relkind in ('v', 'm') then pg_get_viewdef(oid) end,
      (select concat_ws(' ', seqstart, seqincrement, seqmin, seqmax, seqcycle) from pg_sequence where seqrelid = rel.oid))
    from rel where relkind not in ('r', 'p', 'i', 'I', 't')
  union all select 'rule ' || rulename || ' on ' || name, pg_get_ruledef(w.oid)
    from pg_rewrite w join rel on rel.oid = ev_class where relkind not in ('v', 'm')
  union all select 'statistics ' || stxname, pg_get_statisticsobjdef(s.oid) from pg_statistic_ext s join tab on tab.oid = stxrelid
  union all select 'type ' || y.oid::regtype, concat(typtype, ' of ', pg_get_userbyid(typowner), ' ', typacl, ' ',
      format_type(typbasetype, typtypmod), ' ', typnotnull, ' ', typdefault,
      (select string_agg(conname || ' ' || pg_get_constraintdef(c.oid), ' ' order by conname) from pg_constraint c where contypid = y.oid))
    from pg_type y join ns on ns.oid = typnamespace where typtype in ('d', 'r')
      and not exists (select from pg_depend d where d.objid = y.oid and d.classid = 'pg_type'::regclass and d.deptype = 'e')
  union all select concat('default privileges ', defaclobjtype, ' ', defaclrole::regrole, ' ', nullif(defaclnamespace, 0)::regnamespace), defaclacl::text
    from pg_default_acl
  union all select 'event trigger ' || evtname, concat(evtevent, ' ', evtfoid::regproc, ' ', evtenabled) from pg_event_trigger)
select jsonb_build_object(
  'extensions', (select coalesce(jsonb_object_agg(extname, nspname), '{}') from pg_extension e join pg_namespace n on n.oid = extnamespace
    where extname <> 'plpgsql'),
  'schemas', (select coalesce(jsonb_object_agg(nspname, jsonb_build_object('owner', pg_get_userbyid(nspowner),
      'grants', coalesce(grants, '[]'))), '{}') from ns left join granted g on g.class = 'ns' and g.oid = ns.oid),
  'enums', (select coalesce(jsonb_object_agg(case nspname when 'public' then typname::text else nspname || '.' || typname end,
      jsonb_build_object('owner', pg_get_userbyid(typowner),
        'labels', (select jsonb_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = y.oid),
        'comment', obj_description(y.oid, 'pg_type'), 'grants', coalesce(grants, '[]'))), '{}')
    from pg_type y join ns on ns.oid = typnamespace left join granted g on g.class = 'type' and g.oid = y.oid where typtype = 'e'),
  'tables', (select coalesce(jsonb_object_agg(name, jsonb_build_object(
      'owner', pg_get_userbyid(relowner), 'comment', obj_description(tab.oid, 'pg_class'),
      'row_security', relrowsecurity, 'forced', relforcerowsecurity,
      'options', to_jsonb(coalesce(reloptions, '{}') || case when relkind = 'p' then array['partitioned'] else '{}' end
        || case when relispartition then array['a partition'] else '{}' end
        || case when relpersistence <> 'p' then array['unlogged'] else '{}' end),
      'columns', coalesce(cols.of, '{}'), 'constraints', coalesce(cons.of, '{}'), 'indexes', coalesce(idx.of, '{}'),
      'policies', coalesce(pol.of, '{}'), 'grants', coalesce(grants, '[]'), 'triggers', coalesce(trg.of, '{}'))), '{}')
    from tab left join cols on cols.attrelid = tab.oid left join cons on cons.conrelid = tab.oid left join idx on idx.indrelid = tab.oid
      left join pol on pol.polrelid = tab.oid left join trg on trg.tgrelid = tab.oid
      left join granted g on g.class = 'rel' and g.oid = tab.oid),
  'functions', (select coalesce(jsonb_object_agg(p.oid::regprocedure::text, jsonb_build_object('owner', pg_get_userbyid(proowner),
      'definition', pg_get_functiondef(p.oid), 'arguments', pg_get_function_arguments(p.oid), 'returns', pg_get_function_result(p.oid),
      'body', pg_get_function_sqlbody(p.oid), 'grants', coalesce(grants, '[]'),
      'reads', (select coalesce(jsonb_object_agg(name, columns), '{}') from (
        select name, jsonb_agg(attname order by attnum) as columns
        from pg_depend d join tab on tab.oid = d.refobjid join pg_attribute a on attrelid = tab.oid and attnum = refobjsubid
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass group by name) r))), '{}')
    from pg_proc p join ns on ns.oid = pronamespace left join granted g on g.class = 'proc' and g.oid = p.oid
    where prokind in ('f', 'p', 'w')
      and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')),
  'others', (select coalesce(jsonb_object_agg(name, definition), '{}') from others))
