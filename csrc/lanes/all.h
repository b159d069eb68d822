/* All kernels, for one instruction set: see kernels.h. */
#include "lanes/lanes.h"
#include "lanes/reading.h"
#include "lanes/sums.h"
#include "lanes/scalar.h"
#include "lanes/second_order.h"
#include "lanes/squares.h"
#include "lanes/logistic_blocks.h"
#include "lanes/logistic_packed.h"
#include "lanes/logistic.h"
#include "lanes/multinomial.h"
#include "lanes/scores.h"
#include "lanes/units.h"
#include "lanes/looks.h"
#include "lanes/algebra.h"

const kernels KERNELS = {
    .name = KERNELS_NAME,
    .rows =
        {
            [PYREF_GRADIENT] = gradient_rows,
            [PYREF_SOFTMAX] = softmax_rows,
            [PYREF_HESSIAN] = hessian_rows,
            [PYREF_SQUARES] = squares_rows,
            [PYREF_SCORES] = scores_rows,
            [PYREF_READ] = read_rows,
            [PYREF_COLUMNS] = columns_rows,
            [PYREF_STANDARD_GRADIENT] = standard_gradient_rows,
            [PYREF_STANDARD_HESSIAN] = standard_hessian_rows,
            [PYREF_MOVES] = moves_rows,
            [PYREF_FORCES] = forces_rows,
            [PYREF_PRODUCT] = product_rows,
            [PYREF_REST] = rest_rows,
            [PYREF_SEPARATES] = separates_rows,
        },
    .pack = pack,
    .dot = dot,
    .plus = plus,
    .cholesky_row = cholesky_row,
    .sigmoid = sigmoid_each,
    .softplus = softplus_each,
    .loss = loss_each,
    .residual = residual_each,
    .log = log_each,
    .log1p = log1p_each,
    .exp_minus = exp_minus_each,
};
