/work/main/benches/peers/target/release/deps/flume-1d1cebe664e4cf22.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/async.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/signal.rs

/work/main/benches/peers/target/release/deps/libflume-1d1cebe664e4cf22.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/async.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/signal.rs

/work/main/benches/peers/target/release/deps/libflume-1d1cebe664e4cf22.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/async.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/signal.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/async.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/flume-0.12.0/src/signal.rs:
