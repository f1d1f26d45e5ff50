//! From a policy and a selection to servers: their connection targets and what has to be looked at on them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use jiff::Timestamp;
use rolecall_core::desire::Scene;
use rolecall_core::lease::Lease;
use rolecall_core::policy::model::{Environment, Policy, Server, UrlSource};
use rolecall_core::policy::pattern::Pattern;
use rolecall_core::secret::Secret;
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::Target;
use rolecall_engine::postgres::inspect::Wanted;

use crate::args::Selection;

/// What acts have given and taken beside the policy: Leases, and whoever was suspended by one.
#[derive(Debug, Default)]
pub struct Given {
    /// Leases that are not closed.
    pub leases: Vec<Lease>,
    /// Ids of principals.
    pub suspended: BTreeSet<String>,
}

/// One server of the selection.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The environment's name.
    pub environment_name: &'a str,
    /// The environment.
    pub environment: &'a Environment,
    /// The server's name.
    pub server_name: &'a str,
    /// The server.
    pub server: &'a Server,
}

/// The servers of a selection, in the order of their names.
pub fn places<'a>(policy: &'a Policy, selection: &Selection) -> anyhow::Result<Vec<Place<'a>>> {
    let names: Vec<&str> = policy.environments.keys().map(String::as_str).collect();
    if let Some(wanted) = &selection.environment
        && !policy.environments.contains_key(wanted)
    {
        bail!("the policy has no environment {wanted:?}; it has {}", names.join(", "));
    }
    let mut places = Vec::new();
    for (environment_name, environment) in &policy.environments {
        if selection.environment.as_ref().is_some_and(|wanted| wanted != environment_name) {
            continue;
        }
        for (server_name, server) in &environment.servers {
            if selection.server.as_ref().is_none_or(|wanted| wanted == server_name) {
                places.push(Place { policy, environment_name, environment, server_name, server });
            }
        }
    }
    if places.is_empty() {
        bail!("no server of the policy fits the selection; environments: {}", names.join(", "));
    }
    Ok(places)
}

impl<'a> Place<'a> {
    /// As Events name it.
    pub fn event(&self) -> rolecall_core::event::Place {
        rolecall_core::event::Place {
            environment: self.environment_name.to_owned(),
            server: self.server_name.to_owned(),
        }
    }

    /// `production · main`
    pub fn label(&self) -> String {
        format!("{} · {}", self.environment_name, self.server_name)
    }

    /// Where the server is.
    pub fn target(&self) -> anyhow::Result<Target> {
        let secret = match &self.server.url.value {
            UrlSource::Variable(name) => {
                let value = std::env::var(name).with_context(|| {
                    format!(
                        "{}: set the environment variable {name} to the server's URL (postgres://user@host/database)",
                        self.label()
                    )
                })?;
                Secret::new(value)
            }
            UrlSource::File(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("{}: cannot read the server's URL from {path}", self.label()))?;
                Secret::new(text.lines().next().unwrap_or_default().trim())
            }
        };
        Target::parse(&secret).with_context(|| self.label())
    }

    /// What has to be looked at: the governed databases, and the columns of tables with column or row grants.
    pub fn wanted(&self) -> Wanted {
        let mut columns: BTreeMap<String, Vec<Pattern>> = BTreeMap::new();
        for grant in self.policy.roles.values().flat_map(|role| &role.grants) {
            let Some(database) = self.server.databases.get(&grant.database.value) else { continue };
            if !grant.columns.is_empty() || !grant.rows.is_empty() || grant.condition.is_some() {
                let patterns = columns.entry(database.name.clone()).or_default();
                patterns.extend(grant.on.iter().map(|pattern| pattern.value.clone()));
            }
        }
        let databases = self.server.databases.values().map(|database| database.name.clone()).collect();
        Wanted { databases, columns }
    }

    /// The server as it is, ready for a decision.
    pub fn scene(&self, state: &'a ServerState, given: &'a Given) -> Scene<'a> {
        Scene {
            policy: self.policy,
            environment_name: self.environment_name,
            environment: self.environment,
            server: self.server,
            state,
            leases: &given.leases,
            suspended: &given.suspended,
            now: Timestamp::now(),
        }
    }
}
