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

/* Eight samples: their scores z and labels y give the residuals dL/dz, and add to the loss.
 *
 * The twin of _loss_and_residual. One exponential e = e^-|z| serves both:
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
 * would be a power, so weighted samples do take a logarithm each. */
INLINE part samples_part(part z, part y, part weight, int weighted, part *loss, part *product,
                         part *curvature)
{
    const bits sign_bit = (bits)part_set(-0.0);
    bits negative = z < 0.0;
    part size = (part)((bits)z & ~sign_bit);
    part e = part_exp_minus(size);
    part against = part_select(negative, y, 1.0 - y);
    part with = part_select(negative, 1.0 - y, y);
    part up = part_fma(-with, e, against);
    part q = e + 1.0;
    part residual = (part)((bits)up ^ (negative & sign_bit)) / q;
    if (curvature) /* p (1-p), for chapter 3 */
        *curvature = e / (q * q);
    /* subtle: where nothing speaks against, an infinite z costs 0, not 0 * inf = NaN */
    part distance = (part)((bits)size & (against != 0.0));
    if (weighted) {
        part one = part_fma(distance, against, part_log1p(e));
        *loss = part_fma(weight, part_counted(one, weight), *loss);
        if (curvature)
            *curvature = weight * part_counted(*curvature, weight);
        return weight * part_counted(residual, weight);
    }
    *loss = part_fma(distance, against, *loss);
    *product += part_fma(*product, e, e);
    return residual;
}

INLINE void close_product(sums *s)
{
    s->loss = lanes_add(s->loss, lanes_log1p(s->product));
    s->product = lanes_set(0.0);
    s->in_product = 0;
}

/* The score of a row that is not there: with label 0 it has no loss and no residual. */
static const double NO_ROW = -1e300;

/* ------------------------------------------------------------------ rows as they lie in X
 *
 * A block of rows is read three times, the last two times from the cache: for the scores (a
 * lane for every eighth feature), for the residuals (a lane for every eighth row), and for the
 * gradient (every eighth row adds to the same one of eight sums, so again a lane). */

