/* Chapter 1's hot loop: what some rows add to the loss and to the gradient.
 *
 * The twin of _gradient in pyref/logistic.py, with the loop over the samples taken eight at a
 * time, a lane each. For the order in which things are summed, see pyref.h.
 */

enum { AHEAD = 32768 };     /* bytes, far enough to hide the memory's latency */
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
INLINE part samples_part(part z, part y, part weight, int weighted, part *loss, part *product)
{
    const bits sign_bit = (bits)part_set(-0.0);
    bits negative = z < 0.0;
    part size = (part)((bits)z & ~sign_bit);
    part e = part_exp_minus(size);
    part against = part_select(negative, y, 1.0 - y);
    part with = part_select(negative, 1.0 - y, y);
    part up = part_fma(-with, e, against);
    part residual = (part)((bits)up ^ (negative & sign_bit)) / (e + 1.0);
    /* subtle: where nothing speaks against, an infinite z costs 0, not 0 * inf = NaN */
    part distance = (part)((bits)size & (against != 0.0));
    if (weighted) {
        part one = part_fma(distance, against, part_log1p(e));
        *loss = part_fma(weight, one, *loss);
        return residual * weight;
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

/* The eight scores of rows x[0..8), `row` elements apart: w . x with a lane for every eighth
 * feature, the lanes added up by lanes_sum, then b. */
INLINE lanes scores(const char *X, const int is_f64, size_t at, size_t d, const double *w,
                    double b)
{
    lanes dot[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        dot[i] = lanes_set(0.0);
    size_t j = 0;
    for (; j + LANES <= d; j += LANES) {
        lanes w_j = lanes_load(w + j);
        UNROLL
        for (int i = 0; i < LANES; i++)
            dot[i] = lanes_fma(load_features(X, is_f64, at + i * d + j, LANES), w_j, dot[i]);
    }
    if (j < d) {
        lanes w_j = lanes_load(w + j); /* w is filled up with zeros */
        UNROLL
        for (int i = 0; i < LANES; i++)
            dot[i] = lanes_fma(load_features(X, is_f64, at + i * d + j, d - j), w_j, dot[i]);
    }
    return lanes_add(lanes_sum_each(dot), lanes_set(b));
}

/* Ask for some cache lines of memory; the second-level cache is near enough. */
INLINE const char *fetch(const char *next, size_t lines)
{
    for (; lines; lines--, next += 64)
        __builtin_prefetch(next, 0, 2);
    return next;
}

/* sum[0..count) += r[i] * x[i] for every eighth row i < rows, for up to eight vectors of
 * features from feature j on. */
INLINE void add_rows(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                     const double *r, double *sum, const int vectors, const size_t last_count)
{
    lanes s[8];
    UNROLL
    for (int v = 0; v < vectors; v++)
        s[v] = lanes_load(sum + v * LANES);
    for (size_t i = 0; i < rows; i += LANES) {
        lanes r_i = lanes_set(r[i]);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            size_t from = at + i * d + v * LANES, count = v + 1 < vectors ? LANES : last_count;
            s[v] = lanes_fma(load_features(X, is_f64, from, count), r_i, s[v]);
        }
    }
    UNROLL
    for (int v = 0; v < vectors; v++)
        lanes_store(sum + v * LANES, s[v]);
}

INLINE void logistic_blocks(const samples *x, const int is_f64, const double *params,
                            size_t first, size_t last, double *scratch, double *out)
{
    const char *X = x->X;
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const size_t d = x->d, wide = (d + LANES - 1) / LANES * LANES, block = block_rows(d);
    const int weighted = x->sample_weight != NULL;
    const double b = params[d];
    double *w_wide = scratch, *grad_w = w_wide + wide;
    double r[BLOCK], y[BLOCK], weight[BLOCK];
    sums s = {lanes_set(0.0), lanes_set(0.0), lanes_set(0.0), 0};

    memset(scratch, 0, logistic_scratch(x) * sizeof *scratch);
    memcpy(w_wide, params, d * sizeof *params);
    memset(y, 0, sizeof y);
    memset(weight, 0, sizeof weight);
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES, whole = rows / LANES;
        /* While this block is worked on, what lies AHEAD of it comes from memory: half of it is
         * asked for here and half below, a few lines at a time and in order of address, which
         * is what the memory controller likes. */
        const char *next = X + i * d * size + AHEAD;
        const size_t lines = x->far && (i + block) * d * size + AHEAD <= x->n * d * size
                                 ? block * d * size / 64 / (2 * LANES)
                                 : 0;
        for (size_t g = 0; g < whole; g++) {
            next = fetch(next, lines);
            lanes_store(r + g * LANES, scores(X, is_f64, (i + g * LANES) * d, d, w_wide, b));
        }
        for (size_t k = whole * LANES; k < rows; k++) {
            lanes dot = lanes_set(0.0);
            size_t j = 0;
            for (; j + LANES <= d; j += LANES)
                dot = lanes_fma(load_features(X, is_f64, (i + k) * d + j, LANES),
                                lanes_load(w_wide + j), dot);
            if (j < d)
                dot = lanes_fma(load_features(X, is_f64, (i + k) * d + j, d - j),
                                lanes_load(w_wide + j), dot);
            r[k] = lanes_sum(dot) + b;
        }
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
            lanes weight_g = lanes_load(weight + g * LANES);
            EACH_PART(k, z.p[k] = samples_part(z.p[k], y_g.p[k], weight_g.p[k], weighted,
                                               &s.loss.p[k], &s.product.p[k]);)
            s.grad_b = lanes_add(s.grad_b, z);
            lanes_store(r + g * LANES, z);
            if (++s.in_product == PRODUCT_ROWS)
                close_product(&s);
        }
        /* grad_w[j] += residual * x[j], every eighth row to its own sum */
        for (size_t lane = 0; lane < LANES && lane < rows; lane++) {
            next = fetch(next, lines);
            const size_t at = (i + lane) * d, left = rows - lane;
            double *sum = grad_w + lane * wide;
            size_t j = 0;
            for (; j + 4 * LANES <= d; j += 4 * LANES)
                add_rows(X, is_f64, at + j, d, left, r + lane, sum + j, 4, LANES);
            for (; j + LANES <= d; j += LANES)
                add_rows(X, is_f64, at + j, d, left, r + lane, sum + j, 1, LANES);
            if (j < d)
                add_rows(X, is_f64, at + j, d, left, r + lane, sum + j, 1, d - j);
        }
    }
    close_product(&s);
    out[0] = lanes_sum(s.loss);
    out[1] = lanes_sum(s.grad_b);
    for (size_t j = 0; j < d; j++) {
        double v[LANES];
        for (int lane = 0; lane < LANES; lane++)
            v[lane] = grad_w[lane * wide + j];
        out[2 + j] = lanes_sum(lanes_load(v));
    }
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
                                       &s->product.p[k]);)
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
    out[1] = lanes_sum(s.grad_b);
    for (size_t j = 0; j < x->d; j++)
        out[2 + j] = lanes_sum(grad_w[j]);
}

/* ------------------------------------------------------------------ either */

static void logistic_rows(const samples *x, const double *params, size_t first, size_t last,
                          double *scratch, double *out)
{
    if (!x->packed) {
        if (x->X_kind == F64)
            logistic_blocks(x, 1, params, first, last, scratch, out);
        else
            logistic_blocks(x, 0, params, first, last, scratch, out);
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
