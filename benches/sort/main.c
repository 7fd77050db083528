// Sorts pseudo-random numbers twice with the C library's one sort.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    size_t n = argc > 1 ? atol(argv[1]) : 1, size = n * sizeof(int64_t);
    int64_t *xs = malloc(size), *ys = malloc(size);
    uint64_t x = 88172645463325252;
    for (size_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        xs[i] = (int64_t)(x >> 20);
    }
    memcpy(ys, xs, size);
    qsort(xs, n, sizeof *xs, compare);
    qsort(ys, n, sizeof *ys, compare);
    printf("%ld %ld %ld %s\n", xs[0], xs[n / 2], xs[n - 1], memcmp(xs, ys, size) == 0 ? "true" : "false");
    free(xs);
    free(ys);
}
