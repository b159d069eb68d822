/* The C part of pyref: what pyref.fast calls. Where is the C of a Python function?
 *
 *  Python                                C                                           csrc/chapters/
 *  sigmoid                               pyref_sigmoid                               logistic.c
 *  softplus                              pyref_softplus                              logistic.c
 *  binary_cross_entropy                  pyref_binary_cross_entropy                  logistic.c
 *  binary_cross_entropy_with_logits      pyref_binary_cross_entropy_with_logits      logistic.c
 *  residual                              pyref_residual                              logistic.c
 *  gradient_ab                           pyref_gradient                              logistic.c
 *  gradient                              pyref_gradient                              logistic.c
 *  gradient_descent_logistic             pyref_gradient_descent                      logistic.c
 *  gradient_descent                      pyref_gradient_descent                      logistic.c
 *  logsumexp                             pyref_logsumexp                             multinomial.c
 *  softmax                               pyref_softmax                               multinomial.c
 *  categorical_cross_entropy             pyref_categorical_cross_entropy             multinomial.c
 *  categorical_cross_entropy_with_logits pyref_categorical_cross_entropy_with_logits multinomial.c
 *  softmax_gradient                      plan_softmax                                multinomial.c
 *  softmax_descent                       pyref_softmax_descent                       multinomial.c
 *  sigmoid_derivative                    pyref_sigmoid_derivative                    second_order.c
 *  safe_learning_rate                    plan_squares                                second_order.c
 *  softmax_safe_learning_rate            plan_squares                                second_order.c
 *  hessian                               plan_hessian                                second_order.c
 *  newton                                plan_look                                   second_order.c
 *  lbfgs                                 pyref_dot                                   second_order.c
 *
 * Not here: dL_dp, dp_dz, dz_da and dL_da. They are taught and never needed: what C needs is the
 * product of the first two, the residual.
 *
 * Above each of these C functions stands a comment that begins with "twin:" and the name of the
 * lesson's function, and goes on with why a sum in another order is the same sum. So one step is
 *
 *     grep -rn "twin: logistic.gradient$" csrc
 *
 * (loss_and_residual and loss_and_residuals for ..._with_logits, curvature for sigmoid_derivative,
 * safe_learning_rate for softmax's, lbfgs_step for lbfgs). chapters/ has an entry for each public
 * function, and the plan_ of each kind of pass; engine/ makes the pass (parts, threads, time) and
 * knows no formula; lanes/ has what some rows add to it, compiled once for each instruction set;
 * data/ looks through what is given, and computes no loss.
 *
 * THE ORDER OF SUMS is part of the result, since floating-point addition is not associative. It is
 * the same for every instruction set, compiler, number of threads, alignment, and layout in memory.
 * plain.c is that order as a program: scores, gradients, losses and second derivatives, and how
 * rows are cut into parts. The other passes cut rows in the same way, and say in lanes/ what they
 * sum in a part: squares.h, units.h, looks.h. algebra.h says it for chapter 3's algebra.
 *
 * Everything between the two markers is read by build.py as the interface. A number made of its
 * text, comments and all, is compiled in, and compared by Python: a test says which number to write
 * into pyref/compiled/__init__.py when anything of it has changed. */
#ifndef PYREF_H
#define PYREF_H

#include <stddef.h>

/* interface begins */

/* Of one score, or of one sample: a label y and a score z, or a probability p. */
void pyref_sigmoid(const double *z, double *out, size_t n);
void pyref_softplus(const double *z, double *out, size_t n);
double pyref_sigmoid_of(double z);
double pyref_softplus_of(double z);
double pyref_binary_cross_entropy(double y, double p);
double pyref_binary_cross_entropy_with_logits(double y, double z);
double pyref_residual(double y, double z);
double pyref_sigmoid_derivative(double z);

/* One sample of C classes: labels ys, scores zs, probabilities ps. `room` is for C doubles. */
double pyref_logsumexp(const double *zs, size_t C, double *room);
void pyref_softmax(const double *zs, size_t C, double *ps);
double pyref_categorical_cross_entropy(const double *ys, const double *ps, size_t C);
double pyref_categorical_cross_entropy_with_logits(const double *ys, const double *zs, size_t C,
                                                   double *room);

/* n rows of probabilities, one for each of C classes, from their scores. With one score a row
 * there are two: 1 - p and p of chapter 1. */
void pyref_probabilities(const double *scores, size_t n, size_t C, double *ps);
/* Their logarithms, which are finite where a probability is too small for a double. */
void pyref_log_probabilities(const double *scores, size_t n, size_t C, double *logs);

/* The primitives alone, for the tests: log, log1p, and e^-a for a >= 0. */
void pyref_log(const double *x, double *out, size_t n);
void pyref_log1p(const double *x, double *out, size_t n);
void pyref_exp_minus(const double *a, double *out, size_t n);

/* A run: passes over n rows of d features, of one of these kinds. NULL if memory is short, or
 * `what`, X_kind or y_kind is none there is, or there is nothing: no rows, features or classes.
 * `passes` is how many are expected. threads: 0 for as many as pay. The buffers must outlive
 * the run.
 *   GRADIENT   chapter 1: params = {w[d], b}, out = {loss, grad_w[d], grad_b}
 *   SOFTMAX    chapter 2: params = {w[classes][d], b[classes]}, out = {loss, their gradient};
 *              y is n class numbers, or with `soft` n x classes probabilities
 *   HESSIAN    chapter 3: as GRADIENT, and behind it the second derivatives, symmetric, for the
 *              d + 1 parameters in order: row j holds k = 0..j
 *   SQUARES    chapter 3's safe learning rate: no params, out = {sum of s (|x|^2 + 1)}
 *   SCORES     params = {w[classes][d], b[classes]}: the n x classes scores to where
 *              pyref_run_scores says; out = {0}, or a NaN if one of them is not finite
 *   READ       no params, out = {sum of X}: reads X and does nothing else, to measure the memory
 *
 * And what chapter 3's fits look for; onward is the score with the sign of a hard label, by
 * which up is right for all. Rows of weight 0 are passed over. The first sees X as it is:
 *   COLUMNS    params = {guess[d], power[d]}, out = {max x[d], max -x[d], max x <= guess [d],
 *              max -x where x >= guess [d], max y, max -y; sum of s (x - guess) power [d], sum
 *              of s ((x - guess) power)^2 [d], and a NaN if X is not finite anywhere, else 0}
 * The others see it in the units of pyref_run_units, and params = {theta[d + 1], v[d + 1], bound},
 * without v where it is not named here:
 *   STANDARD_GRADIENT   out = {furthest onward(theta); loss, grad[d + 1]}
 *   STANDARD_HESSIAN    the same, and the second derivatives, of which hard labels with
 *                       onward(theta) > bound have none
 *   MOVES      out = {furthest onward(v) where onward(theta) <= bound; furthest onward(v);
 *              furthest |v . a|; furthest onward(theta)}
 *   FORCES     out = {sum of s f a, signed, [d + 1]}: f is |p - y|, or bound if that is more
 *   PRODUCT    out = {sum of s f (v . a) a [d + 1]}: the same f; for soft labels, p (1-p) if more
 *   REST       out = {sum of (v . a) a [d + 1] over soft labels, and onward(theta) < bound}
 *   SEPARATES  out = {1 if theta moves a sample back, else 0; 1 if it moves one onward}: moves
 *              below bound times the sum of the terms' sizes count as none */
enum {
    PYREF_GRADIENT,
    PYREF_SOFTMAX,
    PYREF_HESSIAN,
    PYREF_SQUARES,
    PYREF_SCORES,
    PYREF_READ,
    PYREF_COLUMNS,
    PYREF_STANDARD_GRADIENT,
    PYREF_STANDARD_HESSIAN,
    PYREF_MOVES,
    PYREF_FORCES,
    PYREF_PRODUCT,
    PYREF_REST,
    PYREF_SEPARATES
};
typedef struct pyref_run pyref_run;
pyref_run *pyref_run_new(int what, const void *X, int X_kind, const void *y, int y_kind,
                         const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                         size_t passes, int threads);
void pyref_run_free(pyref_run *run);

/* How many numbers a pass reads from params, and how many it writes to out. (n, d and classes say
 * it of every other pointer.) */
size_t pyref_run_reads(const pyref_run *run);
size_t pyref_run_writes(const pyref_run *run);

/* The units of chapter 3's passes, d numbers each; they must outlive the run. */
void pyref_run_units(pyref_run *run, const double *shift, const double *scale);

/* Where a pass of SCORES writes them. */
void pyref_run_scores(pyref_run *run, double *scores);

/* From now on a pass reads one in `share` rows: the first ones of each part. */
void pyref_run_share(pyref_run *run, size_t share);

/* One pass at params: the sums to out. Returns 1 when it is
 * done, 0 when `seconds` were over first: call again with the same params to go on. */
int pyref_run_pass(pyref_run *run, const double *params, double seconds, double *out);

/* So many passes, at least one, at the same params, to measure them: threads start once, as in a
 * descent. */
void pyref_run_passes(pyref_run *run, const double *params, size_t passes, double *out);

/* A pass of GRADIENT in one call, for small tables: 0 when done; else what is wrong. `out` may lie
 * where params do. NO_RUN: pyref_run_new gives none. */
enum { PYREF_DONE, PYREF_NO_RUN, PYREF_NO_LABEL, PYREF_NOT_FINITE };
int pyref_gradient(const void *X, int X_kind, const void *y, int y_kind, size_t n, size_t d,
                   const double *params, double *out);

/* Up to `iterations` steps of gradient descent, in a run of GRADIENT, or one of SOFTMAX:
 *     v <- momentum * v + gradient            params <- params - step * v
 * losses[k] is the mean loss before step k; *made is the number of steps made by this call. With
 * a negative tolerance, it ends early only where params would not be finite. */
enum { PYREF_AGAIN, PYREF_ITERATIONS, PYREF_CONVERGED, PYREF_DIVERGED };
int pyref_gradient_descent(pyref_run *run, double *params, double *v, double step, double momentum,
                           double l2, double total, double tolerance, size_t iterations,
                           double seconds, double *losses, size_t *made);
int pyref_softmax_descent(pyref_run *run, double *params, double *v, double step, double momentum,
                          double l2, double total, double tolerance, size_t iterations,
                          double seconds, double *losses, size_t *made);

/* Chapter 3's algebra with m = d + 1 numbers. Triangles are rows one after the other, row j of
 * j + 1 numbers. What may take long goes on from *row, until it is m or `seconds` are over. */
double pyref_dot(const double *u, const double *v, size_t m);
void pyref_plus(const double *u, double t, const double *v, double *out, size_t m);
/* L of hess / total, with ridge[m] and shift on its diagonal; with last_first, of the same with
 * the last row and column put before the others. Returns 1, or 0 if *row has nothing left that
 * is more than `rounding` of its diagonal. */
int pyref_cholesky(const double *hess, size_t m, double total, const double *ridge, double shift,
                   int last_first, double rounding, double *L, size_t *row, double seconds);
/* out, where L L^T out = v */
void pyref_solve(const double *L, size_t m, const double *v, double *out);
/* out[j] = |L^-1 u|^2, with u = 1 at j < d and 0 elsewhere; for out[d], u = last[m]. room: m. */
void pyref_variances(const double *L, size_t m, const double *last, double *room, double *out,
                     size_t *row, double seconds);
/* Row j of the whole matrix of which the triangle is the lower half. */
void pyref_symmetric_row(const double *triangle, size_t m, size_t j, double *out);

/* The first of `count` elements that is not finite; that is no label (0 to 1); ... `count` if there
 * is none. */
size_t pyref_find_not_finite(const void *X, int kind, size_t from, size_t count);
size_t pyref_find_no_label(const void *y, int kind, size_t from, size_t count);
size_t pyref_find_no_distribution(const void *y, int kind, size_t from, size_t count,
                                  size_t classes);
size_t pyref_find_no_class(const void *y, int kind, size_t from, size_t count, size_t classes);

/* The largest of `count` integers, or 0. */
unsigned long long pyref_largest(const void *y, int kind, size_t from, size_t count);

/* `count` sample weights from `from` on: as doubles, to the same places of `out`; the first that
 * is not finite, or below 0 (`count` if there is none); the first that is no whole number; and
 * their sum, added to `total`. */
void pyref_widen(const void *values, int kind, size_t from, size_t count, double *out);
size_t pyref_find_no_weight(const double *values, size_t from, size_t count);
size_t pyref_find_no_count(const double *values, size_t from, size_t count);
double pyref_sum(const double *values, size_t from, size_t count, double total);

/* Rows `from` on of X in other columns, to the same rows of Q, d numbers each (pyref/fit/basis.py):
 *     q[j]  =  sum over k <= j of  B[j][k] (x[k] - shift[k]) factor[k]  +  B[j][d]
 * B is d rows of d + 1; reach[j] becomes the largest |q[j]| if that is more.
 * room: 3 d. Rows of weight 0 become zeros. */
void pyref_in_basis(const void *X, int kind, size_t from, size_t count, size_t d,
                    const double *sample_weight, const double *shift, const double *factor,
                    const double *B, double *room, double *reach, double *Q);

/* The instruction set in use; and to use another: 1 if this processor has it. */
const char *pyref_instruction_set(void);
int pyref_use_instruction_set(const char *name);

/* At most so many threads are chosen from now on, whatever the processor has; 0 for no such limit.
 * (Whoever names a number of threads gets it.) */
void pyref_allow_threads(int most);

/* For the tests: let the allocation after the next `count` ones fail; -1 for none. */
void pyref_fail_allocation_after(int count);

/* interface ends */

#endif
