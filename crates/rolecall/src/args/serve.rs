//! The arguments of `rolecall serve`.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use rolecall_server::Net;

use super::{LedgerPlace, PolicyPath};

/// `rolecall serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the policy is.
    #[command(flatten)]
    pub policy: PolicyPath,
    /// Where the store is.
    #[command(flatten)]
    pub place: LedgerPlace,
    /// The address to listen on. Rolecall speaks HTTP: put a proxy with TLS in front of anything but this machine.
    #[arg(long, env = "ROLECALL_LISTEN", default_value = "127.0.0.1:7654", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// How people reach it, such as https://rolecall.acme.test; with https, cookies are for HTTPS alone.
    #[arg(long, env = "ROLECALL_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// A proxy before it, or a net of them, such as 10.0.0.0/8; may be given more than once. Whom such a proxy names last in
    /// X-Forwarded-For is the address that the ledger has. Of nobody else the header counts.
    #[arg(long, env = "ROLECALL_TRUSTED_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    pub trusted_proxy: Vec<Net>,
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log: LogFormat,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

fn public_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest
        .map(|rest| rest.trim_end_matches('/'))
        .filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']));
    match host {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err("write https://host or http://host, with a port if need be and no path".to_owned()),
    }
}
