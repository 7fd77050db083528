/work/main/benches/peers/target/release/deps/async_signal-7af784f317387e14.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/pipe.rs

/work/main/benches/peers/target/release/deps/libasync_signal-7af784f317387e14.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/pipe.rs

/work/main/benches/peers/target/release/deps/libasync_signal-7af784f317387e14.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/pipe.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-signal-0.2.14/src/pipe.rs:
