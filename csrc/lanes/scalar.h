/* The functions of one score, eight scores at a time, and for any number of scores. They are made
 * of the same lanes as the hot loops, so one score alone and the same score among many give the
 * same bits. */

/* Eight samples of a pass over X: their scores z, e = e^-|z| and labels y give the residuals
 * dL/dz, and add to the loss. What loss_and_residual does in the lesson; the one exponential serves
 * both:
 *
 *     residual = ((1-y) - y e) / (1 + e)     loss = (1-y) |z| + log1p(e)      for z >= 0
 *              = ((1-y) e - y) / (1 + e)          =    y  |z| + log1p(e)      for z < 0
 *
 * With `against` the weight of the label that the sign of z speaks against, and `with` that of
 * the other, both lines are  +-(against - with * e) / (1 + e)  and  against * |z| + log1p(e).
 *
 * The logarithm costs as much as all the rest, and need not be taken of each sample: the sum of
 * logarithms is the logarithm of the product. Kept as 1 + product, so that a small e is not
 * lost beside the 1:  (1 + product)(1 + e) = 1 + (product + (product * e + e)). Each step is
 * right to 2 ulp, and log1p makes a relative error of its argument no larger. A sample's weight
 * would be a power, so weighted samples do take a logarithm each. (No product: the caller has
 * multiplied already.)
 *
 * Accuracy of a gradient's residual: at most 3 ulp. Seen: 2.485 ulp at y = 1, z =
 * 12.47664922327408, got -3.8146828160172164e-06, right -0.000003814682816017217428115757 */
INLINE part samples_part(part z, part e, part y, part weight, int weighted, part *loss,
                         part *product, part *curvature)
{
    const bits sign_bit = (bits)part_set(-0.0);
    part against = part_where_negative(z, y, 1.0 - y);
    part with = part_where_negative(z, 1.0 - y, y);
    part up = part_fma(-with, e, against);
    part q = e + 1.0;
    part residual = (part)((bits)up ^ ((bits)z & sign_bit)) / q;
    if (curvature) /* p (1-p), for chapter 3 */
        *curvature = e / (q * q);
    /* subtle: where nothing speaks against, an infinite z costs 0, not 0 * inf = NaN */
    part distance = (part)((bits)part_abs(z) & (against != 0.0));
    if (weighted) {
        part one = part_fma(distance, against, part_log1p(e));
        *loss = part_fma(weight, part_counted(one, weight), *loss);
        if (curvature)
            *curvature = weight * part_counted(*curvature, weight);
        return weight * part_counted(residual, weight);
    }
    *loss = part_fma(distance, against, *loss);
    if (product)
        *product += part_fma(*product, e, e);
    return residual;
}

/* Apply `expression` of `a` (and `b`) to n numbers; the last few go through a copy. */
#define MAP(name, ...)                                                                    \
    INLINE lanes name##_lanes(lanes a_lanes, lanes b_lanes)                               \
    {                                                                                     \
        lanes r_lanes;                                                                    \
        EACH_PART(k, part a = a_lanes.p[k]; part b = b_lanes.p[k]; (void)b; part r;       \
                  __VA_ARGS__ r_lanes.p[k] = r;)                                          \
        return r_lanes;                                                                   \
    }                                                                                     \
    static void name(const double *a, const double *b, double *out, size_t n)             \
    {                                                                                     \
        double a_last[LANES] = {0}, b_last[LANES] = {0};                                  \
        size_t i = 0;                                                                     \
        for (; i + LANES <= n; i += LANES)                                                \
            lanes_store(out + i, name##_lanes(lanes_load(a + i), lanes_load(b + i)));     \
        if (i == n)                                                                       \
            return;                                                                       \
        memcpy(a_last, a + i, (n - i) * sizeof *out);                                     \
        memcpy(b_last, b + i, (n - i) * sizeof *out);                                     \
        lanes_store(a_last, name##_lanes(lanes_load(a_last), lanes_load(b_last)));        \
        memcpy(out + i, a_last, (n - i) * sizeof *out);                                   \
    }

/* 1 / (1 + e) for z >= 0, e / (1 + e) = e - e (e / (1 + e)) for z < 0, with e = e^-|z|.
 *
 * Accuracy of sigmoid: at most 3 ulp. Seen: 1.828 ulp at z = -1.1435598809238705, got
 * 0.24166736226495766, right 0.2416673622649576128562849 */
INLINE part sigmoid_part(part z)
{
    part e = part_exp_minus(part_abs(z));
    part q = part_select(z < 0.0, e, part_set(1.0)) / (e + 1.0);
    return part_select(z < 0.0, e - e * q, q);
}

MAP(sigmoid_each, r = sigmoid_part(a);)

/* max(z, 0) + log(1 + e^-|z|)
 *
 * Accuracy of softplus: at most 3 ulp. Seen: 1.679 ulp at z = -0.8057326770856157, got
 * 0.36932690212499664, right 0.3693269021249965434324165 */
MAP(softplus_each, part e = part_exp_minus(part_abs(a));
    r = part_select(a < 0.0, part_set(0.0), a) + part_log1p(e);)

/* The loss of label a and score b, without a pass over X: -log p for y = 1, -log(1-p) for y = 0.
 *
 * Accuracy of loss: at most 3 ulp. Seen: 1.679 ulp at y = 0, z = -0.8057326770856157, got
 * 0.36932690212499664, right 0.3693269021249965434324165 */
MAP(loss_each, part loss = part_set(0.0); part none = part_set(0.0);
    samples_part(b, part_exp_minus(part_abs(b)), a, part_set(1.0), 1, &loss, &none, NULL);
    r = loss;)

/* p - y = (1-y) p - y (1-p), where p and 1-p are sigmoids of their own, so that no digits cancel.
 * samples_part has one division for all of it: faster and less close, which a sum over many rows
 * does not show, but one residual by itself does.
 *
 * Accuracy of residual: at most 3 ulp. Seen: 1.850 ulp at y = 1, z = 1.1546201701875953, got
 * -0.23964620219792848, right -0.2396462021979284304204003 */
MAP(residual_each, r = (1.0 - a) * sigmoid_part(b) - a * sigmoid_part(-b);)

MAP(log_each, r = part_log_sum(a, part_set(0.0));)
MAP(log1p_each, r = part_log1p(a);)
MAP(exp_minus_each, r = part_exp_minus(a);)
#undef MAP
