//! Heads of messages as text, the way they cross to Altru and back: a line each,
//!
//! ```text
//! GET /path?query HTTP/1.1        or        200
//! name: value
//! ```
//!
//! Neither names nor values hold a line break, which hyper sees to in one direction and `std::http` in the other.

use std::fmt::Write;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode, Uri, Version, http};

use rt::embed::Out;

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn push_headers(headers: &HeaderMap, out: &mut Out<'_>) {
    for (name, value) in headers {
        out.push(b"\n");
        out.push(name.as_str().as_bytes());
        out.push(b": ");
        match value.to_str() {
            Ok(text) => out.push(text.as_bytes()),
            // Not ASCII: UTF-8 as people write it nowadays, whatever is not becomes U+FFFD.
            Err(_) => out.push(String::from_utf8_lossy(value.as_bytes()).as_bytes()),
        }
    }
}

pub(super) fn push_request(head: &http::request::Parts, out: &mut Out<'_>) {
    out.push(head.method.as_str().as_bytes());
    out.push(b" ");
    let mut target = String::new();
    match head.uri.path_and_query() {
        // In HTTP/2 the authority is no header: it becomes the one that HTTP/1 has.
        Some(path) => target.push_str(path.as_str()),
        None => drop(write!(target, "{}", head.uri)),
    }
    out.push(target.as_bytes());
    out.push(b" ");
    out.push(version(head.version).as_bytes());
    if let Some(authority) = head.uri.authority()
        && !head.headers.contains_key(hyper::header::HOST)
    {
        out.push(b"\nhost: ");
        out.push(authority.as_str().as_bytes());
    }
    push_headers(&head.headers, out);
}

pub(super) fn push_response(head: &http::response::Parts, out: &mut Out<'_>) {
    out.push(head.status.as_str().as_bytes());
    out.push(b" ");
    out.push(version(head.version).as_bytes());
    push_headers(&head.headers, out);
}

fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        let known = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{name}` is not a name of a header"))?;
        let value = HeaderValue::from_str(value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| format!("the header `{name}` holds a control character"))?;
        headers.append(known, value);
    }
    Ok(headers)
}

pub(super) fn parse_request(text: &str) -> Result<(Method, Uri, HeaderMap), String> {
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let (method, uri) = first.split_once(' ').unwrap_or((first, ""));
    let known = method.parse().map_err(|_| format!("`{method}` is not a method of HTTP"))?;
    let target = uri.parse().map_err(|_| format!("`{uri}` is not a URL"))?;
    Ok((known, target, headers(lines)?))
}

pub(super) fn parse_response(text: &str) -> Result<(StatusCode, HeaderMap), String> {
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let status = first.parse().map_err(|_| format!("`{first}` is not a status of HTTP"))?;
    Ok((status, headers(lines)?))
}
