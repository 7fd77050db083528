/work/main/benches/peers/target/release/deps/peers-bd628a5318865af5.d: src/main.rs src/channels.rs src/runtimes.rs src/../../concurrency/spawn_join/peers.rs src/../../concurrency/parked/peers.rs src/../../concurrency/ping_pong/peers.rs src/../../concurrency/ring/peers.rs src/../../concurrency/skynet/peers.rs src/../../concurrency/fan_in/peers.rs src/../../concurrency/mpmc/peers.rs src/../../concurrency/select/peers.rs src/../../concurrency/mutex/peers.rs src/../../concurrency/sleeps/peers.rs src/../../concurrency/parallel_map/peers.rs src/../../concurrency/fib/peers.rs src/../../concurrency/actor_count/peers.rs src/../../concurrency/actor_ping_pong/peers.rs src/../../concurrency/actor_fork_join/peers.rs src/../../concurrency/actor_big/peers.rs src/../../concurrency/actor_chameneos/peers.rs src/../../concurrency/actor_bank/peers.rs src/../../costs/ready/peers.rs src/../../costs/switch/peers.rs src/../../costs/cancel/peers.rs src/../../http/peers.rs

/work/main/benches/peers/target/release/deps/peers-bd628a5318865af5: src/main.rs src/channels.rs src/runtimes.rs src/../../concurrency/spawn_join/peers.rs src/../../concurrency/parked/peers.rs src/../../concurrency/ping_pong/peers.rs src/../../concurrency/ring/peers.rs src/../../concurrency/skynet/peers.rs src/../../concurrency/fan_in/peers.rs src/../../concurrency/mpmc/peers.rs src/../../concurrency/select/peers.rs src/../../concurrency/mutex/peers.rs src/../../concurrency/sleeps/peers.rs src/../../concurrency/parallel_map/peers.rs src/../../concurrency/fib/peers.rs src/../../concurrency/actor_count/peers.rs src/../../concurrency/actor_ping_pong/peers.rs src/../../concurrency/actor_fork_join/peers.rs src/../../concurrency/actor_big/peers.rs src/../../concurrency/actor_chameneos/peers.rs src/../../concurrency/actor_bank/peers.rs src/../../costs/ready/peers.rs src/../../costs/switch/peers.rs src/../../costs/cancel/peers.rs src/../../http/peers.rs

src/main.rs:
src/channels.rs:
src/runtimes.rs:
src/../../concurrency/spawn_join/peers.rs:
src/../../concurrency/parked/peers.rs:
src/../../concurrency/ping_pong/peers.rs:
src/../../concurrency/ring/peers.rs:
src/../../concurrency/skynet/peers.rs:
src/../../concurrency/fan_in/peers.rs:
src/../../concurrency/mpmc/peers.rs:
src/../../concurrency/select/peers.rs:
src/../../concurrency/mutex/peers.rs:
src/../../concurrency/sleeps/peers.rs:
src/../../concurrency/parallel_map/peers.rs:
src/../../concurrency/fib/peers.rs:
src/../../concurrency/actor_count/peers.rs:
src/../../concurrency/actor_ping_pong/peers.rs:
src/../../concurrency/actor_fork_join/peers.rs:
src/../../concurrency/actor_big/peers.rs:
src/../../concurrency/actor_chameneos/peers.rs:
src/../../concurrency/actor_bank/peers.rs:
src/../../costs/ready/peers.rs:
src/../../costs/switch/peers.rs:
src/../../costs/cancel/peers.rs:
src/../../http/peers.rs:
