//! A throw-away server, and what inspection sees of it as text.

use rolecall_core::policy::pattern::Pattern;
use rolecall_core::privilege::Kind;
use rolecall_core::secret::Secret;
use rolecall_core::state::{AclEntry, AclId, Contents, Object, ServerState};
use rolecall_engine::postgres::{EngineError, Target, Wanted, execute, inspect};
use rolecall_throwaway::{Server, binaries};

/// A server of the test's own.
pub struct Case {
    pub server: Server,
}

impl Case {
    pub async fn new() -> Self {
        let start = || Server::start(&binaries::find(None).unwrap()).unwrap();
        Self { server: tokio::task::spawn_blocking(start).await.unwrap() }
    }

    pub fn target(&self, user: &str) -> Target {
        Target::parse(&Secret::new(self.server.url("postgres", user))).unwrap()
    }

    pub async fn run(&self, database: &str, sql: &str) {
        let mut conn = self.target("postgres").open(Some(database)).await.unwrap();
        execute(&mut conn, "prepare the test", sql).await.unwrap();
    }

    pub async fn inspect(&self, databases: &[&str], columns: &[&str]) -> ServerState {
        self.inspect_as("postgres", databases, columns).await.unwrap()
    }

    pub async fn inspect_as(
        &self,
        user: &str,
        databases: &[&str],
        columns: &[&str],
    ) -> Result<ServerState, EngineError> {
        let patterns: Vec<_> = columns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        let wanted = Wanted {
            databases: databases.iter().map(|name| (*name).to_owned()).collect(),
            columns: databases.iter().map(|name| ((*name).to_owned(), patterns.clone())).collect(),
        };
        inspect(&self.target(user), &wanted).await
    }
}

pub fn acl(state: &ServerState, id: AclId) -> String {
    let item = |entry: &AclEntry| {
        let passed = if entry.grantable.is_empty() { String::new() } else { format!(" (pass on {})", entry.grantable) };
        let (grantee, grantor) = (state.names.name(entry.grantee), state.names.name(entry.grantor));
        format!("{grantee}: {}{passed} by {grantor}", entry.privileges)
    };
    state.acls.get(id).iter().map(item).collect::<Vec<_>>().join("; ")
}

pub fn find<'a>(contents: &'a Contents, kind: Kind, name: &str) -> &'a Object {
    let mut hits = contents.objects.iter().filter(|object| object.kind == kind && object.name.as_ref() == name);
    hits.next().unwrap_or_else(|| panic!("no {} {name:?}", kind.noun()))
}

pub fn list(state: &ServerState, objects: &[Object]) -> String {
    let line = |object: &Object| {
        let schema = object.schema.as_deref().map_or(String::new(), |schema| format!("{schema}."));
        let arguments = object.arguments.as_deref().map_or(String::new(), |types| format!("({types})"));
        let name = if object.kind == Kind::LargeObject { "#" } else { object.name.as_ref() };
        format!("{} {schema}{name}{arguments} [{}]", object.kind.noun(), acl(state, object.acl))
    };
    let shown = objects.iter().filter(|object| !object.system && !object.extension);
    let all = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER";
    // One list for all versions.
    shown.map(line).collect::<Vec<_>>().join("\n").replace(", MAINTAIN", "").replace(all, "ALL")
}
