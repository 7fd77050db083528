// Counts pseudo-random keys in a hash map, then looks all of them up. The C library has none:
// this one is the textbook's, with linear probing and a multiplicative hash.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { int64_t key, value; bool used; } Slot;
typedef struct { Slot *slots; uint64_t mask, len; int shift; } Map;

static Map make(int bits) {
    return (Map){calloc((size_t)1 << bits, sizeof(Slot)), ((uint64_t)1 << bits) - 1, 0, 64 - bits};
}

static Slot *find(const Map *m, int64_t key) {
    uint64_t at = ((uint64_t)key * 0x9E3779B97F4A7C15u) >> m->shift;
    while (m->slots[at].used && m->slots[at].key != key)
        at = (at + 1) & m->mask;
    return &m->slots[at];
}

static void add(Map *m, int64_t key, int64_t by) {
    Slot *slot = find(m, key);
    if (slot->used) {
        slot->value += by;
        return;
    }
    if (4 * (m->len + 1) > 3 * (m->mask + 1)) {
        Map bigger = make(64 - m->shift + 1);
        for (uint64_t i = 0; i <= m->mask; i++)
            if (m->slots[i].used)
                *find(&bigger, m->slots[i].key) = m->slots[i];
        bigger.len = m->len;
        free(m->slots);
        *m = bigger;
        slot = find(m, key);
    }
    *slot = (Slot){key, by, true};
    m->len++;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 0;
    Map counts = make(4);
    uint64_t x = 88172645463325252;
    for (int64_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        add(&counts, (int64_t)(x % 1000000), 1);
    }
    int64_t best = 0, missing = 0;
    for (int64_t k = 0; k < 2000000; k++) {
        const Slot *slot = find(&counts, k);
        if (!slot->used)
            missing++;
        else if (slot->value > best)
            best = slot->value;
    }
    printf("%lu %ld %ld\n", counts.len, best, missing);
    free(counts.slots);
}
