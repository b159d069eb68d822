/* Standard units: found from the columns, and applied as rows are read.
 *
 * The lesson writes the table in standard units down; here it never is: wherever a row is needed,
 * it is brought to standard units
 *
 *     a[j] = (x[j] - shift[j]) * scale[j]
 *
 * on the way from X to the registers, once more each time: a block of X stays in the cache, and
 * memory is what a pass waits for. */

/* ------------------------------------------------------------------ the units */

static const double NONE = -INFINITY; /* the largest of no numbers */

/* What some rows add to the results of columns_of for eight features, or `count`. */
enum { HIGH, LOW, BELOW, ABOVE, FROM, SQUARES, COLUMN_RESULTS };

INLINE void column_rows(const samples *s, const int is_f64, size_t i, size_t rows, size_t j,
                        const size_t count, const double *guess, const double *power,
                        double *results, size_t wide, lanes *poison)
{
    const lanes m = lanes_load(guess + j), p = lanes_load(power + j);
    lanes r[COLUMN_RESULTS];
    UNROLL
    for (int c = 0; c < COLUMN_RESULTS; c++)
        r[c] = lanes_load(results + c * wide + j);
    for (size_t k = i; k < i + rows; k++) {
        const double weight = s->sample_weight ? s->sample_weight[k] : 1.0;
        const lanes x = load_features(s->X, is_f64, k * s->d + j, count);
        *poison = lanes_fma(x, lanes_set(0.0), *poison);
        if (weight == 0.0)
            continue;
        lanes from = x;
        EACH_PART(l, const part minus = -x.p[l];
                  r[HIGH].p[l] = part_max(r[HIGH].p[l], x.p[l]);
                  r[LOW].p[l] = part_max(r[LOW].p[l], minus);
                  r[BELOW].p[l] = part_max_below(r[BELOW].p[l], x.p[l], m.p[l]);
                  r[ABOVE].p[l] = part_max_below(r[ABOVE].p[l], minus, -m.p[l]);
                  from.p[l] = x.p[l] - m.p[l];)
        from = lanes_mul(from, p);
        r[FROM] = lanes_fma(lanes_set(weight), from, r[FROM]);
        r[SQUARES] = lanes_fma(lanes_mul(lanes_set(weight), from), from, r[SQUARES]);
    }
    UNROLL
    for (int c = 0; c < COLUMN_RESULTS; c++)
        lanes_store(results + c * wide + j, r[c]);
}

/* params = {guess[d], power[d]}; see pyref.h. Every feature has sums of its own, row after row.
 * The last result is a NaN if anything in X is not finite, weight or no weight. */
INLINE void columns_of(const samples *s, const int is_f64, const double *params, size_t first,
                       size_t last, double *scratch, double *out)
{
    const size_t d = s->d, wide = wide_d(d), size = is_f64 ? sizeof(double) : sizeof(float);
    double *guess = scratch, *power = guess + wide, *results = power + wide;
    double y_high = NONE, y_low = NONE;
    lanes poison = lanes_set(0.0);
    memset(scratch, 0, (COLUMN_RESULTS + 2) * wide * sizeof *scratch);
    memcpy(guess, params, d * sizeof *guess);
    memcpy(power, params + d, d * sizeof *power);
    for (size_t j = 0; j < FROM * wide; j++)
        results[j] = NONE;
    for (size_t i = first; i < last; i += LANES) {
        const size_t rows = last - i < LANES ? last - i : LANES;
        ahead a = ahead_of(s, i, LANES, size, SIZE_MAX);
        a.near = 0; /* these rows are read once: measured, the second-level cache is better */
        for (size_t j = 0; j < d; j += LANES) {
            ask(&a, LANES * LANES * 2 * a.half / d);
            if (j + LANES <= d)
                column_rows(s, is_f64, i, rows, j, LANES, guess, power, results, wide, &poison);
            else
                column_rows(s, is_f64, i, rows, j, d - j, guess, power, results, wide, &poison);
        }
        for (size_t k = i; k < i + rows; k++)
            if (!s->sample_weight || s->sample_weight[k] != 0.0) {
                const double y = value_at(s->y, s->y_kind, k);
                y_high = y > y_high ? y : y_high;
                y_low = -y > y_low ? -y : y_low;
            }
    }
    for (int c = 0; c < FROM; c++, out += d)
        memcpy(out, results + c * wide, d * sizeof *out);
    *out++ = y_high;
    *out++ = y_low;
    for (int c = FROM; c < COLUMN_RESULTS; c++, out += d)
        memcpy(out, results + c * wide, d * sizeof *out);
    *out = lanes_sum(poison);
}

