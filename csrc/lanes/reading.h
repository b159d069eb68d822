/* How X, y and the weights lie in memory, and how they are read: the one place that knows the kinds
 * of element. */

/* One value by its kind. memcpy, because a buffer may have any alignment. */
INLINE double value_at(const void *values, int kind, size_t i)
{
#define AT(kind, type)                                                    \
    case kind: {                                                          \
        type v;                                                           \
        memcpy(&v, (const char *)values + i * sizeof v, sizeof v);        \
        return (double)v;                                                 \
    }
    switch (kind) {
        AT(F64, double)
        AT(F32, float)
        AT(I8, int8_t)
        AT(U8, uint8_t)
        AT(I16, int16_t)
        AT(U16, uint16_t)
        AT(I32, int32_t)
        AT(U32, uint32_t)
        AT(I64, int64_t)
        AT(U64, uint64_t)
    }
#undef AT
    return 0.0;
}

/* Labels [first, first + count) as doubles. */
static void load_labels(const samples *s, size_t first, size_t count, double *y)
{
    if (s->y_kind == F64) {
        memcpy(y, (const char *)s->y + first * sizeof *y, count * sizeof *y);
        return;
    }
#define LOAD(kind)                                         \
    case kind:                                             \
        for (size_t i = 0; i < count; i++)                 \
            y[i] = value_at(s->y, kind, first + i);        \
        break;
    switch (s->y_kind) {
        LOAD(F32) LOAD(I8) LOAD(U8) LOAD(I16) LOAD(U16) LOAD(I32) LOAD(U32) LOAD(I64) LOAD(U64)
    }
#undef LOAD
}

/* Eight features of one row, the first of them at element `at` of X; `count` of them exist. */
INLINE lanes load_features(const char *X, const int is_f64, size_t at, const size_t count)
{
    const char *x = X + at * (is_f64 ? sizeof(double) : sizeof(float));
    if (is_f64)
        return count == LANES ? lanes_load(x) : lanes_load_first(x, count);
    return count == LANES ? lanes_load_f32(x) : lanes_load_first_f32(x, count);
}

/* Features in the standard units of chapter 3. */
INLINE lanes in_units(lanes x, lanes shift, lanes scale)
{
    EACH_PART(m, x.p[m] = (x.p[m] - shift.p[m]) * scale.p[m];)
    return x;
}

/* ------------------------------------------------------------------ asked for ahead of the work */

/* How memory is asked for ahead of the work. A processor with AVX-512 spends so little time on
 * exponentials that scores and gradient do the asking; on others, what is asked for in one go keeps
 * the loads behind it waiting, so there a little is asked for with each piece of work. */
enum { EVENLY = LANES_WIDTH < 8 };

/* Bytes ahead to ask for: far enough to hide the memory's latency. (Of 4, 8, 12, 16, 24 and 32
 * KB this measured best; without asking, a pass reaches half of the read bandwidth.) */
enum { AHEAD = 16384 };

/* What is to be asked for next, and half of a row's bytes: one half is asked for while the row's
 * score is summed, the other one later. 0 if nothing is asked for. It comes to the first-level
 * cache, or to the second, which is near enough. */
typedef struct {
    const char *next;
    size_t half, due;
    int near;
} ahead;

/* Is memory asked for into the first-level cache? (Measured, and done, with AVX-512 only.) */
INLINE int is_near(const samples *s)
{
    return LANES_WIDTH == 8 && s->near;
}

/* Rows of more bytes need not be asked for, if they are read from one end to the other: the
 * processor itself sees them coming. */
enum { SEEN_COMING = 4096 };

/* For a block of rows from `row` on, of at most `most` bytes each. Near the end there is nothing to
 * ask for. */
INLINE ahead ahead_of(const samples *s, size_t row, size_t block, size_t size, size_t most)
{
    const size_t bytes = s->d * size;
    const int any = s->far && bytes <= most && (row + block) * bytes + AHEAD <= s->n * bytes;
    return (ahead){(const char *)s->X + row * bytes + AHEAD, any ? bytes / 2 : 0, 0,
                   is_near(s)};
}

/* Ask for so many bytes more. (The width is known when this is compiled: without
 * AVX-512 there is no branch.) */
INLINE void ask(ahead *a, size_t bytes)
{
    for (a->due += bytes; a->due >= 64; a->due -= 64, a->next += 64)
        if (LANES_WIDTH == 8 && a->near)
            __builtin_prefetch(a->next, 0, 3);
        else
            __builtin_prefetch(a->next, 0, 2);
}

