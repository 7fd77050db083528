// Eight threads put numbers into a ring each, one reads all of them in turn.
#include "floor.hpp"
#include <atomic>
#include <thread>

static const u64 producers = 8, capacity = 1024;

struct alignas(128) Ring {
    std::atomic<u64> head{0};
    alignas(64) std::atomic<u64> tail{0};
    alignas(64) u64 slots[capacity];
};

static void run(const std::string &, u64 n) {
    u64 each = n / producers;
    auto start = now();
    std::vector<Ring> rings(producers);
    std::vector<std::thread> threads;
    for (auto &r : rings)
        threads.emplace_back([&r, each] {
            for (u64 i = 0; i < each; i++) {
                while (i - r.head.load(std::memory_order_acquire) == capacity)
                    std::this_thread::yield();
                r.slots[i % capacity] = i;
                r.tail.store(i + 1, std::memory_order_release);
            }
        });
    u64 sum = 0, got = 0;
    while (got < each * producers) {
        u64 before = got;
        for (auto &r : rings) {
            u64 head = r.head.load(std::memory_order_relaxed), tail = r.tail.load(std::memory_order_acquire);
            for (u64 i = head; i < tail; i++)
                sum += r.slots[i % capacity];
            got += tail - head;
            r.head.store(tail, std::memory_order_release);
        }
        if (got == before)
            std::this_thread::yield();
    }
    for (auto &t : threads)
        t.join();
    report("fan_in/bounded", each * producers, start, sum);
}

int main(int argc, char **argv) { return run_main(argc, argv, "bounded\tC++, a polled ring each, threads\n", run); }
