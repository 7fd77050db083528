/work/main/benches/peers/target/release/deps/event_listener_strategy-c7adb17e4a672ef4.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/event-listener-strategy-0.5.4/src/lib.rs

/work/main/benches/peers/target/release/deps/libevent_listener_strategy-c7adb17e4a672ef4.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/event-listener-strategy-0.5.4/src/lib.rs

/work/main/benches/peers/target/release/deps/libevent_listener_strategy-c7adb17e4a672ef4.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/event-listener-strategy-0.5.4/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/event-listener-strategy-0.5.4/src/lib.rs:
