/work/main/benches/peers/target/release/deps/actix_macros-b5c39bb75b6e5e56.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-macros-0.2.5/src/lib.rs

/work/main/benches/peers/target/release/deps/libactix_macros-b5c39bb75b6e5e56.so: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-macros-0.2.5/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix-macros-0.2.5/src/lib.rs:
