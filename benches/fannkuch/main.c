// Fannkuch-redux, from the Computer Language Benchmarks Game.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 7;
    int64_t *perm1 = malloc(n * sizeof *perm1), *perm = calloc(n, sizeof *perm), *count = calloc(n, sizeof *count);
    for (int64_t i = 0; i < n; i++)
        perm1[i] = i;
    int64_t max_flips = 0, checksum = 0, r = n, index = 0;
    for (;;) {
        for (; r != 1; r--)
            count[r - 1] = r;
        for (int64_t i = 0; i < n; i++)
            perm[i] = perm1[i];
        int64_t flips = 0;
        for (int64_t k; (k = perm[0]) != 0; flips++) {
            for (int64_t lo = 0, hi = k; lo < hi; lo++, hi--) {
                int64_t t = perm[lo];
                perm[lo] = perm[hi];
                perm[hi] = t;
            }
        }
        if (flips > max_flips)
            max_flips = flips;
        checksum += index % 2 == 0 ? flips : -flips;
        for (;;) {
            if (r == n) {
                printf("%ld\nPfannkuchen(%ld) = %ld\n", checksum, n, max_flips);
                free(perm1);
                free(perm);
                free(count);
                return 0;
            }
            int64_t first = perm1[0];
            for (int64_t i = 0; i < r; i++)
                perm1[i] = perm1[i + 1];
            perm1[r] = first;
            if (--count[r] > 0)
                break;
            r++;
        }
        index++;
    }
}
