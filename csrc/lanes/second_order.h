/* Chapter 3's hot loop: what a block of rows adds to the second derivatives.
 *
 * With the curvature s = p (1-p) of a row (times its weight) and x[d] = 1 for the intercept,
 *
 *     products[j][k] += s * x[j] * x[k]       for k <= j
 *
 * A row has d^2/2 of these and only d numbers, so it pays to copy a block of rows first: each
 * row times the root of its s, so that one copy serves both factors; as doubles, whatever X is;
 * and filled up with zeros to whole vectors. Then some j by some vectors of k stay in registers
 * while all rows of the copy go by. */

/* So many k at a time that their part of the copy stays in the second-level cache (256 KB of it),
 * where rows are long. There sums do not, so they are loaded and stored once for BLOCK rows of the
 * copy, though a block has fewer. */
enum { K_NEAR = 32768 / BLOCK };

/* So many j by so many vectors of k: enough that no sum is waited for, and that what is loaded
 * serves several. Few enough for the registers. */
enum { J_TOGETHER = LANES_WIDTH == 8 ? 8 : 4, K_TOGETHER = LANES_WIDTH == 8 ? 2 : 1 };

typedef struct {
    double *features;  /* the sums: wide rows, of which d are used, of wide */
    double *intercept; /* the sums of the intercept's row, k < d */
    double *itself;    /* and k = d, the same in all lanes */
    double *copy;      /* rows, `row` doubles apart */
    size_t wide, row;
    size_t copied;     /* rows there whose products are not added yet */
    int begun;         /* the sums of features are there: before, they are 0 */
} products;

/* All in one piece of memory, see hessian_scratch. */
INLINE products products_in(double *scratch, size_t d)
{
    const size_t wide = wide_d(d), to_line = -((uintptr_t)scratch / sizeof *scratch) % LANES;
    double *features = scratch + to_line, *intercept = features + wide * wide;
    memset(intercept, 0, (wide + LANES) * sizeof *intercept);
    return (products){features, intercept, intercept + wide, intercept + wide + LANES, wide,
                      copied_row(d), 0, 0};
}

/* Copy some vectors of features, in standard units if there is a scale, and add the intercept's
 * products with them. (Its feature is 1, so its factor is the root.) Returns its product with
 * itself, which is the same each time. */
INLINE lanes copy_features(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                           const double *root, const double *shift, const double *scale,
                           const products *p, size_t k, const int vectors,
                           const size_t last_count)
{
    double *sum = p->intercept + k, *copy = p->copy + p->copied * p->row + k;
    lanes itself = lanes_load(p->itself), s[2], shift_v[2], scale_v[2];
    UNROLL
    for (int v = 0; v < vectors; v++) {
        s[v] = lanes_load(sum + v * LANES);
        shift_v[v] = scale ? lanes_load(shift + k + v * LANES) : lanes_set(0.0);
        scale_v[v] = scale ? lanes_load(scale + k + v * LANES) : lanes_set(1.0);
    }
    for (size_t i = 0; i < rows; i++) {
        const lanes root_i = lanes_set(root[i]);
        itself = lanes_fma(root_i, root_i, itself);
        UNROLL
        for (int v = 0; v < vectors; v++) {
            lanes x = load_features(X, is_f64, at + i * d + k + v * LANES,
                                    v + 1 < vectors ? LANES : last_count);
            if (scale)
                x = in_units(x, shift_v[v], scale_v[v]);
            x = lanes_mul(root_i, x);
            if (scale && root[i] == 0.0)
                x = lanes_set(0.0); /* not a NaN, if the row's weight is 0 and it overflows */
            s[v] = lanes_fma(root_i, x, s[v]);
            lanes_store(copy + i * p->row + v * LANES, x);
        }
    }
    UNROLL
    for (int v = 0; v < vectors; v++)
        lanes_store(sum + v * LANES, s[v]);
    return itself;
}

/* Some j by some vectors of k. The time that a row takes is about what a cache line takes to
 * come from memory, so with each row, what the next block needs is asked for. */
