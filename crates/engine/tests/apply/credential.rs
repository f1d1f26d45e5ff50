//! Passwords and adoption.

use rolecall_core::plan::Change;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::EngineError;
use rolecall_engine::postgres::credential::{adopt, mint, seal, set, verifier};

use super::world::{each, run, text};

#[test]
fn sets_passwords_of_its_own_roles_only() {
    each(async |world| {
        world.roles(&["al'ice"]).await;
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE ROLE bob; SET log_statement = 'all'").await;
        let verifier = verifier(&mint());
        let ends = "2099-01-02T03:04:05Z".parse().unwrap();
        set(&mut admin, "al'ice", &verifier, ends, "rolecall: it's").await.unwrap();
        let shadow = "SELECT concat_ws(' ', rolpassword, rolvaliduntil, shobj_description(oid, 'pg_authid'))
            FROM pg_authid WHERE rolname = 'al''ice'";
        let found = text(&mut admin, shadow).await.unwrap();
        assert_eq!(found, format!("{} 2099-01-02 03:04:05+00 rolecall: it's", verifier.reveal()));
        assert!(!world.log().contains("SCRAM-SHA-256"), "{}", world.log());
        assert!(world.log().contains("shobj_description"), "the log is on");
        for role in ["bob", "postgres", "nobody"] {
            let error = set(&mut admin, role, &verifier, ends, "").await.unwrap_err();
            assert!(matches!(error, EngineError::WrongRole { .. }), "{error}");
        }
        assert_eq!(seal(&Secret::new(verifier.reveal())), seal(&verifier));
    });
}

#[test]
fn adopts_what_it_may() {
    each(async |world| {
        world.apply(None, vec![Change::CreateMarker { comment: "rolecall: {}".into() }]).await;
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE ROLE \"b ob\"; CREATE ROLE root SUPERUSER").await;
        adopt(&mut admin, "b ob", "rolecall: {}").await.unwrap();
        let members =
            "SELECT string_agg(member::regrole::text, ', ') FROM pg_auth_members WHERE roleid = 'rolecall'::regrole";
        assert_eq!(text(&mut admin, members).await.as_deref(), Some("\"b ob\""));
        for role in ["root", "postgres", "pg_monitor", "rolecall", "nobody"] {
            let error = adopt(&mut admin, role, "rolecall: {}").await.unwrap_err();
            assert!(matches!(error, EngineError::WrongRole { .. }), "{error}");
        }
    });
}
