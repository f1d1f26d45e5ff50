//! Ends the sessions of a role: without that, a revocation does not reach what is already connected.

use rolecall_core::plan::Attribute;

use super::lend::{Lending, Need};
use super::{Context, RenderError};
use crate::postgres::quote::Ident;

/// Who is a member of it may end the sessions of everybody but superusers.
const SIGNAL: &str = "pg_signal_backend";

/// Asks every session of the role to end, until none is left; after five seconds it gives up and names those that stay.
///
/// Without SUPERUSER that takes `pg_signal_backend` or the rights of the role itself, which are borrowed.
/// With `reopen`, it may log in again in the same transaction: whoever was shut out for this alone.
pub fn end(name: &str, reopen: bool, context: Context) -> Result<Vec<String>, RenderError> {
    let role = Ident::role(name)?;
    let mut lending = Lending::default();
    lending.borrow_role_or(&Ident::role(SIGNAL)?, &role, Need::Rights, context);
    let variables = "    give_up timestamptz := clock_timestamp() + interval '5 seconds';\n    stay text;\n";
    let role = role.literal();
    let body = format!(
        "    \
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
"
    );
    let mut statements = vec![lending.around_body(variables, &body)];
    if reopen {
        statements.extend(super::role::alter(name, &[Attribute::Login(true)])?);
    }
    Ok(statements)
}
