/* Chapter 1's hot loop over packed rows: what some rows add to the loss and to the gradient.
 *
 * For tables of few features that are passed over again and again (packing_pays in
 * engine/plan.c): eight rows at a time, of which the features are loaded as they are used. The sums
 * are those of logistic_blocks.h, in the same order. */

INLINE lanes packed_score(const double *x, const int D, const lanes *w, lanes b)
{
    /* the same sum as scores(): lane j of it is feature j, and D - 8 of them are 0 */
    lanes v[8];
    UNROLL
    for (int j = 0; j < D; j++)
        v[j] = lanes_mul(lanes_load(x + j * LANES), w[j]);
    lanes sum = v[0];
    if (D == 2)
        sum = lanes_add(v[0], v[1]);
    if (D == 4)
        sum = lanes_add(lanes_add(v[0], v[2]), lanes_add(v[1], v[3]));
    if (D == 8)
        sum = lanes_add_eight(v);
    return lanes_add(sum, b);
}

/* Groups worked on at a time: they, what is kept of them, and the groups that come next have room
 * in the first-level cache together. */
enum { GROUPS = 32 };

INLINE size_t groups_together(const int D)
{
    return EVENLY && D == 8 ? GROUPS / 2 : GROUPS;
}

/* Ask for one half of the group that comes in place of this one. (1,000 packed rows of four
 * features are 40 KB, more than the first-level cache. Measured, and done, without AVX-512
 * only.) */
INLINE void packed_ask(const double *group, const int D, size_t size, const int second)
{
    const size_t lines = size / LANES, half = (lines + 1) / 2;
    const char *next = (const char *)(group + groups_together(D) * size);
    if (EVENLY)
        for (size_t line = second ? half : 0; line < (second ? lines : half); line++)
            __builtin_prefetch(next + 64 * line, 0, 3);
}

/* e = e^-|z|, and the product of 1 + e, see samples_part. */
INLINE void packed_exp(const double *z, double *e, lanes *product)
{
    const lanes e_g = exp_minus_size(lanes_load(z));
    lanes_store(e, e_g);
    EACH_PART(k, product->p[k] += part_fma(product->p[k], e_g.p[k], e_g.p[k]);)
}

/* The scores z of some groups, their e, and the product. In a loop each where registers are few. */
INLINE void packed_scores(const double *group, const int D, size_t size, size_t rows,
                          const double *params, size_t d, double *z, double *e, lanes *product)
{
    const size_t groups = (rows + LANES - 1) / LANES, whole = rows / LANES;
    const double *first = group;
    lanes w[8], b = lanes_set(params[d]), kept = *product;
    UNROLL
    for (int j = 0; j < D; j++)
        w[j] = lanes_set((size_t)j < d ? params[j] : 0.0);
    for (size_t g = 0; g < groups; g++, group += size) {
        lanes_store(z + g * LANES, packed_score(group, D, w, b));
        if (!EVENLY && g < whole)
            packed_exp(z + g * LANES, e + g * LANES, &kept);
    }
    for (size_t k = rows; k < groups * LANES; k++)
        z[k] = NO_ROW;
    for (size_t g = EVENLY ? 0 : whole; g < groups; g++) {
        packed_exp(z + g * LANES, e + g * LANES, &kept);
        packed_ask(first + g * size, D, size, 0);
    }
    *product = kept;
}

#define PACKED_SCORES(D)                                                                      \
    static NOINLINE void packed_scores_##D(                                                   \
        const double *group, size_t size, size_t rows, const double *params, size_t d,        \
        double *z, double *e, lanes *product)                                                 \
    {                                                                                         \
        packed_scores(group, D, size, rows, params, d, z, e, product);                        \
    }
PACKED_SCORES(1)
PACKED_SCORES(2)
PACKED_SCORES(4)
PACKED_SCORES(8)
#undef PACKED_SCORES

INLINE void logistic_packed(const samples *x, const int D, const int weighted,
                            const double *params, size_t first, size_t last, double *out)
{
    const size_t size = (D + 1 + weighted) * LANES, most = groups_together(D) * LANES;
    sums s = {lanes_set(0.0), lanes_set(0.0), lanes_set(0.0), 0};
    lanes grad_w[8];
    double z[GROUPS * LANES] ALIGNED, e[GROUPS * LANES] ALIGNED;
    UNROLL
    for (int j = 0; j < D; j++)
        grad_w[j] = lanes_set(0.0);
    const double *group = x->packed + first / LANES * size;
    for (size_t i = first; i < last; i += most) {
        const size_t rows = last - i < most ? last - i : most;
        const size_t groups = (rows + LANES - 1) / LANES;
        (D == 1   ? packed_scores_1
         : D == 2 ? packed_scores_2
         : D == 4 ? packed_scores_4
                  : packed_scores_8)(group, size, rows, params, x->d, z, e, &s.product);
        for (size_t g = 0; g < groups; g++, group += size) {
            lanes z_g = lanes_load(z + g * LANES), e_g = lanes_load(e + g * LANES), r;
            lanes y = lanes_load(group + D * LANES);
            lanes weight = weighted ? lanes_load(group + (D + 1) * LANES) : y;
            packed_ask(group, D, size, 1);
            EACH_PART(k, r.p[k] = samples_part(z_g.p[k], e_g.p[k], y.p[k], weight.p[k], weighted,
                                               &s.loss.p[k], NULL, NULL);)
            s.grad_b = lanes_add(s.grad_b, r);
            UNROLL
            for (int j = 0; j < D; j++)
                grad_w[j] = lanes_fma(lanes_load(group + j * LANES), r, grad_w[j]);
        }
        s.in_product += groups;
        if (weighted)
            s.product = lanes_set(0.0); /* each sample has had a logarithm of its own */
        if (s.in_product == PRODUCT_ROWS)
            close_product(&s);
    }
    close_product(&s);
    out[0] = lanes_sum(s.loss);
    for (size_t j = 0; j < x->d; j++)
        out[1 + j] = lanes_sum(grad_w[j]);
    out[1 + x->d] = lanes_sum(s.grad_b);
}
