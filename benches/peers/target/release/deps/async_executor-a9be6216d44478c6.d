/work/main/benches/peers/target/release/deps/async_executor-a9be6216d44478c6.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-executor-1.14.1/src/lib.rs

/work/main/benches/peers/target/release/deps/libasync_executor-a9be6216d44478c6.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-executor-1.14.1/src/lib.rs

/work/main/benches/peers/target/release/deps/libasync_executor-a9be6216d44478c6.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-executor-1.14.1/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-executor-1.14.1/src/lib.rs:
