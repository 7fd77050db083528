// Primes below n by the sieve of Eratosthenes, five times over.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t sieve(int64_t n) {
    bool *composite = calloc(n + 1, sizeof *composite);
    int64_t count = 0;
    for (int64_t i = 2; i <= n; i++) {
        if (!composite[i]) {
            count++;
            for (int64_t j = i * i; j <= n; j += i)
                composite[j] = true;
        }
    }
    free(composite);
    return count;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 0, total = 0;
    for (int k = 0; k < 5; k++)
        total += sieve(n);
    printf("%ld\n", total);
}
