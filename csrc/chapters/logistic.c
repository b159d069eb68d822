/* Chapter 1, compiled: the functions of pyref/logistic.py, in its order. */
#include "engine/run.h"
#include "pyref.h"

#include <float.h>

/* ------------------------------------------------------------------ one sample */

void pyref_sigmoid(const double *z, double *out, size_t n)
{
    active_kernels->sigmoid(z, z, out, n);
}

void pyref_softplus(const double *z, double *out, size_t n)
{
    active_kernels->softplus(z, z, out, n);
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
double pyref_log_of(double p)
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
        loss -= p > 0 ? y * pyref_log_of(p) : -INFINITY;
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
    active_kernels->log(x, x, out, n);
}

void pyref_log1p(const double *x, double *out, size_t n)
{
    active_kernels->log1p(x, x, out, n);
}

void pyref_exp_minus(const double *a, double *out, size_t n)
{
    active_kernels->exp_minus(a, a, out, n);
}

void plan_gradient(pass *p)
{
    p->width = p->samples.d;
    p->out_size = p->samples.d + 2;
    p->scratch_size = gradient_scratch(&p->samples);
}

/* With no run to keep, and no clock to look at. */
int pyref_pass(const void *X, int X_kind, const void *y, int y_kind, size_t n, size_t d,
               const double *params, double *out)
{
    pass p;
    if (pyref_find_no_label(y, y_kind, 0, n) < n)
        return PYREF_NO_LABEL;
    if (!pass_set_up(&p, PYREF_GRADIENT, X, X_kind, y, y_kind, NULL, n, d, 1, 0, 1, 1))
        return PYREF_NO_MEMORY;
    passes_at(&p, params, 1, INFINITY, out);
    pass_clean_up(&p);
    return pyref_find_not_finite(out, F64, 0, d + 2) < d + 2 ? PYREF_NOT_FINITE : PYREF_DONE;
}

int pyref_run_descent(pyref_run *run, double *params, double *v, double step, double momentum,
                      double l2, double total, double tolerance, size_t iterations,
                      double seconds, double *losses, size_t *made)
{
    return pass_descend((pass *)run, params, v, step, momentum, l2, total, tolerance, iterations,
                        seconds, losses, made);
}
