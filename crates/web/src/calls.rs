//! The C face: what `std::http` calls.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use abi::RawString;
use abi::waiting::{Context, Frame};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::{Request, Response, http};
use tokio::sync::oneshot;

use crate::body::{self, Outgoing, Pieces, Sender};
use crate::server::{self, Limits};
use crate::stream::Socket;
use crate::tls::{self, Tls};
use crate::{client, drive, head};
use rt::embed::Source;
use rt::embed::{Out, bytes, text};

// Contract of every export: pointers are what the list in `abi` says of them, and valid until the call is over; strings
// that are appended to belong to the caller. A handle was given by the call that makes it, and is not used after the call
// that takes it.

const FAILED: i32 = 1;
const UNSENT: i32 = 2;
const CLOSED: i32 = 3;

macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$meta])*
            /// # Safety
            /// As the list in `abi` says.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($param: $ty),*) $(-> $ret)? {
                // SAFETY: the caller keeps the contract above. (One needs none.)
                #[allow(unused_unsafe)]
                unsafe { $body }
            }
        )*
    };
}

/// A message that is received: its head, its body, and for a request where the answer goes.
pub(crate) struct Message {
    head: Head,
    body: Incoming,
    answer: Option<oneshot::Sender<Response<Outgoing>>>,
}

enum Head {
    Request(http::request::Parts),
    Response(http::response::Parts),
}

impl Message {
    pub(crate) fn request(
        request: Request<Incoming>,
        answer: oneshot::Sender<Response<Outgoing>>,
    ) -> Box<Message> {
        let (head, body) = request.into_parts();
        Box::new(Message { head: Head::Request(head), body, answer: Some(answer) })
    }

    /// A request of HTTP/1, whose connection has no other one meanwhile, and nothing more comes of it.
    fn is_alone(&self) -> bool {
        match &self.head {
            Head::Request(head) => head.version != http::Version::HTTP_2 && self.body.is_end_stream(),
            Head::Response(_) => false,
        }
    }
}

/// What a call gives that may fail with an explanation.
///
/// # Safety
/// `out` has room, and `error` leads to a string.
unsafe fn give<T>(result: Result<T, String>, out: *mut *mut T, error: *mut RawString) -> i32 {
    // SAFETY: by contract.
    unsafe {
        match result {
            Ok(value) => {
                out.write(Box::into_raw(Box::new(value)));
                0
            }
            Err(why) => {
                Out::new(error).push(why.as_bytes());
                FAILED
            }
        }
    }
}

/// What a call gives that may fail with an explanation, and gives nothing else.
///
/// # Safety
/// `error` leads to a string.
unsafe fn told(result: Result<(), String>, error: *mut RawString) -> i32 {
    match result {
        Ok(()) => 0,
        Err(why) => {
            // SAFETY: by contract.
            unsafe { Out::new(error) }.push(why.as_bytes());
            FAILED
        }
    }
}

/// The body of a message that is sent.
///
/// # Safety
/// `pieces` is null or taken over; else `len` bytes are at `ptr`.
unsafe fn outgoing(pieces: *mut Pieces, ptr: *const u8, len: usize) -> Outgoing {
    // SAFETY: by contract.
    unsafe {
        if pieces.is_null() {
            client::whole(bytes(ptr, len))
        } else {
            Outgoing::Pieces(*Box::from_raw(pieces))
        }
    }
}

fn duration(nanos: i64) -> Duration {
    // What is "for ever" is so for all practical purposes.
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

exports! {
    // ---- TLS ----
    fn altru_http_tls_client(roots: *const u8, len: usize, http2: i32, out: *mut *mut Tls, error: *mut RawString) -> i32 {
        give(tls::client(bytes(roots, len), http2 != 0), out, error)
    }
    fn altru_http_tls_server(
        certificate: *const u8,
        certificate_len: usize,
        key: *const u8,
        key_len: usize,
        http2: i32,
        out: *mut *mut Tls,
        error: *mut RawString,
    ) -> i32 {
        let made = tls::server(bytes(certificate, certificate_len), bytes(key, key_len), http2 != 0);
        give(made, out, error)
    }
    fn altru_http_tls_drop(tls: *mut Tls) { drop(Box::from_raw(tls)) }

    // ---- bodies ----
    fn altru_http_pieces(sender: *mut *mut Sender, out: *mut *mut Pieces) {
        let (from, to) = body::pieces();
        sender.write(Box::into_raw(Box::new(from)));
        out.write(Box::into_raw(Box::new(to)));
    }
    fn altru_http_pieces_drop(pieces: *mut Pieces) { drop(Box::from_raw(pieces)) }
    fn altru_http_send_piece(
        cx: *mut Context,
        parent: *mut Frame,
        result: *mut i32,
        sender: *mut Sender,
        piece: *const u8,
        len: usize,
    ) -> i32 {
        let piece = Bytes::copy_from_slice(bytes(piece, len));
        let sender = &*sender;
        drive::run(cx, parent, result, async move { sender.send(piece).await.into() })
    }
    fn altru_http_finish(sender: *mut Sender) { (*sender).finish() }
    fn altru_http_sender_drop(sender: *mut Sender) { drop(Box::from_raw(sender)) }

    // ---- messages ----
    fn altru_http_head(message: *mut Message, out: *mut RawString) {
        match &(*message).head {
            Head::Request(head) => head::push_request(head, &mut Out::new(out)),
            Head::Response(head) => head::push_response(head, &mut Out::new(out)),
        }
    }
    fn altru_http_read(
        cx: *mut Context,
        parent: *mut Frame,
        result: *mut i64,
        message: *mut Message,
        out: *mut RawString,
        error: *mut RawString,
    ) -> i32 {
        let body = &mut (*message).body;
        drive::run(cx, parent, result, async move {
            match body::next(body).await {
                None => 0,
                Some(Ok(piece)) => {
                    Out::new(out).push(&piece);
                    piece.len() as i64
                }
                Some(Err(why)) => {
                    Out::new(error).push(why.as_bytes());
                    -1
                }
            }
        })
    }
    fn altru_http_answer(
        message: *mut Message,
        status: i64,
        fields: *mut HeaderMap,
        body: *const u8,
        body_len: usize,
        pieces: *mut Pieces,
        error: *mut RawString,
    ) -> i32 {
        let body = outgoing(pieces, body, body_len);
        let headers = *Box::from_raw(fields);
        let answered = head::parse_status(status).map(|status| {
            if let Some(answer) = (*message).answer.take() {
                let mut response = Response::new(body);
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                // Whoever has asked may be gone.
                let _ = answer.send(response);
            }
        });
        told(answered, error)
    }
    fn altru_http_is_alone(message: *mut Message) -> i32 { (*message).is_alone().into() }
    fn altru_http_fields() -> *mut HeaderMap { Box::into_raw(Box::new(HeaderMap::new())) }
    fn altru_http_field(
        fields: *mut HeaderMap,
        name: *const u8,
        name_len: usize,
        value: *const u8,
        value_len: usize,
        error: *mut RawString,
    ) -> i32 {
        told(head::add(&mut *fields, text(name, name_len), text(value, value_len)), error)
    }
    fn altru_http_fields_drop(fields: *mut HeaderMap) { drop(Box::from_raw(fields)) }
    fn altru_http_message_drop(message: *mut Message) { drop(Box::from_raw(message)) }

    // ---- the client's side ----
    fn altru_http_connect(
        cx: *mut Context,
        parent: *mut Frame,
        result: *mut i32,
        socket: *mut Source,
        tls: *mut Tls,
        host: *const u8,
        host_len: usize,
        http2: i32,
        out: *mut *mut client::Connection,
        error: *mut RawString,
    ) -> i32 {
        let socket = Socket::adopt(socket, client::PATIENCE);
        let (tls, host) = (tls.as_ref(), text(host, host_len));
        drive::run(cx, parent, result, async move {
            let opened = client::open(socket, tls, host, http2 != 0).await;
            give(opened, out, error)
        })
    }
    fn altru_http_is_open(connection: *mut client::Connection) -> i32 { (*connection).is_open().into() }
    fn altru_http_is_http2(connection: *mut client::Connection) -> i32 { (*connection).is_http2().into() }
    fn altru_http_share(connection: *mut client::Connection) -> *mut client::Connection {
        (*connection).share().map_or(std::ptr::null_mut(), |other| Box::into_raw(Box::new(other)))
    }
    fn altru_http_send(
        cx: *mut Context,
        parent: *mut Frame,
        result: *mut i32,
        connection: *mut client::Connection,
        line: *const u8,
        line_len: usize,
        fields: *mut HeaderMap,
        body: *const u8,
        body_len: usize,
        pieces: *mut Pieces,
        out: *mut *mut Message,
        error: *mut RawString,
    ) -> i32 {
        let body = outgoing(pieces, body, body_len);
        let headers = *Box::from_raw(fields);
        let (connection, line) = (&mut *connection, text(line, line_len));
        drive::run(cx, parent, result, async move {
            let answered = connection.send(line, headers, body).await;
            let code = match &answered {
                Ok(_) => 0,
                Err(failed) if failed.unsent => UNSENT,
                Err(failed) if failed.closed => CLOSED,
                Err(_) => FAILED,
            };
            let message = answered.map_err(|failed| failed.why).map(|response| {
                let (head, body) = response.into_parts();
                Message { head: Head::Response(head), body, answer: None }
            });
            give(message, out, error);
            code
        })
    }
    fn altru_http_connection_drop(connection: *mut client::Connection) { drop(Box::from_raw(connection)) }

    // ---- the server's side ----
    fn altru_http_serve(
        socket: *mut Source,
        tls: *mut Tls,
        head: i64,
        idle: i64,
        patience: i64,
        stopper: *mut *mut Arc<server::Stop>,
    ) -> *mut server::Connection {
        let socket = Socket::adopt(socket, duration(patience));
        let limits = Limits { head: usize::try_from(head).unwrap_or(0), idle: duration(idle) };
        let connection = server::Connection::new(socket, tls.as_ref(), limits);
        stopper.write(Box::into_raw(Box::new(connection.stop())));
        Box::into_raw(Box::new(connection))
    }
    fn altru_http_next(
        cx: *mut Context,
        parent: *mut Frame,
        result: *mut i32,
        connection: *mut server::Connection,
        out: *mut *mut Message,
        error: *mut RawString,
    ) -> i32 {
        let connection = &mut *connection;
        let alarm = connection.alarm.clone();
        let next = async move {
            match poll_fn(|cx| connection.poll_next(cx)).await {
                Ok(None) => 0,
                Ok(Some(message)) => {
                    out.write(Box::into_raw(message));
                    1
                }
                Err(why) => {
                    Out::new(error).push(why.as_bytes());
                    -1
                }
            }
        };
        drive::run_with(cx, parent, result, next, alarm)
    }
    fn altru_http_stop(stopper: *mut Arc<server::Stop>) { (*stopper).tell() }
    fn altru_http_stopper_drop(stopper: *mut Arc<server::Stop>) { drop(Box::from_raw(stopper)) }
    fn altru_http_server_drop(connection: *mut server::Connection) { drop(Box::from_raw(connection)) }
}
