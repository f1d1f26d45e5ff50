//! Who did it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// Who did what an Event tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// A Person who signed in.
    Person {
        /// The address.
        id: String,
    },
    /// A Service that signed in.
    Service {
        /// The name.
        id: String,
    },
    /// An API token.
    Token {
        /// The token's public id, never the token.
        id: String,
        /// Whose it is.
        of: String,
    },
    /// Whoever runs Rolecall, by a token of theirs.
    Operator {
        /// The token's public id, never the token.
        token: String,
    },
    /// Rolecall by itself.
    System {
        /// Which part of it, such as `reconciler`.
        part: String,
    },
    /// Whoever ran the command line.
    OsUser {
        /// The operating system's name for them.
        user: String,
        /// On which machine.
        host: String,
    },
    /// Somebody who did not, or could not, sign in.
    Nobody {
        /// Where from: an address of the network.
        from: Text,
    },
}

impl Actor {
    /// Rolecall by itself.
    pub fn system(part: &str) -> Self {
        Self::System { part: part.to_owned() }
    }

    /// A Person.
    pub fn person(id: &str) -> Self {
        Self::Person { id: id.to_owned() }
    }

    /// The Person or Service behind it, if one is known.
    pub fn principal(&self) -> Option<&str> {
        match self {
            Self::Person { id } | Self::Service { id } | Self::Token { of: id, .. } => Some(id),
            Self::Operator { .. } | Self::System { .. } | Self::OsUser { .. } | Self::Nobody { .. } => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { id } | Self::Service { id } => f.write_str(id),
            Self::Token { id, of } => write!(f, "token {id} of {of}"),
            Self::Operator { token } => write!(f, "the operator, token {token}"),
            Self::System { part } => write!(f, "rolecall {part}"),
            Self::OsUser { user, host } => write!(f, "{user} on {host}"),
            Self::Nobody { from } => write!(f, "nobody from {from}"),
        }
    }
}
