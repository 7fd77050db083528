/work/main/benches/peers/target/release/deps/async_net-0ea34f47a0ac4a0b.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/unix.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/addr.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/tcp.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/udp.rs

/work/main/benches/peers/target/release/deps/libasync_net-0ea34f47a0ac4a0b.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/unix.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/addr.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/tcp.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/udp.rs

/work/main/benches/peers/target/release/deps/libasync_net-0ea34f47a0ac4a0b.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/unix.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/addr.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/tcp.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/udp.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/unix.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/addr.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/tcp.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/async-net-2.0.0/src/udp.rs:
