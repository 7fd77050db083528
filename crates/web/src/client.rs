//! A client's connection: opened, used for one exchange after another (HTTP/1) or for many at a time (HTTP/2).

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::HeaderMap;
use hyper::{Request, Response};
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::body::Outgoing;
use crate::drive::{Clock, Tasks, spawn};
use crate::stream::{Socket, Stream};
use crate::tls::Tls;
use crate::{explain, head, tls};

/// How long a server may take nothing of what is sent.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// What a head may take, as for a server.
const MAX_HEAD: usize = 64 * 1024;

pub(crate) enum Connection {
    Http1(http1::SendRequest<Outgoing>),
    Http2(http2::SendRequest<Outgoing>),
}

/// What became of a request that got no answer.
pub(super) struct Unanswered {
    pub(super) why: String,
    /// The server has seen nothing of it: it can be sent again elsewhere.
    pub(super) unsent: bool,
    /// The connection ended where the answer should have begun, as it does if the server just gave it up.
    pub(super) closed: bool,
}

/// Negotiates what there is to negotiate, and starts the task that drives the connection.
pub(super) async fn open(
    socket: Socket,
    tls: Option<&Tls>,
    host: &str,
    http2: bool,
) -> Result<Connection, String> {
    let stream = match tls {
        Some(Tls::Client(config)) => {
            let name = ServerName::try_from(host.to_string())
                .map_err(|_| format!("`{host}` is not a name that a certificate could be for"))?;
            let connected = TlsConnector::from(config.clone()).connect(name, socket).await;
            let tls = connected.map_err(|error| tls::explain_failure(&error, host))?;
            Stream::Tls(Box::new(tls.into()))
        }
        Some(Tls::Server(_)) => return Err("these are a server's settings of TLS".to_string()),
        None => Stream::Plain(socket, Vec::new()),
    };
    if stream.agreed_on_http2() || (http2 && tls.is_none()) {
        let (sender, connection) = http2::Builder::new(Tasks)
            .timer(Clock)
            .adaptive_window(true)
            .max_header_list_size(MAX_HEAD as u32)
            .handshake(stream)
            .await
            .map_err(|error| explain(&error))?;
        // How it ends, those learn who use it.
        spawn(Box::pin(async { drop(connection.await) }));
        return Ok(Connection::Http2(sender));
    }
    let (sender, connection) = http1::Builder::new()
        .max_header_size(MAX_HEAD)
        .handshake(stream)
        .await
        .map_err(|error| explain(&error))?;
    spawn(Box::pin(async { drop(connection.await) }));
    Ok(Connection::Http1(sender))
}

impl Connection {
    pub(super) fn is_open(&self) -> bool {
        match self {
            Connection::Http1(sender) => !sender.is_closed(),
            Connection::Http2(sender) => !sender.is_closed(),
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self, Connection::Http2(_))
    }

    /// Another handle of the same one, if it takes several requests at a time.
    pub(super) fn share(&self) -> Option<Connection> {
        match self {
            Connection::Http1(_) => None,
            Connection::Http2(sender) => Some(Connection::Http2(sender.clone())),
        }
    }

    /// Sends a request, and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        line: &str,
        headers: HeaderMap,
        body: Outgoing,
    ) -> Result<Response<Incoming>, Unanswered> {
        let wrong = |why| Unanswered { why, unsent: false, closed: false };
        let (method, uri) = head::parse_line(line).map_err(wrong)?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        // HTTP/1 has the host in a header, which std sets.
        match self {
            Connection::Http1(_) => {
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                *request.uri_mut() = path.parse().map_err(|_| wrong(format!("`{uri}`: bad path")))?;
            }
            Connection::Http2(_) => {
                request.headers_mut().remove(hyper::header::HOST);
                *request.uri_mut() = uri;
            }
        }
        let answer = match self {
            Connection::Http1(sender) => {
                let gone =
                    |error: hyper::Error| Unanswered { why: explain(&error), unsent: true, closed: true };
                poll_fn(|cx| sender.poll_ready(cx)).await.map_err(gone)?;
                sender.try_send_request(request).await
            }
            Connection::Http2(sender) => sender.try_send_request(request).await,
        };
        answer.map_err(|mut failed| {
            let unsent = failed.take_message().is_some();
            let error = failed.into_error();
            let closed = unsent || error.is_incomplete_message() || error.is_closed() || is_reset(&error);
            Unanswered { why: explain(&error), unsent, closed }
        })
    }
}

/// The other side had closed the connection, and was told so by what was sent.
fn is_reset(error: &hyper::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.is_some_and(|e| matches!(e.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected))
}

/// A whole body.
pub(super) fn whole(bytes: &[u8]) -> Outgoing {
    Outgoing::Whole(Some(Bytes::copy_from_slice(bytes)))
}
