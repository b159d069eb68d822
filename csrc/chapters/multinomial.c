/* Chapter 2, compiled: an entry for each public function, in the order of pyref/multinomial.py. */
#include "engine/run.h"
#include "pyref.h"

/* ------------------------------------------------------------------ one sample */

/* es[c] = e^(z[c]-m), where m is the largest score; its class; and the sum of the others' es. */
static size_t exponentials(const double *zs, size_t C, double *es, double *rest)
{
    size_t top = 0;
    for (size_t c = 1; c < C; c++)
        if (zs[c] > zs[top])
            top = c;
    for (size_t c = 0; c < C; c++)
        es[c] = zs[top] - zs[c];
    active_kernels->exp_minus(es, es, es, C);
    es[top] = 1.0;
    *rest = 0.0;
    for (size_t c = 0; c < C; c++) {
        if (isnan(zs[c]))
            es[c] = zs[c];
        if (c != top || isnan(zs[c]))
            *rest += es[c];
    }
    return top;
}

/* twin: multinomial.logsumexp
 * log(e^zs[0] + ... + e^zs[C-1]) = m + log(1 + the sum of the others' e^(z-m)), in the lesson's
 * order; room is C doubles. */
double pyref_logsumexp(const double *zs, size_t C, double *room)
{
    DEFAULT_ARITHMETIC;
    double rest, log_sum;
    size_t top = exponentials(zs, C, room, &rest);
    int any_nan = 0;
    for (size_t c = 0; c < C; c++)
        any_nan |= isnan(zs[c]);
    if (isinf(zs[top]) && !any_nan)
        return zs[top];
    active_kernels->log1p(&rest, &rest, &log_sum, 1);
    return computed(zs[top] + log_sum);
}

/* twin: multinomial.softmax
 * e^zs[c] over the sum of all, in the lesson's order. */
void pyref_softmax(const double *zs, size_t C, double *ps)
{
    DEFAULT_ARITHMETIC;
    double rest;
    exponentials(zs, C, ps, &rest);
    for (size_t c = 0; c < C; c++)
        ps[c] /= 1.0 + rest;
}

/* twin: multinomial.categorical_cross_entropy
 * -(ys[0] log(ps[0]) + ...), in the lesson's order. */
double pyref_categorical_cross_entropy(const double *ys, const double *ps, size_t C)
{
    DEFAULT_ARITHMETIC;
    double loss = 0.0;
    for (size_t c = 0; c < C; c++)
        if (ys[c] > 0) /* the loss of the label alone, as in chapter 1 */
            loss -= ps[c] > 0 ? ys[c] * log_of(ps[c]) : -INFINITY;
    return computed(loss);
}

/* twin: multinomial.loss_and_residuals
 * Of one sample, and its loss alone: the logarithm of softmax's sum, and how far below the largest
 * score the labels' are. A pass over X has both from the same exponentials, softmax_part in
 * lanes/multinomial.h. */
double pyref_categorical_cross_entropy_with_logits(const double *ys, const double *zs, size_t C,
                                                   double *room)
{
    DEFAULT_ARITHMETIC;
    double rest, log_sum, total = 0.0;
    size_t top = exponentials(zs, C, room, &rest);
    for (size_t c = 0; c < C; c++)
        total += ys[c];
    active_kernels->log1p(&rest, &rest, &log_sum, 1);
    double loss = total * log_sum;
    for (size_t c = 0; c < C; c++)
        if (ys[c] > 0 && c != top)
            loss += ys[c] * (zs[top] - zs[c]);
    return computed(loss);
}

/* ------------------------------------------------------------------ gradient */

/* twin: multinomial.softmax_gradient
 * A pass of SOFTMAX: params = {w[C][d], b[C]}, sums = {loss, their gradient}. The lesson adds row
 * after row; here row i adds to sum i mod 8 of eight, in parts, as in chapter 1: the same sum but
 * for the rounding. What some rows add is softmax_rows in lanes/multinomial.h. */
void plan_softmax(pass *p)
{
    const samples *s = &p->samples;
    p->width = s->d * s->classes;
    p->params_size = s->classes * (s->d + 1);
    p->out_size = 1 + p->params_size;
    p->scratch_size = softmax_scratch(s);
}

/* twin: multinomial.softmax_descent
 * The loop of chapter 1 over these params: engine/descent.c. */
int pyref_softmax_descent(pyref_run *run, double *params, double *v, double step, double momentum,
                          double l2, double total, double tolerance, size_t iterations,
                          double seconds, double *losses, size_t *made)
{
    DEFAULT_ARITHMETIC;
    return pass_descend(run, params, v, step, momentum, l2, total, tolerance, iterations, seconds,
                        losses, made);
}

/* ------------------------------------------------------------------ a model's word on new rows */

/* A pass of SCORES: every row's C scores, the same sums as in a gradient. scores_rows in
 * lanes/scores.h writes them. */
void plan_scores(pass *p)
{
    const samples *s = &p->samples;
    p->width = s->d * s->classes;
    p->params_size = s->classes * (s->d + 1);
    p->out_size = 1;
    p->scratch_size = scores_scratch(s);
}

void pyref_probabilities(const double *scores, size_t n, size_t C, double *ps)
{
    DEFAULT_ARITHMETIC;
    if (C > 1) {
        for (size_t i = 0; i < n; i++)
            pyref_softmax(scores + i * C, C, ps + i * C);
        return;
    }
    /* sigmoid(-z) and sigmoid(z): both exact in their tails, which 1 - p is not */
    for (size_t i = 0; i < n; i++) {
        ps[2 * i] = -scores[i];
        ps[2 * i + 1] = scores[i];
    }
    active_kernels->sigmoid(ps, ps, ps, 2 * n);
}

/* log(ps[c]) = zs[c] - logsumexp(zs), of which the largest score is taken off first: so nothing is
 * lost where it is large, and the most probable class has all digits of a logarithm near 0. */
void pyref_log_probabilities(const double *scores, size_t n, size_t C, double *logs)
{
    DEFAULT_ARITHMETIC;
    for (size_t i = 0; i < n && C > 1; i++) {
        const double *zs = scores + i * C;
        double *out = logs + i * C, rest, log_sum;
        const size_t top = exponentials(zs, C, out, &rest);
        active_kernels->log1p(&rest, &rest, &log_sum, 1);
        for (size_t c = 0; c < C; c++)
            out[c] = (c == top ? 0.0 : zs[c] - zs[top]) - log_sum;
    }
    if (C > 1)
        return;
    /* log(1 - p) = -softplus(z) and log(p) = -softplus(-z) */
    for (size_t i = 0; i < n; i++) {
        logs[2 * i] = scores[i];
        logs[2 * i + 1] = -scores[i];
    }
    pyref_softplus(logs, logs, 2 * n);
    for (size_t i = 0; i < 2 * n; i++)
        logs[i] = 0.0 - logs[i]; /* 0, not -0 */
}
