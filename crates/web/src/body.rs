//! Bodies of messages, both ways.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::mpsc;

use crate::explain;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is sent: whole, or piece by piece.
pub(crate) enum Outgoing {
    /// `None`: sent.
    Whole(Option<Bytes>),
    Pieces(Pieces),
}

pub(crate) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    finished: Arc<AtomicBool>,
}

/// The other end of `Pieces`. Dropped before `finish`, it breaks the message off.
pub(crate) struct Sender {
    pieces: Option<mpsc::Sender<Bytes>>,
    finished: Arc<AtomicBool>,
}

/// A body of pieces. One can be on its way while the next is made; whoever sends more waits.
pub(super) fn pieces() -> (Sender, Pieces) {
    let (sender, receiver) = mpsc::channel(1);
    let finished = Arc::new(AtomicBool::new(false));
    (Sender { pieces: Some(sender), finished: finished.clone() }, Pieces { pieces: receiver, finished })
}

impl Sender {
    /// False: nobody takes it any more.
    pub(super) async fn send(&self, piece: Bytes) -> bool {
        match &self.pieces {
            // An empty piece would look like the end to HTTP/1.
            Some(_) if piece.is_empty() => true,
            Some(pieces) => pieces.send(piece).await.is_ok(),
            None => false,
        }
    }

    pub(super) fn finish(&mut self) {
        // Release: whoever sees the channel closed sees this.
        self.finished.store(true, Ordering::Release);
        self.pieces = None;
    }
}

/// The sender of a body went away before its end.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body was not finished")
    }
}

impl std::error::Error for BrokenOff {}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut *self {
            Outgoing::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Outgoing::Pieces(Pieces { pieces, finished }) => match ready!(pieces.poll_recv(cx)) {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None if finished.load(Ordering::Acquire) => Poll::Ready(None),
                None => Poll::Ready(Some(Err(BrokenOff))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Outgoing::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Outgoing::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Outgoing::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Outgoing::Pieces(_) => SizeHint::default(),
        }
    }
}

/// The next piece of a body that is received; `None` at its end.
pub(super) async fn next(body: &mut Incoming) -> Option<Result<Bytes, String>> {
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) if !bytes.is_empty() => return Some(Ok(bytes)),
            // Trailers, which nobody asks for.
            Ok(_) => {}
            Err(error) => return Some(Err(explain(&error))),
        }
    }
}
