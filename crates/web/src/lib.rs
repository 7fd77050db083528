//! HTTP/1.1, HTTP/2 and TLS: hyper and rustls, driven by this runtime.
//!
//! Those are Rust futures, which know no runtime of their own. Here is what they need of one:
//!
//! - Whoever waits in Altru for a future runs a [`Drive`](drive::Drive): a machine like all others (`wait::Machine`) that polls
//!   the future and, while it is pending, waits on a word that the future's waker counts up. So a task that waits for an
//!   answer frees its worker, a thread blocks, deadlines apply, and a cancelled wait drops the future.
//! - A future that is to run by itself (a client's connection, the streams of HTTP/2) is a task whose root is such a
//!   machine. It is cancelled at the end of the program like all tasks.
//! - Its timers are kept beside that word; the machine's wait ends when the first one is due.
//! - Its sockets are `Source`s of the reactor, with room for a waker.
//!
//! The division of labour: here is what the protocols are about, on one connection at a time. Which connection is used, how long
//! something may take, redirects, routes, whom a request is handed to: all that is Altru code in `std::http`. Values cross as
//! handles; heads of messages as text, a line each (`head`).
//!
//! A crate of its own, whose archive holds the whole runtime: a program that uses HTTP is linked with it, any other with
//! that of `rt`, which knows nothing of this. Nothing is started before the first call.

mod body;
mod calls;
mod client;
mod drive;
mod head;
mod server;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod trust;

use abi::waiting::{Context, Frame};
use calls::*;
use rt::check_exports;

use std::error::Error;
use std::fmt::Write;

abi::web_functions!(check_exports);

/// Like `rt::symbols`, of the whole runtime.
#[inline]
pub fn symbols() -> Vec<(&'static str, *const ())> {
    let mut symbols = rt::symbols();
    symbols.extend(listed());
    symbols
}

/// What a failure says, with what caused it.
fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Many repeat their cause.
        if !text.contains(&more) {
            let _ = write!(text, ": {more}");
        }
        cause = error.source();
    }
    text
}