/* Ask while the score of row i of eight is summed; or of so many rows together, from i on. */
INLINE void ask_with_scores(ahead *a, const int i, const int together)
{
    if (EVENLY || together > 1 || a->near)
        ask(a, together * a->half);
    else if (i == 0)
        ask(a, LANES * a->half);
}

INLINE void ask_values(const void *values, size_t size, size_t first, size_t count)
{
    const char *at = (const char *)values + first * size, *end = at + count * size;
    for (; at < end; at += 64)
        __builtin_prefetch(at, 0, 3);
}

/* Ask for the labels of a block, a block further ahead than rows are, and for the weights. (Past
 * the last row too, where a prefetch does nothing.) Otherwise every block waits for them: of a row
 * of 16 features they are one number in 17. Not where rows are so short that arithmetic takes
 * longer than memory, nor so long that it does not matter. */
INLINE void ask_labels(const samples *s, const ahead *a, size_t row, size_t block)
{
    if (a->half < (EVENLY ? 128 : 32) || a->half > 256 || s->soft)
        return;
    row += block + AHEAD / 2 / a->half;
    ask_values(s->y, kind_size(s->y_kind), row, block);
    if (s->sample_weight)
        ask_values(s->sample_weight, sizeof *s->sample_weight, row, block);
}

/* Bytes of a row that are left to ask for with the gradient. (The two loops over the exponentials,
 * where they ask as well, ask for half a row with eight rows: together a quarter of this half.) */
INLINE size_t still_to_ask(const ahead *a)
{
    return EVENLY ? a->half - a->half / 4 : a->half;
}

/* Rows of a block, at most `rows`. Where memory is asked for evenly, 32: while one block is worked
 * on, the next comes into the first-level cache. Where it is asked for into that cache, 12 KB of
 * them beside the 16 KB that come, but not fewer than 16. */
INLINE size_t rows_of_block(const samples *s, size_t rows, size_t size)
{
    size_t most = EVENLY && s->far ? 32 : rows;
    if (is_near(s)) {
        most = rows_in(12288, s->d, size);
        most = most < 16 ? 16 : most;
    }
    return rows < most ? rows : most;
}

/* ------------------------------------------------------------------ rows put in another order */

/* Packing: eight rows at a time with the features apart, for tables of few features that stay
 * in the cache over many passes. A group of eight rows is
 *
 *     x[0] of the eight rows, x[1] of the eight rows, ..., then their labels, then their weights
 *
 * with the features filled up with zeros to packed_d(d) of them, and missing rows with zeros. */
static void pack(const samples *s, size_t first, size_t last, double *packed)
{
    const size_t d = s->d, wide = packed_d(d), columns = wide + 1 + (s->sample_weight != NULL);
    packed += first * columns;
    for (size_t i = first; i < last; i += LANES, packed += columns * LANES) {
        const size_t rows = last - i < LANES ? last - i : LANES;
        double *y = packed + wide * LANES;
        if (d < wide || rows < LANES)
            memset(packed, 0, columns * LANES * sizeof *packed);
#define PACK(type)                                                                        \
    for (size_t k = 0; k < rows; k++) {                                                   \
        type x[8];                                                                        \
        memcpy(x, (const char *)s->X + (i + k) * d * sizeof(type), d * sizeof(type));     \
        for (size_t j = 0; j < d; j++)                                                    \
            packed[j * LANES + k] = (double)x[j];                                         \
    }
        if (s->X_kind == F64) {
            PACK(double)
        } else {
            PACK(float)
        }
#undef PACK
        load_labels(s, i, rows, y);
        if (s->sample_weight)
            memcpy(y + LANES, s->sample_weight + i, rows * sizeof *y);
    }
}

/* Read the rows and do nothing else: how fast can memory be? */
static void read_rows(const samples *s, const double *params, size_t first, size_t last,
                      double *scratch, double *out)
{
    const int is_f64 = s->X_kind == F64;
    const size_t end = last * s->d;
    size_t at = first * s->d;
    lanes sum[8];
    (void)params;
    (void)scratch;
    for (int i = 0; i < 8; i++)
        sum[i] = lanes_set(0.0);
    for (; at + 8 * LANES <= end; at += 8 * LANES) {
        UNROLL
        for (int i = 0; i < 8; i++)
            sum[i] = lanes_add(sum[i], load_features(s->X, is_f64, at + i * LANES, LANES));
    }
    out[0] = 0.0;
    for (; at < end; at++)
        out[0] += value_at(s->X, s->X_kind, at);
    for (int i = 0; i < 8; i++)
        out[0] += lanes_sum(sum[i]);
}
