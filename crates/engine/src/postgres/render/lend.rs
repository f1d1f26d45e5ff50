//! Rights that Rolecall lends or borrows for a few statements, and gives back before anybody else can see them.

use super::Context;
use super::text::block;
use crate::postgres::quote::Ident;

/// What a DO block declares, does first, and does last to take that back.
#[derive(Default)]
pub struct Lending {
    declare: String,
    before: String,
    after: String,
    count: usize,
}

/// What Rolecall needs of a role that it is no member of. A superuser has both and borrows neither.
#[derive(Clone, Copy)]
pub enum Need {
    /// To become it.
    Set,
    /// To have its rights.
    Rights,
}

impl Lending {
    /// Makes Rolecall's own role a member of `role` where it is not.
    pub fn borrow_role(&mut self, role: &Ident, need: Need, context: Context) {
        self.borrow_role_if("", role, need, context);
    }

    /// The same, but not where the rights of `other` do as well.
    pub fn borrow_role_or(&mut self, other: &Ident, role: &Ident, need: Need, context: Context) {
        let also = format!(" AND NOT pg_has_role({}, 'USAGE')", other.literal());
        self.borrow_role_if(&also, role, need, context);
    }

    fn borrow_role_if(&mut self, also: &str, role: &Ident, need: Need, context: Context) {
        self.count += 1;
        let (name, number) = (role.literal(), self.count);
        let modern = context.has_membership_options();
        let right = match need {
            Need::Set if modern => "SET",
            Need::Set => "MEMBER",
            Need::Rights => "USAGE",
        };
        self.declare += &format!("    join_{number} boolean := NOT pg_has_role({name}, '{right}'){also};\n");
        // A membership may stand there already without giving the rights: it stays.
        let edge = format!(
            "EXISTS (SELECT FROM pg_auth_members AS edge\n        \
             JOIN pg_roles AS held ON held.oid = edge.roleid JOIN pg_roles AS self ON self.oid = edge.member\n        \
             WHERE held.rolname = {name} AND self.rolname = current_user"
        );
        if !modern && matches!(need, Need::Rights) {
            self.before += &format!("    join_{number} := join_{number} AND NOT {edge});\n");
        }
        if !modern {
            self.before += &format!("    IF join_{number} THEN GRANT {role} TO CURRENT_USER; END IF;\n");
            self.after += &format!("    IF join_{number} THEN REVOKE {role} FROM CURRENT_USER; END IF;\n");
            return;
        }
        let option = match need {
            Need::Set => "SET",
            Need::Rights => "INHERIT",
        };
        // A membership that it gave itself may stand there without the option (createrole_self_grant): only the
        // option is new then, and only the option goes.
        self.declare += &format!("    member_{number} boolean := {edge} AND edge.grantor = edge.member);\n");
        self.before += &format!("    IF join_{number} THEN GRANT {role} TO CURRENT_USER WITH {option} TRUE; END IF;\n");
        self.after += &format!(
            "    IF join_{number} AND member_{number} THEN REVOKE {option} OPTION FOR {role} FROM CURRENT_USER;\n    \
             ELSIF join_{number} THEN REVOKE {role} FROM CURRENT_USER; END IF;\n"
        );
    }

    /// Lets `role` look into `schema` where it cannot: naming an object in it needs that.
    pub fn lend_schema(&mut self, schema: &Ident, role: &Ident) {
        self.count += 1;
        let (who, what, number) = (role.literal(), schema.literal(), self.count);
        self.declare += &format!("    lend_{number} boolean := NOT has_schema_privilege({who}, {what}, 'USAGE');\n");
        self.before += &format!("    IF lend_{number} THEN GRANT USAGE ON SCHEMA {schema} TO {role}; END IF;\n");
        self.after += &format!("    IF lend_{number} THEN REVOKE USAGE ON SCHEMA {schema} FROM {role}; END IF;\n");
    }

    /// The DO block that runs `statements` in between.
    pub fn around(&self, statements: &[String]) -> String {
        // Lines within a statement stay as they are: a name may hold a line break.
        let statements: String = statements.iter().map(|statement| format!("    {statement};\n")).collect();
        self.around_body("", &statements)
    }

    /// The DO block that runs `body` in between, with variables of its own.
    pub fn around_body(&self, variables: &str, body: &str) -> String {
        let Self { declare, before, after, .. } = self;
        block(&format!("DECLARE\n{declare}{variables}BEGIN\n{before}{body}{after}END"))
    }
}
