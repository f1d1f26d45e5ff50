//! Cuts a plan into transactions.

use rolecall_core::plan::{Change, Stage, Step};

use crate::postgres::error::EngineError;
use crate::postgres::render::{Context, render};

/// The most objects that one transaction touches: PostgreSQL 18 keeps a lock on each until commit, and the table of
/// locks is of one size for the whole server.
const OBJECTS: usize = 1_000;

/// One transaction.
pub struct Batch<'a> {
    /// The stage of all its steps.
    pub stage: Stage,
    /// The database of all its steps.
    pub database: Option<&'a str>,
    /// How many steps.
    pub steps: usize,
    /// Their SQL, without semicolons.
    pub statements: Vec<String>,
    objects: usize,
}

/// Cuts `steps` where stage or database change, or a transaction has enough objects. All SQL is written before any runs.
pub fn batches(steps: &[Step], version: u32) -> Result<Vec<Batch<'_>>, EngineError> {
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for step in steps {
        let statements = render(&step.change, Context { version })
            .map_err(|cause| EngineError::Render { what: step.reason.clone(), cause })?;
        let (database, objects) = (step.database.as_deref(), objects(&step.change));
        match batches.last_mut() {
            Some(last)
                if last.stage == step.stage && last.database == database && last.objects + objects <= OBJECTS =>
            {
                last.steps += 1;
                last.objects += objects;
                last.statements.extend(statements);
            }
            _ => batches.push(Batch { stage: step.stage, database, steps: 1, statements, objects }),
        }
    }
    Ok(batches)
}

/// How many objects the change locks until commit.
const fn objects(change: &Change) -> usize {
    match change {
        Change::Grant { objects, .. } | Change::Revoke { objects, .. } => objects.len(),
        Change::GrantMembership { members, .. } => members.len(),
        // A table with its policies, and their note.
        Change::SecureTable { .. } | Change::InstallHelper => 10,
        // As many as the role owns, which the change does not say: it stays by itself.
        Change::DropOwned { .. } | Change::ReassignOwned { .. } => OBJECTS,
        Change::CreateMarker { .. }
        | Change::CreateRole { .. }
        | Change::AlterRole { .. }
        | Change::CommentRole { .. }
        | Change::Setting { .. }
        | Change::RevokeMembership { .. }
        | Change::GrantColumns { .. }
        | Change::RevokeColumns { .. }
        | Change::GrantDefault { .. }
        | Change::RevokeDefault { .. }
        | Change::SetOwner { .. }
        | Change::ShutOut { .. }
        | Change::LetIn { .. }
        | Change::EndSessions { .. }
        | Change::DropRole { .. } => 1,
        // Rows, not objects.
        Change::AddScopes { .. } | Change::RemoveScopes { .. } => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(stage: Stage, database: Option<&str>, change: Change) -> Step {
        Step { stage, database: database.map(str::to_owned), change, reason: String::new() }
    }

    #[test]
    fn shares_transactions_only_within_stage_database_and_limit() {
        let drop = || Change::DropRole { role: "a".into() };
        let members = |count| Change::GrantMembership { role: "a".into(), members: vec!["b".into(); count] };
        let steps = [
            step(Stage::Drop, None, drop()),
            step(Stage::Drop, None, drop()),
            step(Stage::Drop, Some("app"), drop()),
            step(Stage::Attach, Some("app"), members(600)),
            step(Stage::Attach, Some("app"), members(400)),
            step(Stage::Attach, Some("app"), members(1)),
        ];
        let batches = batches(&steps, 150_000).unwrap();
        let shape: Vec<_> = batches.iter().map(|batch| (batch.database, batch.steps, batch.objects)).collect();
        assert_eq!(shape, [(None, 2, 2), (Some("app"), 1, 1), (Some("app"), 2, 1000), (Some("app"), 1, 1)]);
    }

    #[test]
    fn names_the_step_that_cannot_be_written() {
        let wrong = Change::DropRole { role: "a\0".into() };
        let steps = [Step { stage: Stage::Drop, database: None, change: wrong, reason: "a leaves".into() }];
        let error = batches(&steps, 150_000).err().unwrap();
        assert_eq!(error.to_string(), "the SQL for \"a leaves\" cannot be written: \"a\\0\" contains a NUL character");
    }
}
