// The product of two n by n matrices.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static double *multiply(const double *a, const double *b, int64_t n) {
    double *c = calloc(n * n, sizeof *c);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < n; k++) {
            double x = a[i * n + k];
            for (int64_t j = 0; j < n; j++)
                c[i * n + j] += x * b[k * n + j];
        }
    }
    return c;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 0;
    double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b);
    for (int64_t i = 0; i < n * n; i++) {
        a[i] = (double)(i % 17);
        b[i] = (double)(i % 13);
    }
    double *c = multiply(a, b, n), sum = 0.0;
    for (int64_t i = 0; i < n * n; i++)
        sum += c[i];
    printf("%.1f\n", sum);
    free(a);
    free(b);
    free(c);
}
