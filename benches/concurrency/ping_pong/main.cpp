// Two coroutines hand a number to and fro.
#include "slot.hpp"

static u64 last;

static Task player(u64 hops, Slot &inbox, Slot &out) {
    for (;;) {
        u64 n = co_await inbox.receive();
        if (n >= hops) {
            last = n;
            co_return n;
        }
        out.send(n + 1);
    }
}

static void run(const std::string &, u64 hops) {
    auto start = now();
    Slot ping, pong;
    auto a = player(hops, ping, pong), b = player(hops, pong, ping);
    ping.send(1);
    ready.push(a.handle);
    ready.push(b.handle);
    while (ready.run_one()) {
    }
    a.handle.destroy();
    b.handle.destroy();
    report("ping_pong/tasks", hops, start, last);
}

int main(int argc, char **argv) { return run_main(argc, argv, "tasks\tC++ coroutines, one thread\n", run); }
