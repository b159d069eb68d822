/* Chapter 1's pass over some rows: packed, or as they lie in X; and chapter 3's Hessian. */

static void gradient_rows(const samples *x, const double *params, size_t first, size_t last,
                          double *scratch, double *out)
{
    if (!x->packed) {
#define BLOCKS(is_f64, far) logistic_blocks(x, is_f64, 0, far, params, first, last, scratch, out)
        if (x->X_kind == F64 && x->far)
            BLOCKS(1, 1);
        else if (x->X_kind == F64)
            BLOCKS(1, 0);
        else if (x->far)
            BLOCKS(0, 1);
        else
            BLOCKS(0, 0);
#undef BLOCKS
        return;
    }
#define PACKED(D, weighted) logistic_packed(x, D, weighted, params, first, last, out)
    switch (2 * packed_d(x->d) + (x->sample_weight != NULL)) {
        case 2: PACKED(1, 0); break;
        case 3: PACKED(1, 1); break;
        case 4: PACKED(2, 0); break;
        case 5: PACKED(2, 1); break;
        case 8: PACKED(4, 0); break;
        case 9: PACKED(4, 1); break;
        case 16: PACKED(8, 0); break;
        case 17: PACKED(8, 1); break;
    }
#undef PACKED
}

/* The same and the second derivatives, chapter 3's hessian. */
static void hessian_rows(const samples *x, const double *params, size_t first, size_t last,
                         double *scratch, double *out)
{
    if (x->X_kind == F64)
        logistic_blocks(x, 1, 1, 1, params, first, last, scratch, out);
    else
        logistic_blocks(x, 0, 1, 1, params, first, last, scratch, out);
}