/* ------------------------------------------------------------------ in standard units */

/* Eight features of one row in standard units. */
INLINE lanes standard_features(const char *X, const int is_f64, size_t at, const size_t count,
                               lanes shift, lanes scale)
{
    return in_units(load_features(X, is_f64, at, count), shift, scale);
}

/* What eight features (or `count`) of some rows add to the lanes of their scores; or if `sizes`,
 * the terms' sizes. */
INLINE void add_to_scores(const char *X, const int is_f64, size_t at, size_t d, size_t j,
                          const int rows, const size_t count, const double *shift,
                          const double *scale, const double *w, const int sizes, lanes *sum)
{
    const lanes shift_j = lanes_load(shift + j), scale_j = lanes_load(scale + j);
    lanes w_j = lanes_load(w + j);
    if (sizes)
        EACH_PART(m, w_j.p[m] = part_abs(w_j.p[m]);)
    UNROLL
    for (int i = 0; i < rows; i++) {
        lanes x = standard_features(X, is_f64, at + i * d + j, count, shift_j, scale_j);
        if (sizes)
            EACH_PART(m, x.p[m] = part_abs(x.p[m]);)
        sum[i] = lanes_fma(x, w_j, sum[i]);
    }
}

/* The scores of eight rows (or one) in standard units: the same sums as scores(). */
INLINE lanes standard_scores(const char *X, const int is_f64, size_t at, size_t d, const int rows,
                             const double *shift, const double *scale, const double *w, double b,
                             const int together, const int sizes, ahead *a)
{
    lanes sum[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        sum[i] = lanes_set(0.0);
    UNROLL
    for (int i = 0; i < rows; i += together, at += (size_t)together * d) {
        size_t j = 0;
        if (rows == LANES)
            ask_with_scores(a, i, together);
        for (; j + LANES <= d; j += LANES)
            add_to_scores(X, is_f64, at, d, j, together, LANES, shift, scale, w, sizes, sum + i);
        if (j < d)
            add_to_scores(X, is_f64, at, d, j, together, d - j, shift, scale, w, sizes, sum + i);
    }
    return lanes_add(lanes_sum_each(sum), lanes_set(b));
}

/* The scores of eight rows, so many together; or of fewer, where there are no more. */
INLINE void standard_scores_of_eight(const char *X, const int is_f64, size_t at, size_t d,
                                     size_t rows, const double *shift, const double *scale,
                                     const double *w, double b, int together, const int sizes,
                                     ahead *a, double *z)
{
#define SCORES(at, rows, together)                                                               \
    standard_scores(X, is_f64, at, d, rows, shift, scale, w, b, together, sizes, a)
    if (rows < LANES)
        for (size_t k = 0; k < rows; k++) {
            double of_row[LANES];
            lanes_store(of_row, SCORES(at + k * d, 1, 1));
            z[k] = of_row[0];
        }
    else if (EVENLY && is_f64 && together == 1)
        lanes_store(z, SCORES(at, LANES, 1));
    else if (SOME_TOGETHER == MOST_TOGETHER || together == SOME_TOGETHER)
        lanes_store(z, SCORES(at, LANES, SOME_TOGETHER));
    else
        lanes_store(z, SCORES(at, LANES, MOST_TOGETHER));
#undef SCORES
}

/* Of at most eight rows, to z. Compiled apart, as chapter 1's. */
#define STANDARD_SCORES(name, is_f64)                                                            \
    static NOINLINE void name(const char *X, size_t at, size_t d, size_t rows,                   \
                              const double *shift, const double *scale, const double *w,         \
                              double b, int together, ahead *asked, double *z)                   \
    {                                                                                            \
        ahead a = *asked;                                                                        \
        standard_scores_of_eight(X, is_f64, at, d, rows, shift, scale, w, b, together, 0, &a,    \
                                 z);                                                             \
        *asked = a;                                                                              \
    }
STANDARD_SCORES(standard_scores_f64, 1)
STANDARD_SCORES(standard_scores_f32, 0)
#undef STANDARD_SCORES

INLINE void standard_scores_of(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                               const double *shift, const double *scale, const double *w, double b,
                               int together, ahead *a, double *z)
{
    (is_f64 ? standard_scores_f64 : standard_scores_f32)(X, at, d, rows, shift, scale, w, b,
                                                         together, a, z);
}

/* sum += r[i] * a[i] for every eighth row i < rows, for `vectors` vectors of features. */
INLINE void add_standard_to(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                            const double *shift, const double *scale, const double *r, double *sum,
                            const int vectors, const size_t last_count)
{
    lanes s[4], shift_v[4], scale_v[4];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        s[v] = lanes_load(sum + v * LANES);
        shift_v[v] = lanes_load(shift + v * LANES);
        scale_v[v] = lanes_load(scale + v * LANES);
    }
    for (size_t i = 0; i < rows; i += LANES) {
        if (r[i] == 0.0)
            continue; /* it would add 0; or a NaN, if the row's weight is 0 and it overflows */
        const lanes r_i = lanes_set(r[i]);
        UNROLL
        for (int v = 0; v < vectors; v++)
            s[v] = lanes_fma(standard_features(X, is_f64, at + i * d + v * LANES,
                                               v + 1 < vectors ? LANES : last_count, shift_v[v],
                                               scale_v[v]),
                             r_i, s[v]);
    }
    UNROLL
    for (int v = 0; v < vectors; v++)
        lanes_store(sum + v * LANES, s[v]);
}

/* The same for features [j, end). */
INLINE void add_standard_lane(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                              const double *shift, const double *scale, const double *r,
                              double *sum, size_t j, size_t end)
{
    for (; j + 4 * LANES <= end; j += 4 * LANES)
        add_standard_to(X, is_f64, at + j, d, rows, shift + j, scale + j, r, sum + j, 4, LANES);
    for (; j + LANES <= end; j += LANES)
        add_standard_to(X, is_f64, at + j, d, rows, shift + j, scale + j, r, sum + j, 1, LANES);
    if (j < end)
        add_standard_to(X, is_f64, at + j, d, rows, shift + j, scale + j, r, sum + j, 1, end - j);
}

/* So many features have units and sums that stay in the first-level cache beside some rows. */
enum { NEAR_FEATURES = 512 };

/* The same for all features and all eight lanes, of which lane l has its sums at sum + l * wide;
 * and `bytes` of memory are asked for with each lane. Where rows are so long that
 * their units do not stay in the first-level cache, some features at a time. */
INLINE void add_standard(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                         const double *shift, const double *scale, const double *r, double *sum,
                         ahead *a, size_t bytes)
{
    const size_t some = d <= NEAR_FEATURES ? d : 4 * LANES;
    for (size_t j = 0; j < d; j += some)
        for (size_t l = 0; l < LANES && l < rows; l++) {
            ask(a, bytes * some / d);
            add_standard_lane(X, is_f64, at + l * d, d, rows - l, shift, scale, r + l,
                              sum + l * wide_d(d), j, d - j < some ? d : j + some);
        }
}
