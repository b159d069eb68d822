/* The C part of pyref: what pyref/fast.py calls.
 *
 * THE ORDER OF SUMS, the same for every instruction set, compiler, thread count and alignment.
 * Floating-point addition is not associative, so the order is part of the specification:
 *
 *   score       of a row: lane l of eight takes the features j with j mod 8 == l, in order of j,
 *               by lane = fma(x[j], w[j], lane); the lanes are added as
 *               ((0+4) + (2+6)) + ((1+5) + (3+7)); then b is added.
 *   part        the rows are cut into equal parts, a size that follows from n, d, the number of
 *               classes and the kind of pass alone (engine/plan.c). Within a part, lane l takes the
 *               rows i with i mod 8 == l, in order.
 *   gradient    of a part: lane = fma(x[j], residual, lane) for each feature, lane += residual
 *               for b, lanes added as above.
 *   loss        of a part: lane = fma(|z|, weight of the label that z speaks against, lane);
 *               and for the logarithms of 1 + e^-|z|, the product of up to 64 consecutive
 *               1 + e^-|z| of a lane, whose logarithm is then added to the lane
 *               (lanes/logistic_blocks.h). With sample weights, a logarithm for each row, and then
 *               lane = fma(weight, loss of the row, lane).
 *               In chapter 2, with m the largest score of a row, rest = the sum of e^(z[c]-m) of
 *               all classes but the one that has it, distance = the sum of label[c] * (m - z[c]),
 *               both in order of c: lane += weight * ((sum of labels) * log1p(rest) + distance),
 *               nothing fused, and no weight where there are none (lanes/multinomial.h).
 *   squares     of a part: of a row, lane = fma(x[j], x[j], lane) and lanes added as for the
 *               score, then 1 is added; then lane = fma(weight, that, lane), as a gradient.
 *   second      derivatives of a part: row after row, entry = fma(r * x[j], r * x[k], entry) for
 *               k <= j, with r the root of weight * p (1-p), and x[d] = 1 for b.
 *   steps       a part whose rows are so long that it would take milliseconds is done in steps
 *               of equal numbers of rows (engine/plan.c); its sums are those of the steps, in order.
 *   total       the parts, in order.
 *
 * In chapter 3's fits x is in standard units, (x[j] - shift[j]) * scale[j] rounded twice. The sums
 * of the columns take the rows of a part one after the other. Their algebra sums as a score does:
 * lane l takes the terms k with k mod 8 == l (lanes/algebra.h).
 *
 * How X lies in memory while this is done (as given, or packed) cannot be seen in a result.
 *
 * Everything between the two markers is read by build.py as the interface. */
#ifndef PYREF_H
#define PYREF_H

#include <stddef.h>

/* interface begins */

/* To be raised when anything below changes: pyref/fast.py asks for the one that it knows. */
enum { PYREF_INTERFACE = 8 };

/* Scores, losses, residuals: twins of the functions of one sample in pyref/logistic.py. */
void pyref_sigmoid(const double *z, double *out, size_t n);
void pyref_softplus(const double *z, double *out, size_t n);
double pyref_sigmoid_of(double z);
double pyref_softplus_of(double z);
double pyref_binary_cross_entropy(double y, double p);
double pyref_binary_cross_entropy_with_logits(double y, double z);
double pyref_dL_dp(double y, double p);
double pyref_dp_dz(double p);
double pyref_dz_da(double x);
double pyref_dL_da(double x, double y, double a, double b);
double pyref_residual(double y, double z);

/* One sample of C classes: twins of the functions in pyref/multinomial.py. */
double pyref_logsumexp(const double *zs, size_t C, double *room);
void pyref_softmax(const double *zs, size_t C, double *ps);
double pyref_categorical_cross_entropy(const double *ys, const double *ps, size_t C);
double pyref_categorical_cross_entropy_with_logits(const double *ys, const double *zs, size_t C,
                                                   double *room);

/* n rows of probabilities, one for each of C classes, from their scores. With one score a row
 * there are two: 1 - p and p of chapter 1. */
void pyref_probabilities(const double *scores, size_t n, size_t C, double *ps);

/* The primitives alone, for the tests: log, log1p, and e^-a for a >= 0. */
double pyref_log_of(double p);
void pyref_log(const double *x, double *out, size_t n);
void pyref_log1p(const double *x, double *out, size_t n);
void pyref_exp_minus(const double *a, double *out, size_t n);

/* A run: passes over n rows of d features, of one of these kinds. NULL if memory is short, or
 * `what` is none of them.
 * `passes` is how many are expected. threads: 0 for as many as pay. The buffers must outlive
 * the run.
 *   GRADIENT   chapter 1: params = {w[d], b}, out = {loss, grad_w[d], grad_b}
 *   SOFTMAX    chapter 2: params = {w[classes][d], b[classes]}, out = {loss, their gradient};
 *              y is n class numbers, or with `soft` n x classes probabilities
 *   HESSIAN    chapter 3: as GRADIENT, and behind it the second derivatives, symmetric, for the
 *              d + 1 parameters in order: row j holds k = 0..j
 *   SQUARES    chapter 1's safe learning rate: out = {sum of s (|x|^2 + 1)}, whatever params are
 *   SCORES     params = {w[classes][d], b[classes]}: the n x classes scores to where
 *              pyref_run_scores says; out = {0}, or a NaN if one of them is not finite
 *   READ       out = {sum of X}: reads X and does nothing else, to measure the memory
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

/* All of it in one call, for small tables: 0 when done; else what is wrong. `out` may lie where
 * params do. */
enum { PYREF_DONE, PYREF_NO_MEMORY, PYREF_NO_LABEL, PYREF_NOT_FINITE };
int pyref_pass(const void *X, int X_kind, const void *y, int y_kind, size_t n, size_t d,
               const double *params, double *out);

/* Up to `iterations` steps of gradient descent, the twin of the loop in gradient_descent:
 *     v <- momentum * v + gradient            params <- params - step * v
 * losses[k] is the mean loss before step k; *made is the number of steps made by this call. */
enum { PYREF_AGAIN, PYREF_ITERATIONS, PYREF_CONVERGED, PYREF_DIVERGED };
int pyref_run_descent(pyref_run *run, double *params, double *v, double step, double momentum,
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

/* The first of `count` elements that is not finite; that is no label (0 to 1). `count` if there is none. */
size_t pyref_find_not_finite(const void *X, int kind, size_t from, size_t count);
size_t pyref_find_no_label(const void *y, int kind, size_t from, size_t count);
size_t pyref_find_no_distribution(const void *y, int kind, size_t from, size_t count,
                                  size_t classes);
size_t pyref_find_no_class(const void *y, int kind, size_t from, size_t count, size_t classes);

/* The largest of `count` integers, or 0. */
unsigned long long pyref_largest(const void *y, int kind, size_t from, size_t count);

/* `count` sample weights from `from` on: as doubles, to the same places of `out`; the first that
 * is not finite, or below 0 (`count` if there is none); and their sum, added to `total`. */
void pyref_widen(const void *values, int kind, size_t from, size_t count, double *out);
size_t pyref_find_no_weight(const double *values, size_t from, size_t count);
double pyref_sum(const double *values, size_t from, size_t count, double total);

/* The instruction set in use; and to use another: 1 if this processor has it. */
const char *pyref_instruction_set(void);
int pyref_use_instruction_set(const char *name);

/* For the tests: let the allocation after the next `count` ones fail; -1 for none. */
void pyref_fail_allocation_after(int count);

/* interface ends */

#endif
