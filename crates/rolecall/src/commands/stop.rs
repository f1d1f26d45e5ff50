//! Being told to stop: by Ctrl-C or by a service manager.

use tokio::signal::unix::{SignalKind, signal};

/// Ends at the first signal to stop. From this call on, not only from its first poll, none of them ends the program by
/// itself: what it has begun until then can be cleaned up.
pub fn asked() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
