/* A table in other columns, each a combination of its own: its sums have twice the digits. */
#include "lanes/kernels.h"
#include "pyref.h"

typedef struct {
    double high, low;
} pair;

/* u + v, exactly */
static pair two_sum(double u, double v)
{
    const double high = u + v, t = high - u;
    return (pair){high, (u - (high - t)) + (v - t)};
}

/* u v, exactly.
 * The lesson's halves, and no fma: so both have the same bits, underflow included. */
static pair two_product(double u, double v)
{
    const double high = u * v, u_t = 134217729.0 * u, v_t = 134217729.0 * v;
    const double u_high = u_t - (u_t - u), u_low = u - u_high;
    const double v_high = v_t - (v_t - v), v_low = v - v_high;
    return (pair){high, ((u_high * v_high - high) + u_high * v_low + u_low * v_high) + u_low * v_low};
}

/* sum + u v */
static pair add_product(pair sum, pair u, double v)
{
    const pair product = two_product(u.high, v), added = two_sum(sum.high, product.high);
    return (pair){added.high, sum.low + (added.low + (product.low + u.low * v))};
}

/* As Basis.rows in pyref/fit/basis.py, bit for bit. */
void pyref_in_basis(const void *X, int kind, size_t from, size_t count, size_t d,
                    const double *sample_weight, const double *shift, const double *factor,
                    const double *B, double *room, double *reach, double *Q)
{
    DEFAULT_ARITHMETIC;
    const size_t size = kind == F64 ? sizeof(double) : sizeof(float);
    double *a_high = room, *a_low = room + d, *made = room + 2 * d;
    for (size_t j = 0; j < d; j++) { /* or a column of X, in other units */
        made[j] = 0.0;
        for (size_t k = 0; k <= d; k++)
            if (k != j && B[j * (d + 1) + k] != 0.0)
                made[j] = 1.0;
    }
    for (size_t i = from; i < from + count; i++) {
        double *q = Q + i * d;
        if (sample_weight != NULL && sample_weight[i] == 0.0) {
            memset(q, 0, d * sizeof *q); /* a row that is not there */
            continue;
        }
        pyref_widen((const char *)X + i * d * size, kind, 0, d, a_high);
        for (size_t k = 0; k < d; k++) {
            const pair a = two_sum(a_high[k], -shift[k]);
            a_high[k] = a.high * factor[k];
            a_low[k] = a.low * factor[k];
        }
        for (size_t j = 0; j < d; j++) {
            const double *row = B + j * (d + 1);
            pair sum = {row[d], 0.0};
            for (size_t k = 0; made[j] && k <= j; k++) /* B is 0 beyond */
                if (row[k] != 0.0)
                    sum = add_product(sum, (pair){a_high[k], a_low[k]}, row[k]);
            q[j] = made[j] ? sum.high + sum.low : a_high[j] * row[j];
            if (fabs(q[j]) > reach[j])
                reach[j] = fabs(q[j]);
        }
    }
}
