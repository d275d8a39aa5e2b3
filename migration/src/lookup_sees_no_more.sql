-- Lookups see no more of $table than those that are left need.
DO $$ DECLARE needed text; BEGIN
  REVOKE SELECT ON $table FROM app_lookup;
  SELECT string_agg(DISTINCT quote_ident(a.attname), ', ') INTO needed
  FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid AND p.pronamespace = 'lookup'::regnamespace
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = '$table'::regclass AND d.refobjsubid > 0;
  IF needed IS NULL THEN
    DROP POLICY lookup_sees ON $table;
  ELSE
    EXECUTE format('GRANT SELECT (%s) ON $table TO app_lookup', needed);
  END IF;
END $$
