/* Sums over features, both halves of every chapter's pass: scores, and what residuals add to a
 * gradient. */

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
