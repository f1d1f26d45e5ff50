//! What every handler has at hand.

use std::sync::Arc;

use rolecall_control::Office;
use rolecall_control::identity::Refusals;
use rolecall_control::keeper::Keeper;
use rolecall_core::secret::Secret;
use tokio::sync::watch;

use crate::client::Net;
use crate::metrics::Live;

/// How the server is set up.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// How people reach it, such as `https://rolecall.acme.test`, without a slash at the end. None: as it listens.
    pub public_url: Option<String>,
    /// Proxies whose word counts for whom they were asked by.
    pub trusted_proxies: Vec<Net>,
    /// Who may come in by a button on the sign-in page. For demonstrations: the buttons are there for everybody.
    pub guests: Vec<Guest>,
}

/// Somebody who may come in by a button.
#[derive(Clone)]
pub struct Guest {
    /// What the button says.
    pub label: String,
    /// Their token. It stands in the page.
    pub token: Secret,
}

impl Config {
    /// True when people reach it by HTTPS: then cookies are for HTTPS alone.
    pub fn secure(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("label", &self.label).finish_non_exhaustive()
    }
}

/// The server's state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    keeper: Arc<Keeper>,
    refusals: Refusals,
    closing: watch::Sender<bool>,
    live: Live,
}

impl App {
    /// A server's state.
    pub fn new(config: Config, keeper: Arc<Keeper>) -> Self {
        let (closing, _) = watch::channel(false);
        Self {
            inner: Arc::new(Inner { config, keeper, refusals: Refusals::default(), closing, live: Live::default() }),
        }
    }

    /// How the server is set up.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The use cases, by the policy that holds now, for whoever may do everything; see [`Office::narrowed`].
    pub fn office(&self) -> Office {
        self.inner.keeper.office()
    }

    /// Who keeps everything as it was decided.
    pub fn keeper(&self) -> &Keeper {
        &self.inner.keeper
    }

    /// Counts refused sign-ins.
    pub fn refusals(&self) -> &Refusals {
        &self.inner.refusals
    }

    pub(crate) fn live(&self) -> &Live {
        &self.inner.live
    }

    /// Becomes true when the server is about to stop: answers that go on for long end then.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.inner.closing.subscribe()
    }

    pub(crate) fn close(&self) {
        self.inner.closing.send_replace(true);
    }
}
