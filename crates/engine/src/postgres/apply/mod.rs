//! Carries out a plan: under one lock per server, in transactions that are all or nothing, retried where that helps.

mod batch;
mod blocker;
mod lock;
mod transaction;

use std::collections::BTreeMap;

use rolecall_core::plan::{Stage, Step};
use sqlx::postgres::PgConnection;

use super::connect::{Target, execute};
use super::error::EngineError;
use batch::{Batch, batches};
use transaction::Session;

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
    sessions: BTreeMap<String, Session>,
}

impl Applier {
    /// Takes the server's lock; waits some five seconds for another Rolecall to be done.
    ///
    /// # Errors
    /// [`EngineError::LockHeld`], or what keeps it from connecting.
    pub async fn lock(target: &Target) -> Result<Self, EngineError> {
        let (database, mut conn) = lock::open(target).await?;
        lock::take(&mut conn).await?;
        let maintenance = Session::new(conn).await?;
        Ok(Self { target: target.clone(), database, maintenance, sessions: BTreeMap::new() })
    }

    /// The session that holds the lock, for reading the server under it.
    pub const fn connection(&mut self) -> &mut PgConnection {
        &mut self.maintenance.conn
    }

    /// The database that [`Applier::connection`] is in.
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
        execute(&mut self.maintenance.conn, "look after the lock", "SELECT").await?;
        // Taken out: a session that failed does not come back.
        let mut session = match self.sessions.remove(database) {
            Some(session) => session,
            None => {
                let mut conn = self.target.open(Some(database)).await?;
                lock::share(&mut conn).await?;
                Session::new(conn).await?
            }
        };
        let retries = session.transaction(batch, &self.target).await?;
        self.sessions.insert(database.to_owned(), session);
        Ok(retries)
    }
}
