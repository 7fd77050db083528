// Switching: two coroutines let each other go first, again and again.
#include "floor.hpp"

struct Yield {
    bool await_ready() { return false; }
    void await_suspend(Task::Handle h) { ready.push(h); }
    void await_resume() {}
};

static Task yields(u64 n) {
    for (u64 i = 0; i < n; i++)
        co_await Yield{};
    co_return 1;
}

static void run(const std::string &, u64 n) {
    auto start = now();
    auto a = yields(n / 2), b = yields(n / 2);
    ready.push(a.handle);
    ready.push(b.handle);
    while (ready.run_one()) {
    }
    u64 sum = a.await_resume() + b.await_resume();
    report("switch/deep_1", n, start, sum);
}

int main(int argc, char **argv) { return run_main(argc, argv, "deep_1\tC++ coroutines\n", run); }
