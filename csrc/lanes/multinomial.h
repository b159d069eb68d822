/* Chapter 2's hot loop: what some rows add to the loss and to the gradient of C classes.
 *
 * Every class's score and every class's
 * row of the gradient are summed as chapter 1's are (sums.h); between them stands softmax, eight
 * samples at a time. params and gradient go class by class: w[C][d], then b[C]. */

/* One part of eight samples: their C scores, `step` doubles apart, become their C residuals.
 *
 * What loss_and_residuals does in the lesson. `label` is the class number, or with `soft`
 * the first of C probabilities, as far apart as the scores. Returns the loss. */
INLINE part softmax_part(double *z, size_t C, size_t step, part label, const double *ys,
                         const int soft)
{
    part zero = part_set(0.0), one = part_set(1.0);
    /* the largest score m, and its class: the first of several */
    part m = part_load(z), top = zero;
    for (size_t c = 1; c < C; c++) {
        part z_c = part_load(z + c * step);
        bits larger = z_c > m;
        m = part_select(larger, z_c, m);
        top = part_select(larger, part_set((double)c), top);
    }
    /* the same of the labels */
    part largest = one, top_label = label, rest_label = zero;
    if (soft) {
        largest = part_load(ys);
        top_label = zero;
        for (size_t c = 1; c < C; c++) {
            part y_c = part_load(ys + c * step);
            bits larger = y_c > largest;
            largest = part_select(larger, y_c, largest);
            top_label = part_select(larger, part_set((double)c), top_label);
        }
        for (size_t c = 0; c < C; c++) {
            bits other = top_label != part_set((double)c);
            rest_label += (part)((bits)part_load(ys + c * step) & other);
        }
    }
    /* e^(z-m) of each class, the sum of all but the top's, and how far below it the label is */
    part rest = part_select(m == m, zero, m), distance = zero; /* a NaN m has no top to leave out */
    for (size_t c = 0; c < C; c++) {
        part c_part = part_set((double)c), below = m - part_load(z + c * step);
        bits other = top != c_part;
        part e = part_exp_minus(below);
        rest += (part)((bits)e & other);
        part_store(z + c * step, part_select(other, e, one));
        if (soft) {
            part y_c = part_load(ys + c * step);
            distance += (part)((bits)(y_c * below) & other & (y_c > 0.0));
        } else
            distance += (part)((bits)below & other & (label == c_part));
    }
    /* rs[c] = (es[c] (sum of the other ys) - ys[c] (sum of the other es)) / s */
    part s = rest + 1.0;
    for (size_t c = 0; c < C; c++) {
        part c_part = part_set((double)c), e = part_load(z + c * step);
        part other_es = part_select(top == c_part, rest, (rest - e) + 1.0);
        part up;
        if (soft) {
            part y_c = part_load(ys + c * step);
            part other_ys = part_select(top_label == c_part, rest_label,
                                        (rest_label - y_c) + largest);
            up = e * other_ys - y_c * other_es;
        } else
            up = part_select(label == c_part, -other_es, e);
        part_store(z + c * step, up / s);
    }
    return (largest + rest_label) * part_log1p(rest) + distance;
}

/* So many rows by so many classes whose scores stay in the registers together, with AVX-512: four
 * rows, and mostly five classes. x is then loaded once for the classes, and w once for the rows.
 * Elsewhere there are too few registers. */
enum { TILE_ROWS = 4, TILES = LANES_WIDTH == 8 };

