//! What is sent: an Event with a link, or a line that chat programs show; signed as standardwebhooks.com has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rolecall_core::event::{Event, Kind};
use rolecall_core::policy::model::WebhookForm;
use rolecall_core::secret::Secret;
use serde_json::json;
use sha2::Sha256;

/// One message.
pub struct Message {
    /// The same however often it is sent: whoever takes it twice can tell.
    pub id: String,
    /// JSON.
    pub body: String,
}

impl Message {
    /// An Event as a webhook's message. `public` is where the page is, without a slash at the end.
    pub fn new(webhook: &str, form: WebhookForm, event: &Event, public: &str) -> Self {
        let link = format!("{public}{}", path(event));
        let body = match form {
            WebhookForm::Event => json!({
                "type": format!("rolecall.{}", event.kind.name()),
                "timestamp": event.at.to_string(),
                "summary": event.sentence(),
                "link": link,
                "data": event,
            }),
            WebhookForm::Slack => json!({ "text": format!("{} <{link}|{}>", escaped(&event.sentence()), word(event)) }),
        };
        Self { id: format!("{webhook}-{}", event.id), body: body.to_string() }
    }
}

/// Where one sees it, and decides: a page that demands to sign in first.
fn path(event: &Event) -> String {
    match &event.kind {
        Kind::RequestFiled { .. } | Kind::RequestReopened { .. } => format!("/requests/{}", event.correlation),
        _ => format!("/ledger/{}", event.id),
    }
}

fn word(event: &Event) -> &'static str {
    match &event.kind {
        Kind::RequestFiled { break_glass: true, .. } => "Review it",
        Kind::RequestFiled { .. } | Kind::RequestReopened { .. } => "Decide",
        _ => "Look at it",
    }
}

/// Slack's mark-up knows three characters: a name must not become a link or a mention.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The `webhook-signature` of a message sent at `seconds` since 1970. A secret that begins with `whsec_` is base64 after
/// that; another is taken as it is.
pub fn signature(secret: &Secret, id: &str, seconds: i64, body: &str) -> Option<String> {
    let text = secret.reveal();
    let key = match text.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).ok()?,
        None => text.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn signs_as_the_specification_does() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = "{\"test\": 2432232314}";
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_name_is_no_mention() {
        assert_eq!(escaped("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
    }
}
