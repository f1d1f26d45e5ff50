//! A copy of the ledger as an answer, for the page and the API. It is made in pieces, as fast as whoever asked takes them.

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use rolecall_control::Office;
use rolecall_control::audit::export::{Format, export};

use crate::pipe::pipe;
use crate::problem::Problem;

/// The whole ledger as it is at this moment. Where it breaks off, the answer is not whole either. Who may have it was asked
/// before.
pub async fn answer(office: &Office, format: &str) -> Result<Response, Problem> {
    let (format, kind, name) = match format {
        "jsonl" => (Format::Jsonl, "application/x-ndjson", "ledger.jsonl"),
        "csv" => (Format::Csv, "text/csv; charset=utf-8", "ledger.csv"),
        "ocsf" => (Format::Ocsf, "application/x-ndjson", "ledger.ocsf.jsonl"),
        _ => return Err(Problem::new("not-found")),
    };
    let mut snapshot = office.store.read().snapshot().await?;
    let (mut pipe, body) = pipe();
    tokio::spawn(async move {
        let written = export(&mut snapshot, format, &mut pipe).await;
        if let Err(error) = written.and_then(|_| Ok(pipe.finish()?)) {
            tracing::warn!(%error, "an export was not taken to its end");
        }
    });
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, Body::from_stream(body)).into_response())
}
