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

/// Takes what is written. What is left is handed on when it is dropped.
pub struct Pipe {
    piece: Vec<u8>,
    out: Sender<Piece>,
}

/// A pipe and its other end.
pub fn pipe() -> (Pipe, impl Stream<Item = Piece>) {
    let (out, taken) = channel(WAITING);
    let next = |mut taken: Receiver<Piece>| async move { taken.recv().await.map(|piece| (piece, taken)) };
    (Pipe { piece: Vec::new(), out }, unfold(taken, next))
}

impl Pipe {
    /// Cuts the body off, so that whoever takes it sees that it is not whole.
    pub fn fail(&mut self) {
        self.piece.clear();
        drop(self.send(Err(io::Error::other("not whole"))));
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
        // Whoever took it may be gone.
        drop(self.flush());
    }
}
