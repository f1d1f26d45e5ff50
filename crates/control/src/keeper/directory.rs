//! The policy in force: read at the start and whenever its files change; who came, went and changed groups is told.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use rolecall_core::event::{Actor, Drafts, Kind};
use rolecall_core::policy::model::Policy;
use rolecall_core::policy::{Sources, read};
use tokio_util::sync::CancellationToken;

use super::{Keeper, KeeperError, Ruling};
use crate::source::{self, Loaded};
use crate::store::{PolicyVersion, Store, StoreError};

/// How often the files are looked after.
const EVERY: Duration = Duration::from_secs(2);

/// Reads the policy, and notes it if it is another one than the last.
pub(super) async fn enact(store: &Store, path: &Path) -> Result<Ruling, KeeperError> {
    let now = store.clock().now();
    let Loaded { sources, outcome, digest } = source::load(path, now)?;
    let policy = Arc::new(outcome.policy.ok_or(KeeperError::Policy(outcome.problems.len()))?);
    let named = |file: &rolecall_core::policy::Source| (file.name.clone(), file.text.clone());
    let files: Vec<_> = sources.files().iter().map(named).collect();
    let (told, ruled, actor) = (Arc::clone(&policy), digest.clone(), Actor::system("policy"));
    let source = path.display().to_string();
    let written = store.write(&actor, |mut tx| async move {
        let last = tx.policy().await?;
        if let Some(last) = &last
            && last.digest == digest
        {
            return Err(Known::Already(last.version));
        }
        let version = last.as_ref().map_or(0, |last| last.version) + 1;
        let news = PolicyVersion { version, digest: digest.clone(), files };
        tx.put_policy(&news).await?;
        let before = last.and_then(|last| understand(&last, now)).unwrap_or_default();
        let loaded = Kind::PolicyLoaded { version, digest: digest.clone(), source: source.as_str().into() };
        let told = changes(&before, &told).into_iter().fold(Drafts::from(loaded), Drafts::and);
        Ok(tx.done(version, told))
    });
    let version = match written.await {
        Ok(written) => {
            tracing::info!(version = written.value, digest = ruled, "another policy is in force");
            written.value
        }
        Err(Known::Already(version)) => version,
        Err(Known::Failed(error)) => return Err(error.into()),
    };
    Ok(Ruling { policy, digest: ruled, version })
}

/// Nothing to write, because it is known; or it could not be written.
enum Known {
    Already(u64),
    Failed(StoreError),
}

impl From<StoreError> for Known {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

fn understand(version: &PolicyVersion, now: jiff::Timestamp) -> Option<Policy> {
    let mut sources = Sources::new();
    for (name, text) in &version.files {
        sources.add(name, text);
    }
    read(&sources, now).policy
}

/// Who came, who went, who joined and left which group.
fn changes(before: &Policy, after: &Policy) -> Vec<Kind> {
    let groups = |policy: &Policy| -> BTreeSet<(String, String)> {
        let of = |(id, principal, _): (&str, &rolecall_core::policy::model::Principal, _)| {
            let id = id.to_owned();
            principal.groups.iter().map(move |group| (id.clone(), group.value.clone())).collect::<Vec<_>>()
        };
        policy.principals().flat_map(of).collect()
    };
    let ids = |policy: &Policy| -> BTreeSet<String> { policy.principals().map(|(id, _, _)| id.to_owned()).collect() };
    let (old, new) = ((ids(before), groups(before)), (ids(after), groups(after)));
    let mut told: Vec<Kind> = Vec::new();
    told.extend(old.0.difference(&new.0).map(|id| Kind::PrincipalRemoved { principal: id.clone() }));
    told.extend(new.0.difference(&old.0).map(|id| Kind::PrincipalAdded { principal: id.clone() }));
    let pair = |(principal, group): &(String, String)| (principal.clone(), group.clone());
    told.extend(old.1.difference(&new.1).map(pair).map(|(principal, group)| Kind::GroupLeft { principal, group }));
    told.extend(new.1.difference(&old.1).map(pair).map(|(principal, group)| Kind::GroupJoined { principal, group }));
    told
}

impl Keeper {
    /// Reads the policy again when one of its files has changed. One with problems is not put in force: the last one
    /// stays, and the trouble is shown.
    pub(super) async fn keep_policy(self: Arc<Self>, stop: CancellationToken) {
        let mut last = signature(&self.source);
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            let now = signature(&self.source);
            if now == last && self.refused().is_none() {
                continue;
            }
            let changed = now != last;
            last = now;
            let enacted = enact(&self.store, &self.source).await;
            let refused = enacted.as_ref().err().map(ToString::to_string);
            if let (Some(why), true) = (&refused, changed) {
                tracing::warn!(
                    why,
                    "the policy's files have changed and cannot be put in force; the last policy stays"
                );
            }
            *self.refused.write().unwrap_or_else(PoisonError::into_inner) = refused;
            if let Ok(ruling) = enacted
                && ruling.digest != self.ruling().digest
            {
                self.ruling.send_replace(ruling);
                self.nudge();
                self.look_soon();
            }
        }
    }
}

/// What the file system says of the policy's files without reading them.
fn signature(path: &Path) -> Vec<(std::path::PathBuf, u64, Option<SystemTime>)> {
    let of = |path: std::path::PathBuf| {
        let about = std::fs::metadata(&path).ok();
        let length = about.as_ref().map_or(0, std::fs::Metadata::len);
        (path, length, about.and_then(|about| about.modified().ok()))
    };
    let mut files = vec![of(path.to_owned())];
    if let Ok(entries) = std::fs::read_dir(path) {
        files.extend(entries.flatten().map(|entry| of(entry.path())));
        files.sort();
    }
    files
}
