/* The functions of one score, for any number of scores: twins of the same names in
 * pyref/logistic.py. They are made of the same lanes as the hot loop, so one score alone and
 * the same score among many give the same bits. */

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

/* 1 / (1 + e) for z >= 0, e / (1 + e) = e - e (e / (1 + e)) for z < 0, with e = e^-|z| */
INLINE part sigmoid_part(part z)
{
    part e = part_exp_minus(part_abs(z));
    part q = part_select(z < 0.0, e, part_set(1.0)) / (e + 1.0);
    return part_select(z < 0.0, e - e * q, q);
}

MAP(sigmoid_each, r = sigmoid_part(a);)

/* max(z, 0) + log(1 + e^-|z|) */
MAP(softplus_each, part e = part_exp_minus(part_abs(a));
    r = part_select(a < 0.0, part_set(0.0), a) + part_log1p(e);)

/* of label a and score b */
MAP(loss_each, part loss = part_set(0.0); part none = part_set(0.0);
    samples_part(b, part_exp_minus(part_abs(b)), a, part_set(1.0), 1, &loss, &none, NULL);
    r = loss;)

MAP(residual_each, r = (1.0 - a) * sigmoid_part(b) - a * sigmoid_part(-b);)

MAP(log_each, r = part_log_sum(a, part_set(0.0));)
MAP(log1p_each, r = part_log1p(a);)
MAP(exp_minus_each, r = part_exp_minus(a);)
#undef MAP
