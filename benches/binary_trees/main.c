// Binary trees, from the Computer Language Benchmarks Game; every node allocated by itself.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Tree { struct Tree *left, *right; } Tree;

static Tree *make(int64_t depth) {
    Tree *t = malloc(sizeof *t);
    t->left = depth ? make(depth - 1) : NULL;
    t->right = depth ? make(depth - 1) : NULL;
    return t;
}

static int64_t check(const Tree *t) {
    int64_t n = 1;
    if (t->left)
        n += check(t->left);
    if (t->right)
        n += check(t->right);
    return n;
}

static void drop(Tree *t) {
    if (t) {
        drop(t->left);
        drop(t->right);
        free(t);
    }
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 0;
    Tree *stretch = make(n + 1);
    printf("stretch tree of depth %ld\t check: %ld\n", n + 1, check(stretch));
    drop(stretch);
    Tree *long_lived = make(n);
    for (int64_t depth = 4; depth <= n; depth += 2) {
        int64_t rounds = (int64_t)1 << (n - depth + 4), total = 0;
        for (int64_t i = 0; i < rounds; i++) {
            Tree *t = make(depth);
            total += check(t);
            drop(t);
        }
        printf("%ld\t trees of depth %ld\t check: %ld\n", rounds, depth, total);
    }
    printf("long lived tree of depth %ld\t check: %ld\n", n, check(long_lived));
    drop(long_lived);
}
