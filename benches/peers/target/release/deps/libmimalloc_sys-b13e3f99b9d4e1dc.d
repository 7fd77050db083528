/work/main/benches/peers/target/release/deps/libmimalloc_sys-b13e3f99b9d4e1dc.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/libmimalloc-sys-0.1.49/src/lib.rs

/work/main/benches/peers/target/release/deps/liblibmimalloc_sys-b13e3f99b9d4e1dc.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/libmimalloc-sys-0.1.49/src/lib.rs

/work/main/benches/peers/target/release/deps/liblibmimalloc_sys-b13e3f99b9d4e1dc.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/libmimalloc-sys-0.1.49/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/libmimalloc-sys-0.1.49/src/lib.rs:
