//! Asks a server of Rolecall over its API. Its problems become one line and what to do next.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rolecall_core::secret::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::args::Address;

/// The longest that an answer is waited for: the server gives up before.
const PATIENCE: Duration = Duration::from_secs(75);
/// The most bytes of an answer.
const LARGEST: u64 = 16 << 20;

/// A server of Rolecall, as whoever the token is of.
pub struct Client {
    agent: Agent,
    base: String,
    token: Secret,
}

impl Client {
    /// By what the arguments and the environment say.
    pub fn new(remote: &Address) -> anyhow::Result<Self> {
        let base = remote.server.as_deref().context("say which Rolecall: --server URL, or set ROLECALL_SERVER")?;
        let base = base.trim_end_matches('/').to_owned();
        trusted(&base)?;
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let config = config.timeout_global(Some(PATIENCE)).user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")));
        Ok(Self { agent: config.build().into(), base, token: token(remote)? })
    }

    /// Asks for something.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut request = self.agent.get(self.url(path)).header("Authorization", self.bearer());
        for (name, value) in query {
            request = request.query(name, value);
        }
        self.answer(request.call())
    }

    /// Asks for something that may take long to send, such as a copy of the ledger. It breaks off with an error where the
    /// answer is not whole. Where to is opened once there is an answer: a refusal overwrites nothing.
    pub fn take<W: Write>(&self, path: &str, open: impl FnOnce() -> anyhow::Result<W>) -> anyhow::Result<()> {
        let request = self.agent.get(self.url(path)).header("Authorization", self.bearer());
        let request = request.config().timeout_global(None).timeout_recv_response(Some(PATIENCE)).build();
        let mut response = request.call().map_err(|error| anyhow!("{} does not answer: {error}", self.base))?;
        if !response.status().is_success() {
            return self.answer(Ok(response)).map(drop);
        }
        let (mut body, mut out) = (response.body_mut().as_reader(), open()?);
        let whole = std::io::copy(&mut body, &mut out).and_then(|_| out.flush());
        whole.with_context(|| format!("the answer of {} broke off", self.base))
    }

    /// Asks for a change, with a key of its own: what the network repeats is not done twice.
    pub fn post(&self, path: &str, body: &impl Serialize) -> anyhow::Result<Value> {
        let key = rolecall_engine::postgres::credential::mint();
        let request = self.agent.post(self.url(path)).header("Authorization", self.bearer());
        let request = request.header("Idempotency-Key", key.reveal()).header("Content-Type", "application/json");
        self.answer(request.send(serde_json::to_string(body)?))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token.reveal())
    }

    fn answer(&self, sent: Result<Response<Body>, ureq::Error>) -> anyhow::Result<Value> {
        let base = &self.base;
        let mut response = sent.map_err(|error| anyhow!("{base} does not answer: {error}"))?;
        let status = response.status();
        let text = response.body_mut().with_config().limit(LARGEST).read_to_string();
        let text = text.with_context(|| format!("the answer of {base} broke off"))?;
        if status.is_success() && text.is_empty() {
            return Ok(Value::Null);
        }
        let value: Option<Value> = serde_json::from_str(&text).ok();
        match value {
            Some(value) if status.is_success() => Ok(value),
            Some(value) if value.get("code").is_some() => Err(problem(&value)),
            _ => bail!("{base} answers {status}, and not as Rolecall does: is the address right?"),
        }
    }
}

/// A token goes over the network in the clear only on this machine.
fn trusted(base: &str) -> anyhow::Result<()> {
    if base.starts_with("https://") {
        return Ok(());
    }
    let rest = base.strip_prefix("http://").context("the server's address begins with https:// or http://")?;
    let host = rest.split('/').next().unwrap_or_default();
    let host = if let Some(v6) = host.strip_prefix('[') { v6.split(']').next() } else { host.split(':').next() };
    let loopback =
        |host: &str| host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if host.is_some_and(loopback) {
        return Ok(());
    }
    bail!("{base} is not on this machine: use https://, or anybody on the way can read the token")
}

fn token(remote: &Address) -> anyhow::Result<Secret> {
    let text = match &remote.token_file {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read the token from {}", path.display()))?,
        None => std::env::var("ROLECALL_TOKEN")
            .map_err(|_| anyhow!("no token: set ROLECALL_TOKEN, or give --token-file FILE; an administrator or the operator makes one with `rolecall token make`"))?,
    };
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!("this is no token of Rolecall: it begins with rolecall_");
    }
    Ok(Secret::new(token))
}

/// A problem as an error: what is wrong, and what to do next.
fn problem(value: &Value) -> anyhow::Error {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let said = text("detail").or(text("title")).unwrap_or("it was refused");
    match next(text("code").unwrap_or_default()) {
        Some(next) => anyhow!("{said}\n  {next}"),
        None => anyhow!("{said}"),
    }
}

/// What one can do about a problem, by its code.
fn next(code: &str) -> Option<&'static str> {
    Some(match code {
        "token-unknown" | "token-ended" | "token-revoked" | "sign-in" | "bad-authorization" => {
            "The operator or an administrator makes a token: rolecall token make"
        }
        "scope" => "A token with that scope: rolecall token make --scope …",
        "not-active" => "Whoever keeps the policy can say why: people:, standing and dates",
        "not-what-was-shown" | "asked-again" | "moved" => {
            "Look again, then decide: rolecall approve shows what it would do now"
        }
        "already-leased" => "To keep it longer: rolecall request … --extends LEASE",
        "reason-missing" | "reason-unfit" => "Give one: --reason TEXT",
        "missing-value" | "bad-value" => "Give one: --with PARAMETER=VALUE",
        "too-long" => "Ask for less: --until DURATION",
        "unknown-environment" | "unknown-role" | "may-not-request" => {
            "What there is to ask for is on its page, under Roles"
        }
        "no-request" => "What there is: rolecall requests --state all",
        "no-lease" => "What runs: rolecall leases",
        "not-ready" => "An administrator applies the policy first: rolecall apply",
        "store-busy" | "timeout" => "Try again",
        _ => return None,
    })
}

/// An answer as a type; what the server says more is left out.
pub fn as_type<T: DeserializeOwned>(value: &Value) -> anyhow::Result<T> {
    T::deserialize(value).context("the server answers in a form that this version does not know: use the same version")
}
