//! Takes connections: only so many, none that dawdles over its headers; lets them finish at the end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::{App, ServeError};

/// The most connections at once; more wait for their turn.
const MOST: usize = 1_024;
/// How long a client may take for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// How long requests that run at the end are waited for.
const GRACE: Duration = Duration::from_secs(20);

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

pub async fn serve(
    listener: TcpListener,
    router: Router,
    app: App,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (graceful, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MOST)));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async {
            // The semaphore is never closed; without a place nothing is accepted.
            let place = Arc::clone(&room).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut shutdown => break,
            accepted = next => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Such as too many open files: others may be closed meanwhile.
                tracing::warn!(%error, "a connection could not be taken");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone().layer(Extension(Peer(peer))));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(32 * 1_024);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // What a client does wrong on its own connection is its own business.
            drop(connection.await);
            drop(place);
        });
    }
    drop(listener);
    app.close();
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections that were still busy are cut");
    }
    Ok(())
}
