/* Chapter 1's hot loop: what some rows add to the loss and to the gradient.
 *
 * The twin of _gradient in pyref/logistic.py, with the loop over the samples taken eight at a
 * time, a lane each. For the order in which things are summed, see pyref.h.
 */

enum { PRODUCT_ROWS = 64 }; /* rows of a lane whose 1 + e are multiplied before a logarithm */

typedef struct {
    lanes grad_b, loss, product;
    size_t in_product;
} sums;

/* Eight samples: their scores z, e = e^-|z| and labels y give the residuals dL/dz, and add to
 * the loss.
 *
 * The twin of _loss_and_residual. The one exponential serves both:
 *
 *     residual = ((1-y) - y e) / (1 + e)     loss = (1-y) |z| + log1p(e)      for z >= 0
 *              = ((1-y) e - y) / (1 + e)          =    y  |z| + log1p(e)      for z < 0
 *
 * With `against` the weight of the label that the sign of z speaks against, and `with` that of
 * the other, both lines are  +-(against - with * e) / (1 + e)  and  against * |z| + log1p(e).
 *
 * The logarithm costs as much as all the rest, and need not be taken of each sample: the sum of
 * logarithms is the logarithm of the product. Kept as 1 + product, so that a small e is not
 * lost beside the 1:  (1 + product)(1 + e) = 1 + (product + (product * e + e)). Each step is
 * right to 2 ulp, and log1p makes a relative error of its argument no larger. A sample's weight
 * would be a power, so weighted samples do take a logarithm each. (No product: the caller has
 * multiplied already.) */
INLINE part samples_part(part z, part e, part y, part weight, int weighted, part *loss,
                         part *product, part *curvature)
{
    const bits sign_bit = (bits)part_set(-0.0);
    part against = part_where_negative(z, y, 1.0 - y);
    part with = part_where_negative(z, 1.0 - y, y);
    part up = part_fma(-with, e, against);
    part q = e + 1.0;
    part residual = (part)((bits)up ^ ((bits)z & sign_bit)) / q;
    if (curvature) /* p (1-p), for chapter 3 */
        *curvature = e / (q * q);
    /* subtle: where nothing speaks against, an infinite z costs 0, not 0 * inf = NaN */
    part distance = (part)((bits)part_abs(z) & (against != 0.0));
    if (weighted) {
        part one = part_fma(distance, against, part_log1p(e));
        *loss = part_fma(weight, part_counted(one, weight), *loss);
        if (curvature)
            *curvature = weight * part_counted(*curvature, weight);
        return weight * part_counted(residual, weight);
    }
    *loss = part_fma(distance, against, *loss);
    if (product)
        *product += part_fma(*product, e, e);
    return residual;
}

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
    const products p = second ? products_in(scratch + logistic_scratch(x), d) : (products){0};

    memset(scratch, 0, logistic_scratch(x) * sizeof *scratch);
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

/* ------------------------------------------------------------------ packed rows
 *
 * Few features: eight rows at a time, of which the features are loaded as they are used. */

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

/* Ask for one half of the group that comes in place of this one. (1,000 packed rows of four features
 * are 40 KB, more than the first-level cache. Measured, and done, without AVX-512 only.) */
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

/* ------------------------------------------------------------------ either */

static void logistic_rows(const samples *x, const double *params, size_t first, size_t last,
                          double *scratch, double *out)
{
    if (!x->packed) {
#define BLOCKS(is_f64, far) logistic_blocks(x, is_f64, 0, far, params, first, last, scratch, out)
        if (x->X_kind == F64 && x->far)
            BLOCKS(1, 1);
        else if (x->X_kind == F64)
            BLOCKS(1, 0);
        else if (x->far)
            BLOCKS(0, 1);
        else
            BLOCKS(0, 0);
#undef BLOCKS
        return;
    }
#define PACKED(D, weighted) logistic_packed(x, D, weighted, params, first, last, out)
    switch (2 * packed_d(x->d) + (x->sample_weight != NULL)) {
        case 2: PACKED(1, 0); break;
        case 3: PACKED(1, 1); break;
        case 4: PACKED(2, 0); break;
        case 5: PACKED(2, 1); break;
        case 8: PACKED(4, 0); break;
        case 9: PACKED(4, 1); break;
        case 16: PACKED(8, 0); break;
        case 17: PACKED(8, 1); break;
    }
#undef PACKED
}

/* The same and the second derivatives, chapter 3's hessian. */
static void hessian_rows(const samples *x, const double *params, size_t first, size_t last,
                         double *scratch, double *out)
{
    if (x->X_kind == F64)
        logistic_blocks(x, 1, 1, 1, params, first, last, scratch, out);
    else
        logistic_blocks(x, 0, 1, 1, params, first, last, scratch, out);
}
