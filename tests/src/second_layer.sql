-- What a login can see and do under account A that is not A's, by SQL of its own, with row level security and grants alone
-- to stop it: for each table of accounts and each role, one line per breach in second_layer_breaches.
--
-- Run by a superuser, in a transaction, with second_layer.a and second_layer.b set; both accounts have rows.
CREATE TEMP TABLE second_layer_breaches (tab text, role text, breach text) ON COMMIT DROP;

DO $second_layer$
DECLARE
    a text := current_setting('second_layer.a');
    b text := current_setting('second_layer.b');
    t record;
    who text;
    own bigint;
    total bigint;
    seen bigint;
    sample jsonb;
    columns text;
    some_column text;
    attempt record;
BEGIN
    FOR t IN
        SELECT c.oid, c.oid::regclass::text AS name, CASE c.relname WHEN 'accounts' THEN 'id' ELSE 'account_id' END AS tenant
        FROM pg_class c
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            AND (c.relname = 'accounts' OR EXISTS (
                SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'account_id' AND NOT attisdropped))
        ORDER BY 2
    LOOP
        EXECUTE format('SELECT count(*) FILTER (WHERE %1$I = %2$L), count(*) FROM %3$s', t.tenant, a, t.name)
            INTO own, total;
        EXECUTE format('SELECT to_jsonb(r) FROM %s r WHERE %I = %L LIMIT 1', t.name, t.tenant, a) INTO sample;
        IF own = 0 OR own = total THEN
            INSERT INTO second_layer_breaches VALUES (t.name, '', 'a table without rows of both accounts proves nothing');
            CONTINUE;
        END IF;

        FOREACH who IN ARRAY ARRAY['app', 'app_system'] LOOP
            -- Its own rows, all of them, and no others; none without an account.
            IF has_table_privilege(who, t.oid, 'SELECT') THEN
                FOR attempt IN
                    SELECT * FROM (VALUES (a, '', own, 'under A'), (a, 'on', own, 'under A with app.migrating'),
                        ('', '', 0, 'under an empty account'), (NULL, '', 0, 'without an account'))
                        AS x (account, migrating, rows, how)
                LOOP
                    BEGIN
                        PERFORM set_config('app.account_id', attempt.account, true),
                            set_config('app.migrating', attempt.migrating, true), set_config('role', who, true);
                        EXECUTE format('SELECT count(*) FROM %s', t.name) INTO seen;
                        RAISE SQLSTATE 'ZZ001' USING MESSAGE = seen::text;
                    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
                        IF SQLERRM::bigint <> attempt.rows THEN
                            INSERT INTO second_layer_breaches VALUES (t.name, who,
                                format('%s it sees %s rows and not %s', attempt.how, SQLERRM, attempt.rows));
                        END IF;
                    END;
                END LOOP;
            END IF;

            -- Each of these has to be refused (42501), or to touch nothing.
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
                WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                    AND has_column_privilege(who, t.oid, attnum, 'INSERT');
            SELECT quote_ident(attname) INTO some_column FROM pg_attribute
                WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped AND attname <> t.tenant
                    AND has_column_privilege(who, t.oid, attnum, 'UPDATE') ORDER BY attnum LIMIT 1;
            FOR attempt IN
                SELECT * FROM (VALUES
                    ('inserts a row of B under A', a, format(
                        'INSERT INTO %1$s (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$s, $1 || %3$L::jsonb)',
                        t.name, columns, jsonb_build_object(t.tenant, b))),
                    ('inserts a row without an account', '', format(
                        'INSERT INTO %1$s (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::%1$s, $1)',
                        t.name, columns)),
                    ('changes rows of B under A', a, format(
                        'UPDATE %1$s SET %2$s = %2$s WHERE %3$I = %4$L', t.name, some_column, t.tenant, b)),
                    ('changes rows without an account', '', format(
                        'UPDATE %1$s SET %2$s = %2$s', t.name, some_column)),
                    ('moves rows of A to B', a, format(
                        'UPDATE %1$s SET %2$I = %3$L WHERE %2$I = %4$L', t.name, t.tenant, b, a)),
                    ('deletes rows of B under A', a, format(
                        'DELETE FROM %1$s WHERE %2$I = %3$L', t.name, t.tenant, b)),
                    ('deletes rows without an account', '', format('DELETE FROM %s', t.name)),
                    ('truncates', a, format('TRUNCATE %s CASCADE', t.name))
                ) AS x (breach, account, statement)
                WHERE (columns IS NOT NULL OR breach NOT LIKE 'inserts%')
                    AND (some_column IS NOT NULL OR breach NOT LIKE 'changes%')
            LOOP
                BEGIN
                    PERFORM set_config('app.account_id', attempt.account, true), set_config('role', who, true);
                    EXECUTE attempt.statement USING sample;
                    GET DIAGNOSTICS seen = ROW_COUNT;
                    RAISE SQLSTATE 'ZZ001' USING MESSAGE = CASE WHEN attempt.breach = 'truncates' THEN '1' ELSE seen::text END;
                EXCEPTION
                    WHEN insufficient_privilege THEN NULL;
                    WHEN SQLSTATE 'ZZ001' THEN
                        IF SQLERRM <> '0' THEN
                            INSERT INTO second_layer_breaches VALUES (t.name, who, attempt.breach);
                        END IF;
                    -- It got past the policies, and was stopped by a key or a check.
                    WHEN OTHERS THEN
                        INSERT INTO second_layer_breaches VALUES (t.name, who,
                            format('%s, but for %s', attempt.breach, SQLSTATE));
                END;
            END LOOP;
        END LOOP;

        -- The owner is bound too, unless it migrates; a backup has every row, and changes none.
        FOR attempt IN
            SELECT * FROM (VALUES ('app_owner', 'off', 0::bigint), ('app_owner', 'on', total), ('app_backup', 'off', total))
                AS x (role, migrating, rows)
        LOOP
            BEGIN
                PERFORM set_config('app.account_id', a, true), set_config('app.migrating', attempt.migrating, true),
                    set_config('role', attempt.role, true);
                EXECUTE format('SELECT count(*) FROM %s', t.name) INTO seen;
                RAISE SQLSTATE 'ZZ001' USING MESSAGE = seen::text;
            EXCEPTION
                WHEN SQLSTATE 'ZZ001' THEN
                    IF SQLERRM::bigint <> attempt.rows THEN
                        INSERT INTO second_layer_breaches VALUES (t.name, attempt.role,
                            format('with app.migrating %s it sees %s rows and not %s', attempt.migrating, SQLERRM, attempt.rows));
                    END IF;
                WHEN insufficient_privilege THEN
                    INSERT INTO second_layer_breaches VALUES (t.name, attempt.role, 'may not read');
            END;
        END LOOP;
    END LOOP;
END
$second_layer$;

SELECT coalesce(jsonb_agg(concat_ws(': ', tab, nullif(role, ''), breach) ORDER BY tab, role, breach), '[]')::text
FROM second_layer_breaches;
