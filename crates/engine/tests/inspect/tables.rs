//! Columns, default privileges and row policies.

use rolecall_core::privilege::Kind;
use rolecall_core::state::{AclId, PolicyCommand};

use crate::case::{Case, acl, find};

#[tokio::test]
async fn tables_in_depth() {
    let case = Case::new().await;
    case.run(
        "postgres",
        "CREATE ROLE r; CREATE ROLE c; CREATE SCHEMA s;
         CREATE TABLE s.t (id bigint, gone int, note varchar(9)); ALTER TABLE s.t DROP COLUMN gone;
         CREATE TABLE s.u (a int, b int); GRANT SELECT (b) ON s.u TO r;
         ALTER TABLE s.t ENABLE ROW LEVEL SECURITY; ALTER TABLE s.t FORCE ROW LEVEL SECURITY;
         CREATE POLICY one ON s.t TO r, c USING (id = 1);
         CREATE POLICY two ON s.t AS RESTRICTIVE FOR INSERT WITH CHECK (true);
         ALTER DEFAULT PRIVILEGES FOR ROLE c REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
         ALTER DEFAULT PRIVILEGES FOR ROLE c IN SCHEMA s GRANT SELECT ON TABLES TO r WITH GRANT OPTION",
    )
    .await;
    let state = case.inspect(&["postgres"], &["s.t"]).await;
    let contents = &state.contents["postgres"];
    let (t, u) = (find(contents, Kind::Table, "t"), find(contents, Kind::Table, "u"));
    assert!(t.facts.row_security && t.facts.force_row_security && !u.facts.row_security);
    let show = |oid| -> Vec<String> {
        let columns = contents.columns_of(oid).iter();
        let acl = |id: Option<AclId>| id.map(|id| acl(&state, id));
        columns
            .map(|column| format!("{} {} {} {:?}", column.number, column.name, column.sql_type, acl(column.acl)))
            .collect()
    };
    assert_eq!(show(t.oid), ["1 id bigint None", "3 note character varying None"]);
    assert_eq!(show(u.oid), ["2 b integer Some(\"r: SELECT by postgres\")"]);
    assert_eq!(contents.columns.len(), 2);
    let defaults = contents.default_acls.iter().map(|default| {
        let (creator, acl) = (state.names.name(default.creator), acl(&state, default.acl));
        format!("{creator} {:?} {:?} {acl}", default.schema, default.kind)
    });
    let wanted = ["c None Routines c: EXECUTE by c", "c Some(\"s\") Tables r: SELECT (pass on SELECT) by c"];
    assert_eq!(defaults.collect::<Vec<_>>(), wanted);
    let [one, two] = &contents.row_policies[..] else { panic!("{:?}", contents.row_policies) };
    assert!(one.permissive && one.command == PolicyCommand::All && one.table == t.oid);
    assert_eq!((one.roles.len(), one.using.as_deref(), one.check.as_deref()), (2, Some("(id = 1)"), None));
    assert!(!two.permissive && two.command == PolicyCommand::Insert && two.roles[0].is_public());
    assert_eq!((two.using.as_deref(), two.check.as_deref()), (None, Some("true")));
}
