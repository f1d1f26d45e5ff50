//! One server of an environment: where it is, what has to be looked at on it, and what a Request would do there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rolecall_core::desire::Scene;
use rolecall_core::event;
use rolecall_core::plan::Effect;
use rolecall_core::policy::model::{Environment, Policy, Server, UrlSource};
use rolecall_core::policy::pattern::Pattern;
use rolecall_core::request::{self, Draft, Facts, effects_digest, meaning};
use rolecall_core::secret::Secret;
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::inspect::{Wanted, inspect};
use rolecall_engine::postgres::{EngineError, Target};

use crate::office::ControlError;
use crate::settle::AT_ONCE;
use crate::store::{Kept, Reach};

/// One server of an environment.
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

/// The servers of one environment, or of all, in the order of their names.
pub fn places<'a>(policy: &'a Policy, environment: Option<&str>) -> Vec<Place<'a>> {
    let chosen = policy.environments.iter().filter(|(name, _)| environment.is_none_or(|wanted| wanted == *name));
    let places = chosen.flat_map(|(environment_name, environment)| {
        let place = move |(server_name, server): (&'a String, &'a Server)| Place {
            policy,
            environment_name,
            environment,
            server_name,
            server,
        };
        environment.servers.iter().map(place)
    });
    places.collect()
}

/// How long a server may take to answer what somebody waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a Request would do on the servers of its environment.
pub(crate) struct Foreseen {
    /// By server, those that did not answer among them.
    pub effects: Vec<Effect>,
    /// Of all that: whoever agrees, agrees to this.
    pub digest: String,
    /// Servers that did not answer. What nobody can see is not given there.
    pub unseen: BTreeSet<String>,
}

/// What a Request would do on the servers of its environment that answer. An error: none does.
pub(crate) async fn effects(facts: Facts<'_>, asks: &Draft) -> Result<Foreseen, ControlError> {
    // Side by side: none has to wait for the others.
    let (mut asked, mut work) = (Vec::new(), FuturesUnordered::new());
    for place in places(facts.policy, Some(&asks.environment)) {
        if work.len() == AT_ONCE {
            asked.extend(work.next().await);
        }
        work.push(async move { (place.server_name, effects_on(place, facts, asks).await) });
    }
    while let Some(answer) = work.next().await {
        asked.push(answer);
    }
    let (mut told, mut unseen, mut trouble) = (BTreeMap::new(), BTreeSet::new(), None);
    for (server, answer) in asked {
        let effects = answer.unwrap_or_else(|error| {
            trouble = Some(error);
            unseen.insert(server.to_owned());
            vec![request::unseen(server, asks)]
        });
        told.insert(server.to_owned(), effects);
    }
    match trouble {
        Some(error) if unseen.len() == told.len() => Err(error),
        _ => {
            let digest = effects_digest(&told);
            Ok(Foreseen { effects: told.into_values().flatten().collect(), digest, unseen })
        }
    }
}

async fn effects_on(place: Place<'_>, facts: Facts<'_>, asks: &Draft) -> Result<Vec<Effect>, ControlError> {
    // Somebody waits for the answer.
    let target = place.target()?.answering_within(PATIENCE);
    let state = inspect(&target, &place.wanted()).await.map_err(|error| place.says(error))?;
    let scene = place.scene(&state, facts);
    Ok(meaning(scene, place.server_name, asks))
}

impl<'a> Place<'a> {
    /// A server by its name.
    pub fn find(policy: &'a Policy, environment: &str, server: &str) -> Option<Self> {
        let (environment_name, environment) = policy.environments.get_key_value(environment)?;
        let (server_name, server) = environment.servers.get_key_value(server)?;
        Some(Self { policy, environment_name, environment, server_name, server })
    }

    /// `production · main`
    pub fn label(&self) -> String {
        format!("{} · {}", self.environment_name, self.server_name)
    }

    /// A Role's name on the server.
    pub fn role_name(&self, role: &str) -> String {
        self.environment.role_name(self.environment_name, role)
    }

    /// Whether a Lease that begins or is over waits for this server. Once all that are left in the policy are done with it,
    /// any of them may say so.
    pub fn awaited(&self, kept: &Kept) -> bool {
        let waits = kept.waits_for(self.environment_name, self.server_name);
        kept.lease.environment == self.environment_name
            && !matches!(kept.reach, Reach::Open | Reach::Closed)
            && (waits || self.all_done(kept))
    }

    /// Whether a Lease waits for no server of this environment.
    pub fn all_done(&self, kept: &Kept) -> bool {
        let mut servers = self.environment.servers.keys();
        !servers.any(|server| kept.waits_for(self.environment_name, server))
    }

    /// As Events name it.
    pub fn event(&self) -> event::Place {
        event::Place { environment: self.environment_name.to_owned(), server: self.server_name.to_owned() }
    }

    /// What went wrong here.
    pub fn says(&self, error: EngineError) -> ControlError {
        ControlError::Server { place: self.label(), error: Box::new(error) }
    }

    /// How to get there. The URL comes from where the policy says it is, each time anew.
    ///
    /// # Errors
    /// [`ControlError::NoUrl`]; [`ControlError::Server`] if it is no URL. Neither repeats it.
    pub fn target(&self) -> Result<Target, ControlError> {
        let missing = |why: String| ControlError::NoUrl { place: self.label(), why };
        let secret = match &self.server.url.value {
            UrlSource::Variable(name) => {
                let value = std::env::var(name).map_err(|_| {
                    missing(format!(
                        "set the environment variable {name} to the server's URL (postgres://user@host/database)"
                    ))
                })?;
                Secret::new(value)
            }
            UrlSource::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| missing(format!("cannot read the server's URL from {path}: {error}")))?;
                Secret::new(text.lines().next().unwrap_or_default().trim())
            }
        };
        Target::parse(&secret).map_err(|error| self.says(error))
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
    pub fn scene(&self, state: &'a ServerState, facts: Facts<'a>) -> Scene<'a> {
        Scene {
            policy: self.policy,
            environment_name: self.environment_name,
            environment: self.environment,
            server_name: self.server_name,
            server: self.server,
            state,
            leases: facts.leases,
            suspended: facts.suspended,
            book: facts.book,
            now: facts.now,
        }
    }
}
