// Functions for `foreign.rs`, compiled by the system's C compiler.

#include <stdint.h>
#include <stdbool.h>

typedef struct { double x, y; } Point;
typedef struct { int32_t a; float b; double c; } Mixed;
typedef struct { float a, b, c; } Three;
typedef struct { uint8_t r, g, b; } Colour;
typedef struct { int64_t a, b, c; } Big;
typedef struct { float f; } Alone;
typedef struct { Colour colour; int16_t n; float pair[2]; } Nested;
typedef struct { const int32_t *at; int64_t count; } Span;
typedef struct { int8_t a; int64_t b; } Padded;
typedef struct { int8_t a; int16_t b; int8_t c; } Unsorted;
typedef struct { bool on; double level; } Switch;

Point point_swap(Point p) { return (Point){p.y, p.x}; }
Mixed mixed_next(Mixed m) { return (Mixed){m.a + 1, m.b + 0.5f, m.c * 2}; }
Three three_turn(Three t) { return (Three){t.b, t.c, t.a}; }
Colour colour_turn(Colour c) { return (Colour){c.g, c.b, c.r}; }
Big big_turn(Big b) { return (Big){b.b, b.c, b.a}; }
Alone alone_half(Alone a) { return (Alone){a.f / 2}; }
Nested nested_next(Nested n) {
    return (Nested){{n.colour.b, n.colour.r, n.colour.g}, -n.n, {n.pair[1], n.pair[0]}};
}
Padded padded_next(Padded p) { return (Padded){-p.a, -p.b}; }
Unsorted unsorted_turn(Unsorted u) { return (Unsorted){u.c, u.b * 2, u.a}; }
Switch switch_flip(Switch s) { return (Switch){!s.on, s.level + 1}; }

int64_t span_sum(Span s) {
    int64_t sum = 0;
    for (int64_t i = 0; i < s.count; i++) sum += s.at[i];
    return sum;
}

// Five integers leave one register, which the struct does not fit into, but the last argument does.
int64_t integers_run_out(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, Span s, int64_t f, int64_t g) {
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * span_sum(s) + 1000000 * f + 10000000 * g;
}

double vectors_run_out(double a, double b, double c, double d, double e, double f, double g, Point p, double h, Alone i) {
    return a + 10 * b + 100 * c + 1000 * d + 1e4 * e + 1e5 * f + 1e6 * g + 1e7 * p.x + 1e8 * p.y + 1e9 * h + 1e10 * i.f;
}

// The result's address takes an integer register too.
Big result_takes_a_register(int64_t a, int64_t b, int64_t c, int64_t d, Padded p, int64_t e) {
    return (Big){a + 10 * b + 100 * c + 1000 * d, p.a + 1000 * p.b, e};
}

// An integer in its first eightbyte, a floating point number in its second: needs one register of each kind.
double one_of_each(Mixed a, Mixed b, Mixed c, Big big, Mixed d) {
    return a.a + 10 * b.a + 100 * c.a + 1000 * d.a + a.c + b.c + c.c + d.c + a.b + b.b + c.b + d.b + 1e4 * big.c;
}

int32_t small_ones(int8_t a, uint8_t b, int16_t c, uint16_t d, bool e, int8_t f, int16_t g, int8_t h) {
    return a + b + c + d + e + f + g + h;
}
