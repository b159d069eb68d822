/* Chapter 3's passes over X: columns brought to standard units as they are read.
 *
 * The twins of the methods of _Rows in pyref/second_order.py. There the table in standard units
 * is written down; here it never is: a block of rows is read, brought to standard units
 *
 *     a[j] = (x[j] - shift[j]) * scale[j]
 *
 * in scratch memory, and the sums are taken from there: for the many products of a row it is
 * the cheapest, and for the few of a gradient no dearer than doing it twice. A row of weight 0
 * is not there: it is zeros, with a score that costs nothing, and no largest value takes notice
 * of it.
 *
 * First in `out` stand maxima, whose parts are combined by taking the largest; then sums. */

/* ------------------------------------------------------------------ the units
 *
 * Two passes over X as it is. Every feature has sums of its own, row after row. */

/* fetch() what lies ahead of a group of eight rows, when its first is reached. */
INLINE const char *fetch_rows(const samples *s, size_t row, size_t size, const char *next)
{
    const size_t bytes = s->d * size;
    if (!s->far || row % LANES || (row + LANES) * bytes + AHEAD > s->n * bytes)
        return next;
    return fetch((const char *)s->X + row * bytes + AHEAD, LANES * bytes / 64);
}

INLINE lanes lanes_max(lanes a, lanes b)
{
    EACH_PART(k, a.p[k] = part_select(a.p[k] > b.p[k], a.p[k], b.p[k]);)
    return a;
}

static const double NONE = -INFINITY; /* the largest of no numbers */

/* params = {some row[d]}, out = {max x[d], max -x[d], max y, max -y; sum of s (x - row)[d], 0},
 * where the last is a NaN if anything in X is not finite, weight or no weight. */
INLINE void columns_of(const samples *s, const int is_f64, const double *params, size_t first,
                       size_t last, double *scratch, double *out)
{
    const size_t d = s->d, wide = wide_d(d), size = is_f64 ? sizeof(double) : sizeof(float);
    double *row = scratch, *high = row + wide, *low = high + wide, *sum = low + wide;
    double y_high = NONE, y_low = NONE;
    lanes poison = lanes_set(0.0), zero = poison;
    const char *next = s->X;
    memset(scratch, 0, 4 * wide * sizeof *scratch);
    memcpy(row, params, d * sizeof *row);
    for (size_t j = 0; j < wide; j++)
        high[j] = low[j] = NONE;
    for (size_t i = first; i < last; i++) {
        const double weight = s->sample_weight ? s->sample_weight[i] : 1.0;
        const lanes s_i = lanes_set(weight);
        next = fetch_rows(s, i, size, next);
        for (size_t j = 0; j < d; j += LANES) {
            lanes x = load_features(s->X, is_f64, i * d + j, d - j < LANES ? d - j : LANES);
            poison = lanes_fma(x, zero, poison);
            if (weight == 0.0)
                continue;
            lanes from = lanes_load(row + j), minus = x;
            EACH_PART(k, from.p[k] = x.p[k] - from.p[k]; minus.p[k] = -x.p[k];)
            lanes_store(high + j, lanes_max(lanes_load(high + j), x));
            lanes_store(low + j, lanes_max(lanes_load(low + j), minus));
            lanes_store(sum + j, lanes_fma(s_i, from, lanes_load(sum + j)));
        }
        if (weight != 0.0) {
            const double y = value_at(s->y, s->y_kind, i);
            y_high = y > y_high ? y : y_high;
            y_low = -y > y_low ? -y : y_low;
        }
    }
    memcpy(out, high, d * sizeof *out);
    memcpy(out + d, low, d * sizeof *out);
    out[2 * d] = y_high;
    out[2 * d + 1] = y_low;
    memcpy(out + 2 * d + 2, sum, d * sizeof *out);
    out[3 * d + 2] = lanes_sum(poison);
}

/* params = {mean[d], power[d]}, out = {max x where x <= mean[d], max -x where x >= mean[d];
 * sum of s ((x - mean) power)^2[d]} */
