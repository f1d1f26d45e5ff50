//! What pages load: our own style and scripts, under addresses that name their contents and so never change.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::failure::Failure;
use crate::problem::Problem;

/// A file in the binary.
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    hash: LazyLock<String>,
}

macro_rules! assets {
    ($($constant:ident $name:literal $kind:literal)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $constant: Asset = Asset {
                name: $name,
                kind: $kind,
                bytes: include_bytes!(concat!("static/", $name)),
                hash: LazyLock::new(|| hash(include_bytes!(concat!("static/", $name)))),
            };
        )*
        static ALL: &[&Asset] = &[$(&$constant),*];
    };
}

assets! {
    STYLE "style.css" "text/css; charset=utf-8"
    CLOCK "clock.js" "text/javascript; charset=utf-8"
    LIVE "live.js" "text/javascript; charset=utf-8"
    MARK "mark.svg" "image/svg+xml"
}

impl Asset {
    /// Its address.
    pub fn address(&self) -> String {
        format!("/static/{}/{}", *self.hash, self.name)
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

pub async fn get(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, Failure> {
    let found = ALL.iter().find(|asset| asset.name == name && *asset.hash == hash);
    let asset = found.ok_or_else(|| Problem::new("not-found"))?;
    let tag = format!("\"{}\"", *asset.hash);
    let known =
        headers.get_all(IF_NONE_MATCH).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(&tag)));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { asset.bytes.into_response() };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.extend(HeaderValue::from_str(&tag).map(|tag| (ETAG, tag)));
    Ok(response)
}
