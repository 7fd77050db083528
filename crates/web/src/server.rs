//! A server's connection: requests come out of it one by one, each is answered when its answer is there.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::calls::Message;
use crate::drive::{Alarm, Clock, Sleep, Tasks};
use crate::explain;
use crate::stream::{Socket, Stream};
use crate::tls::Tls;

/// What begins a connection of HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the peer may do.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// How large a head may be.
    pub(super) head: usize,
    /// How long the next request may take, or TLS.
    pub(super) idle: Duration,
}

type Protocol = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Requests that have come. They come only while the protocol is polled, by whoever takes them afterwards: nobody has to be woken.
type Requests = Arc<Mutex<VecDeque<Box<Message>>>>;

/// What makes a connection end after the requests it has.
pub(crate) struct Stop {
    told: AtomicBool,
    /// Of whoever drives the connection: he looks each time he polls.
    alarm: Arc<Alarm>,
}

impl Stop {
    pub(super) fn tell(&self) {
        // Release: whoever is woken sees it.
        self.told.store(true, Ordering::Release);
        self.alarm.wake_by_ref();
    }

    fn poll(&self) -> Poll<()> {
        if self.told.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

pub(crate) struct Connection {
    /// What drives it; `None` when it has ended.
    protocol: Option<Protocol>,
    requests: Requests,
    stop: Arc<Stop>,
    pub(super) alarm: Arc<Alarm>,
}

impl Connection {
    pub(super) fn new(socket: Socket, tls: Option<&Tls>, limits: Limits) -> Connection {
        let requests = Requests::default();
        let alarm = Alarm::new();
        let stop = Arc::new(Stop { told: AtomicBool::new(false), alarm: alarm.clone() });
        let acceptor = match tls {
            Some(Tls::Server(config)) => Some(TlsAcceptor::from(config.clone())),
            _ => None,
        };
        let protocol = Box::pin(serve(socket, acceptor, limits, requests.clone(), stop.clone()));
        Connection { protocol: Some(protocol), requests, stop, alarm }
    }

    /// What makes it end after the requests it has.
    pub(super) fn stop(&self) -> Arc<Stop> {
        self.stop.clone()
    }

    /// The next request; `None` at the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Box<Message>>, String>> {
        let mut pending = false;
        loop {
            let first = self.requests.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if first.is_some() {
                return Poll::Ready(Ok(first));
            }
            let Some(protocol) = &mut self.protocol else { return Poll::Ready(Ok(None)) };
            if pending {
                return Poll::Pending;
            }
            match protocol.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    self.protocol = None;
                    result?;
                }
                Poll::Pending => pending = true,
            }
        }
    }
}

/// Nobody answers a request: its connection ends.
#[derive(Debug)]
struct Unanswered;

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a request was not answered")
    }
}

impl std::error::Error for Unanswered {}

async fn serve(
    socket: Socket,
    acceptor: Option<TlsAcceptor>,
    limits: Limits,
    requests: Requests,
    stop: Arc<Stop>,
) -> Result<(), String> {
    let Some(begun) = within(limits.idle, &stop, begin(socket, acceptor)).await else {
        return Ok(());
    };
    let (stream, is_http2) = begun.map_err(|error| explain(&error))?;
    // Held by each request that is not yet answered.
    let busy = Arc::new(());
    let token = busy.clone();
    let service = service_fn(move |request| {
        let (answer, answered) = oneshot::channel();
        let token = token.clone();
        let message = Message::request(request, answer);
        requests.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
        async move {
            let _token = token;
            answered.await.map_err(|_| Unanswered)
        }
    });
    let ended = if is_http2 {
        let connection = http2::Builder::new(Tasks)
            .timer(Clock)
            .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
            .serve_connection(stream, service);
        let is_busy = || Arc::strong_count(&busy) > 2;
        let stop = until_idle(limits.idle, &stop, is_busy);
        until_stopped(connection, stop, |connection| connection.graceful_shutdown()).await
    } else {
        let connection = http1::Builder::new()
            .timer(Clock)
            // Who has ended its side may still want its answer.
            .half_close(true)
            .header_read_timeout(limits.idle)
            .max_header_size(limits.head)
            .serve_connection(stream, service);
        let stop = poll_fn(|_| stop.poll());
        until_stopped(connection, stop, |connection| connection.graceful_shutdown()).await
    };
    ended.map_err(|error| explain(&error))
}

/// Drives a connection to its end, which it is asked to come to when it is told to stop.
async fn until_stopped<C: Future>(
    connection: C,
    stop: impl Future<Output = ()>,
    shut_down: impl Fn(Pin<&mut C>),
) -> C::Output {
    let (mut connection, mut stop) = (pin!(connection), pin!(stop));
    let mut stopping = false;
    poll_fn(|cx| {
        if !stopping && stop.as_mut().poll(cx).is_ready() {
            stopping = true;
            shut_down(connection.as_mut());
        }
        connection.as_mut().poll(cx)
    })
    .await
}

/// Ready when told to stop, or when there was no request for a time (up to twice as long as said).
async fn until_idle(time: Duration, stop: &Stop, is_busy: impl Fn() -> bool) {
    let mut was_busy = true;
    loop {
        let _: Option<Infallible> = within(time, stop, pending()).await;
        if stop.poll().is_ready() || !was_busy && !is_busy() {
            return;
        }
        was_busy = is_busy();
    }
}

/// Negotiates TLS, or finds out which version of HTTP a plain connection speaks.
async fn begin(socket: Socket, acceptor: Option<TlsAcceptor>) -> io::Result<(Stream, bool)> {
    if let Some(acceptor) = acceptor {
        let stream = Stream::Tls(Box::new(acceptor.accept(socket).await?.into()));
        let http2 = stream.agreed_on_http2();
        return Ok((stream, http2));
    }
    let mut socket = socket;
    let mut before = Vec::with_capacity(PREFACE.len());
    while before.len() < PREFACE.len() && PREFACE.starts_with(&before) {
        let mut room = [0; PREFACE.len()];
        let mut buffer = ReadBuf::new(&mut room[before.len()..]);
        poll_fn(|cx| Pin::new(&mut socket).poll_read(cx, &mut buffer)).await?;
        if buffer.filled().is_empty() {
            break;
        }
        before.extend_from_slice(buffer.filled());
    }
    let http2 = before == PREFACE;
    Ok((Stream::Plain(socket, before), http2))
}

/// What a future gives, unless the time passes or it is told to stop before.
async fn within<F: Future>(time: Duration, stop: &Stop, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut sleep = pin!(Sleep::new(time));
    poll_fn(|cx| {
        if let Poll::Ready(out) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(out));
        }
        if stop.poll().is_ready() || sleep.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}
