/* Chapter 3's passes over X: columns brought to standard units as they are read.
 *
 * The twins of the methods of _Samples in pyref/samples.py. There the table in standard units is
 * written down; here it never is: wherever a row is needed, it is brought to standard units
 *
 *     a[j] = (x[j] - shift[j]) * scale[j]
 *
 * on the way from X to the registers, once more each time: a block of X stays in the cache, and
 * memory is what a pass waits for. A row of weight 0 is not there: it has a score that costs
 * nothing, adds nothing, and no largest value takes notice of it.
 *
 * First in `out` stand maxima, whose parts are combined by taking the largest; then sums. */

/* ------------------------------------------------------------------ the units */

static const double NONE = -INFINITY; /* the largest of no numbers */

/* What some rows add to the results of columns_of for eight features, or `count`. */
enum { HIGH, LOW, BELOW, ABOVE, FROM, SQUARES, COLUMN_RESULTS };

INLINE void column_rows(const samples *s, const int is_f64, size_t i, size_t rows, size_t j,
                        const size_t count, const double *guess, const double *power,
                        double *results, size_t wide, lanes *poison)
{
    const lanes m = lanes_load(guess + j), p = lanes_load(power + j);
    lanes r[COLUMN_RESULTS];
    UNROLL
    for (int c = 0; c < COLUMN_RESULTS; c++)
        r[c] = lanes_load(results + c * wide + j);
    for (size_t k = i; k < i + rows; k++) {
        const double weight = s->sample_weight ? s->sample_weight[k] : 1.0;
        const lanes x = load_features(s->X, is_f64, k * s->d + j, count);
        *poison = lanes_fma(x, lanes_set(0.0), *poison);
        if (weight == 0.0)
            continue;
        lanes from = x;
        EACH_PART(l, const part minus = -x.p[l];
                  r[HIGH].p[l] = part_max(r[HIGH].p[l], x.p[l]);
                  r[LOW].p[l] = part_max(r[LOW].p[l], minus);
                  r[BELOW].p[l] = part_max_below(r[BELOW].p[l], x.p[l], m.p[l]);
                  r[ABOVE].p[l] = part_max_below(r[ABOVE].p[l], minus, -m.p[l]);
                  from.p[l] = x.p[l] - m.p[l];)
        from = lanes_mul(from, p);
        r[FROM] = lanes_fma(lanes_set(weight), from, r[FROM]);
        r[SQUARES] = lanes_fma(lanes_mul(lanes_set(weight), from), from, r[SQUARES]);
    }
    UNROLL
    for (int c = 0; c < COLUMN_RESULTS; c++)
        lanes_store(results + c * wide + j, r[c]);
}

/* params = {guess[d], power[d]}; see pyref.h. Every feature has sums of its own, row after row.
 * The last result is a NaN if anything in X is not finite, weight or no weight. */
INLINE void columns_of(const samples *s, const int is_f64, const double *params, size_t first,
                       size_t last, double *scratch, double *out)
{
    const size_t d = s->d, wide = wide_d(d), size = is_f64 ? sizeof(double) : sizeof(float);
    double *guess = scratch, *power = guess + wide, *results = power + wide;
    double y_high = NONE, y_low = NONE;
    lanes poison = lanes_set(0.0);
    memset(scratch, 0, (COLUMN_RESULTS + 2) * wide * sizeof *scratch);
    memcpy(guess, params, d * sizeof *guess);
    memcpy(power, params + d, d * sizeof *power);
    for (size_t j = 0; j < FROM * wide; j++)
        results[j] = NONE;
    for (size_t i = first; i < last; i += LANES) {
        const size_t rows = last - i < LANES ? last - i : LANES;
        ahead a = ahead_of(s, i, LANES, size, SIZE_MAX);
        a.near = 0; /* these rows are read once: measured, the second-level cache is better */
        for (size_t j = 0; j < d; j += LANES) {
            ask(&a, LANES * LANES * 2 * a.half / d);
            if (j + LANES <= d)
                column_rows(s, is_f64, i, rows, j, LANES, guess, power, results, wide, &poison);
            else
                column_rows(s, is_f64, i, rows, j, d - j, guess, power, results, wide, &poison);
        }
        for (size_t k = i; k < i + rows; k++)
            if (!s->sample_weight || s->sample_weight[k] != 0.0) {
                const double y = value_at(s->y, s->y_kind, k);
                y_high = y > y_high ? y : y_high;
                y_low = -y > y_low ? -y : y_low;
            }
    }
    for (int c = 0; c < FROM; c++, out += d)
        memcpy(out, results + c * wide, d * sizeof *out);
    *out++ = y_high;
    *out++ = y_low;
    for (int c = FROM; c < COLUMN_RESULTS; c++, out += d)
        memcpy(out, results + c * wide, d * sizeof *out);
    *out = lanes_sum(poison);
}

