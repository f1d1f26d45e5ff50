//! What Rolecall writes into the comment of a role that it owns: whose it is, and until when its credential lives.

use serde::{Deserialize, Serialize};

const PREFIX: &str = "rolecall: ";

/// A role's comment, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mark {
    /// The principal whose Account it is (`alice@acme.test`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Role that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The environment, on the marker role alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The ledger in which leases and suspensions stand that hold on the server now, on the marker role alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// The password that was minted last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialMark>,
}

/// A minted password: not itself, but what proves that it is still the one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialMark {
    /// When it ends, RFC 3339 in UTC.
    pub ends: String,
    /// Hex SHA-256 of the SCRAM verifier.
    pub seal: String,
}

impl Mark {
    /// The mark of a principal's Account.
    pub fn account(principal: &str) -> Self {
        Self { account: Some(principal.to_owned()), ..Self::default() }
    }

    /// The mark of a Role.
    pub fn role(name: &str) -> Self {
        Self { role: Some(name.to_owned()), ..Self::default() }
    }

    /// The mark of the marker role itself.
    pub fn environment(name: &str) -> Self {
        Self { environment: Some(name.to_owned()), ..Self::default() }
    }

    /// The mark in a comment; None for a comment that Rolecall did not write.
    pub fn parse(comment: Option<&str>) -> Option<Self> {
        serde_json::from_str(comment?.strip_prefix(PREFIX)?).ok()
    }

    /// The comment.
    pub fn comment(&self) -> String {
        format!("{PREFIX}{}", serde_json::to_string(self).unwrap_or_default())
    }
}
