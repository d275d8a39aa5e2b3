-- A native enum anew with other labels. $name: its name, quoted as a text; $create: the CREATE TYPE, quoted as a text.
DO $$
DECLARE
  old oid := (SELECT oid FROM pg_type WHERE typname = $name AND typnamespace = 'public'::regnamespace);
  part record;
  again text[] := '{}';
BEGIN
  -- What names the type in an expression, so that it has to be dropped and made again.
  FOR part IN
    SELECT DISTINCT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, conname) AS gone,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, conname, pg_get_constraintdef(c.oid)) AS made
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (conkey)
    WHERE contype = 'c' AND atttypid = old
    UNION ALL
    SELECT DISTINCT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND atttypid = old
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum
    WHERE indpred IS NOT NULL
    UNION ALL
    SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', adrelid::regclass, attname),
      format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', adrelid::regclass, attname, pg_get_expr(adbin, adrelid))
    FROM pg_attrdef JOIN pg_attribute a ON a.attrelid = adrelid AND attnum = adnum WHERE atttypid = old
  LOOP
    EXECUTE part.gone;
    again := again || part.made;
  END LOOP;
  EXECUTE format('ALTER TYPE %I RENAME TO %I', $name, 'replaced_' || $name);
  EXECUTE $create;
  FOR part IN
    SELECT attrelid::regclass AS rel, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE atttypid = old AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p')
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %I USING %2$I::text::%3$I', part.rel, part.attname, $name);
  END LOOP;
  EXECUTE format('DROP TYPE %I', 'replaced_' || $name);
  FOR part IN SELECT unnest(again) AS made LOOP
    EXECUTE part.made;
  END LOOP;
END $$
