// A tree of coroutines, ten children each, newest first, whose leaves' numbers are summed upwards.
#include "floor.hpp"

static std::vector<Task::Handle> newest;

static Task skynet(u64 first, u64 leaves) {
    if (leaves == 1)
        co_return first;
    u64 part = leaves / 10, sum = 0;
    Task children[10];
    for (u64 i = 0; i < 10; i++) {
        children[i] = skynet(first + i * part, part);
        newest.push_back(children[i].handle);
    }
    for (auto &c : children)
        sum += co_await c;
    co_return sum;
}

static void run(const std::string &, u64 leaves) {
    auto start = now();
    auto root = skynet(0, leaves);
    newest.push_back(root.handle);
    while (!newest.empty()) {
        auto h = newest.back();
        newest.pop_back();
        h.resume();
    }
    report("skynet/tasks", leaves + leaves / 9, start, root.await_resume());
}

int main(int argc, char **argv) { return run_main(argc, argv, "tasks\tC++ coroutines, one thread\n", run); }
