/* All kernels, for one instruction set: see kernels.h. */
#include "lanes.h"
#include "rows.h"
#include "second_order_kernel.h"
#include "squares_kernel.h"
#include "logistic_kernel.h"
#include "multinomial_kernel.h"
#include "scores_kernel.h"
#include "standard_kernel.h"
#include "algebra_kernel.h"
#include "scalar_kernel.h"

const kernels KERNELS = {
    .name = KERNELS_NAME,
    .logistic_rows = logistic_rows,
    .hessian_rows = hessian_rows,
    .softmax_rows = softmax_rows,
    .squares_rows = squares_rows,
    .scores_rows = scores_rows,
    .read_rows = read_rows,
    .look = {look_columns, look_gradient, look_hessian, look_moves, look_forces,
             look_product, look_rest, look_separates},
    .dot = dot,
    .plus = plus,
    .cholesky_row = cholesky_row,
    .pack = pack,
    .sigmoid = sigmoid_each,
    .softplus = softplus_each,
    .loss = loss_each,
    .residual = residual_each,
    .log = log_each,
    .log1p = log1p_each,
    .exp_minus = exp_minus_each,
};
