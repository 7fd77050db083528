/work/main/benches/peers/target/release/deps/actix_rt-1e834036750d4352.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/arbiter.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/runtime.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/system.rs

/work/main/benches/peers/target/release/deps/libactix_rt-1e834036750d4352.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/arbiter.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/runtime.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/system.rs

/work/main/benches/peers/target/release/deps/libactix_rt-1e834036750d4352.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/arbiter.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/runtime.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/system.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/arbiter.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/runtime.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-rt-2.15.0/src/system.rs:
