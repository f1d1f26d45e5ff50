//! The secrets of tokens and sessions: how they are made, told apart and hashed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use rolecall_core::secret::Secret;
use sha2::{Digest, Sha256};

use crate::store::Use;

/// By this, people and scanners of leaked secrets know what it is.
const PREFIX: &str = "rolecall_";
/// 32 random bytes in base64url.
const LETTERS: usize = 43;

/// A new secret: 256 random bits, so that its plain SHA-256 can be kept.
pub fn mint(used: Use) -> Secret {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let letters = URL_SAFE_NO_PAD.encode(bytes);
    Secret::new(match used {
        Use::Token => format!("{PREFIX}{letters}"),
        Use::Session => letters,
    })
}

/// What is kept of a secret; None: it cannot be one.
pub fn hash(secret: &Secret, used: Use) -> Option<[u8; 32]> {
    let letters = match used {
        Use::Token => secret.reveal().strip_prefix(PREFIX)?,
        Use::Session => secret.reveal(),
    };
    let fits = letters.len() == LETTERS && letters.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| Sha256::digest(secret.reveal().as_bytes()).into())
}

/// What a form of a session must bear: only who knows the session's secret can make it, and it does not tell the secret.
pub fn csrf(session: &Secret) -> String {
    let mut hash = Sha256::new();
    hash.update(b"rolecall form\0");
    hash.update(session.reveal().as_bytes());
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