/* The scores of eight rows for some classes, `wide` apart in W: the same sums as scores(). */
INLINE void scores_tile(const char *X, const int is_f64, size_t at, size_t d, const double *W,
                        size_t wide, const double *b, const int classes, double *z)
{
    lanes dot[CLASSES_TOGETHER][LANES];
    UNROLL
    for (int i = 0; i < LANES; i += TILE_ROWS, at += TILE_ROWS * d) {
        lanes sum[CLASSES_TOGETHER][TILE_ROWS];
        UNROLL
        for (int c = 0; c < classes; c++)
            UNROLL
            for (int k = 0; k < TILE_ROWS; k++)
                sum[c][k] = lanes_set(0.0);
#define ADD(count)                                                                               \
    {                                                                                            \
        lanes x[TILE_ROWS];                                                                      \
        UNROLL                                                                                   \
        for (int k = 0; k < TILE_ROWS; k++)                                                      \
            x[k] = load_features(X, is_f64, at + k * d + j, count);                              \
        UNROLL                                                                                   \
        for (int c = 0; c < classes; c++) {                                                      \
            const lanes w = lanes_load(W + c * wide + j);                                        \
            UNROLL                                                                               \
            for (int k = 0; k < TILE_ROWS; k++)                                                  \
                sum[c][k] = lanes_fma(x[k], w, sum[c][k]);                                       \
        }                                                                                        \
    }
        size_t j = 0;
        for (; j + LANES <= d; j += LANES)
            ADD(LANES)
        if (j < d)
            ADD(d - j)
#undef ADD
        UNROLL
        for (int c = 0; c < classes; c++)
            UNROLL
            for (int k = 0; k < TILE_ROWS; k++)
                dot[c][i + k] = sum[c][k];
    }
    UNROLL
    for (int c = 0; c < classes; c++)
        lanes_store(z + c * BLOCK, lanes_add(lanes_sum_each(dot[c]), lanes_set(b[c])));
}

/* Compiled apart, as chapter 1's scores. */
typedef void tile(const char *X, size_t at, size_t d, const double *W, size_t wide,
                  const double *b, double *z);
#define SCORES_TILE(name, is_f64, classes)                                                       \
    static NOINLINE void name(const char *X, size_t at, size_t d, const double *W, size_t wide,  \
                              const double *b, double *z)                                        \
    {                                                                                            \
        scores_tile(X, is_f64, at, d, W, wide, b, classes, z);                                   \
    }
