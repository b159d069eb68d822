/* Chapter 3's looks: the passes over X in standard units that a safe fit makes.
 *
 * The order of sums is that of chapter 1 and of the Hessian, of a[j] = (x[j] - shift[j]) * scale[j]
 * in place of x[j], rounded twice; only COLUMNS (units.h) adds row after row. A row of weight 0 is
 * not there: it has a score that costs nothing, adds nothing, and no largest value takes notice of
 * it.
 *
 * First in `out` stand maxima, whose parts are combined by taking the largest; then sums. */

/* The pass of one kind. params = {theta[d + 1], v[d + 1], bound}, without v in some; see pyref.h
 * for what each kind makes of them. */
INLINE void look_of(const samples *x, const int is_f64, const int kind,
                            const double *params, size_t first, size_t last, double *scratch,
                            double *out)
{
    const size_t d = x->d, wide = wide_d(d);
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const size_t block =
        kind == PYREF_STANDARD_GRADIENT ? rows_of_block(x, near_rows(d, size), size)
                                        : block_rows(d);
    const int second = kind == PYREF_STANDARD_HESSIAN;
    const int objective = kind == PYREF_STANDARD_GRADIENT || second;
    const int has_v = look_has_v(kind);
    const int forces = kind == PYREF_FORCES || kind == PYREF_PRODUCT;
    const int adds = objective || forces || kind == PYREF_REST;
    /* with AVX-512 one row after the other is not best here: there is more to do for each */
    const int together = has_v ? MOST_TOGETHER : rows_together(x, is_f64, EVENLY && x->far);
    const int weighted = objective && x->sample_weight != NULL;
    const int curved = kind != PYREF_STANDARD_GRADIENT;
    const char *X = x->X;
    const double b = params[d], bound = params[has_v ? 2 * d + 2 : d + 1];
    double *shift = scratch, *scale = shift + wide, *w = scale + wide, *v = w + wide;
    double *sum = v + wide;
    products p = second ? products_in(sum + LANES * wide, d) : (products){0};
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
    if (kind == PYREF_SEPARATES)
        most[0] = most[1] = 0.0;
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES;
        ahead a = ahead_of(x, i, block, size, SEEN_COMING), none = {0};
        const size_t to_come = a.half ? block * d * size : 0;
        if (second)
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
            if (kind == PYREF_SEPARATES) /* the sizes of the terms of z */
                standard_scores_of_eight(X, is_f64, at, d, group, shift, scale, w, fabs(b),
                                         SOME_TOGETHER, 1, &none, moved + k);
        }
        if (kind == PYREF_STANDARD_GRADIENT)
            ask_labels(x, &a, i, block);
        for (size_t k = 0; k < vectors * LANES; k++)
            if (weight[k] == 0.0) {
                z[k] = NO_ROW;
                y[k] = moved[k] = c[k] = 0.0;
            }
        if (objective || forces) {
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
            } else if (kind == PYREF_MOVES) {
                const double at = soft ? NONE : side * z[k];
                const double onward = side * moved[k], reach = fabs(moved[k]);
                if (!(at > bound))
                    most[0] = onward > most[0] ? onward : most[0];
                most[1] = onward > most[1] ? onward : most[1];
                most[2] = reach > most[2] ? reach : most[2];
                most[3] = at > most[3] ? at : most[3];
            } else if (forces) {
                const double given = soft ? curvature[k] : fabs(c[k]);
                const double force = given > bound ? given : bound;
                if (kind == PYREF_PRODUCT)
                    c[k] = weight[k] * force * moved[k];
                else
                    c[k] = weight[k] * (soft ? -c[k] : side * force);
            } else if (kind == PYREF_REST) {
                c[k] = soft || side * z[k] < bound ? moved[k] : 0.0;
            } else { /* PYREF_SEPARATES */
                const double onward = soft ? -fabs(z[k]) : side * z[k];
                const double rounding = bound * moved[k];
                if (!(onward >= -rounding))
                    most[0] = 1.0;
                else if (onward > rounding)
                    most[1] = 1.0;
            }
        }
        if (kind == PYREF_SEPARATES && most[0] != 0.0)
            break;
        if (adds) {
            for (size_t g = 0; g < vectors; g++)
                s.grad_b = lanes_add(s.grad_b, lanes_load(c + g * LANES));
            add_standard(X, is_f64, i * d, d, rows, shift, scale, c, sum, &a,
                         block / LANES * still_to_ask(&a));
        }
        if (second)
            add_products_of_rows(X, is_f64, i * d, d, rows, curvature, shift, scale, &p,
                                 to_come);
    }
    if (objective) {
        double furthest[LANES];
        lanes_store(furthest, far);
        for (int l = 0; l < LANES; l++)
            most[0] = furthest[l] > most[0] ? furthest[l] : most[0];
    }
    for (size_t k = 0; k < look_maxima(kind, d); k++)
        *out++ = most[k];
    if (objective) {
        close_product(&s);
        *out++ = lanes_sum(s.loss);
    }
    if (adds) {
        sum_lanes(sum, d, wide, out);
        out[d] = lanes_sum(s.grad_b);
    }
    if (second)
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

LOOK(columns_rows, columns_of, )
LOOK(standard_gradient_rows, look_of, PYREF_STANDARD_GRADIENT, )
LOOK(standard_hessian_rows, look_of, PYREF_STANDARD_HESSIAN, )
LOOK(moves_rows, look_of, PYREF_MOVES, )
LOOK(forces_rows, look_of, PYREF_FORCES, )
LOOK(product_rows, look_of, PYREF_PRODUCT, )
LOOK(rest_rows, look_of, PYREF_REST, )
LOOK(separates_rows, look_of, PYREF_SEPARATES, )
#undef LOOK
