//! Heads of messages. One that has come crosses to Altru as text, a line each,
//!
//! ```text
//! GET /path?query HTTP/1.1        or        200 HTTP/1.1
//! name: value
//! ```
//!
//! in which neither names nor values hold a line break: hyper sees to that. One that is to be sent is put together here, header by
//! header.

use std::borrow::Cow;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode, Uri, Version, http};

use rt::embed::Out;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn push_all(parts: &[&[u8]], out: &mut Out<'_>) {
    out.reserve(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| out.push(part));
}

fn push_headers(headers: &HeaderMap, out: &mut Out<'_>) {
    for (name, value) in headers {
        let text = match value.to_str() {
            Ok(text) => Cow::Borrowed(text),
            // Not ASCII: UTF-8 as people write it nowadays, whatever is not becomes U+FFFD.
            Err(_) => String::from_utf8_lossy(value.as_bytes()),
        };
        push_all(&[b"\n", name.as_str().as_bytes(), b": ", text.as_bytes()], out);
    }
}

pub(super) fn push_request(head: &http::request::Parts, out: &mut Out<'_>) {
    let target = match head.uri.path_and_query() {
        // In HTTP/2 the authority is no header: it becomes the one that HTTP/1 has.
        Some(path) => Cow::Borrowed(path.as_str()),
        None => Cow::Owned(head.uri.to_string()),
    };
    let (method, version) = (head.method.as_str(), version(head.version));
    push_all(&[method.as_bytes(), b" ", target.as_bytes(), b" ", version.as_bytes()], out);
    if let Some(authority) = head.uri.authority()
        && !head.headers.contains_key(hyper::header::HOST)
    {
        push_all(&[b"\nhost: ", authority.as_str().as_bytes()], out);
    }
    push_headers(&head.headers, out);
}

pub(super) fn push_response(head: &http::response::Parts, out: &mut Out<'_>) {
    push_all(&[head.status.as_str().as_bytes(), b" ", version(head.version).as_bytes()], out);
    push_headers(&head.headers, out);
}

/// Adds a header to those of a message that is to be sent.
pub(super) fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    // What most answers say of themselves is there already.
    let known = match name {
        "content-type" => Ok(hyper::header::CONTENT_TYPE),
        _ => HeaderName::from_bytes(name.as_bytes()),
    };
    let content = match value {
        TEXT => Ok(HeaderValue::from_static(TEXT)),
        JSON => Ok(HeaderValue::from_static(JSON)),
        _ => HeaderValue::from_bytes(value.as_bytes()),
    };
    if let (Ok(known), Ok(content)) = (known, content) {
        headers.append(known, content);
        return Ok(());
    }
    let line = name.lines().next().unwrap_or_default();
    let is_broken = |text: &str| text.bytes().any(|byte| byte == b'\n' || byte == b'\r');
    Err(if is_broken(name) || is_broken(value) {
        format!("the header `{line}` holds a line break")
    } else if HeaderName::from_bytes(name.as_bytes()).is_err() {
        format!("`{name}` is not a name of a header")
    } else {
        format!("the header `{line}` holds a control character")
    })
}

/// The first line of a request: `METHOD URL`.
pub(super) fn parse_line(text: &str) -> Result<(Method, Uri), String> {
    let (method, uri) = text.split_once(' ').unwrap_or((text, ""));
    let known = method.parse().map_err(|_| format!("`{method}` is not a method of HTTP"))?;
    let target = uri.parse().map_err(|_| format!("`{uri}` is not a URL"))?;
    Ok((known, target))
}

pub(super) fn parse_status(number: i64) -> Result<StatusCode, String> {
    let known = u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok());
    known.ok_or_else(|| format!("`{number}` is not a status of HTTP"))
}
