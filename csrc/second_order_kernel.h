/* Chapter 3's hot loop: what a block of rows adds to the second derivatives.
 *
 * The twin of the inner loops of _hessian in pyref/second_order.py: with the curvature
 * s = p (1-p) of a row (times its weight) and x[d] = 1 for the intercept,
 *
 *     products[j][k] += (s * x[j]) * x[k]       for k <= j
 *
 * Each entry is summed row after row, by fma((s * x[j]), x[k], entry). Four j and some vectors
 * of k at a time stay in registers while all rows of the block go by. */

enum { J_TOGETHER = 4, K_TOGETHER = LANES_WIDTH == 8 ? 4 : 1 };

INLINE void add_products_to(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                            const double *scaled, size_t scaled_row, double *sum, size_t sum_row,
                            const int vectors, const size_t last_count)
{
    lanes s[J_TOGETHER][K_TOGETHER];
    UNROLL
    for (int j = 0; j < J_TOGETHER; j++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            s[j][v] = lanes_load(sum + j * sum_row + v * LANES);
    for (size_t i = 0; i < rows; i++) {
        lanes x[K_TOGETHER];
        UNROLL
        for (int v = 0; v < vectors; v++)
            x[v] = load_features(X, is_f64, at + i * d + v * LANES,
                                 v + 1 < vectors ? LANES : last_count);
        UNROLL
        for (int j = 0; j < J_TOGETHER; j++) {
            lanes scaled_j = lanes_set(scaled[i * scaled_row + j]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                s[j][v] = lanes_fma(scaled_j, x[v], s[j][v]);
        }
    }
    UNROLL
    for (int j = 0; j < J_TOGETHER; j++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            lanes_store(sum + j * sum_row + v * LANES, s[j][v]);
}

/* products: rows j of wide_d(d + 1), d + 1 of them and three to spare; behind it room for the
 * scaled rows, s * x[j], of a block. */
INLINE void add_products(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                         const double *curvature, double *products)
{
    const size_t row = wide_d(d + 1), scaled_row = d + J_TOGETHER;
    double *scaled = products + (d + J_TOGETHER) * row;
    for (size_t i = 0; i < rows; i++) {
        double *out = scaled + i * scaled_row;
        if (is_f64) {
            const char *x = X + (at + i * d) * sizeof(double);
            for (size_t j = 0; j < d; j++) {
                double x_j;
                memcpy(&x_j, x + j * sizeof x_j, sizeof x_j);
                out[j] = curvature[i] * x_j;
            }
        } else {
            const char *x = X + (at + i * d) * sizeof(float);
            for (size_t j = 0; j < d; j++) {
                float x_j;
                memcpy(&x_j, x + j * sizeof x_j, sizeof x_j);
                out[j] = curvature[i] * (double)x_j;
            }
        }
        out[d] = curvature[i]; /* and the rest stays zero */
        products[d * row + d] += curvature[i];
    }
    for (size_t j = 0; j <= d; j += J_TOGETHER) {
        /* k up to the last of these j; the row of the intercept has k up to d - 1 here */
        const size_t last_j = j + J_TOGETHER - 1, end = last_j < d ? last_j + 1 : d;
        size_t k = 0;
        for (; k + K_TOGETHER * LANES <= end; k += K_TOGETHER * LANES)
            add_products_to(X, is_f64, at + k, d, rows, scaled + j, scaled_row,
                            products + j * row + k, row, K_TOGETHER, LANES);
        for (; k < end; k += LANES) /* past the last feature, a vector holds zeros */
            add_products_to(X, is_f64, at + k, d, rows, scaled + j, scaled_row,
                            products + j * row + k, row, 1, d - k < LANES ? d - k : LANES);
    }
}
