/work/main/benches/peers/target/release/deps/blocking-8dfd6a572512cd7d.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/blocking-1.7.0/src/lib.rs

/work/main/benches/peers/target/release/deps/libblocking-8dfd6a572512cd7d.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/blocking-1.7.0/src/lib.rs

/work/main/benches/peers/target/release/deps/libblocking-8dfd6a572512cd7d.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/blocking-1.7.0/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/blocking-1.7.0/src/lib.rs:
