/* How X, y and the weights lie in memory: the one place that knows the kinds of element. */

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

/* x; but 0 where the sample's weight is 0: a row left out adds nothing, not even an infinite loss
 * or the NaN of a score that overflowed. */
INLINE part part_counted(part x, part weight)
{
    return (part)((bits)x & (weight != 0.0));
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
    if (is_f64) {
        const double *x = (const double *)(X + at * sizeof(double));
        return count == LANES ? lanes_load(x) : lanes_load_first(x, count);
    }
    const float *x = (const float *)(X + at * sizeof(float));
    return count == LANES ? lanes_load_f32(x) : lanes_load_first_f32(x, count);
}

/* Features in the standard units of chapter 3. */
INLINE lanes in_units(lanes x, lanes shift, lanes scale)
{
    EACH_PART(m, x.p[m] = (x.p[m] - shift.p[m]) * scale.p[m];)
    return x;
}

/* ------------------------------------------------------------------ sums over features
 *
 * Both halves of every chapter's pass: scores, and what residuals add to a gradient. */

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

/* w . x of some rows, d elements apart: of each row, a lane for every eighth feature. */
INLINE void dots(const char *X, const int is_f64, size_t at, size_t d, const int rows,
                 const double *w, lanes *dot)
{
    lanes sum[LANES]; /* apart from dot, so that it stays in the registers */
    UNROLL
    for (int i = 0; i < rows; i++)
        sum[i] = lanes_set(0.0);
    size_t j = 0;
    for (; j + LANES <= d; j += LANES) {
        lanes w_j = lanes_load(w + j);
        UNROLL
        for (int i = 0; i < rows; i++)
            sum[i] = lanes_fma(load_features(X, is_f64, at + i * d + j, LANES), w_j, sum[i]);
    }
    if (j < d) {
        lanes w_j = lanes_load(w + j); /* w is filled up with zeros */
        UNROLL
        for (int i = 0; i < rows; i++)
            sum[i] = lanes_fma(load_features(X, is_f64, at + i * d + j, d - j), w_j, sum[i]);
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        dot[i] = sum[i];
}

/* Rows whose lanes stay in the registers together, so that w is loaded once for all of them. With
 * AVX-512 there is room for eight; but four take less time, unless rows are long or the same rows
 * come once more, for the next class or direction. */
enum { SOME_TOGETHER = 4, MOST_TOGETHER = LANES_WIDTH == 8 ? 8 : 4 };

/* Rows of more features are long: each row is read as if it were a table of its own, which is fast
 * for several at a time too; and one after the other, each would wait for its own last addition. */
enum { LONG_ROW = LANES_WIDTH == 8 ? 256 : 512 };

/* How many rows' scores are summed together, if that is all there is to do for them. One, row
 * after row, takes half as long again in the cache, as each w is loaded for each row; but a quarter
 * less from memory, for memory is read in order. Not where rows are long; nor, mostly, where they
 * are short. */
INLINE int rows_together(const samples *s, const int is_f64, const int far)
{
    if (s->d > LONG_ROW)
        return MOST_TOGETHER;
    const size_t least = EVENLY ? 16 : is_near(s) ? 32 : 1;
    return far && is_f64 && s->d >= least ? 1 : SOME_TOGETHER;
}

/* The scores of eight rows: the lanes of each added up by lanes_sum, then b. */
INLINE lanes scores(const char *X, const int is_f64, size_t at, size_t d, const int together,
                    const double *w, double b, ahead *a)
{
    lanes dot[LANES];
    UNROLL
    for (int i = 0; i < LANES; i += together) {
        ask_with_scores(a, i, together);
        dots(X, is_f64, at + i * d, d, together, w, dot + i);
    }
    return lanes_add(lanes_sum_each(dot), lanes_set(b));
}

/* The scores of eight rows, so many together; or of fewer, where there are no more. */
INLINE void scores_of_eight(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                            int together, const double *w, double b, ahead *a, double *z)
{
    if (rows < LANES)
        for (size_t k = 0; k < rows; k++) {
            lanes dot;
            dots(X, is_f64, at + k * d, d, 1, w, &dot);
            z[k] = lanes_sum(dot) + b;
        }
    else if (is_f64 && together == 1)
        lanes_store(z, scores(X, is_f64, at, d, 1, w, b, a));
    else if (SOME_TOGETHER == MOST_TOGETHER || together == SOME_TOGETHER)
        lanes_store(z, scores(X, is_f64, at, d, SOME_TOGETHER, w, b, a));
    else
        lanes_store(z, scores(X, is_f64, at, d, MOST_TOGETHER, w, b, a));
}

/* The scores of some rows to z, while memory is asked for. Compiled apart, so that these loops have
 * the registers to themselves. */
#define SCORES_OF_ROWS(name, is_f64)                                                             \
    static NOINLINE void name(const char *X, size_t at, size_t d, size_t rows, int together,     \
                              const double *w, double b, ahead *asked, double *z)                \
    {                                                                                            \
        ahead a = *asked;                                                                        \
        for (size_t k = 0; k < rows; k += LANES)                                                 \
            scores_of_eight(X, is_f64, at + k * d, d, rows - k, together, w, b, &a, z + k);      \
        *asked = a;                                                                              \
    }
SCORES_OF_ROWS(scores_of_f64, 1)
SCORES_OF_ROWS(scores_of_f32, 0)
#undef SCORES_OF_ROWS

INLINE void scores_of(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                      int together, const double *w, double b, ahead *a, double *z)
{
    (is_f64 ? scores_of_f64 : scores_of_f32)(X, at, d, rows, together, w, b, a, z);
}

/* Classes whose sums stay in the registers together, so that x is loaded once for all of them:
 * of so many vectors of features. One class has room for four of them everywhere. */
enum { CLASSES_TOGETHER = 5, THEIR_VECTORS = LANES_WIDTH == 8 ? 4 : 1 };

/* sum += r[i] * x[i] for every eighth row i < rows, for `vectors` vectors of features; and the
 * same for further classes, whose r and sum stand r_step and sum_step further on. */
INLINE void add_rows_to(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                        const double *r, size_t r_step, double *sum, size_t sum_step,
                        const int classes, const int vectors, const size_t last_count)
{
    lanes s[CLASSES_TOGETHER][4];
    UNROLL
    for (int c = 0; c < classes; c++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            s[c][v] = lanes_load(sum + c * sum_step + v * LANES);
    for (size_t i = 0; i < rows; i += LANES) {
        lanes x[4];
        UNROLL
        for (int v = 0; v < vectors; v++)
            x[v] = load_features(X, is_f64, at + i * d + v * LANES,
                                 v + 1 < vectors ? LANES : last_count);
        UNROLL
        for (int c = 0; c < classes; c++) {
            lanes r_i = lanes_set(r[c * r_step + i]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                s[c][v] = lanes_fma(x[v], r_i, s[c][v]);
        }
    }
    UNROLL
    for (int c = 0; c < classes; c++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            lanes_store(sum + c * sum_step + v * LANES, s[c][v]);
}

/* The same for all d features. */
INLINE void add_rows(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                     const double *r, size_t r_step, double *sum, size_t sum_step,
                     const int classes)
{
    const int vectors = classes > 1 ? THEIR_VECTORS : 4;
    size_t j = 0;
    for (; j + vectors * LANES <= d; j += vectors * LANES)
        add_rows_to(X, is_f64, at + j, d, rows, r, r_step, sum + j, sum_step, classes, vectors,
                    LANES);
    for (; j + LANES <= d; j += LANES)
        add_rows_to(X, is_f64, at + j, d, rows, r, r_step, sum + j, sum_step, classes, 1, LANES);
    if (j < d)
        add_rows_to(X, is_f64, at + j, d, rows, r, r_step, sum + j, sum_step, classes, 1, d - j);
}

/* d sums of eight lanes, of which lane l stands at sum[l * lane_step ...], filled up to whole
 * vectors */
INLINE void sum_lanes(const double *sum, size_t d, size_t lane_step, double *out)
{
    for (size_t j = 0; j < d; j += LANES) {
        lanes v[LANES];
        double sums[LANES];
        UNROLL
        for (size_t lane = 0; lane < LANES; lane++)
            v[lane] = lanes_load(sum + lane * lane_step + j);
        lanes_store(sums, lanes_add_eight(v));
        memcpy(out + j, sums, (d - j < LANES ? d - j : LANES) * sizeof *out);
    }
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
