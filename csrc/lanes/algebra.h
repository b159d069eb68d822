/* Chapter 3's algebra: what is done with d + 1 numbers, or with (d + 1)^2 of them.
 *
 * A sum of products is a score without its intercept: lane l of eight takes the terms k with
 * k mod 8 == l, and the lanes are added by lanes_sum. */

static double dot(const double *u, const double *v, size_t n)
{
    lanes sum = lanes_set(0.0);
    size_t k = 0;
    for (; k + LANES <= n; k += LANES)
        sum = lanes_fma(lanes_load(u + k), lanes_load(v + k), sum);
    if (k < n)
        sum = lanes_fma(lanes_load_first(u + k, n - k), lanes_load_first(v + k, n - k), sum);
    return lanes_sum(sum);
}

/* out = u + t v, each by fma; out may be u. */
static void plus(const double *u, double t, const double *v, double *out, size_t n)
{
    const lanes t_lanes = lanes_set(t);
    size_t k = 0;
    for (; k + LANES <= n; k += LANES)
        lanes_store(out + k, lanes_fma(t_lanes, lanes_load(v + k), lanes_load(u + k)));
    if (k < n) {
        double rest[LANES];
        lanes_store(rest, lanes_fma(t_lanes, lanes_load_first(v + k, n - k),
                                    lanes_load_first(u + k, n - k)));
        memcpy(out + k, rest, (n - k) * sizeof *out);
    }
}

/* Row j of L, from row j of the matrix (in `row`, but for the diagonal): for k < j
 *
 *     row[k] <- (row[k] - sum of row[m] L[k][m] over m < k) / L[k][k]
 *
 * Row k of L begins at k (k + 1) / 2. Eight k at a time, so that a processor need not wait for
 * one sum: the terms up to the first of the eight k as in dot(), the others one by one. */
static void cholesky_row(const double *L, size_t j, double *row)
{
    for (size_t first = 0; first < j; first += LANES) {
        const size_t count = j - first < LANES ? j - first : LANES;
        const double *L_k[LANES];
        lanes sum[LANES];
        double sums[LANES];
        UNROLL
        for (size_t i = 0; i < LANES; i++) {
            const size_t k = i < count ? first + i : first; /* any row will do past the last */
            L_k[i] = L + k * (k + 1) / 2;
            sum[i] = lanes_set(0.0);
        }
        for (size_t m = 0; m < first; m += LANES) {
            const lanes row_m = lanes_load(row + m);
            UNROLL
            for (int i = 0; i < LANES; i++)
                sum[i] = lanes_fma(row_m, lanes_load(L_k[i] + m), sum[i]);
        }
        lanes_store(sums, lanes_sum_each(sum));
        for (size_t i = 0; i < count; i++) {
            double left = row[first + i] - sums[i];
            for (size_t m = first; m < first + i; m++)
                left -= row[m] * L_k[i][m];
            row[first + i] = left / L_k[i][first + i];
        }
    }
}
