// Coroutines are made, queued, run and joined, in order.
#include "floor.hpp"

static Task itself(u64 i) { co_return i; }

static void run(const std::string &, u64 n) {
    auto start = now();
    std::vector<Task> tasks;
    tasks.reserve(n);
    for (u64 i = 0; i < n; i++) {
        tasks.push_back(itself(i));
        ready.push(tasks.back().handle);
    }
    while (ready.run_one()) {
    }
    u64 sum = 0;
    for (auto &t : tasks)
        sum += t.await_resume();
    report("spawn_join/task", n, start, sum);
}

int main(int argc, char **argv) { return run_main(argc, argv, "task\tC++ coroutines, one thread\n", run); }