INLINE void spreads_of(const samples *s, const int is_f64, const double *params, size_t first,
                       size_t last, double *scratch, double *out)
{
    const size_t d = s->d, wide = wide_d(d), size = is_f64 ? sizeof(double) : sizeof(float);
    double *mean = scratch, *power = mean + wide;
    double *below = power + wide, *above = below + wide, *sum = above + wide;
    const char *next = s->X;
    memset(scratch, 0, 5 * wide * sizeof *scratch);
    memcpy(mean, params, d * sizeof *mean);
    memcpy(power, params + d, d * sizeof *power);
    for (size_t j = 0; j < wide; j++)
        below[j] = above[j] = NONE;
    for (size_t i = first; i < last; i++) {
        const double weight = s->sample_weight ? s->sample_weight[i] : 1.0;
        const lanes s_i = lanes_set(weight);
        next = fetch_rows(s, i, size, next);
        if (weight == 0.0)
            continue;
        for (size_t j = 0; j < d; j += LANES) {
            lanes x = load_features(s->X, is_f64, i * d + j, d - j < LANES ? d - j : LANES);
            lanes mean_j = lanes_load(mean + j), t = x, up = x, down = x;
            EACH_PART(k, const part none = part_set(NONE);
                      t.p[k] = x.p[k] - mean_j.p[k];
                      down.p[k] = part_select(x.p[k] <= mean_j.p[k], x.p[k], none);
                      up.p[k] = part_select(x.p[k] >= mean_j.p[k], -x.p[k], none);)
            t = lanes_mul(t, lanes_load(power + j));
            lanes_store(below + j, lanes_max(lanes_load(below + j), down));
            lanes_store(above + j, lanes_max(lanes_load(above + j), up));
            lanes_store(sum + j, lanes_fma(lanes_mul(s_i, t), t, lanes_load(sum + j)));
        }
    }
    memcpy(out, below, d * sizeof *out);
    memcpy(out + d, above, d * sizeof *out);
    memcpy(out + 2 * d, sum, d * sizeof *out);
}

/* ------------------------------------------------------------------ in standard units */

/* The first `count` lanes to memory; what lies behind is not touched. */
INLINE void lanes_store_first(double *x, lanes a, size_t count)
{
#if LANES_WIDTH == 8
    _mm512_mask_storeu_pd(x, (__mmask8)((1u << count) - 1), a.p[0]);
#else
    double v[LANES];
    lanes_store(v, a);
    memcpy(x, v, count * sizeof *x);
#endif
}

/* `vectors` vectors of features of some rows, from feature j on, brought to standard units in a,
 * and added to the lanes of their scores. */
INLINE void standard_features(const char *X, const int is_f64, size_t at, size_t d, size_t j,
                              const int rows, const size_t count, const double *shift,
                              const double *scale, const double *w, double *a, lanes *sum)
{
    const lanes shift_j = lanes_load(shift + j), scale_j = lanes_load(scale + j);
    const lanes w_j = lanes_load(w + j);
    UNROLL
    for (int i = 0; i < rows; i++) {
        lanes x = load_features(X, is_f64, at + i * d + j, count);
        EACH_PART(m, x.p[m] = (x.p[m] - shift_j.p[m]) * scale_j.p[m];)
        if (count == LANES)
            lanes_store(a + i * d + j, x);
        else
            lanes_store_first(a + i * d + j, x, count);
        sum[i] = lanes_fma(x, w_j, sum[i]);
    }
}

/* Eight rows (or one) in standard units to a, and their scores: the same sums as scores(). */
INLINE lanes standard_scores(const char *X, const int is_f64, size_t at, size_t d, const int rows,
                             const double *shift, const double *scale, const double *w, double b,
                             double *a)
{
    lanes sum[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        sum[i] = lanes_set(0.0);
    size_t j = 0;
    for (; j + LANES <= d; j += LANES)
        standard_features(X, is_f64, at, d, j, rows, LANES, shift, scale, w, a, sum);
    if (j < d)
        standard_features(X, is_f64, at, d, j, rows, d - j, shift, scale, w, a, sum);
    return lanes_add(lanes_sum_each(sum), lanes_set(b));
}

/* The scores of `rows` rows, at most eight, that are in standard units. */
INLINE void scores_of(const double *a, size_t d, size_t rows, const double *w, double b, double *z)
{
    if (rows == LANES)
        lanes_store(z, scores((const char *)a, 1, 0, d, w, b));
    else
        for (size_t k = 0; k < rows; k++)
            z[k] = score((const char *)a, 1, k * d, d, w, b);
}

/* add_products for rows in standard units, in a: it is X, at `next`, that is to be asked for. */
INLINE void add_standard(const double *a, size_t d, size_t rows, const double *curvature,
                         const products *p, const char *next, size_t bytes)
{
    const char *A = (const char *)a;
    double root[BLOCK];
    for (size_t i = 0; i < rows; i++)
        root[i] = sqrt(curvature[i]);
    lanes itself = lanes_set(0.0);
    size_t k = 0;
    for (; k + 2 * LANES <= d; k += 2 * LANES)
        itself = copy_features(A, 1, 0, d, rows, root, p, k, 2, LANES);
    for (; k < d; k += LANES)
        itself = copy_features(A, 1, 0, d, rows, root, p, k, 1, d - k < LANES ? d - k : LANES);
    lanes_store(p->itself, itself);
    add_copied(p, rows, d, next, bytes);
}

/* The pass of one kind. params = {theta[d + 1], v[d + 1], bound}, without v in some; see pyref.h
 * for what each kind makes of them. */
INLINE void standard_blocks(const samples *x, const int is_f64, const int look,
                            const double *params, size_t first, size_t last, double *scratch,
                            double *out)
{
    const size_t d = x->d, wide = wide_d(d), block = block_rows(d);
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const int objective = look == LOOK_GRADIENT || look == LOOK_HESSIAN;
    const int has_v = look == LOOK_MOVES || look == LOOK_PRODUCT || look == LOOK_REST;
    const int adds = objective || look == LOOK_FORCES || look == LOOK_PRODUCT || look == LOOK_REST;
    const char *X = x->X;
    const double b = params[d], bound = params[has_v ? 2 * d + 2 : d + 1];
    double *shift = scratch, *scale = shift + wide, *w = scale + wide, *v = w + wide;
    double *sum = v + wide, *a = sum + LANES * wide;
    const products p = look == LOOK_HESSIAN ? products_in(a + block * d + LANES, d) : (products){0};
    double z[BLOCK] ALIGNED, e[BLOCK] ALIGNED, moved[BLOCK] ALIGNED, c[BLOCK] ALIGNED;
    double y[BLOCK] ALIGNED, weight[BLOCK] ALIGNED, curvature[BLOCK] ALIGNED;
    double most[4] = {NONE, NONE, NONE, NONE};
    lanes loss = lanes_set(0.0), sum_b = lanes_set(0.0), far = lanes_set(NONE);

    memset(scratch, 0, (LANES + 4) * wide * sizeof *scratch);
    memcpy(shift, x->shift, d * sizeof *shift);
    memcpy(scale, x->scale, d * sizeof *scale);
    memcpy(w, params, d * sizeof *w);
    if (has_v)
        memcpy(v, params + d + 1, d * sizeof *v);
    if (look == LOOK_SEPARATES) {
        most[0] = most[1] = 0.0;
        for (size_t j = 0; j < d; j++)
            v[j] = fabs(w[j]);
    }
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES;
        const char *next = X + i * d * size + AHEAD;
        const size_t ahead = lines_ahead(x, i, block, size);
        const size_t lines = look == LOOK_HESSIAN ? 0 : ahead; /* there, in add_standard */
        for (size_t k = 0; k < vectors * LANES; k++)
            weight[k] = k >= rows ? 0.0 : x->sample_weight ? x->sample_weight[i + k] : 1.0;
        load_labels(x, i, rows, y);
        /* scores, eight rows at a time, while what lies ahead is fetched (as in chapter 1) */
        for (size_t k = 0; k < rows; k += LANES) {
            const size_t group = rows - k < LANES ? rows - k : LANES, at = (i + k) * d;
            double *here = a + k * d;
            next = fetch(next, lines);
            if (group == LANES)
                lanes_store(z + k, standard_scores(X, is_f64, at, d, LANES, shift, scale, w, b,
                                                   here));
            else
                for (size_t m = 0; m < group; m++) {
                    double of_row[LANES];
                    lanes_store(of_row, standard_scores(X, is_f64, at + m * d, d, 1, shift, scale,
                                                        w, b, here + m * d));
                    z[k + m] = of_row[0];
                }
            for (size_t m = 0; m < group; m++)
                if (weight[k + m] == 0.0)
                    memset(here + m * d, 0, d * sizeof *here);
            if (has_v)
                scores_of(here, d, group, v, params[2 * d + 1], moved + k);
        }
        if (look == LOOK_SEPARATES) {
            /* sizes: the scores of |a| by |v| */
            for (size_t k = 0; k < rows * d; k++)
                a[k] = fabs(a[k]);
            for (size_t k = 0; k < rows; k += LANES)
                scores_of(a + k * d, d, rows - k < LANES ? rows - k : LANES, v, fabs(b), moved + k);
        }
        for (size_t k = 0; k < vectors * LANES; k++)
            if (weight[k] == 0.0) {
                z[k] = NO_ROW;
                y[k] = moved[k] = c[k] = 0.0;
            }
        if (objective || look == LOOK_FORCES || look == LOOK_PRODUCT) {
            exp_minus_sizes(z, vectors, e);
            for (size_t g = 0; g < vectors; g++) {
                const lanes z_g = lanes_load(z + g * LANES), y_g = lanes_load(y + g * LANES);
                const lanes s_g = lanes_load(weight + g * LANES), e_g = lanes_load(e + g * LANES);
                lanes r = z_g, curvature_g = z_g;
                EACH_PART(k, part none = part_set(0.0); part one = part_set(1.0);
                          r.p[k] = samples_part(z_g.p[k], e_g.p[k], y_g.p[k],
                                                objective ? s_g.p[k] : one, 1, &loss.p[k], &none,
                                                &curvature_g.p[k]);)
                lanes_store(c + g * LANES, r);
                lanes_store(curvature + g * LANES, curvature_g);
                if (objective) {
                    EACH_PART(k, const bits hard = (y_g.p[k] == 0.0) | (y_g.p[k] == 1.0);
                              r.p[k] = part_select(hard & (s_g.p[k] != 0.0),
                                                   (y_g.p[k] + y_g.p[k] - 1.0) * z_g.p[k],
                                                   part_set(NONE));)
                    far = lanes_max(far, r);
                }
            }
        }
        for (size_t k = 0; k < rows && !(objective && bound == INFINITY); k++) {
            if (weight[k] == 0.0)
                continue;
            const int soft = 0 < y[k] && y[k] < 1;
            const double side = soft ? 0.0 : 2 * y[k] - 1;
            if (objective) {
                if (!soft && side * z[k] > bound)
                    curvature[k] = 0.0;
            } else if (look == LOOK_MOVES) {
                const double at = soft ? NONE : side * z[k];
                const double onward = side * moved[k], reach = fabs(moved[k]);
                if (!(at > bound))
                    most[0] = onward > most[0] ? onward : most[0];
                most[1] = onward > most[1] ? onward : most[1];
                most[2] = reach > most[2] ? reach : most[2];
                most[3] = at > most[3] ? at : most[3];
            } else if (look == LOOK_FORCES || look == LOOK_PRODUCT) {
                const double given = soft ? curvature[k] : fabs(c[k]);
                const double force = given > bound ? given : bound;
                if (look == LOOK_PRODUCT)
                    c[k] = weight[k] * force * moved[k];
                else
                    c[k] = weight[k] * (soft ? -c[k] : side * force);
            } else if (look == LOOK_REST) {
                c[k] = soft || side * z[k] < bound ? moved[k] : 0.0;
            } else { /* LOOK_SEPARATES: moved is the size of the terms of z */
                const double onward = soft ? -fabs(z[k]) : side * z[k];
                const double rounding = bound * moved[k];
                if (!(onward >= -rounding))
                    most[0] = 1.0;
                else if (onward > rounding)
                    most[1] = 1.0;
            }
        }
        if (look == LOOK_SEPARATES && most[0] != 0.0)
            break;
        if (adds) {
            for (size_t g = 0; g < vectors; g++)
                sum_b = lanes_add(sum_b, lanes_load(c + g * LANES));
            for (size_t lane = 0; lane < LANES && lane < rows; lane++) {
                next = fetch(next, lines);
                add_rows((const char *)a, 1, lane * d, d, rows - lane, c + lane, 0,
                         sum + lane * wide, 0, 1);
            }
        }
        if (look == LOOK_HESSIAN)
            add_standard(a, d, rows, curvature, &p, X + (i + block) * d * size,
                         ahead ? block * d * size : 0);
    }
    if (objective) {
        double furthest[LANES];
        lanes_store(furthest, far);
        for (int l = 0; l < LANES; l++)
            most[0] = furthest[l] > most[0] ? furthest[l] : most[0];
    }
    for (size_t k = 0; k < look_maxima(look, d); k++)
        *out++ = most[k];
    if (objective)
        *out++ = lanes_sum(loss);
    if (adds) {
        sum_lanes(sum, d, wide, out);
        out[d] = lanes_sum(sum_b);
    }
    if (look == LOOK_HESSIAN)
        products_out(&p, d, out + d + 1);
}

#define LOOK(name, function, ...)                                                              \
    static void name(const samples *s, const double *params, size_t first, size_t last,        \
                     double *scratch, double *out)                                             \
    {                                                                                          \
        if (s->X_kind == F64)                                                                  \
            function(s, 1, __VA_ARGS__ params, first, last, scratch, out);                     \
        else                                                                                   \
            function(s, 0, __VA_ARGS__ params, first, last, scratch, out);                     \
    }

LOOK(look_columns, columns_of, )
LOOK(look_spreads, spreads_of, )
LOOK(look_gradient, standard_blocks, LOOK_GRADIENT, )
LOOK(look_hessian, standard_blocks, LOOK_HESSIAN, )
LOOK(look_moves, standard_blocks, LOOK_MOVES, )
LOOK(look_forces, standard_blocks, LOOK_FORCES, )
LOOK(look_product, standard_blocks, LOOK_PRODUCT, )
LOOK(look_rest, standard_blocks, LOOK_REST, )
LOOK(look_separates, standard_blocks, LOOK_SEPARATES, )
#undef LOOK
