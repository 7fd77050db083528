// Coroutines that wait for one event, in a list.
#include "floor.hpp"
#include <unistd.h>

static Ready waiting;

struct Wait {
    bool await_ready() { return false; }
    void await_suspend(Task::Handle h) { waiting.push(h); }
    void await_resume() {}
};

static Task waiter() {
    co_await Wait{};
    co_return 1;
}

static u64 resident() {
    u64 all = 0, pages = 0;
    auto file = std::fopen("/proc/self/statm", "r");
    if (std::fscanf(file, "%lu %lu", &all, &pages) != 2)
        std::abort();
    std::fclose(file);
    return pages * 4096;
}

static void run(const std::string &, u64 n) {
    u64 before = resident();
    auto start = now();
    for (u64 i = 0; i < n; i++)
        waiter().handle.resume();
    u64 parked = (now() - start).count(), bytes = resident() - before, woken = 0;
    auto wake = now();
    while (waiting.first) {
        auto h = waiting.first;
        waiting.first = h.promise().next;
        h.resume();
        woken += h.promise().value;
        h.destroy();
    }
    waiting.last = {};
    std::printf("parked/channel %lu %lu %lu bytes=%lu wake=%lu\n", n, parked, woken, bytes / n, u64((now() - wake).count()) / n);
}

int main(int argc, char **argv) { return run_main(argc, argv, "channel\tC++ coroutines, one thread\n", run); }
