// The sum of a hash of 32 rounds over many numbers, on two threads.
#include "floor.hpp"
#include <thread>

static u64 sum(u64 from, u64 to) {
    u64 sum = 0;
    for (u64 i = from; i < to; i++) {
        u64 x = i;
        for (int r = 0; r < 32; r++) {
            x *= 0x9e3779b97f4a7c15;
            x ^= x >> 29;
        }
        sum += x;
    }
    return sum;
}

static void run(const std::string &, u64 n) {
    auto start = now();
    u64 other = 0;
    std::thread half([&] { other = sum(0, n / 2); });
    u64 mine = sum(n / 2, n);
    half.join();
    report("parallel_map", n, start, mine + other);
}

int main(int argc, char **argv) { return run_main(argc, argv, "\tC++, two threads\n", run); }