/* ------------------------------------------------------------------ in standard units */

/* Eight features of one row in standard units. */
INLINE lanes standard_features(const char *X, const int is_f64, size_t at, const size_t count,
                               lanes shift, lanes scale)
{
    return in_units(load_features(X, is_f64, at, count), shift, scale);
}

/* What eight features (or `count`) of some rows add to the lanes of their scores; or if `sizes`,
 * the terms' sizes. */
INLINE void add_to_scores(const char *X, const int is_f64, size_t at, size_t d, size_t j,
                          const int rows, const size_t count, const double *shift,
                          const double *scale, const double *w, const int sizes, lanes *sum)
{
    const lanes shift_j = lanes_load(shift + j), scale_j = lanes_load(scale + j);
    lanes w_j = lanes_load(w + j);
    if (sizes)
        EACH_PART(m, w_j.p[m] = part_abs(w_j.p[m]);)
    UNROLL
    for (int i = 0; i < rows; i++) {
        lanes x = standard_features(X, is_f64, at + i * d + j, count, shift_j, scale_j);
        if (sizes)
            EACH_PART(m, x.p[m] = part_abs(x.p[m]);)
        sum[i] = lanes_fma(x, w_j, sum[i]);
    }
}

/* The scores of eight rows (or one) in standard units: the same sums as scores(). */
INLINE lanes standard_scores(const char *X, const int is_f64, size_t at, size_t d, const int rows,
                             const double *shift, const double *scale, const double *w, double b,
                             const int together, const int sizes, ahead *a)
{
    lanes sum[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        sum[i] = lanes_set(0.0);
    UNROLL
    for (int i = 0; i < rows; i += together, at += (size_t)together * d) {
        size_t j = 0;
        if (rows == LANES)
            ask_with_scores(a, i, together);
        for (; j + LANES <= d; j += LANES)
            add_to_scores(X, is_f64, at, d, j, together, LANES, shift, scale, w, sizes, sum + i);
        if (j < d)
            add_to_scores(X, is_f64, at, d, j, together, d - j, shift, scale, w, sizes, sum + i);
    }
    return lanes_add(lanes_sum_each(sum), lanes_set(b));
}

/* The scores of eight rows, so many together; or of fewer, where there are no more. */
INLINE void standard_scores_of_eight(const char *X, const int is_f64, size_t at, size_t d,
                                     size_t rows, const double *shift, const double *scale,
                                     const double *w, double b, int together, const int sizes,
                                     ahead *a, double *z)
{
#define SCORES(at, rows, together)                                                               \
    standard_scores(X, is_f64, at, d, rows, shift, scale, w, b, together, sizes, a)
    if (rows < LANES)
        for (size_t k = 0; k < rows; k++) {
            double of_row[LANES];
            lanes_store(of_row, SCORES(at + k * d, 1, 1));
            z[k] = of_row[0];
        }
    else if (EVENLY && is_f64 && together == 1)
        lanes_store(z, SCORES(at, LANES, 1));
    else if (SOME_TOGETHER == MOST_TOGETHER || together == SOME_TOGETHER)
        lanes_store(z, SCORES(at, LANES, SOME_TOGETHER));
    else
        lanes_store(z, SCORES(at, LANES, MOST_TOGETHER));
#undef SCORES
}

/* Of at most eight rows, to z. Compiled apart, as chapter 1's. */
#define STANDARD_SCORES(name, is_f64)                                                            \
    static NOINLINE void name(const char *X, size_t at, size_t d, size_t rows,                   \
                              const double *shift, const double *scale, const double *w,         \
                              double b, int together, ahead *asked, double *z)                   \
    {                                                                                            \
        ahead a = *asked;                                                                        \
        standard_scores_of_eight(X, is_f64, at, d, rows, shift, scale, w, b, together, 0, &a,    \
                                 z);                                                             \
        *asked = a;                                                                              \
    }
STANDARD_SCORES(standard_scores_f64, 1)
STANDARD_SCORES(standard_scores_f32, 0)
#undef STANDARD_SCORES

INLINE void standard_scores_of(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                               const double *shift, const double *scale, const double *w, double b,
                               int together, ahead *a, double *z)
{
    (is_f64 ? standard_scores_f64 : standard_scores_f32)(X, at, d, rows, shift, scale, w, b,
                                                         together, a, z);
}

/* sum += r[i] * a[i] for every eighth row i < rows, for `vectors` vectors of features. */
INLINE void add_standard_to(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                            const double *shift, const double *scale, const double *r, double *sum,
                            const int vectors, const size_t last_count)
{
    lanes s[4], shift_v[4], scale_v[4];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        s[v] = lanes_load(sum + v * LANES);
        shift_v[v] = lanes_load(shift + v * LANES);
        scale_v[v] = lanes_load(scale + v * LANES);
    }
    for (size_t i = 0; i < rows; i += LANES) {
        if (r[i] == 0.0)
            continue; /* it would add 0; or a NaN, if the row's weight is 0 and it overflows */
        const lanes r_i = lanes_set(r[i]);
        UNROLL
        for (int v = 0; v < vectors; v++)
            s[v] = lanes_fma(standard_features(X, is_f64, at + i * d + v * LANES,
                                               v + 1 < vectors ? LANES : last_count, shift_v[v],
                                               scale_v[v]),
                             r_i, s[v]);
    }
    UNROLL
    for (int v = 0; v < vectors; v++)
        lanes_store(sum + v * LANES, s[v]);
}

