// A place for one number that two coroutines hand over.
#pragma once
#include "floor.hpp"

struct Slot {
    u64 value = 0;
    bool full = false;
    Task::Handle receiver{};

    struct Receive {
        Slot &slot;
        bool await_ready() { return slot.full; }
        void await_suspend(Task::Handle h) { slot.receiver = h; }
        u64 await_resume() {
            slot.full = false;
            return slot.value;
        }
    };
    Receive receive() { return {*this}; }

    void send(u64 n) {
        value = n;
        full = true;
        if (receiver)
            ready.push(std::exchange(receiver, {}));
    }
};
