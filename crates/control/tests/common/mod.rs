//! A store of its own for each test.

#![allow(dead_code, clippy::allow_attributes, clippy::unwrap_used, reason = "each test binary uses a part")]

use rolecall_control::store::{Options, Store, StoreError};
use rolecall_core::event::{Actor, Draft, Drafts, Kind};

pub struct Place {
    pub folder: tempfile::TempDir,
    pub options: Options,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new(folder.path().join("state/store.db"), folder.path().join("key/ledger.key"));
        Self { folder, options }
    }

    pub async fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.options).await
    }
}

pub fn told(name: &str) -> Kind {
    Kind::SignedOut { principal: name.to_owned() }
}

/// So many entries more, few transactions.
pub async fn fill(store: &Store, count: usize) {
    for lot in (0..count).collect::<Vec<_>>().chunks(5_000) {
        let mut drafts = Drafts::from(Draft::new(told("first@acme.test")));
        for n in lot.iter().skip(1) {
            drafts = drafts.and(Draft::new(told(&format!("person{n}@acme.test"))));
        }
        let actor = Actor::system("test");
        store.write(&actor, |tx| async move { Ok::<_, StoreError>(tx.done((), drafts)) }).await.unwrap();
    }
}

/// Whoever can write the file can do this.
pub async fn sql(path: &std::path::Path, sql: &'static str) {
    use sqlx::Connection;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).foreign_keys(false);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}
