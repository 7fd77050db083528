//! Answers `Hello, World!` at the address in `ADDRESS`, for ever: hyper on tokio.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Response, server::conn::http1};
use hyper_util::rt::TokioIo;

use crate::runtimes::workers;
use crate::{Outcome, Version};

pub fn versions() -> Vec<Version> {
    vec![
        ("", "hyper on tokio", |_| serve(tokio::runtime::Builder::new_multi_thread().worker_threads(workers()))),
        ("", "hyper on tokio, one thread", |_| serve(&mut tokio::runtime::Builder::new_current_thread())),
    ]
}

fn serve(builder: &mut tokio::runtime::Builder) -> Outcome {
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let address = std::env::var("ADDRESS").expect("an address");
        let listener = tokio::net::TcpListener::bind(address).await.expect("a free address");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.set_nodelay(true);
            let hello = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"Hello, World!")))) });
            tokio::spawn(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), hello).await;
            });
        }
    })
}
