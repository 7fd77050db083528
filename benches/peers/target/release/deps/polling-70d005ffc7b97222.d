/work/main/benches/peers/target/release/deps/polling-70d005ffc7b97222.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/os.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/epoll.rs

/work/main/benches/peers/target/release/deps/libpolling-70d005ffc7b97222.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/os.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/epoll.rs

/work/main/benches/peers/target/release/deps/libpolling-70d005ffc7b97222.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/os.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/epoll.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/os.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polling-3.11.0/src/epoll.rs:
