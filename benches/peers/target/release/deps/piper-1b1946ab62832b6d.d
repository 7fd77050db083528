/work/main/benches/peers/target/release/deps/piper-1b1946ab62832b6d.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/piper-0.2.5/src/lib.rs

/work/main/benches/peers/target/release/deps/libpiper-1b1946ab62832b6d.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/piper-0.2.5/src/lib.rs

/work/main/benches/peers/target/release/deps/libpiper-1b1946ab62832b6d.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/piper-0.2.5/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/piper-0.2.5/src/lib.rs:
