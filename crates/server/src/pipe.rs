//! From a writer to a body, with only so much between them.

use std::io::{self, Write};

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::block_in_place;

/// How much is gathered before it is handed on.
const PIECE: usize = 64 * 1_024;
/// How many pieces may wait.
const WAITING: usize = 4;

type Piece = io::Result<Vec<u8>>;

/// Takes what is written. Unless it is finished, whoever takes the body sees that it is not whole, whatever went wrong.
pub struct Pipe {
    piece: Vec<u8>,
    out: Sender<Piece>,
    whole: bool,
}

/// A pipe and its other end.
pub fn pipe() -> (Pipe, impl Stream<Item = Piece>) {
    let (out, taken) = channel(WAITING);
    let next = |mut taken: Receiver<Piece>| async move { taken.recv().await.map(|piece| (piece, taken)) };
    (Pipe { piece: Vec::new(), out, whole: false }, unfold(taken, next))
}

impl Pipe {
    /// Everything was written.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.whole = true;
        Ok(())
    }

    fn send(&self, piece: Piece) -> io::Result<()> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        block_in_place(|| Handle::current().block_on(self.out.send(piece))).map_err(gone)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        if piece.is_empty() { Ok(()) } else { self.send(Ok(piece)) }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if !self.whole {
            // Whoever took it may be gone.
            drop(self.send(Err(io::Error::other("not whole"))));
        }
    }
}
