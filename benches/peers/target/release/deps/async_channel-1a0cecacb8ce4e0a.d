/work/main/benches/peers/target/release/deps/async_channel-1a0cecacb8ce4e0a.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-channel-2.5.0/src/lib.rs

/work/main/benches/peers/target/release/deps/libasync_channel-1a0cecacb8ce4e0a.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-channel-2.5.0/src/lib.rs

/work/main/benches/peers/target/release/deps/libasync_channel-1a0cecacb8ce4e0a.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-channel-2.5.0/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-channel-2.5.0/src/lib.rs:
