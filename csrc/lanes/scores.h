/* The scores of rows: what a fitted model says of each, rather than sums over all of them. */

/* params = {w[C][d], b[C]}; row i's C scores to x->scores[i * C ...], the same sums as in every
 * other pass. out = {0}, or a NaN if one of the scores is not finite. */
INLINE void scores_to(const samples *x, const int is_f64, const double *params, size_t first,
                      size_t last, double *scratch, double *out)
{
    const size_t d = x->d, C = x->classes, wide = wide_d(d);
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const int together = rows_together(x, is_f64, x->far);
    const double *b = params + C * d;
    lanes poison = lanes_set(0.0), zero = poison;
    double *W = scratch;
    memset(scratch, 0, scores_scratch(x) * sizeof *scratch);
    for (size_t c = 0; c < C; c++)
        memcpy(W + c * wide, params + c * d, d * sizeof *W);
    for (size_t i = first; i < last; i += BLOCK) {
        const size_t rows = last - i < BLOCK ? last - i : BLOCK;
        ahead a = ahead_of(x, i, BLOCK, size, SEEN_COMING);
        double *z = W + C * wide;
        a.half *= 2; /* both halves here */
        if (C == 1)
            scores_of(x->X, is_f64, i * d, d, rows, together, W, b[0], &a, z);
        else
            for (size_t k = 0; k < rows; k += LANES) {
                ask(&a, LANES * a.half);
                scores_of_classes(x->X, is_f64, (i + k) * d, d, rows - k, W, wide, b, C, z + k);
            }
        for (size_t c = 0; c < C; c++, z += BLOCK) {
            for (size_t k = 0; k < BLOCK; k += LANES) /* past the last row stands nothing new */
                poison = lanes_fma(lanes_load(z + k), zero, poison);
            for (size_t k = 0; k < rows; k++)
                x->scores[(i + k) * C + c] = z[k];
        }
    }
    out[0] = lanes_sum(poison);
}

static void scores_rows(const samples *x, const double *params, size_t first, size_t last,
                        double *scratch, double *out)
{
    if (x->X_kind == F64)
        scores_to(x, 1, params, first, last, scratch, out);
    else
        scores_to(x, 0, params, first, last, scratch, out);
}
