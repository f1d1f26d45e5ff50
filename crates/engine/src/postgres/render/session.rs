//! Ends the sessions of a role: without that, a revocation does not reach what is already connected.

use super::RenderError;
use super::name::name_literal;
use super::text::block;

/// Asks every session of the role to end, until none is left; after five seconds it gives up and names those that stay.
pub fn end(role: &str) -> Result<Vec<String>, RenderError> {
    let role = name_literal(role)?;
    Ok(vec![block(&format!(
        "\
DECLARE
    give_up timestamptz := clock_timestamp() + interval '5 seconds';
    stay text;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        -- A session that logs in while the others end is found in the next round.
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {role} AND pid <> pg_backend_pid();
        EXIT WHEN NOT FOUND;
        PERFORM pg_sleep(0.02);
        IF clock_timestamp() > give_up THEN
            PERFORM pg_stat_clear_snapshot();
            SELECT string_agg(pid::text, ', ' ORDER BY pid) INTO stay
            FROM pg_stat_activity WHERE usename = {role} AND pid <> pg_backend_pid();
            EXIT WHEN stay IS NULL;
            RAISE EXCEPTION 'sessions of % did not end within 5 seconds', {role}
                USING DETAIL = 'Process ids: ' || stay, ERRCODE = 'object_in_use';
        END IF;
    END LOOP;
END"
    ))])
}
