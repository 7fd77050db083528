//! What a connection runs over: a socket of the reactor, plain or with TLS.

use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::ReadBufCursor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::drive::Sleep;
use rt::embed::{Direction, Source, message, poll_call, poll_read, retry};

/// A socket. Closed when it is dropped.
pub(super) struct Socket {
    source: *const Source,
    /// How long the peer may take nothing of what is written.
    patience: Duration,
    stalled: Option<Sleep>,
}

// SAFETY: the source is the socket's own, and is used by one thread at a time.
unsafe impl Send for Socket {}

impl Socket {
    /// # Safety
    /// The source is the caller's, who gives it away.
    pub(super) unsafe fn adopt(source: *const Source, patience: Duration) -> Socket {
        Socket { source, patience, stalled: None }
    }

    fn source(&self) -> &Source {
        // SAFETY: alive until the drop.
        unsafe { &*self.source }
    }

    /// Makes a call that writes; one that makes no progress for too long fails.
    fn poll_write_call(
        &mut self,
        cx: &mut Context<'_>,
        mut call: impl FnMut(i32) -> i64,
    ) -> Poll<io::Result<usize>> {
        let source = self.source();
        let fd = source.fd();
        if let Poll::Ready(result) = poll_call(source, Direction::Write, cx, || retry(|| call(fd))) {
            self.stalled = None;
            return Poll::Ready(size(result));
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Sleep::new(patience));
        ready!(Pin::new(stalled).poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing of what is sent")))
    }

    /// Reads to where `room` is.
    fn poll_fill(&self, cx: &mut Context<'_>, room: &mut [MaybeUninit<u8>]) -> Poll<io::Result<usize>> {
        poll_read(self.source(), cx, room).map(size)
    }
}

fn size(result: Result<i64, i32>) -> io::Result<usize> {
    match result {
        Ok(n) => Ok(n as usize),
        // The runtime's words, of the system's kind.
        Err(code) => Err(io::Error::new(io::Error::from_raw_os_error(code).kind(), message(code))),
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the socket's own, and nobody waits for it: that would be its future.
        unsafe { Source::close(self.source) };
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: `poll_fill` only writes to it, and from its start.
        unsafe {
            let n = ready!(self.poll_fill(cx, buffer.unfilled_mut()))?;
            buffer.assume_init(n);
            buffer.advance(n);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // SAFETY: so many bytes are there.
        self.poll_write_call(cx, |fd| unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) as i64 })
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // The kernel takes no more at once.
        let count = pieces.len().min(libc::UIO_MAXIOV as usize) as i32;
        // SAFETY: an `IoSlice` is laid out as the kernel's.
        self.poll_write_call(cx, |fd| unsafe { libc::writev(fd, pieces.as_ptr().cast(), count) as i64 })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // SAFETY: a plain system call. If the peer is gone already, there is nothing to tell it.
        unsafe { libc::shutdown(self.source().fd(), libc::SHUT_WR) };
        Poll::Ready(Ok(()))
    }
}

/// What hyper reads and writes.
pub(super) enum Stream {
    /// With what was read of it before hyper had it.
    Plain(Socket, Vec<u8>),
    Tls(Box<tokio_rustls::TlsStream<Socket>>),
}

impl Stream {
    fn io(self: Pin<&mut Self>) -> Pin<&mut (dyn Both + Unpin)> {
        match self.get_mut() {
            Stream::Plain(socket, _) => Pin::new(socket),
            Stream::Tls(tls) => Pin::new(&mut **tls),
        }
    }

    /// Whether the two sides have agreed on HTTP/2 while they negotiated TLS.
    pub(super) fn agreed_on_http2(&self) -> bool {
        match self {
            Stream::Plain(..) => false,
            Stream::Tls(tls) => tls.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

trait Both: AsyncRead + AsyncWrite {}
impl<T: AsyncRead + AsyncWrite> Both for T {}

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if let Stream::Plain(_, before) = &mut *self
            && !before.is_empty()
        {
            let n = before.len().min(cursor.remaining());
            cursor.put_slice(&before[..n]);
            before.drain(..n);
            return Poll::Ready(Ok(()));
        }
        // SAFETY: nothing is made uninitialised by those who read into a `ReadBuf`; as much as it says is filled.
        unsafe {
            let mut buffer = ReadBuf::uninit(cursor.as_mut());
            ready!(self.io().poll_read(cx, &mut buffer))?;
            let n = buffer.filled().len();
            cursor.advance(n);
        }
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(socket, _) => socket.is_write_vectored(),
            Stream::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, pieces)
    }
}
