-- Who asks, which server answers, whether its identity may be asked for, and whether it follows another.
SELECT
    current_user,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    current_setting('server_version_num'),
    current_setting('server_version'),
    has_function_privilege('pg_control_system()', 'EXECUTE'),
    pg_is_in_recovery()
