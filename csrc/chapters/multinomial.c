/* Chapter 2, compiled: the functions of one sample of pyref/multinomial.py, in its order. */
#include "engine/run.h"
#include "pyref.h"

/* The twin of _exponentials: es[c] = e^(z[c]-m); the top class; and the sum of the others' es. */
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

/* log(e^zs[0] + ... + e^zs[C-1]); room is C doubles */
double pyref_logsumexp(const double *zs, size_t C, double *room)
{
    double rest, log_sum;
    size_t top = exponentials(zs, C, room, &rest);
    int any_nan = 0;
    for (size_t c = 0; c < C; c++)
        any_nan |= isnan(zs[c]);
    if (isinf(zs[top]) && !any_nan)
        return zs[top];
    active_kernels->log1p(&rest, &rest, &log_sum, 1);
    return zs[top] + log_sum;
}

void pyref_softmax(const double *zs, size_t C, double *ps)
{
    double rest;
    exponentials(zs, C, ps, &rest);
    for (size_t c = 0; c < C; c++)
        ps[c] /= 1.0 + rest;
}

void pyref_probabilities(const double *scores, size_t n, size_t C, double *ps)
{
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

double pyref_categorical_cross_entropy(const double *ys, const double *ps, size_t C)
{
    double loss = 0.0;
    for (size_t c = 0; c < C; c++)
        if (ys[c] > 0) /* the loss of the label alone, as in chapter 1 */
            loss -= ps[c] > 0 ? ys[c] * pyref_log_of(ps[c]) : -INFINITY;
    return loss;
}

double pyref_categorical_cross_entropy_with_logits(const double *ys, const double *zs, size_t C,
                                                   double *room)
{
    double rest, log_sum, total = 0.0;
    size_t top = exponentials(zs, C, room, &rest);
    for (size_t c = 0; c < C; c++)
        total += ys[c];
    active_kernels->log1p(&rest, &rest, &log_sum, 1);
    double loss = total * log_sum;
    for (size_t c = 0; c < C; c++)
        if (ys[c] > 0 && c != top)
            loss += ys[c] * (zs[top] - zs[c]);
    return loss;
}

void plan_softmax(pass *p)
{
    const samples *s = &p->samples;
    p->width = s->d * s->classes;
    p->out_size = 1 + s->classes * (s->d + 1);
    p->scratch_size = softmax_scratch(s);
}

void plan_scores(pass *p)
{
    const samples *s = &p->samples;
    p->width = s->d * s->classes;
    p->out_size = 1;
    p->scratch_size = s->classes * wide_d(s->d);
}