#define SCORES_TILES(classes)                                                                    \
    SCORES_TILE(tile_##classes##_f32, 0, classes)                                                \
    SCORES_TILE(tile_##classes##_f64, 1, classes)
SCORES_TILES(2)
SCORES_TILES(3)
SCORES_TILES(4)
SCORES_TILES(5)
#undef SCORES_TILES
#undef SCORES_TILE

/* How many classes to take together, of so many that are left: five, or four where fours come out
 * even; the last ones may be fewer. */
INLINE size_t classes_together(size_t left)
{
    return left % 4 == 0 ? 4 : left < CLASSES_TOGETHER ? left : CLASSES_TOGETHER;
}

/* The scores of at most eight rows for all classes: z, and BLOCK further on those of the next. */
INLINE void scores_of_classes(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                              const double *W, size_t wide, const double *b, size_t C, double *z)
{
    static tile *const tiles[][2] = {{tile_2_f32, tile_2_f64},
                                     {tile_3_f32, tile_3_f64},
                                     {tile_4_f32, tile_4_f64},
                                     {tile_5_f32, tile_5_f64}};
    ahead none = {0};
    size_t c = 0;
    if (TILES && rows >= LANES)
        for (size_t some; C - c > 1; c += some) {
            some = classes_together(C - c);
            tiles[some - 2][is_f64](X, at, d, W + c * wide, wide, b + c, z + c * BLOCK);
        }
    for (; c < C; c++)
        scores_of_eight(X, is_f64, at, d, rows, MOST_TOGETHER, W + c * wide, b[c], &none,
                        z + c * BLOCK);
}

INLINE void softmax_blocks(const samples *x, const int is_f64, const double *params, size_t first,
                           size_t last, double *scratch, double *out)
{
    const char *X = x->X;
    const size_t size = is_f64 ? sizeof(double) : sizeof(float);
    const size_t d = x->d, C = x->classes, wide = wide_d(d), block = block_rows(d);
    const size_t lane_step = C * wide;
    const int weighted = x->sample_weight != NULL;
    const double *b = params + C * d;
    double *W = scratch, *grad_W = W + C * wide, *grad_b = grad_W + LANES * C * wide;
    double *r = grad_b + C * LANES, *ys = r + C * BLOCK; /* r: scores, then residuals */
    double label[BLOCK], weight[BLOCK];
    lanes loss = lanes_set(0.0);

    memset(scratch, 0, softmax_scratch(x) * sizeof *scratch);
    for (size_t c = 0; c < C; c++)
        memcpy(W + c * wide, params + c * d, d * sizeof *W);
    memset(label, 0, sizeof label);
    memset(weight, 0, sizeof weight);
    for (size_t i = first; i < last; i += block) {
        const size_t rows = last - i < block ? last - i : block;
        const size_t vectors = (rows + LANES - 1) / LANES;
        ahead a = ahead_of(x, i, block, size, SEEN_COMING);
        for (size_t k = 0; k < rows; k += LANES) {
            const size_t group = rows - k < LANES ? rows - k : LANES;
            ask(&a, LANES * a.half);
            scores_of_classes(X, is_f64, (i + k) * d, d, group, W, wide, b, C, r + k);
        }
        /* Rows that are not there are certain of class 0, and it is theirs. */
        for (size_t k = rows; k < vectors * LANES; k++) {
            weight[k] = label[k] = 0.0;
            for (size_t c = 0; c < C; c++) {
                r[c * BLOCK + k] = c ? NO_ROW : 0.0;
                if (x->soft)
                    ys[c * BLOCK + k] = c ? 0.0 : 1.0;
            }
        }
        if (weighted)
            memcpy(weight, x->sample_weight + i, rows * sizeof *weight);
        if (x->soft)
            for (size_t k = 0; k < rows; k++)
                for (size_t c = 0; c < C; c++)
                    ys[c * BLOCK + k] = value_at(x->y, x->y_kind, (i + k) * C + c);
        else
            load_labels(x, i, rows, label);
        ask_labels(x, &a, i, block);
        for (size_t g = 0; g < vectors; g++) {
            lanes loss_g;
            EACH_PART(k, const size_t at = g * LANES + k * LANES_WIDTH;
                      loss_g.p[k] =
                          x->soft
                              ? softmax_part(r + at, C, BLOCK, part_set(0.0), ys + at, 1)
                              : softmax_part(r + at, C, BLOCK, part_load(label + at), ys, 0);)
            const lanes weight_g = lanes_load(weight + g * LANES);
            if (weighted) {
                EACH_PART(k, loss_g.p[k] = part_counted(loss_g.p[k], weight_g.p[k]);)
                loss_g = lanes_mul(loss_g, weight_g);
            }
            loss = lanes_add(loss, loss_g);
            for (size_t c = 0; c < C; c++) {
                lanes r_c = lanes_load(r + c * BLOCK + g * LANES);
                if (weighted) {
                    EACH_PART(k, r_c.p[k] = part_counted(r_c.p[k], weight_g.p[k]);)
                    r_c = lanes_mul(r_c, weight_g);
                    lanes_store(r + c * BLOCK + g * LANES, r_c);
                }
                double *sum = grad_b + c * LANES;
                lanes_store(sum, lanes_add(lanes_load(sum), r_c));
            }
        }
        for (size_t lane = 0; lane < LANES && lane < rows; lane++) {
            ask(&a, block / LANES * a.half);
            const double *r_lane = r + lane;
            double *sum = grad_W + lane * lane_step;
#define ADD_ROWS(classes)                                                                        \
    add_rows(X, is_f64, (i + lane) * d, d, rows - lane, r_lane + c * BLOCK, BLOCK, sum + c * wide, \
             wide, classes)
            size_t c = 0;
            for (; c + CLASSES_TOGETHER <= C && (C - c) % 4 != 0; c += CLASSES_TOGETHER)
                ADD_ROWS(CLASSES_TOGETHER);
            for (; c + 4 <= C; c += 4)
                ADD_ROWS(4);
            for (; c < C; c++)
                ADD_ROWS(1);
#undef ADD_ROWS
        }
    }
    out[0] = lanes_sum(loss);
    for (size_t c = 0; c < C; c++) {
        sum_lanes(grad_W + c * wide, d, lane_step, out + 1 + c * d);
        out[1 + C * d + c] = lanes_sum(lanes_load(grad_b + c * LANES));
    }
}

static void softmax_rows(const samples *x, const double *params, size_t first, size_t last,
                         double *scratch, double *out)
{
    if (x->X_kind == F64)
        softmax_blocks(x, 1, params, first, last, scratch, out);
    else
        softmax_blocks(x, 0, params, first, last, scratch, out);
}