/* The same for features [j, end). */
INLINE void add_standard_lane(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                              const double *shift, const double *scale, const double *r,
                              double *sum, size_t j, size_t end)
{
    for (; j + 4 * LANES <= end; j += 4 * LANES)
        add_standard_to(X, is_f64, at + j, d, rows, shift + j, scale + j, r, sum + j, 4, LANES);
    for (; j + LANES <= end; j += LANES)
        add_standard_to(X, is_f64, at + j, d, rows, shift + j, scale + j, r, sum + j, 1, LANES);
    if (j < end)
        add_standard_to(X, is_f64, at + j, d, rows, shift + j, scale + j, r, sum + j, 1, end - j);
}

/* So many features have units and sums that stay in the first-level cache beside some rows. */
enum { NEAR_FEATURES = 512 };

/* The same for all features and all eight lanes, of which lane l has its sums at sum + l * wide;
 * and `bytes` of memory are asked for with each lane. Where rows are so long that
 * their units do not stay in the first-level cache, some features at a time. */
INLINE void add_standard(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                         const double *shift, const double *scale, const double *r, double *sum,
                         ahead *a, size_t bytes)
{
    const size_t some = d <= NEAR_FEATURES ? d : 4 * LANES;
    for (size_t j = 0; j < d; j += some)
        for (size_t l = 0; l < LANES && l < rows; l++) {
            ask(a, bytes * some / d);
            add_standard_lane(X, is_f64, at + l * d, d, rows - l, shift, scale, r + l,
                              sum + l * wide_d(d), j, d - j < some ? d : j + some);
        }
}

/* The pass of one kind. params = {theta[d + 1], v[d + 1], bound}, without v in some; see pyref.h
 * for what each kind makes of them. */
INLINE void standard_blocks(const samples *x, const int is_f64, const int look,
                            const double *params, size_t first, size_t last, double *scratch,
                            double *out)
{
    const size_t d = x->d, wide = wide_d(d);
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const size_t block =
        look == LOOK_GRADIENT ? rows_of_block(x, near_rows(d, size), size) : block_rows(d);
    const int objective = look == LOOK_GRADIENT || look == LOOK_HESSIAN;
    const int has_v = look == LOOK_MOVES || look == LOOK_PRODUCT || look == LOOK_REST;
    const int adds = objective || look == LOOK_FORCES || look == LOOK_PRODUCT || look == LOOK_REST;
    /* with AVX-512 one row after the other is not best here: there is more to do for each */
    const int together = has_v ? MOST_TOGETHER : rows_together(x, is_f64, EVENLY && x->far);
    const int weighted = objective && x->sample_weight != NULL;
    const int curved = look != LOOK_GRADIENT;
    const char *X = x->X;
    const double b = params[d], bound = params[has_v ? 2 * d + 2 : d + 1];
    double *shift = scratch, *scale = shift + wide, *w = scale + wide, *v = w + wide;
    double *sum = v + wide;
    const products p = look == LOOK_HESSIAN ? products_in(sum + LANES * wide, d) : (products){0};
    double z[BLOCK] ALIGNED, e[BLOCK] ALIGNED, moved[BLOCK] ALIGNED, c[BLOCK] ALIGNED;
    double y[BLOCK] ALIGNED, weight[BLOCK] ALIGNED, curvature[BLOCK] ALIGNED;
    double most[4] = {NONE, NONE, NONE, NONE};
    sums s = {lanes_set(0.0), lanes_set(0.0), lanes_set(0.0), 0};
    lanes far = lanes_set(NONE);

    memset(scratch, 0, (LANES + 4) * wide * sizeof *scratch);
    memcpy(shift, x->shift, d * sizeof *shift);
    memcpy(scale, x->scale, d * sizeof *scale);
    memcpy(w, params, d * sizeof *w);
    if (has_v)
        memcpy(v, params + d + 1, d * sizeof *v);
    if (look == LOOK_SEPARATES)
        most[0] = most[1] = 0.0;
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES;
        ahead a = ahead_of(x, i, block, size, SEEN_COMING), none = {0};
        const size_t to_come = a.half ? block * d * size : 0;
        if (look == LOOK_HESSIAN)
            a.half = 0; /* there, in add_copied */
        for (size_t k = 0; k < vectors * LANES; k++)
            weight[k] = k >= rows ? 0.0 : x->sample_weight ? x->sample_weight[i + k] : 1.0;
        load_labels(x, i, rows, y);
        /* scores, eight rows at a time, while what lies ahead is fetched (as in chapter 1) */
        for (size_t k = 0; k < rows; k += LANES) {
            const size_t group = rows - k < LANES ? rows - k : LANES, at = (i + k) * d;
            standard_scores_of(X, is_f64, at, d, group, shift, scale, w, b, together, &a, z + k);
            if (has_v)
                standard_scores_of(X, is_f64, at, d, group, shift, scale, v, params[2 * d + 1],
                                   together, &none, moved + k);
            if (look == LOOK_SEPARATES) /* the sizes of the terms of z */
                standard_scores_of_eight(X, is_f64, at, d, group, shift, scale, w, fabs(b),
                                         SOME_TOGETHER, 1, &none, moved + k);
        }
        if (look == LOOK_GRADIENT)
            ask_labels(x, &a, i, block);
        for (size_t k = 0; k < vectors * LANES; k++)
            if (weight[k] == 0.0) {
                z[k] = NO_ROW;
                y[k] = moved[k] = c[k] = 0.0;
            }
        if (objective || look == LOOK_FORCES || look == LOOK_PRODUCT) {
            exp_minus_sizes(z, vectors, e, &a);
            for (size_t g = 0; g < vectors; g++) {
                if (EVENLY)
                    ask(&a, a.half);
                const lanes z_g = lanes_load(z + g * LANES), y_g = lanes_load(y + g * LANES);
                const lanes s_g = lanes_load(weight + g * LANES), e_g = lanes_load(e + g * LANES);
                lanes r = z_g, curvature_g = z_g;
                EACH_PART(k, r.p[k] = samples_part(z_g.p[k], e_g.p[k], y_g.p[k], s_g.p[k], weighted,
                                                   &s.loss.p[k], &s.product.p[k],
                                                   curved ? &curvature_g.p[k] : NULL);)
                if (++s.in_product == PRODUCT_ROWS)
                    close_product(&s);
                lanes_store(c + g * LANES, r);
                if (curved)
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
            } else { /* LOOK_SEPARATES */
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
                s.grad_b = lanes_add(s.grad_b, lanes_load(c + g * LANES));
            add_standard(X, is_f64, i * d, d, rows, shift, scale, c, sum, &a,
                         block / LANES * still_to_ask(&a));
        }
        if (look == LOOK_HESSIAN)
            add_products_of_rows(X, is_f64, i * d, d, rows, curvature, shift, scale, &p,
                                 to_come);
    }
    if (objective) {
        double furthest[LANES];
        lanes_store(furthest, far);
        for (int l = 0; l < LANES; l++)
            most[0] = furthest[l] > most[0] ? furthest[l] : most[0];
    }
    for (size_t k = 0; k < look_maxima(look, d); k++)
        *out++ = most[k];
    if (objective) {
        close_product(&s);
        *out++ = lanes_sum(s.loss);
    }
    if (adds) {
        sum_lanes(sum, d, wide, out);
        out[d] = lanes_sum(s.grad_b);
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
LOOK(look_gradient, standard_blocks, LOOK_GRADIENT, )
LOOK(look_hessian, standard_blocks, LOOK_HESSIAN, )
LOOK(look_moves, standard_blocks, LOOK_MOVES, )
LOOK(look_forces, standard_blocks, LOOK_FORCES, )
LOOK(look_product, standard_blocks, LOOK_PRODUCT, )
LOOK(look_rest, standard_blocks, LOOK_REST, )
LOOK(look_separates, standard_blocks, LOOK_SEPARATES, )
#undef LOOK
