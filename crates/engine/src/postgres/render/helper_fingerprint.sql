-- One line for everything in Rolecall's own schema, hashed: whatever is changed there by hand changes it.
SELECT md5(string_agg(line, E'\n' ORDER BY line))
FROM (
    SELECT format('schema %s %s', pg_get_userbyid(nspowner), nspacl) AS line
    FROM pg_namespace WHERE nspname = 'rolecall'
    UNION ALL
    SELECT format('routine %s %s %s', pg_get_functiondef(oid), pg_get_userbyid(proowner), proacl)
    FROM pg_proc WHERE pronamespace = to_regnamespace('rolecall') AND prokind <> 'a'
    UNION ALL
    SELECT format('relation %s %s %s %s', relname, relkind, pg_get_userbyid(relowner), relacl)
    FROM pg_class WHERE relnamespace = to_regnamespace('rolecall')
    UNION ALL
    SELECT format('column %s %s %s %s', relname, attname, format_type(atttypid, atttypmod), attacl)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = to_regnamespace('rolecall') AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT format('trigger %s', pg_get_triggerdef(pg_trigger.oid))
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = to_regnamespace('rolecall')
    UNION ALL
    SELECT format('rule %s', pg_get_ruledef(pg_rewrite.oid))
    FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
    WHERE relnamespace = to_regnamespace('rolecall')
) AS lines
