//! A throw-away server, and short words for what tests do with it.

use std::sync::Arc;

use rolecall_core::plan::{Change, ObjectRef, Stage, Step};
use rolecall_core::privilege::Kind;
use rolecall_core::secret::Secret;
use rolecall_engine::postgres::EngineError;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::apply::{Applier, Report};
use rolecall_throwaway::{Server, binaries};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

/// The database of the tests, with a name that needs quotes.
pub const APP: &str = "my \"app\"";

pub struct World {
    server: Server,
    pub version: u32,
}

/// Runs the test on a fresh server of each version.
pub fn each(test: impl AsyncFn(&World)) {
    for binaries in binaries::all() {
        let server = Server::start(&binaries).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World { server, version: 0 };
            let mut conn = world.connect("postgres", "postgres").await;
            world.version = number(&mut conn, "SELECT current_setting('server_version_num')::int8").await as u32;
            run(&mut conn, "CREATE DATABASE \"my \"\"app\"\"\"").await;
            conn.close().await.unwrap();
            test(&world).await;
        });
    }
}

impl World {
    pub fn target(&self) -> Target {
        Target::parse(&Secret::new(self.server.url("postgres", "postgres"))).unwrap()
    }

    pub fn url(&self, database: &str, user: &str) -> String {
        self.server.url(database, user)
    }

    pub fn log(&self) -> String {
        self.server.log()
    }

    pub async fn connect(&self, database: &str, user: &str) -> PgConnection {
        let url = Secret::new(self.server.url(database, user));
        Target::parse(&url).unwrap().open(None).await.unwrap()
    }

    pub async fn admin(&self) -> PgConnection {
        self.connect(APP, "postgres").await
    }

    /// Applies server-wide changes (None) or changes in a database.
    pub async fn try_apply(&self, database: Option<&str>, changes: Vec<Change>) -> Result<Report, EngineError> {
        let step = |change| {
            let database = database.map(str::to_owned);
            Step { stage: Stage::Prepare, database, change, reason: "a test".to_owned() }
        };
        let steps: Vec<_> = changes.into_iter().map(step).collect();
        let mut applier = Applier::lock(&self.target()).await?;
        let report = applier.run(&steps, self.version, &mut |_| {}).await;
        applier.release().await?;
        report
    }

    pub async fn apply(&self, database: Option<&str>, changes: Vec<Change>) {
        self.try_apply(database, changes).await.unwrap();
    }

    /// The marker, and roles under it.
    pub async fn roles(&self, roles: &[&str]) {
        let mut changes = vec![Change::CreateMarker { comment: "rolecall: {}".into() }];
        let create = |role: &&str| Change::CreateRole { role: (*role).into(), comment: "it's \\ \"his\"".into() };
        changes.extend(roles.iter().map(create));
        self.apply(None, changes).await;
    }
}

pub fn table(schema: &str, name: &str) -> ObjectRef {
    ObjectRef { kind: Kind::Table, schema: Some(Arc::from(schema)), name: Arc::from(name), arguments: None }
}

pub async fn run(conn: &mut PgConnection, sql: &str) {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

pub async fn number(conn: &mut PgConnection, sql: &str) -> i64 {
    conn.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap().get(0)
}

pub async fn text(conn: &mut PgConnection, sql: &str) -> Option<String> {
    conn.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap().get(0)
}