INLINE void add_products_to(const products *p, size_t rows, size_t j, size_t k,
                            const int together, const int vectors, const char *next, size_t step)
{
    const size_t wide = p->wide, row = p->row;
    const double *x_j = p->copy + j, *x_k = p->copy + k;
    double *sum = p->features + j * wide + k;
    lanes s[J_TOGETHER][K_TOGETHER];
    UNROLL
    for (int c = 0; c < together; c++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            s[c][v] = p->begun ? lanes_load(sum + c * wide + v * LANES) : lanes_set(0.0);
    for (; rows; rows--, x_j += row, x_k += row, next += step) {
        lanes x[K_TOGETHER];
        __builtin_prefetch(next, 0, 2);
        UNROLL
        for (int v = 0; v < vectors; v++)
            x[v] = lanes_load(x_k + v * LANES);
        UNROLL
        for (int c = 0; c < together; c++) {
            const lanes factor = lanes_set(x_j[c]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                s[c][v] = lanes_fma(factor, x[v], s[c][v]);
        }
    }
    UNROLL
    for (int c = 0; c < together; c++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            lanes_store(sum + c * wide + v * LANES, s[c][v]);
}

/* Some j by the k <= j from `first` to `last`. Returns what to ask for next. */
INLINE const char *add_products_of(const products *p, size_t rows, size_t j, const int together,
                                   size_t first, size_t last, const char *next, size_t step)
{
    size_t k = first;
    if (last > j + together)
        last = j + together;
    for (; k + K_TOGETHER * LANES <= last; k += K_TOGETHER * LANES, next += rows * step)
        add_products_to(p, rows, j, k, together, K_TOGETHER, next, step);
    for (; k < last; k += LANES, next += rows * step)
        add_products_to(p, rows, j, k, together, 1, next, step);
    return next;
}

/* All j by all k <= j, from the copy; in its own function, to be compiled once. `bytes` from
 * `next` on are asked for, evenly. */
static NOINLINE void add_copied(products *p, size_t d, const char *next, size_t bytes)
{
    const size_t rows = p->copied;
    size_t steps = 0, j;
    for (j = 0; j < d; j += J_TOGETHER)
        steps += rows * ((j / LANES + K_TOGETHER) / K_TOGETHER);
    const size_t step = (bytes + steps - 1) / steps;
    for (size_t k = 0; k < d; k += K_NEAR) {
        for (j = k; j + J_TOGETHER / 2 < d; j += J_TOGETHER)
            next = add_products_of(p, rows, j, J_TOGETHER, k, k + K_NEAR, next, step);
        if (j < d)
            next = add_products_of(p, rows, j, J_TOGETHER / 2, k, k + K_NEAR, next, step);
    }
    p->copied = 0;
    p->begun = 1;
}

/* A block of rows from element `at` of X on; in standard units if there is a scale. The next block
 * is `ahead` bytes further on, or need not be asked for if that is 0. */
INLINE void add_products_of_rows(const char *X, const int is_f64, size_t at, size_t d, size_t rows,
                                 const double *curvature, const double *shift, const double *scale,
                                 products *p, size_t ahead)
{
    double root[BLOCK] ALIGNED;
    lanes itself = lanes_set(0.0);
    size_t k = 0;
    for (size_t i = 0; i < rows; i++)
        root[i] = sqrt(curvature[i]);
    for (; k + 2 * LANES <= d; k += 2 * LANES)
        itself = copy_features(X, is_f64, at, d, rows, root, shift, scale, p, k, 2, LANES);
    for (; k < d; k += LANES)
        itself = copy_features(X, is_f64, at, d, rows, root, shift, scale, p, k, 1,
                               d - k < LANES ? d - k : LANES);
    lanes_store(p->itself, itself);
    p->copied += rows;
    if (p->copied + block_rows(d) > BLOCK)
        add_copied(p, d, X + at * (is_f64 ? 8 : 4) + ahead, ahead);
}

/* Rows [first, first + rows) of X as they are. Never inlined: the caller needs its registers. */
static NOINLINE void add_products(const samples *x, size_t first, size_t rows,
                                  const double *curvature, products *p, size_t ahead)
{
    if (x->X_kind == F64)
        add_products_of_rows(x->X, 1, first * x->d, x->d, rows, curvature, NULL, NULL, p, ahead);
    else
        add_products_of_rows(x->X, 0, first * x->d, x->d, rows, curvature, NULL, NULL, p, ahead);
}

/* The sums in order: row j of k <= j, and then the intercept's. */
static void products_out(products *p, size_t d, double *out)
{
    if (p->copied)
        add_copied(p, d, (const char *)p->copy, 0); /* nothing is asked for */
    for (size_t j = 0; j < d; out += ++j)
        memcpy(out, p->features + j * p->wide, (j + 1) * sizeof *out);
    memcpy(out, p->intercept, d * sizeof *out);
    out[d] = *p->itself;
}
