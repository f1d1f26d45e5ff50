//! An admin without SUPERUSER borrows what it needs, and gives it back.

use rolecall_core::plan::{Change, Grantee, Stage, Step};
use rolecall_core::privilege::Privilege;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::apply::Applier;
use rolecall_engine::postgres::{EngineError, Target};
use sqlx::postgres::PgConnection;

use super::world::{APP, World, each, run, table, text};

const ADMIN: &str = "Ad min";

/// Makes the admin, and roles that it made.
async fn admin(world: &World, self_grant: &str, roles: &[&str]) -> PgConnection {
    run(&mut world.admin().await, &format!("CREATE ROLE \"{ADMIN}\" LOGIN CREATEROLE")).await;
    let mut theirs = world.connect(APP, ADMIN).await;
    if world.version >= 160_000 {
        run(&mut theirs, &format!("SET createrole_self_grant = '{self_grant}'")).await;
    }
    for role in roles {
        run(&mut theirs, &format!("CREATE ROLE {role} LOGIN")).await;
    }
    theirs
}

async fn apply(world: &World, change: Change) -> Result<(), EngineError> {
    let target = Target::parse(&Secret::new(world.url("postgres", ADMIN))).unwrap();
    let step = Step { stage: Stage::Narrow, database: Some(APP.to_owned()), change, reason: String::new() };
    Applier::lock(&target).await?.run(&[step], world.version, &mut |_| {}).await.map(drop)
}

/// Every membership, with its options where it has some.
async fn memberships(conn: &mut PgConnection) -> String {
    let every = "SELECT string_agg(to_jsonb(edge) - 'oid' #>> '{}', E'\n' ORDER BY roleid, member, grantor)
        FROM pg_auth_members AS edge WHERE roleid > 16383";
    text(conn, every).await.unwrap_or_default()
}

#[test]
fn hands_on_what_a_leaver_owns() {
    for self_grant in ["", "set", "inherit"] {
        each(async |world| {
            let mut admin = admin(world, self_grant, &["leaver", "heir"]).await;
            let mut owner = world.admin().await;
            run(&mut owner, &format!("GRANT CREATE ON SCHEMA public TO leaver, heir, \"{ADMIN}\"")).await;
            // What others own it can clear away only as their member, as with any grant.
            run(&mut admin, "CREATE TABLE public.other (); GRANT SELECT ON public.other TO leaver").await;
            run(&mut world.connect(APP, "leaver").await, "CREATE TABLE public.theirs ()").await;
            let before = memberships(&mut admin).await;
            let change = Change::DropOwned { role: "leaver".into(), reassign_to: Some("heir".into()) };
            apply(world, change).await.unwrap();
            assert_eq!(memberships(&mut admin).await, before, "{} {self_grant}", world.version);
            let tables =
                "SELECT string_agg(concat(relname, ' ', relowner::regrole, ' ', relacl), ', ' ORDER BY relname)
                FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
            let found = text(&mut admin, tables).await.unwrap();
            assert!(found.ends_with(", theirs heir ") && !found.contains("leaver"), "{found}");
            run(&mut owner, "REVOKE ALL ON SCHEMA public FROM leaver").await;
            run(&mut admin, "DROP ROLE leaver").await;
        });
    }
}

#[test]
fn revokes_what_a_role_of_its_own_passed_on() {
    for self_grant in ["", "set", "inherit"] {
        each(async |world| {
            let mut admin = admin(world, self_grant, &["giver", "taker"]).await;
            let mut owner = world.admin().await;
            run(&mut owner, "CREATE TABLE public.t (); GRANT SELECT ON public.t TO giver WITH GRANT OPTION").await;
            run(&mut world.connect(APP, "giver").await, "GRANT SELECT ON public.t TO taker").await;
            let before = memberships(&mut admin).await;
            let change = Change::Revoke {
                privileges: Privilege::Select.into(),
                objects: vec![table("public", "t")],
                grantees: vec![Grantee::Role("taker".into())],
                grantor: Some("giver".into()),
                option_only: false,
                cascade: false,
            };
            apply(world, change).await.unwrap();
            assert_eq!(memberships(&mut admin).await, before, "{} {self_grant}", world.version);
            let acl = text(&mut admin, "SELECT relacl::text FROM pg_class WHERE relname = 't'").await.unwrap();
            assert!(acl.ends_with("giver=r*/postgres}"), "{acl}");
        });
    }
}

#[test]
fn refuses_a_schema_that_somebody_else_can_fill() {
    each(async |world| {
        world.roles(&["mallory"]).await;
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE SCHEMA rolecall AUTHORIZATION mallory").await;
        let refused = async || world.try_apply(Some(APP), vec![Change::InstallHelper]).await.unwrap_err().to_string();
        assert!(refused().await.contains("belongs to role mallory, not to Rolecall's own role postgres"));
        run(&mut admin, "ALTER SCHEMA rolecall OWNER TO postgres; CREATE TABLE rolecall.scope (); ").await;
        run(&mut admin, "ALTER TABLE rolecall.scope OWNER TO mallory").await;
        assert!(refused().await.contains("belongs to role mallory"));
    });
}
