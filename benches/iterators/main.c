// The loop that a chain of lazy adaptors over a list stands for, many times.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 0, len = 100000, total = 0;
    int64_t *xs = malloc(len * sizeof *xs);
    for (int64_t i = 0; i < len; i++)
        xs[i] = i;
    for (int64_t round = 0; round < n; round++) {
        int64_t part = 0, taken = 0;
        for (int64_t i = 0; i < len && taken < 30000 && 7 + taken < len; i++) {
            if ((i + round) % 3 == 0) {
                part += (xs[i] * 2 + i) ^ xs[7 + taken];
                taken++;
            }
        }
        total += part;
    }
    printf("%ld\n", total);
    free(xs);
}
