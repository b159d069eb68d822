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
    ahead none = {0};
    double z[BLOCK] ALIGNED = {0}; /* behind the last row stands what has been looked at before */
    memset(scratch, 0, C * wide * sizeof *scratch);
    for (size_t c = 0; c < C; c++)
        memcpy(scratch + c * wide, params + c * d, d * sizeof *scratch);
    for (size_t i = first; i < last; i += BLOCK) {
        const size_t rows = last - i < BLOCK ? last - i : BLOCK;
        ahead a = ahead_of(x, i, BLOCK, size, SEEN_COMING);
        a.half *= 2; /* both halves here */
        for (size_t c = 0; c < C; c++) {
            scores_of(x->X, is_f64, i * d, d, rows, together, scratch + c * wide, b[c],
                      c == 0 ? &a : &none, z);
            for (size_t k = 0; k < BLOCK; k += LANES)
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
