/work/main/benches/peers/target/release/deps/smol-9439a7d9d879510f.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/spawn.rs

/work/main/benches/peers/target/release/deps/libsmol-9439a7d9d879510f.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/spawn.rs

/work/main/benches/peers/target/release/deps/libsmol-9439a7d9d879510f.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/spawn.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smol-2.0.2/src/spawn.rs:
