//! Grants, revokes and removals on a real server, judged by PostgreSQL itself.

use std::collections::BTreeMap;

use rolecall_core::plan::{Change, Grantee, MembershipPart};
use rolecall_core::privilege::{Kind, Privilege, PrivilegeSet};
use rolecall_engine::postgres::verify::{Asked, held};

use super::world::{APP, each, number, run, table, text};

const SELECT: PrivilegeSet = PrivilegeSet::of(&[Privilege::Select]);

#[test]
fn judges_what_is_held() {
    each(async |world| {
        world.roles(&["a", "b"]).await;
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE TABLE public.t (id int, \"x y\" int)").await;
        let (table, b) = (table("public", "t"), vec![Grantee::Role("b".into())]);
        let columns = BTreeMap::from([(SELECT, vec!["x y".to_owned()])]);
        let insert = Privilege::Insert.into();
        world
            .apply(
                Some(APP),
                vec![
                    Change::Grant { privileges: insert, objects: vec![table.clone()], grantees: b.clone() },
                    Change::GrantColumns { table, columns, grantees: b },
                    Change::GrantMembership { role: "b".into(), members: vec!["a".into()] },
                ],
            )
            .await;
        let a = number(&mut admin, "SELECT oid::int8 FROM pg_roles WHERE rolname = 'a'").await as u32;
        let t = number(&mut admin, "SELECT 'public.t'::regclass::oid::int8").await as u32;
        let asked = |kind, oid, column| Asked { kind, oid, name: "work_mem".into(), column };
        let schema = number(&mut admin, "SELECT 'public'::regnamespace::oid::int8").await as u32;
        let mut questions = vec![
            asked(Kind::Table, t, None),
            asked(Kind::Table, t, Some(1)),
            asked(Kind::Table, t, Some(2)),
            asked(Kind::Table, 1, None),
            asked(Kind::Schema, schema, None),
        ];
        let every = number(&mut admin, "SELECT count(*) FROM pg_roles").await;
        assert!(every > 2);
        let answers = held(&mut admin, &[a], &questions, world.version).await.unwrap();
        let of = |index| answers.get(&(a, index)).copied().unwrap_or_default();
        assert_eq!(of(0), insert);
        assert_eq!(of(1), insert);
        assert_eq!(of(2), insert.union(SELECT));
        assert_eq!(of(3), PrivilegeSet::EMPTY);
        assert!(of(4).has(Privilege::Usage));
        // Every function is there, whatever it answers.
        questions.extend(Kind::ALL.map(|kind| asked(kind, 0, None)));
        held(&mut admin, &[a], &questions, world.version).await.unwrap();
    });
}

#[test]
fn revokes_what_another_role_gave() {
    each(async |world| {
        world.roles(&["a", "b"]).await;
        let mut admin = world.admin().await;
        run(
            &mut admin,
            "CREATE SCHEMA \"s 1\"; CREATE TABLE \"s 1\".t (); GRANT SELECT ON \"s 1\".t TO a WITH GRANT OPTION;
            GRANT USAGE ON SCHEMA \"s 1\" TO a; SET ROLE a; GRANT SELECT ON \"s 1\".t TO b; RESET ROLE;
            REVOKE USAGE ON SCHEMA \"s 1\" FROM a",
        )
        .await;
        world
            .apply(
                Some(APP),
                vec![Change::Revoke {
                    privileges: SELECT,
                    objects: vec![table("s 1", "t")],
                    grantees: vec![Grantee::Role("b".into())],
                    grantor: Some("a".into()),
                    option_only: false,
                    cascade: false,
                }],
            )
            .await;
        let acl = text(&mut admin, "SELECT relacl::text FROM pg_class WHERE relname = 't'").await.unwrap();
        assert!(acl.ends_with(",a=r*/postgres}"), "{acl}");
        assert_eq!(number(&mut admin, "SELECT has_schema_privilege('a', 's 1', 'USAGE')::int::int8").await, 0);
    });
}

#[test]
fn removes_a_role_with_all_that_it_has() {
    each(async |world| {
        world.roles(&["a b", "heir", "group"]).await;
        let mut admin = world.admin().await;
        run(&mut admin, "CREATE TABLE public.t (); ALTER TABLE public.t OWNER TO \"a b\"; ALTER ROLE \"a b\" LOGIN")
            .await;
        let role = || "a b".to_owned();
        let admin_group = Change::GrantMembership { role: "group".into(), members: vec![role()] };
        world.apply(None, vec![admin_group]).await;
        let mut theirs = world.connect(APP, "a b").await;
        run(&mut theirs, "SELECT").await;
        let (member, grantor, part) = (role(), "postgres".into(), MembershipPart::Whole);
        let revoke = Change::RevokeMembership { role: "group".into(), member, grantor, part };
        world.apply(None, vec![revoke, Change::EndSessions { role: role(), reopen: false }]).await;
        let left = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'a b'";
        assert_eq!(number(&mut admin, left).await, 0);
        let owned = Change::DropOwned { role: role(), reassign_to: Some("heir".into()) };
        world.apply(Some(APP), vec![owned]).await;
        world.apply(None, vec![Change::DropRole { role: role() }]).await;
        let owner = text(&mut admin, "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'").await;
        assert_eq!(owner.as_deref(), Some("heir"));
    });
}
