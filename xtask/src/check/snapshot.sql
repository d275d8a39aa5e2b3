-- Each row is a part of the schema, in words that don't depend on when it was made.
with rel as (
  select c.* from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not exists (
    select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e'))
select 'schema ' || nspname || ' of ' || pg_get_userbyid(nspowner) || ' ' || coalesce(nspacl::text, '') as line
  from pg_namespace where nspname !~ '^(pg_|information_schema$)'
union all select 'extension ' || extname || ' ' || extversion from pg_extension
union all select concat('relation ', relname, ' ', relkind, ' of ', pg_get_userbyid(relowner), ' rls ', relrowsecurity, ' forced ', relforcerowsecurity,
    ' options ', reloptions, case when relkind in ('v', 'm') then ' as ' || pg_get_viewdef(oid) end)
  from rel
union all select concat('grant ', relname, ' ', coalesce(r.rolname, 'PUBLIC'), ' ', privilege_type, ' ', is_grantable)
  from rel cross join aclexplode(coalesce(relacl, acldefault('r', relowner))) a left join pg_roles r on r.oid = a.grantee where relkind <> 'S'
union all select concat('column ', relname, '.', attname, ' ', format_type(atttypid, atttypmod), ' null ', not attnotnull, ' identity ', attidentity,
    ' generated ', attgenerated, ' collation ', nullif(attcollation, 0)::regcollation, ' default ', pg_get_expr(adbin, adrelid), ' ', attacl)
  from rel join pg_attribute a on attrelid = rel.oid and attnum > 0 and not attisdropped left join pg_attrdef d on d.adrelid = rel.oid and d.adnum = attnum
  where relkind <> 'S'
union all select concat('sequence ', relname, ' ', seqstart, ' ', seqincrement, ' ', seqmin, ' ', seqmax, ' ', seqcycle)
  from rel join pg_sequence on seqrelid = rel.oid
union all select concat('constraint ', relname, '.', conname, ' ', pg_get_constraintdef(c.oid), ' valid ', convalidated)
  from rel join pg_constraint c on conrelid = rel.oid
union all select concat('index ', pg_get_indexdef(indexrelid), ' valid ', indisvalid) from rel join pg_index on indrelid = rel.oid
union all select concat('policy ', relname, '.', polname, ' permissive ', polpermissive, ' for ', polcmd, ' to ', polroles::regrole[],
    ' using ', pg_get_expr(polqual, polrelid), ' check ', pg_get_expr(polwithcheck, polrelid))
  from rel join pg_policy on polrelid = rel.oid
union all select concat('trigger ', pg_get_triggerdef(g.oid)) from rel join pg_trigger g on tgrelid = rel.oid where not tgisinternal
union all select concat('rule ', pg_get_ruledef(w.oid)) from rel join pg_rewrite w on ev_class = rel.oid where relkind not in ('v', 'm')
union all select concat('statistics ', pg_get_statisticsobjdef(s.oid)) from rel join pg_statistic_ext s on stxrelid = rel.oid
union all select concat('type ', typname, ' of ', pg_get_userbyid(typowner), ' ',
    (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = y.oid), ' ', typacl)
  from pg_type y where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r') and not exists (
    select from pg_depend d where d.objid = y.oid and d.classid = 'pg_type'::regclass and d.deptype = 'e')
union all select concat('function ', p.oid::regprocedure, ' of ', pg_get_userbyid(proowner), ' ', pg_get_functiondef(p.oid), ' ', proacl)
  from pg_proc p join pg_namespace n on n.oid = pronamespace
  where nspname !~ '^(pg_|information_schema$)' and prokind in ('f', 'p', 'w') and not exists (
    select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
union all select concat('comment ', pg_describe_object(classoid, objoid, objsubid), ' ', description)
  from pg_description where classoid = 'pg_class'::regclass and objoid in (select oid from rel)
union all select concat('default ', defaclobjtype, ' ', defaclrole::regrole, ' ', defaclnamespace::regnamespace, ' ', defaclacl) from pg_default_acl
