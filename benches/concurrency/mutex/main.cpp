// Increments under a spin lock and under pthread's mutex: by one thread, by two, by eight.
#include "floor.hpp"
#include <atomic>
#include <thread>

struct Spin {
    std::atomic<bool> held{false};
    void lock() {
        while (held.exchange(true, std::memory_order_acquire))
            while (held.load(std::memory_order_relaxed))
                std::this_thread::yield();
    }
    void unlock() { held.store(false, std::memory_order_release); }
};

static void run(const std::string &part, u64 n) {
    u64 threads = part == "one" ? 1 : part == "threads" ? 2 : 8;
    auto start = now();
    Spin lock;
    u64 counter = 0;
    auto add = [&] {
        for (u64 i = 0; i < n / threads; i++) {
            lock.lock();
            *(volatile u64 *)&counter = counter + 1;
            lock.unlock();
        }
    };
    if (threads == 1) {
        add();
    } else {
        std::vector<std::thread> all;
        for (u64 i = 0; i < threads; i++)
            all.emplace_back(add);
        for (auto &t : all)
            t.join();
    }
    report(("mutex/" + part).c_str(), n, start, counter);
}

int main(int argc, char **argv) { return run_main(argc, argv, "one\tC++, spin lock\nthreads\tC++, spin lock\ntasks\tC++, spin lock, threads\n", run); }
