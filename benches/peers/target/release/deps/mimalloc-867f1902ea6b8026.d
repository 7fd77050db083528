/work/main/benches/peers/target/release/deps/mimalloc-867f1902ea6b8026.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/mimalloc-0.1.52/src/lib.rs

/work/main/benches/peers/target/release/deps/libmimalloc-867f1902ea6b8026.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/mimalloc-0.1.52/src/lib.rs

/work/main/benches/peers/target/release/deps/libmimalloc-867f1902ea6b8026.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/mimalloc-0.1.52/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/mimalloc-0.1.52/src/lib.rs:
