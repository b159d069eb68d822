/* The C part of pyref: what pyref/fast.py calls.
 *
 * THE ORDER OF SUMS, the same for every instruction set, compiler, thread count and alignment.
 * Floating-point addition is not associative, so the order is part of the specification:
 *
 *   score       of a row: lane l of eight takes the features j with j mod 8 == l, in order of j,
 *               by lane = fma(x[j], w[j], lane); the lanes are added as
 *               ((0+4) + (2+6)) + ((1+5) + (3+7)); then b is added.
 *   part        the rows are cut into equal parts, a size that follows from n and d alone
 *               (pass.c). Within a part, lane l takes the rows i with i mod 8 == l, in order.
 *   gradient    of a part: lane = fma(x[j], residual, lane) for each feature, lane += residual
 *               for b, lanes added as above.
 *   loss        of a part: lane = fma(|z|, weight of the label that z speaks against, lane);
 *               and for the logarithms of 1 + e^-|z|, the product of up to 64 consecutive
 *               1 + e^-|z| of a lane, whose logarithm is then added to the lane
 *               (logistic_kernel.h). With sample weights, a logarithm for each row.
 *   second      derivatives of a part: row after row, entry = fma(r * x[j], r * x[k], entry) for
 *               k <= j, with r the root of the row's curvature p (1-p), and x[d] = 1 for b.
 *   total       the parts, in order.
 *
 * How X lies in memory while this is done (as given, or packed) cannot be seen in a result.
 *
 * Everything between the two markers is read by build.py as the interface. */
#ifndef PYREF_H
#define PYREF_H

#include <stddef.h>

/* interface begins */

/* To be raised when anything below changes: pyref/fast.py asks for the one that it knows. */
enum { PYREF_INTERFACE = 1 };

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

/* The primitives alone, for the tests: log, log1p, and e^-a for a >= 0. */
double pyref_log_of(double p);
void pyref_log(const double *x, double *out, size_t n);
void pyref_log1p(const double *x, double *out, size_t n);
void pyref_exp_minus(const double *a, double *out, size_t n);

/* A run: passes over n rows of d features, of one of these kinds. NULL if memory is short.
 * `passes` is how many are expected. threads: 0 for as many as pay. The buffers must outlive
 * the run.
 *   GRADIENT   chapter 1: params = {w[d], b}, out = {loss, grad_w[d], grad_b}
 *   SOFTMAX    chapter 2: params = {w[classes][d], b[classes]}, out = {loss, their gradient};
 *              y is n class numbers, or with `soft` n x classes probabilities
 *   HESSIAN    chapter 3: as GRADIENT, and behind it the second derivatives, symmetric, for the
 *              d + 1 parameters in order: row j holds k = 0..j
 *   READ       out = {sum of X}: reads X and does nothing else, to measure the memory */
enum { PYREF_GRADIENT, PYREF_SOFTMAX, PYREF_HESSIAN, PYREF_READ };
typedef struct pyref_run pyref_run;
pyref_run *pyref_run_new(int what, const void *X, int X_kind, const void *y, int y_kind,
                         const double *sample_weight, size_t n, size_t d, size_t classes, int soft,
                         size_t passes, int threads);
void pyref_run_free(pyref_run *run);

/* One pass at params: the sums to out. Returns 1 when it is
 * done, 0 when `seconds` were over first: call again with the same params to go on. */
int pyref_run_pass(pyref_run *run, const double *params, double seconds, double *out);

/* All of it in one call, for small tables: 0 when done; else what is wrong. */
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

/* The first of `count` elements that is not finite; that is no label (0 to 1). `count` if there is none. */
size_t pyref_find_not_finite(const void *X, int kind, size_t from, size_t count);
size_t pyref_find_no_label(const void *y, int kind, size_t from, size_t count);
size_t pyref_find_no_distribution(const void *y, int kind, size_t from, size_t count,
                                  size_t classes);
size_t pyref_find_no_class(const void *y, int kind, size_t from, size_t count, size_t classes);

/* The largest of `count` integers, or 0. */
unsigned long long pyref_largest(const void *y, int kind, size_t from, size_t count);

/* The instruction set in use; and to use another: 1 if this processor has it. */
const char *pyref_instruction_set(void);
int pyref_use_instruction_set(const char *name);

/* For the tests: let the allocation after the next `count` ones fail; -1 for none. */
void pyref_fail_allocation_after(int count);

/* interface ends */

#endif
