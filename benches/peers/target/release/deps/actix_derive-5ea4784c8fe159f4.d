/work/main/benches/peers/target/release/deps/actix_derive-5ea4784c8fe159f4.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/message.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/message_response.rs

/work/main/benches/peers/target/release/deps/libactix_derive-5ea4784c8fe159f4.so: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/lib.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/message.rs /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/message_response.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/lib.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/message.rs:
/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/actix_derive-0.6.2/src/message_response.rs:
