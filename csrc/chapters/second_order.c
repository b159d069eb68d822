/* Chapter 3, compiled: an entry for each public function, in the order of pyref/second_order.py,
 * and the algebra of its fits. */
#include "engine/run.h"
#include "pyref.h"

/* ------------------------------------------------------------------ passes over X */

/* twin: second_order.curvature
 * sigmoid(z) * sigmoid(-z) = p (1-p), which loses no digits where p is nearly 1.
 *
 * Accuracy of sigmoid's derivative: at most 5 ulp. Seen: 3.335 ulp at z = -3.430126326306432, got
 * 0.03038319924868309, right 0.03038319924868307953487828 */
double pyref_sigmoid_derivative(double z)
{
    DEFAULT_ARITHMETIC;
    return computed(pyref_sigmoid_of(z) * pyref_sigmoid_of(-z));
}

/* twin: second_order.safe_learning_rate
 * A pass of SQUARES: sums = {s (|x|^2 + 1)}, with the rows dealt to eight sums and to parts, as for
 * a gradient: the same sum but for the rounding. Python makes the rate of it, and softmax's rate
 * too: only the largest curvature differs, which is 1/4 for one score and 1/2 for softmax. What
 * some rows add is squares_rows in lanes/squares.h. */
void plan_squares(pass *p)
{
    p->width = p->samples.d;
    p->out_size = 1;
}

/* Products of two features in a row; two of them take the time of one elsewhere. */
static size_t products_width(size_t d)
{
    return d * (d + 1) / 4 + 1;
}

/* twin: second_order.hessian
 * A pass of HESSIAN: chapter 1's sums, and behind them the lower triangle of the second derivatives
 * for (w, b). The lesson adds s x[j] x[k], row after row; here the order of rows is the same within
 * a part, and each factor is multiplied by the root of s first: one copy of a row serves both. What
 * some rows add is hessian_rows in lanes/logistic.h, and lanes/second_order.h. */
void plan_hessian(pass *p)
{
    const size_t d = p->samples.d;
    p->width = products_width(d);
    p->params_size = d + 1;
    p->out_size = d + 2 + (d + 1) * (d + 2) / 2;
    p->scratch_size = hessian_scratch(&p->samples);
}

/* twin: second_order.newton
 * The loop is Python's, the same for both (pyref/fit/optimum.py). C has what takes the time in it:
 * the passes over X in standard units, from COLUMNS to SEPARATES, of which a step makes one
 * STANDARD_HESSIAN (lanes/units.h, lanes/looks.h); and the algebra below. Their sums are dealt to
 * eight lanes and to parts, as those of chapter 1 are. */
void plan_look(pass *p)
{
    const size_t d = p->samples.d;
    p->width = p->kind == PYREF_STANDARD_HESSIAN ? products_width(d) : d;
    p->params_size = look_params(p->kind, d);
    p->out_size = look_out(p->kind, d);
    p->maxima = look_maxima(p->kind, d);
    p->scratch_size = look_scratch(&p->samples, p->kind);
}

/* ------------------------------------------------------------------ algebra */

/* Where row j of a triangle begins. */
static size_t row_at(size_t j)
{
    return j * (j + 1) / 2;
}

/* twin: second_order.cholesky
 * Row after row as in the lesson, but the sum over m < k is dealt to eight lanes. */
int pyref_cholesky(const double *hess, size_t m, double total, const double *ridge, double shift,
                   int last_first, double rounding, double *L, size_t *row, double seconds)
{
    DEFAULT_ARITHMETIC;
    const double deadline = seconds_now() + seconds;
    for (size_t j = *row; j < m; *row = ++j) {
        double *new = L + row_at(j);
        const size_t from = last_first ? (j ? j - 1 : m - 1) : j;
        for (size_t k = 0; k <= j; k++) {
            const size_t of = last_first ? (k ? k - 1 : m - 1) : k;
            new[k] = hess[of <= from ? row_at(from) + of : row_at(of) + from] / total;
        }
        const double diagonal = new[j] + ridge[from] + shift;
        active_kernels->cholesky_row(L, j, new);
        /* what is left of the diagonal: what this column has that those before it have not */
        const double left = diagonal - active_kernels->dot(new, new, j);
        if (!(left > rounding * diagonal))
            return 0;
        new[j] = sqrt(left);
        if (seconds_now() > deadline && j + 1 < m) {
            *row = j + 1;
            return 1;
        }
    }
    return 1;
}

/* L out = v, where v and so out is 0 before `first`; out may be v */
static void solve_lower(const double *L, size_t m, size_t first, const double *v, double *out)
{
    for (size_t j = first; j < m; j++) {
        const double *row = L + row_at(j);
        out[j] = (v[j] - active_kernels->dot(row + first, out + first, j - first)) / row[j];
    }
}

/* L^T out = out */
static void solve_upper(const double *L, size_t m, double *out)
{
    for (size_t j = m; j-- > 0;) {
        const double *row = L + row_at(j);
        out[j] /= row[j];
        active_kernels->plus(out, -out[j], row, out, j);
    }
}

/* twin: second_order.solve
 * L, then L^T, as in the lesson. */
void pyref_solve(const double *L, size_t m, const double *v, double *out)
{
    DEFAULT_ARITHMETIC;
    solve_lower(L, m, 0, v, out);
    solve_upper(L, m, out);
}

/* twin: second_order.standard_errors
 * Their squares: the diagonal of the inverse, each number of it by solving with L alone. */
void pyref_variances(const double *L, size_t m, const double *last, double *room, double *out,
                     size_t *row, double seconds)
{
    DEFAULT_ARITHMETIC;
    const double deadline = seconds_now() + seconds;
    for (size_t j = *row; j < m; *row = ++j) {
        size_t first = 0;
        if (j + 1 < m) {
            memset(room, 0, m * sizeof *room);
            room[j] = 1.0;
            first = j;
        } else
            memcpy(room, last, m * sizeof *room);
        solve_lower(L, m, first, room, room);
        out[j] = active_kernels->dot(room + first, room + first, m - first);
        if (seconds_now() > deadline) {
            *row = j + 1;
            return;
        }
    }
}

void pyref_symmetric_row(const double *triangle, size_t m, size_t j, double *out)
{
    memcpy(out, triangle + row_at(j), (j + 1) * sizeof *out);
    for (size_t k = j + 1; k < m; k++)
        out[k] = triangle[row_at(k) + j];
}

/* twin: second_order.lbfgs_step
 * The step is Python's, the same for both; what takes time in it is u . v, here, and u + t v. The
 * lesson adds term after term, here term k adds to sum k mod 8 of eight (lanes/algebra.h): the same
 * sum but for the rounding. Each of its passes over X is a STANDARD_GRADIENT, above. */
double pyref_dot(const double *u, const double *v, size_t m)
{
    DEFAULT_ARITHMETIC;
    return active_kernels->dot(u, v, m);
}

void pyref_plus(const double *u, double t, const double *v, double *out, size_t m)
{
    DEFAULT_ARITHMETIC;
    active_kernels->plus(u, t, v, out, m);
}
