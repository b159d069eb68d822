/* Gradient descent: the loop of gradient_descent and of softmax_descent, line by line as in the
 * lessons. Which of the two it is follows from the run: its kernel gives {loss, gradient}, the
 * gradient in the order of params. */
#include "engine/run.h"
#include "pyref.h"

static int descend(team *t, double *params, double *v, double step, double momentum, double l2,
                   double total, double tolerance, size_t iterations, double *losses,
                   size_t *made)
{
    pass *p = t->pass;
    const size_t size = p->out_size - 1, penalised = p->samples.d * p->samples.classes;
    double *gradient = p->total + 1, *next = p->next_params;
    /* A look at the clock costs a little: where passes take microseconds, only now and then. */
    const size_t look = p->samples.n * penalised <= 16384 ? 16 : 1;
    for (; *made < iterations; ++*made) {
        if (!team_pass(t, params))
            return PYREF_AGAIN;
        double loss = p->total[0] / total;
        if (l2 != 0.0) {
            /* the penalty of the mean is l2/2 |w|^2, so that of the sum is total times it */
            double square = 0.0;
            for (size_t j = 0; j < penalised; j++) {
                square += params[j] * params[j];
                gradient[j] += total * l2 * params[j];
            }
            loss += l2 / 2 * square;
        }
        /* A negative tolerance asks for neither of these endings (gradient_descent_logistic). */
        if (!isfinite(loss) && tolerance >= 0)
            return PYREF_DIVERGED;
        int flat = 1; /* a NaN is not flat */
        for (size_t j = 0; j < size; j++)
            flat &= fabs(gradient[j]) / total <= tolerance;
        if (flat)
            return PYREF_CONVERGED;
        /* v <- momentum * v + gradient; params <- params - step * v, if all of them are finite */
        int finite = 1;
        for (size_t j = 0; j < size; j++) {
            v[j] = momentum * v[j] + gradient[j];
            next[j] = params[j] - step * v[j];
            finite &= isfinite(next[j]) != 0;
        }
        if (!finite)
            return PYREF_DIVERGED;
        memcpy(params, next, size * sizeof *params);
        losses[*made] = loss;
        if (*made % look == look - 1 && seconds_now() > t->deadline && *made + 1 < iterations) {
            ++*made;
            return PYREF_AGAIN;
        }
    }
    return PYREF_ITERATIONS;
}

int pass_descend(pyref_run *run, double *params, double *v, double step, double momentum,
                 double l2, double total, double tolerance, size_t iterations, double seconds,
                 double *losses, size_t *made)
{
    *made = 0;
    team_call(&run->team, iterations, seconds_now() + seconds);
    return descend(&run->team, params, v, step, momentum, computed(l2), total, tolerance,
                   iterations, losses, made);
}
