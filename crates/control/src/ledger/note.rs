//! Signed notes (c2sp.org/signed-note) with Ed25519 keys: what a checkpoint is written on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// What the format calls Ed25519.
const ED25519: u8 = 1;
/// Longer notes are not read: a checkpoint has some 250 bytes.
const LONGEST: usize = 100_000;

/// Why a note or a key was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// It is no note.
    #[error("this is no signed note (c2sp.org/signed-note)")]
    Malformed,
    /// It bears no signature of this key.
    #[error("the note is not signed by {0}")]
    NotSigned(String),
    /// The signature is wrong: forged, or the text was changed.
    #[error("the signature of {0} is wrong: the note was forged or changed")]
    Forged(String),
    /// The key is not written as it should be.
    #[error("this is no Ed25519 key of a signed note; one is written NAME+HASH+KEY")]
    Key,
}

/// A public key: who signs, and how to check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads `NAME+HASH+KEY`.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let Some((&ED25519, key)) = bytes.split_first() else { return Err(NoteError::Key) };
        let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok()).ok_or(NoteError::Key)?;
        let public = Self::new(name, key)?;
        // A small-order key would let one signature pass for many texts.
        if key.is_weak() || hex(&public.id()) != hash {
            return Err(NoteError::Key);
        }
        Ok(public)
    }

    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        valid_name(name).then(|| Self { name: name.to_owned(), key }).ok_or(NoteError::Key)
    }

    /// The key's name, which is the ledger's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over the name, a line feed, the kind and the key.
    fn id(&self) -> [u8; 4] {
        let hash =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// The text of a note, if this key signed it.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        if note.len() > LONGEST || note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let text = note.get(..=text.len()).ok_or(NoteError::Malformed)?;
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let mut found = false;
        for line in signatures.split('\n') {
            let (name, signature) =
                line.strip_prefix("— ").and_then(|line| line.split_once(' ')).ok_or(NoteError::Malformed)?;
            let bytes = STANDARD.decode(signature).map_err(|_| NoteError::Malformed)?;
            let (id, signature) = bytes.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
            if !valid_name(name) {
                return Err(NoteError::Malformed);
            }
            if name != self.name || *id != self.id() {
                continue;
            }
            let forged = || NoteError::Forged(self.name.clone());
            let signature = Signature::from_slice(signature).map_err(|_| forged())?;
            self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| forged())?;
            found = true;
        }
        if found { Ok(text) } else { Err(NoteError::NotSigned(self.name.clone())) }
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex(&self.id()))
    }
}

/// A key that signs. It has no `Debug`, no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct SecretKey {
    public: PublicKey,
    key: SigningKey,
}

impl SecretKey {
    /// A key from 32 random bytes.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(seed);
        Ok(Self { public: PublicKey::new(name, key.verifying_key())?, key })
    }

    /// Reads `PRIVATE+KEY+NAME+HASH+KEY`.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().strip_prefix("PRIVATE+KEY+").ok_or(NoteError::Key)?.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let Some((&ED25519, seed)) = bytes.split_first() else { return Err(NoteError::Key) };
        let key = Self::new(name, seed.try_into().map_err(|_| NoteError::Key)?)?;
        if hex(&key.public.id()) == hash { Ok(key) } else { Err(NoteError::Key) }
    }

    /// As it is written to the key's file, and nowhere else.
    pub(super) fn reveal(&self) -> String {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        format!("PRIVATE+KEY+{}+{}+{key}", self.public.name, hex(&self.public.id()))
    }

    /// The key that checks it.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a text, which ends in a line feed.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        let line = STANDARD.encode([self.public.id().as_slice(), &signature.to_bytes()].concat());
        format!("{text}\n— {} {line}\n", self.public.name)
    }
}

fn valid_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
