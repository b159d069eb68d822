/* The safe learning rate's hot loop: what some rows add to the sum of s_i (|x_i|^2 + 1).
 *
 * Eight samples at a time, a lane each. Of a row, feature j adds to sum j mod 8 of eight by
 * fma(x, x, sum), which are added as a score's; then 1 is added. Row i adds its weight times that
 * to sum i mod 8 of eight, by one fma. */

/* |x|^2 + 1 of eight rows, of which the first `rows` are there; the others give 1. */
INLINE lanes squares(const char *X, const int is_f64, size_t at, size_t d, const size_t rows)
{
    lanes sum[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        sum[i] = lanes_set(0.0);
    for (size_t j = 0; j < d; j += LANES) {
        const size_t count = d - j < LANES ? d - j : LANES;
        UNROLL
        for (int i = 0; i < LANES; i++)
            if ((size_t)i < rows) {
                lanes x = load_features(X, is_f64, at + i * d + j, count);
                sum[i] = lanes_fma(x, x, sum[i]);
            }
    }
    return lanes_add(lanes_sum_each(sum), lanes_set(1.0));
}

INLINE void squares_of(const samples *x, const int is_f64, size_t first, size_t last, double *out)
{
    const size_t d = x->d;
    lanes sum = lanes_set(0.0);
    for (size_t i = first; i < last; i += LANES) {
        const size_t rows = last - i < LANES ? last - i : LANES;
        double weight[LANES];
        for (size_t k = 0; k < LANES; k++) /* a row that is not there weighs nothing */
            weight[k] = k >= rows ? 0.0 : x->sample_weight ? x->sample_weight[i + k] : 1.0;
        lanes weights = lanes_load(weight), square;
        if (rows == LANES)
            square = squares(x->X, is_f64, i * d, d, LANES);
        else
            square = squares(x->X, is_f64, i * d, d, rows);
        EACH_PART(k, square.p[k] = part_counted(square.p[k], weights.p[k]);)
        sum = lanes_fma(weights, square, sum);
    }
    out[0] = lanes_sum(sum);
}

static void squares_rows(const samples *x, const double *params, size_t first, size_t last,
                         double *scratch, double *out)
{
    (void)params;
    (void)scratch;
    if (x->X_kind == F64)
        squares_of(x, 1, first, last, out);
    else
        squares_of(x, 0, first, last, out);
}
