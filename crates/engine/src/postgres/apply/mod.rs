//! Carries out a plan: under one lock per server, in transactions that are all or nothing, retried where that helps.

mod batch;
mod blocker;
mod lock;
mod transaction;

use std::collections::BTreeMap;

use rolecall_core::plan::{Stage, Step};
use rolecall_core::state::ServerState;

use super::connect::{Target, execute};
use super::error::EngineError;
use super::inspect::{self, Wanted};
use batch::{Batch, batches};
use transaction::Session;

/// The most sessions in other databases that are kept open: a session costs more to open than to keep, but a server
/// has only so many.
const KEPT: usize = 16;

/// Where a run stands, told after each transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The stage that the transaction belonged to.
    pub stage: Stage,
    /// Its database; None: server-wide.
    pub database: Option<String>,
    /// Steps done so far.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Steps of the plan.
    pub steps: usize,
    /// SQL statements.
    pub statements: usize,
    /// Transactions.
    pub transactions: usize,
    /// Transactions that had to run again because somebody else changed the same thing.
    pub retries: usize,
}

/// The right to change a server, held as long as this value lives: no other Rolecall has it meanwhile.
pub struct Applier {
    target: Target,
    /// The database of the session that holds the lock.
    database: String,
    maintenance: Session,
    /// When the server of `maintenance` started: all sessions must be on the same one.
    started: String,
    /// Sessions in other databases, for reading before and after and for the changes in between.
    sessions: BTreeMap<String, Session>,
}

impl Applier {
    /// Takes the server's lock; waits some five seconds for another Rolecall to be done.
    ///
    /// # Errors
    /// [`EngineError::LockHeld`], [`EngineError::Standby`], or what keeps it from connecting.
    pub async fn lock(target: &Target) -> Result<Self, EngineError> {
        let taken = async {
            let (database, mut conn) = lock::open(target).await?;
            lock::refuse_standby(&mut conn).await?;
            lock::take(&mut conn).await?;
            let started = inspect::started(&mut conn).await?;
            Ok((database, started, Session::new(conn).await?))
        };
        let (database, started, maintenance) = target.answered("take the server's lock", taken).await?;
        Ok(Self { target: target.clone(), database, maintenance, started, sessions: BTreeMap::new() })
    }

    /// Reads the server under the lock, each database by the session that changes it.
    ///
    /// # Errors
    /// As [`inspect::inspect`]. The lock's session is then of no further use.
    pub async fn inspect(&mut self, wanted: &Wanted) -> Result<ServerState, EngineError> {
        let target = &self.target.clone();
        let mut state = inspect::server(target, &mut self.maintenance.conn).await?;
        for name in inspect::databases(&state, wanted) {
            let columns = wanted.columns.get(&name);
            let contents = if name == self.database {
                inspect::database(target, &mut self.maintenance.conn, &mut state, columns).await?
            } else {
                let mut session = match self.session(&name).await {
                    Err(error) if inspect::is_gone(&error) => continue,
                    opened => opened?,
                };
                let contents = inspect::database(target, &mut session.conn, &mut state, columns).await?;
                self.keep(&name, session).await;
                contents
            };
            state.contents.insert(name, contents);
        }
        Ok(state)
    }

    /// The database of the session that holds the lock.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Runs the steps in order: those that follow each other in one stage and database share a transaction.
    ///
    /// # Errors
    /// [`EngineError::Render`] before anything has run; [`EngineError::Statement`] with what failed. Transactions that
    /// ended before stay; running a new plan goes on from there.
    pub async fn run(
        &mut self,
        steps: &[Step],
        version: u32,
        progress: &mut (dyn FnMut(&Progress) + Send),
    ) -> Result<Report, EngineError> {
        let batches = batches(steps, version)?;
        let mut report = Report::default();
        for batch in &batches {
            report.retries += self.transaction(batch).await?;
            report.transactions += 1;
            report.statements += batch.statements.len();
            report.steps += batch.steps;
            let (stage, database) = (batch.stage, batch.database.map(str::to_owned));
            progress(&Progress { stage, database, done: report.steps, total: steps.len() });
        }
        Ok(report)
    }

    /// Ends every session in an orderly way. Without it, the server notices by itself.
    ///
    /// # Errors
    /// None that matters: the lock is gone either way.
    pub async fn release(self) -> Result<(), EngineError> {
        use sqlx::Connection;
        for session in self.sessions.into_values().chain([self.maintenance]) {
            session.conn.close().await.map_err(|error| EngineError::from_query("close the session", error))?;
        }
        Ok(())
    }

    async fn transaction(&mut self, batch: &Batch<'_>) -> Result<usize, EngineError> {
        let Some(database) = batch.database.filter(|name| *name != self.database) else {
            return self.maintenance.transaction(batch, &self.target).await;
        };
        // The lock goes with its session: without it, nothing may change any more.
        execute(&mut self.maintenance.conn, "look after the lock", "SELECT /* still locked */").await?;
        let mut session = self.session(database).await?;
        let retries = session.transaction(batch, &self.target).await?;
        self.keep(database, session).await;
        Ok(retries)
    }

    /// A session in another database of the same server, kept or new. It is taken out: one that failed does not come
    /// back.
    async fn session(&mut self, database: &str) -> Result<Session, EngineError> {
        if let Some(mut session) = self.sessions.remove(database) {
            // The server may have ended it while somebody thought about the plan.
            if execute(&mut session.conn, "look after the session", "SELECT").await.is_ok() {
                return Ok(session);
            }
        }
        let mut conn = inspect::open(&self.target, database, &self.started).await?;
        lock::share(&mut conn).await?;
        Session::new(conn).await
    }

    async fn keep(&mut self, database: &str, session: Session) {
        if self.sessions.len() < KEPT {
            self.sessions.insert(database.to_owned(), session);
        } else {
            inspect::close(session.conn).await;
        }
    }
}
