/* Chapter 1's hot loop over rows as they lie in X: what some rows add to the loss and to the
 * gradient. The lesson's loop over the samples, eight at a time, a lane each.
 *
 * Few features that are passed over often take logistic_packed.h instead; logistic.h chooses.
 */

enum { PRODUCT_ROWS = 64 }; /* rows of a lane whose 1 + e are multiplied before a logarithm */

typedef struct {
    lanes grad_b, loss, product;
    size_t in_product;
} sums;

INLINE void close_product(sums *s)
{
    s->loss = lanes_add(s->loss, lanes_log1p(s->product));
    s->product = lanes_set(0.0);
    s->in_product = 0;
}

/* e^-|z|, for samples_part. It comes in a loop before that one, because a processor looks only
 * so many instructions ahead: in short loops it sees several rounds at once, and works on one
 * while another waits for its last result. */
INLINE lanes exp_minus_size(lanes z)
{
    EACH_PART(k, z.p[k] = part_exp_minus(part_abs(z.p[k]));)
    return z;
}

/* The same for some vectors, while memory is asked for. Compiled apart, as is packed_scores below:
 * the registers that hold the coefficients of e^x are then free again for the sums. (Inlined, GCC
 * keeps the coefficients there and the sums in memory.) */
static NOINLINE void exp_minus_sizes(const double *z, size_t vectors, double *e, ahead *a)
{
    for (size_t g = 0; g < vectors; g++) {
        if (EVENLY)
            ask(a, a->half);
        lanes_store(e + g * LANES, exp_minus_size(lanes_load(z + g * LANES)));
    }
}

/* The score of a row that is not there: with label 0 it has no loss and no residual. */
static const double NO_ROW = -1e300;

/* ------------------------------------------------------------------ rows as they lie in X
 *
 * A block of rows is read three times, the last two times from the cache: for the scores (a
 * lane for every eighth feature), for the residuals (a lane for every eighth row), and for the
 * gradient (every eighth row adds to the same one of eight sums, so again a lane). */

/* With `second`, the second derivatives too. Without `far`, X lies in the caches; as this is known
 * when it is compiled, all that is for memory is left out. (With `second`, `far` only says that it
 * may lie further away.) */
INLINE void logistic_blocks(const samples *x, const int is_f64, const int second, const int far,
                            const double *params, size_t first, size_t last, double *scratch,
                            double *out)
{
    const char *X = x->X;
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const size_t d = x->d, wide = wide_d(d);
    const size_t block = second ? block_rows(d) : rows_of_block(x, block_rows(d), size);
    const int together = rows_together(x, is_f64, far && !second);
    const int weighted = x->sample_weight != NULL;
    const double b = params[d];
    double *w_wide = scratch, *grad_w = w_wide + wide;
    double r[BLOCK] ALIGNED, e[BLOCK] ALIGNED, y[BLOCK] ALIGNED;
    double weight[BLOCK] ALIGNED, curvature[BLOCK] ALIGNED;
    sums s = {lanes_set(0.0), lanes_set(0.0), lanes_set(0.0), 0};
    products p = second ? products_in(scratch + gradient_scratch(x), d) : (products){0};

    memset(scratch, 0, gradient_scratch(x) * sizeof *scratch);
    memcpy(w_wide, params, d * sizeof *params);
    memset(y, 0, sizeof y);
    memset(weight, 0, sizeof weight);
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES;
        /* While this block is worked on, what lies ahead of it comes from memory: half of it is
         * asked for here and half below, a few lines at a time and in order of address, which
         * is what the memory controller likes. (With `second`, all of it in add_products, where
         * the time is spent.) */
        ahead none = {0}, a = far ? ahead_of(x, i, block, size, SEEN_COMING) : none;
        ahead *asked = far ? &a : &none; /* so that without `far` it is known that a is none */
        const size_t to_come = a.half ? block * d * size : 0;
        if (second)
            a.half = 0;
        scores_of(X, is_f64, i * d, d, rows, together, w_wide, b, asked, r);
        load_labels(x, i, rows, y);
        ask_labels(x, &a, i, block);
        if (weighted)
            memcpy(weight, x->sample_weight + i, rows * sizeof *weight);
        for (size_t k = rows; k < vectors * LANES; k++) {
            r[k] = NO_ROW;
            y[k] = weight[k] = 0.0;
        }
        /* from the scores to the residuals */
        exp_minus_sizes(r, vectors, e, asked);
        for (size_t g = 0; g < vectors; g++) {
            if (EVENLY)
                ask(&a, a.half);
            lanes z = lanes_load(r + g * LANES), e_g = lanes_load(e + g * LANES);
            lanes y_g = lanes_load(y + g * LANES), weight_g = lanes_load(weight + g * LANES);
            lanes curvature_g = z;
            EACH_PART(k, z.p[k] = samples_part(z.p[k], e_g.p[k], y_g.p[k], weight_g.p[k],
                                               weighted, &s.loss.p[k], &s.product.p[k],
                                               second ? &curvature_g.p[k] : NULL);)
            if (second)
                lanes_store(curvature + g * LANES, curvature_g);
            s.grad_b = lanes_add(s.grad_b, z);
            lanes_store(r + g * LANES, z);
            if (++s.in_product == PRODUCT_ROWS)
                close_product(&s);
        }
        /* grad_w[j] += residual * x[j], every eighth row to its own sum */
        for (size_t lane = 0; lane < LANES && lane < rows; lane++) {
            ask(&a, block / LANES * still_to_ask(&a));
            add_rows(X, is_f64, (i + lane) * d, d, rows - lane, r + lane, 0, grad_w + lane * wide,
                     0, 1);
        }
        if (second)
            add_products(x, i, rows, curvature, &p, to_come);
    }
    close_product(&s);
    out[0] = lanes_sum(s.loss);
    sum_lanes(grad_w, d, wide, out + 1);
    out[1 + d] = lanes_sum(s.grad_b);
    if (second)
        products_out(&p, d, out + 2 + d);
}
