//! Sessions of people that are open while an apply ends their access.

use std::path::Path;

use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::probe::probe;
use sqlx::postgres::PgConnection;
use tokio::runtime::Runtime;

/// Who is in, and what they do as whom: Bob will be suspended, Carol leave, Alice be moved while she acts as her Role.
const GUESTS: &[(&str, &str)] = &[
    ("bob", "SELECT count(*) FROM shop.customers"),
    ("carol", "SELECT count(*) FROM shop.customers"),
    ("alice", "INSERT INTO shop.customers DEFAULT VALUES"),
];

/// Where Roles can be acted as: from PostgreSQL 16 on Rolecall does not give that.
const ACT: &str =
    "DO $$ BEGIN IF current_setting('server_version_num')::int < 160000 THEN SET ROLE writer; END IF; END $$";

/// The sessions of one server.
pub struct Guests {
    runtime: Runtime,
    sessions: Vec<(&'static str, &'static str, PgConnection)>,
}

impl Guests {
    /// They log in, and do what they may.
    pub fn new(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let session = |(who, does): &(&'static str, &'static str)| {
            let url = format!("postgres://{who}@localhost/app?host={}&port=5432", folder.display());
            let target = Target::parse(&Secret::new(url)).unwrap();
            let mut conn = runtime.block_on(target.open(None)).unwrap();
            runtime.block_on(probe(&mut conn, "SET application_name = 'guest'")).unwrap();
            if *who == "alice" {
                runtime.block_on(probe(&mut conn, ACT)).unwrap();
            }
            let tried = format!("BEGIN; {does}; ROLLBACK");
            runtime.block_on(probe(&mut conn, &tried)).unwrap();
            (*who, *does, conn)
        };
        let sessions = GUESTS.iter().map(session).collect();
        Self { runtime, sessions }
    }

    /// Who can still do it.
    pub fn still_in(mut self) -> Vec<&'static str> {
        let mut still = Vec::new();
        for (who, does, conn) in &mut self.sessions {
            if self.runtime.block_on(probe(conn, does)).is_ok() {
                still.push(*who);
            }
        }
        still
    }
}
