// A number goes round a ring of 1,000 coroutines.
#include "slot.hpp"

static const u64 tasks = 1000;
static u64 last;

static Task node(u64 hops, Slot &inbox, Slot &next) {
    for (;;) {
        u64 n = co_await inbox.receive();
        if (n >= hops) {
            last = n;
            co_return n;
        }
        next.send(n + 1);
    }
}

static void run(const std::string &, u64 hops) {
    auto start = now();
    std::vector<Slot> slots(tasks);
    std::vector<Task> all;
    for (u64 i = 0; i < tasks; i++) {
        all.push_back(node(hops, slots[i], slots[(i + 1) % tasks]));
        ready.push(all.back().handle);
    }
    slots[0].send(1);
    while (ready.run_one()) {
    }
    for (auto &t : all)
        t.handle.destroy();
    report("ring", hops, start, last);
}

int main(int argc, char **argv) { return run_main(argc, argv, "\tC++ coroutines, one thread\n", run); }
