/* Chapter 1, compiled: an entry for each public function, in the order of pyref/logistic.py.
 *
 * Each number is computed by a kernel, which is compiled once for each instruction set: those of
 * one score are in lanes/scalar.h, and those of some rows of X in lanes/logistic.h. */
#include "engine/run.h"
#include "pyref.h"

#include <float.h>

/* ------------------------------------------------------------------ one score */

static double one(map *f, double a, double b)
{
    double out;
    f(&a, &b, &out, 1);
    return out;
}

/* twin: logistic.sigmoid
 * For n scores, eight at a time. Every score has its own lane, so nothing is summed, and one score
 * alone has the bits that it has among many. The formula is sigmoid_part in lanes/scalar.h. */
void pyref_sigmoid(const double *z, double *out, size_t n)
{
    DEFAULT_ARITHMETIC;
    active_kernels->sigmoid(z, z, out, n);
}

double pyref_sigmoid_of(double z)
{
    DEFAULT_ARITHMETIC;
    return one(active_kernels->sigmoid, z, 0.0);
}

double log_of(double p)
{
    if (p < DBL_MIN)
        return one(active_kernels->log, p * 0x1p54, 0.0) - 54 * 0x1.62e42fefa39efp-1;
    return one(active_kernels->log, p, 0.0);
}

/* twin: logistic.binary_cross_entropy
 * -[y log(p) + (1-y) log(1-p)], where 0 log(0) counts as 0.
 *
 * Accuracy of binary cross-entropy: at most 3 ulp. Seen: 0.860 ulp at y = 0, p =
 * 0.2929132698831426, got 0.34660194717672155, right 0.3466019471767214998851202 */
double pyref_binary_cross_entropy(double y, double p)
{
    DEFAULT_ARITHMETIC;
    y = computed(y);
    p = computed(p);
    double loss = 0.0;
    if (y > 0)
        loss -= p > 0 ? y * log_of(p) : -INFINITY;
    if (y < 1)
        loss -= p < 1 ? (1 - y) * one(active_kernels->log1p, -p, 0.0) : -INFINITY;
    return computed(loss);
}

/* twin: logistic.residual
 * p - y = (1-y) p - y (1-p), of two sigmoids: closer than the residual of a gradient, which has one
 * division for all of it. lanes/scalar.h has both, and says how close. */
double pyref_residual(double y, double z)
{
    DEFAULT_ARITHMETIC;
    return one(active_kernels->residual, y, z);
}

/* twin: logistic.softplus
 * log(1 + e^z), for n scores as the sigmoid. The formula is softplus_each in lanes/scalar.h. */
void pyref_softplus(const double *z, double *out, size_t n)
{
    DEFAULT_ARITHMETIC;
    active_kernels->softplus(z, z, out, n);
}

double pyref_softplus_of(double z)
{
    DEFAULT_ARITHMETIC;
    return one(active_kernels->softplus, z, 0.0);
}

/* twin: logistic.loss_and_residual
 * Of one sample, and its loss alone. A pass over X has both from the same exponential:
 * samples_part in lanes/scalar.h, which this calls too. */
double pyref_binary_cross_entropy_with_logits(double y, double z)
{
    DEFAULT_ARITHMETIC;
    return one(active_kernels->loss, y, z);
}

/* The primitives alone. */

void pyref_log(const double *x, double *out, size_t n)
{
    DEFAULT_ARITHMETIC;
    active_kernels->log(x, x, out, n);
}

void pyref_log1p(const double *x, double *out, size_t n)
{
    DEFAULT_ARITHMETIC;
    active_kernels->log1p(x, x, out, n);
}

void pyref_exp_minus(const double *a, double *out, size_t n)
{
    DEFAULT_ARITHMETIC;
    active_kernels->exp_minus(a, a, out, n);
}

/* ------------------------------------------------------------------ gradient */

/* A pass of GRADIENT: params = {w[d], b}, sums = {loss, grad_w[d], grad_b}. What some rows add to
 * them is gradient_rows in lanes/logistic.h. */
void plan_gradient(pass *p)
{
    p->width = p->samples.d;
    p->params_size = p->samples.d + 1;
    p->out_size = p->samples.d + 2;
    p->scratch_size = gradient_scratch(&p->samples);
}

/* twin: logistic.gradient_ab
 * A table of one column, where a is w[0]. Document 001 adds p - y; this adds the residual without
 * cancellation. So the two differ where p - y is rounded, by what pyref.gradient_ab says. */

/* twin: logistic.gradient
 * The lesson adds row after row to one sum. Here row i adds to sum i mod 8 of eight, so that eight
 * rows are worked on at a time, and the rows are cut into parts, so that several threads are. A sum
 * is the same sum in whatever order its terms are added, but for the rounding: at most 2 n eps of
 * the terms' sizes (from three rows on; tests/helpers/compare.py derives it). The order does not depend
 * on how many threads there are. plain.c has the same order, one number at a time.
 *
 * This is the whole pass in one call: for tables so small that it is over in microseconds. For a
 * larger one, or with sample weights, Python makes a run (pyref_run_new, pyref_run_pass), which is
 * the same pass in calls that return after a while, so that Ctrl-C is heard. */
int pyref_gradient(const void *X, int X_kind, const void *y, int y_kind, size_t n, size_t d,
                   const double *params, double *out)
{
    DEFAULT_ARITHMETIC;
    pyref_run run;
    if (pyref_find_no_label(y, y_kind, 0, n) < n)
        return PYREF_NO_LABEL;
    if (!pass_set_up(&run.pass, PYREF_GRADIENT, X, X_kind, y, y_kind, NULL, n, d, 1, 0, 1, 1))
        return PYREF_NO_RUN;
    team_new(&run.team, &run.pass);
    passes_at(&run, params, 1, INFINITY, out);
    pass_clean_up(&run.pass);
    return pyref_find_not_finite(out, F64, 0, d + 2) < d + 2 ? PYREF_NOT_FINITE : PYREF_DONE;
}

/* ------------------------------------------------------------------ gradient descent */

/* twin: logistic.gradient_descent_logistic
 * Document 001's loop is the one below, in a run of a table of one column, from params = {0, 0},
 * with step = learning_rate / n and l2 = 0. A negative tolerance asks for none of its endings. */

/* twin: logistic.gradient_descent
 * The same loop line by line, which changes nothing but the order of the sums inside of gradient.
 * It stands in engine/descent.c, for chapter 2 has it too. */
int pyref_gradient_descent(pyref_run *run, double *params, double *v, double step, double momentum,
                           double l2, double total, double tolerance, size_t iterations,
                           double seconds, double *losses, size_t *made)
{
    DEFAULT_ARITHMETIC;
    return pass_descend(run, params, v, step, momentum, l2, total, tolerance, iterations, seconds,
                        losses, made);
}
