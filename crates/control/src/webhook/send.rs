//! One message, sent once.

use std::io::Read;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use rolecall_core::secret::Secret;
use ureq::Agent;

use super::message::{Message, signature};

/// Nothing is followed: an address that sends one elsewhere was not reviewed.
static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let config = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
});

/// Posts it. Blocks up to ten seconds. What goes wrong is said without the address, which may hold a secret.
pub fn post(url: &Secret, key: Option<&Secret>, message: &Message) -> Result<(), String> {
    let now = Timestamp::now().as_second();
    let mut request = AGENT
        .post(url.reveal())
        .header("content-type", "application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", now.to_string());
    if let Some(key) = key {
        let signed = signature(key, &message.id, now, &message.body);
        request = request.header("webhook-signature", signed.ok_or("the secret after whsec_ is no base64")?);
    }
    let answer = request.send(message.body.as_str()).map_err(|error| told(&error))?;
    let status = answer.status();
    // Read, so that the connection can be used again; more than this is not worth it.
    let _ = answer.into_body().into_reader().take(4_096).read_to_end(&mut Vec::new());
    if status.is_success() { Ok(()) } else { Err(format!("it answered {}", status.as_u16())) }
}

fn told(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "its host is not known".to_owned(),
        ureq::Error::Io(error) => format!("it cannot be reached: {}", error.kind()),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "its address is no URL".to_owned(),
        _ => "it cannot be reached".to_owned(),
    }
}
