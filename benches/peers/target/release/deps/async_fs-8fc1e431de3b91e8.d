/work/main/benches/peers/target/release/deps/async_fs-8fc1e431de3b91e8.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-fs-2.2.0/src/lib.rs

/work/main/benches/peers/target/release/deps/libasync_fs-8fc1e431de3b91e8.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-fs-2.2.0/src/lib.rs

/work/main/benches/peers/target/release/deps/libasync_fs-8fc1e431de3b91e8.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-fs-2.2.0/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-fs-2.2.0/src/lib.rs:
