// Splits a long text into words and sums what they say.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atol(argv[1]) : 0;
    size_t len = 0, cap = 64;
    char *text = malloc(cap);
    for (int64_t i = 0; i < n; i++) {
        if (cap - len < 64)
            text = realloc(text, cap *= 2);
        len += sprintf(text + len, "%ld,word%ld,", i, i % 100);
    }
    text[len] = '\0';
    int64_t fields = 0, digits = 0;
    size_t longest = 0;
    for (const char *part = text;;) {
        const char *comma = strchr(part, ',');
        size_t size = comma ? (size_t)(comma - part) : strlen(part);
        fields++;
        if (size > longest)
            longest = size;
        char *end;
        errno = 0;
        long v = strtol(part, &end, 10);
        if (size > 0 && end == part + size && errno == 0)
            digits += v;
        if (!comma)
            break;
        part = comma + 1;
    }
    printf("%ld %ld %zu\n", fields, digits, longest);
    free(text);
}
