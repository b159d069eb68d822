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

/* Packing: eight rows at a time with the features apart, for tables of few features that stay
 * in the cache over many passes. A group of eight rows is
 *
 *     x[0] of the eight rows, x[1] of the eight rows, ..., then their labels, then their weights
 *
 * with the features filled up with zeros to packed_d(d) of them, and missing rows with zeros. */
static void pack(const samples *s, size_t first, size_t last, double *packed)
{
    const size_t d = s->d, wide = packed_d(d), columns = wide + 1 + (s->sample_weight != NULL);
    memset(packed, 0, (last - first + LANES - 1) / LANES * LANES * columns * sizeof *packed);
    for (size_t i = first; i < last; i++) {
        double *x = packed + (i - first) / LANES * LANES * columns + (i - first) % LANES;
        for (size_t j = 0; j < d; j++)
            x[j * LANES] = value_at(s->X, s->X_kind, i * d + j);
        x[wide * LANES] = value_at(s->y, s->y_kind, i);
        if (s->sample_weight)
            x[(wide + 1) * LANES] = s->sample_weight[i];
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
