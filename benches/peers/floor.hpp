// C++20 coroutines on one thread, without a runtime: what the machine allows. A program lists its parts when it
// is started without arguments.
#pragma once
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

using u64 = std::uint64_t;

// A coroutine that somebody may wait for. It begins when it is resumed.
struct Task {
    struct promise_type {
        u64 value = 0;
        std::coroutine_handle<> waiter;
        std::coroutine_handle<promise_type> next;

        Task get_return_object() { return Task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct Final {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
                auto waiter = h.promise().waiter;
                return waiter ? waiter : std::noop_coroutine();
            }
            void await_resume() noexcept {}
        };
        Final final_suspend() noexcept { return {}; }
        void return_value(u64 v) { value = v; }
        void unhandled_exception() { std::terminate(); }
    };
    using Handle = std::coroutine_handle<promise_type>;
    Handle handle{};

    // co_await: runs it if it has not begun elsewhere, and gives its value.
    bool await_ready() { return handle.done(); }
    void await_suspend(std::coroutine_handle<> waiter) { handle.promise().waiter = waiter; }
    u64 await_resume() {
        u64 value = handle.promise().value;
        handle.destroy();
        return value;
    }
};

// Coroutines that are ready, oldest first, linked through themselves.
struct Ready {
    Task::Handle first{}, last{};

    void push(Task::Handle h) {
        h.promise().next = {};
        if (last)
            last.promise().next = h;
        else
            first = h;
        last = h;
    }

    bool run_one() {
        if (!first)
            return false;
        auto h = first;
        first = h.promise().next;
        if (!first)
            last = {};
        h.resume();
        return true;
    }
};

inline Ready ready;

inline void report(const char *part, u64 operations, std::chrono::steady_clock::time_point start, u64 result) {
    auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start);
    std::printf("%s %lu %ld %lu\n", part, operations, (long)took.count(), result);
}

inline auto now() { return std::chrono::steady_clock::now(); }

// `parts`: lines of a part, a tab and a name. A program of one part calls it "-".
inline int run_main(int argc, char **argv, const char *parts, void (*run)(const std::string &part, u64 n)) {
    if (argc < 4) {
        std::fputs(parts, stdout);
        return 0;
    }
    for (int i = std::atoi(argv[3]); i > 0; i--)
        run(argv[1], std::strtoull(argv[2], nullptr, 10));
    return 0;
}