INLINE void logistic_blocks(const samples *x, const int is_f64, const int second,
                            const double *params, size_t first, size_t last, double *scratch,
                            double *out)
{
    const char *X = x->X;
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const size_t d = x->d, wide = wide_d(d), block = block_rows(d);
    const int weighted = x->sample_weight != NULL;
    const double b = params[d];
    double *w_wide = scratch, *grad_w = w_wide + wide;
    double r[BLOCK], y[BLOCK], weight[BLOCK], curvature[BLOCK];
    sums s = {lanes_set(0.0), lanes_set(0.0), lanes_set(0.0), 0};
    const products p = second ? products_in(scratch + logistic_scratch(x), d) : (products){0};

    memset(scratch, 0, logistic_scratch(x) * sizeof *scratch);
    memcpy(w_wide, params, d * sizeof *params);
    memset(y, 0, sizeof y);
    memset(weight, 0, sizeof weight);
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES, whole = rows / LANES;
        /* While this block is worked on, what lies ahead of it comes from memory: half of it is
         * asked for here and half below, a few lines at a time and in order of address, which
         * is what the memory controller likes. (With `second`, all of it in add_products, where
         * the time is spent.) */
        const char *next = X + i * d * size + (is_f64 ? AHEAD_F64 : AHEAD_F32);
        const size_t ahead = lines_ahead(x, i, block, size), lines = second ? 0 : ahead;
        for (size_t g = 0; g < whole; g++) {
            next = fetch(next, lines);
            lanes_store(r + g * LANES, scores(X, is_f64, (i + g * LANES) * d, d, w_wide, b));
        }
        for (size_t k = whole * LANES; k < rows; k++)
            r[k] = score(X, is_f64, (i + k) * d, d, w_wide, b);
        load_labels(x, i, rows, y);
        if (weighted)
            memcpy(weight, x->sample_weight + i, rows * sizeof *weight);
        for (size_t k = rows; k < vectors * LANES; k++) {
            r[k] = NO_ROW;
            y[k] = weight[k] = 0.0;
        }
        /* from the scores to the residuals */
        for (size_t g = 0; g < vectors; g++) {
            lanes z = lanes_load(r + g * LANES), y_g = lanes_load(y + g * LANES);
            lanes weight_g = lanes_load(weight + g * LANES), curvature_g = z;
            EACH_PART(k, z.p[k] = samples_part(z.p[k], y_g.p[k], weight_g.p[k], weighted,
                                               &s.loss.p[k], &s.product.p[k],
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
            next = fetch(next, lines);
            add_rows(X, is_f64, (i + lane) * d, d, rows - lane, r + lane, 0, grad_w + lane * wide,
                     0, 1);
        }
        if (second)
            add_products(X, is_f64, i * d, d, rows, curvature, &p, ahead ? block * d * size : 0);
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
 * Few features: eight rows at a time, and everything stays in registers. */

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
        sum = lanes_add(lanes_add(lanes_add(v[0], v[4]), lanes_add(v[2], v[6])),
                        lanes_add(lanes_add(v[1], v[5]), lanes_add(v[3], v[7])));
    return lanes_add(sum, b);
}

INLINE void packed_group(const double *x, const int D, size_t rows, const int weighted,
                         const lanes *w, lanes b, sums *s, lanes *grad_w)
{
    lanes z = packed_score(x, D, w, b);
    if (rows < LANES) {
        double z_rows[LANES];
        lanes_store(z_rows, z);
        for (size_t i = rows; i < LANES; i++)
            z_rows[i] = NO_ROW;
        z = lanes_load(z_rows);
    }
    lanes y = lanes_load(x + D * LANES), weight = y, r;
    if (weighted)
        weight = lanes_load(x + (D + 1) * LANES);
    EACH_PART(k, r.p[k] = samples_part(z.p[k], y.p[k], weight.p[k], weighted, &s->loss.p[k],
                                       &s->product.p[k], NULL);)
    s->grad_b = lanes_add(s->grad_b, r);
    UNROLL
    for (int j = 0; j < D; j++)
        grad_w[j] = lanes_fma(lanes_load(x + j * LANES), r, grad_w[j]);
}

INLINE void logistic_packed(const samples *x, const int D, const int weighted,
                            const double *params, size_t first, size_t last, double *out)
{
    const size_t size = (D + 1 + weighted) * LANES;
    sums s = {lanes_set(0.0), lanes_set(0.0), lanes_set(0.0), 0};
    lanes w_j[8], grad_w[8], b = lanes_set(params[x->d]);
    UNROLL
    for (int j = 0; j < D; j++) {
        w_j[j] = lanes_set((size_t)j < x->d ? params[j] : 0.0);
        grad_w[j] = lanes_set(0.0);
    }
    const double *tile = x->packed + first / LANES * size;
    size_t rows = last - first;
    while (rows) {
        size_t whole = rows / LANES < PRODUCT_ROWS ? rows / LANES : PRODUCT_ROWS;
        for (size_t g = 0; g < whole; g++, tile += size)
            packed_group(tile, D, LANES, weighted, w_j, b, &s, grad_w);
        rows -= whole * LANES;
        if (whole < PRODUCT_ROWS && rows) {
            packed_group(tile, D, rows, weighted, w_j, b, &s, grad_w);
            rows = 0;
        }
        close_product(&s);
    }
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
        if (x->X_kind == F64)
            logistic_blocks(x, 1, 0, params, first, last, scratch, out);
        else
            logistic_blocks(x, 0, 0, params, first, last, scratch, out);
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
        logistic_blocks(x, 1, 1, params, first, last, scratch, out);
    else
        logistic_blocks(x, 0, 1, params, first, last, scratch, out);
}
