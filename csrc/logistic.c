/* Chapter 1, compiled: the functions of pyref/logistic.py, in its order. */
#include "kernels.h"
#include "pass.h"
#include "pyref.h"

#include <float.h>

/* ------------------------------------------------------------------ one sample */

void pyref_sigmoid(const double *z, double *out, size_t n)
{
    active_kernels->sigmoid(z, NULL, out, n);
}

void pyref_softplus(const double *z, double *out, size_t n)
{
    active_kernels->softplus(z, NULL, out, n);
}

static double one(map *f, double a, double b)
{
    double out;
    f(&a, &b, &out, 1);
    return out;
}

double pyref_sigmoid_of(double z)
{
    return one(active_kernels->sigmoid, z, 0.0);
}

double pyref_softplus_of(double z)
{
    return one(active_kernels->softplus, z, 0.0);
}

/* log p of a normal or subnormal p > 0; the kernel's logarithm is for normal numbers */
static double log_of(double p)
{
    if (p < DBL_MIN)
        return one(active_kernels->log, p * 0x1p54, 0.0) - 54 * 0x1.62e42fefa39efp-1;
    return one(active_kernels->log, p, 0.0);
}

/* -[y log(p) + (1-y) log(1-p)], where 0 log(0) counts as 0 */
double pyref_binary_cross_entropy(double y, double p)
{
    double loss = 0.0;
    if (y > 0)
        loss -= p > 0 ? y * log_of(p) : -INFINITY;
    if (y < 1)
        loss -= p < 1 ? (1 - y) * one(active_kernels->log1p, -p, 0.0) : -INFINITY;
    return loss;
}

double pyref_binary_cross_entropy_with_logits(double y, double z)
{
    return one(active_kernels->loss, y, z);
}

/* The three pieces of the chain rule, and their product. */

double pyref_dL_dp(double y, double p)
{
    double slope = 0.0;
    if (y > 0)
        slope -= p > 0 ? y / p : INFINITY;
    if (y < 1)
        slope += p < 1 ? (1 - y) / (1 - p) : INFINITY;
    return slope;
}

double pyref_dp_dz(double p)
{
    return p * (1 - p);
}

double pyref_dz_da(double x)
{
    return x;
}

double pyref_dL_da(double x, double y, double a, double b)
{
    double p = pyref_sigmoid_of(a * x + b);
    return pyref_dL_dp(y, p) * pyref_dp_dz(p) * pyref_dz_da(x);
}

double pyref_residual(double y, double z)
{
    return one(active_kernels->residual, y, z);
}

void pyref_log(const double *x, double *out, size_t n)
{
    active_kernels->log(x, NULL, out, n);
}

void pyref_log1p(const double *x, double *out, size_t n)
{
    active_kernels->log1p(x, NULL, out, n);
}

void pyref_exp_minus(const double *a, double *out, size_t n)
{
    active_kernels->exp_minus(a, NULL, out, n);
}

/* ------------------------------------------------------------------ gradient descent */

/* The loop of gradient_descent, on params = {w[d], b}; sums = {loss, grad_b, grad_w[d]}. */
static int descend(pass *p, team *t, double *params, double *v, double step, double momentum,
                   double l2, double total, double tolerance, size_t iterations, double deadline,
                   double *losses, size_t *made)
{
    const size_t d = p->samples.d;
    double *sums = p->total;
    for (; *made < iterations; ++*made) {
        if (!team_pass(t, params, deadline))
            return PYREF_AGAIN;
        double loss = sums[0] / total, steepest = 0.0;
        if (l2 != 0.0) {
            /* the penalty l2/2 |w|^2 of the mean, so total * l2 * w of the sum */
            double square = 0.0;
            for (size_t j = 0; j < d; j++) {
                square += params[j] * params[j];
                sums[2 + j] += total * l2 * params[j];
            }
            loss += l2 / 2 * square;
        }
        /* A negative tolerance asks for neither of these endings (gradient_descent_logistic). */
        if (!isfinite(loss) && tolerance >= 0)
            return PYREF_DIVERGED;
        for (size_t j = 1; j < d + 2; j++)
            steepest = fabs(sums[j]) <= steepest ? steepest : fabs(sums[j]); /* keeps a NaN */
        if (steepest / total <= tolerance)
            return PYREF_CONVERGED;
        /* v <- momentum * v + gradient; params <- params - step * v, if all of them are finite */
        int finite = 1;
        double *next = p->next_params;
        for (size_t j = 0; j <= d; j++) {
            v[j] = momentum * v[j] + sums[j < d ? 2 + j : 1];
            next[j] = params[j] - step * v[j];
            finite &= isfinite(next[j]) != 0;
        }
        if (!finite)
            return PYREF_DIVERGED;
        memcpy(params, next, (d + 1) * sizeof *params);
        losses[*made] = loss;
        if (seconds_now() > deadline && *made + 1 < iterations) {
            ++*made;
            return PYREF_AGAIN;
        }
    }
    return PYREF_ITERATIONS;
}

int pyref_run_descent(pyref_run *run, double *params, double *v, double step, double momentum,
                      double l2, double total, double tolerance, size_t iterations,
                      double seconds, double *losses, size_t *made)
{
    pass *p = (pass *)run;
    team t;
    *made = 0;
    team_start(&t, p);
    int status = descend(p, &t, params, v, step, momentum, l2, total, tolerance, iterations,
                         seconds_now() + seconds, losses, made);
    team_end(&t);
    return status;
}
