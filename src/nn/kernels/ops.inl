/*
 * Everything of the table but the convolution and the packers, written once on v16 and compiled by every
 * level: same operations, same order, same bits. Included after math.inl.
 */

static inline const float *row_of(struct ora_b16 x, int block, ptrdiff_t row)
{
    return x.p + (size_t)block * x.cbs + ORA_LANES * row;
}
static inline float *row_at(struct ora_b16 x, int block, ptrdiff_t row)
{
    return x.p + (size_t)block * x.cbs + ORA_LANES * row;
}

/* Lanes below n as they are, the others `fill`. */
static inline v16 v_keep(v16 x, int n, float fill)
{
    float lane[ORA_LANES];
    if (n >= ORA_LANES)
        return x;
    v_store(lane, x);
    for (int i = n; i < ORA_LANES; i++)
        lane[i] = fill;
    return v_load(lane);
}

static void op_conv_mono(float *y, struct ora_b16 x, int rows, int in_blocks, int taps, int dilation,
                         int first, const float *w, float bias, enum ora_act fn)
{
    float sum[ORA_LANES];
    for (int t0 = 0; t0 < rows; t0 += ORA_LANES) {
        int n = rows - t0 < ORA_LANES ? rows - t0 : ORA_LANES;
        for (int i = 0; i < n; i++) {
            const float *wp = w;
            v16 acc = v_set1(0.0f);
            for (int b = 0; b < in_blocks; b++)
                for (int j = 0; j < taps; j++, wp += ORA_LANES)
                    acc = v_fma(v_load(row_of(x, b, t0 + i + first + (ptrdiff_t)j * dilation)), v_load(wp),
                                acc);
            sum[i] = v_hsum(acc) + bias;
        }
        for (int i = n; i < ORA_LANES; i++)
            sum[i] = 1.0f;
        v_store(sum, v_act(v_load(sum), fn));
        memcpy(y + t0, sum, sizeof(float) * (size_t)n);
    }
}

static void op_depthwise(struct ora_b16 y, struct ora_b16 x, int rows, int blocks, int taps, int dilation,
                         int first, const float *w, const float *bias)
{
    for (int b = 0; b < blocks; b++, w += (ptrdiff_t)taps * ORA_LANES) {
        v16 start = v_load(bias + ORA_LANES * b);
        for (int t = 0; t < rows; t++) {
            v16 acc = start;
            for (int j = 0; j < taps; j++)
                acc = v_fma(v_load(row_of(x, b, t + first + (ptrdiff_t)j * dilation)),
                            v_load(w + (ptrdiff_t)ORA_LANES * j), acc);
            v_store(row_at(y, b, t), acc);
        }
    }
}

static void op_layer_norm(struct ora_b16 y, struct ora_b16 x, int rows, int channels, const float *gamma,
                          const float *beta, float eps, enum ora_act fn, struct ora_b16 res)
{
    int blocks = ora_blocks(channels), last = channels - ORA_LANES * (blocks - 1);
    for (int t = 0; t < rows; t++) {
        v16 sum = v_set1(0.0f), squares = sum;
        for (int b = 0; b < blocks; b++)
            sum = v_add(sum, v_load(row_of(x, b, t)));
        float mean = v_hsum(sum) / (float)channels;
        for (int b = 0; b < blocks; b++) {
            v16 d = v_sub(v_load(row_of(x, b, t)), v_set1(mean));
            d = v_keep(d, b == blocks - 1 ? last : ORA_LANES, 0.0f);
            squares = v_fma(d, d, squares);
        }
        v16 var = v_set1(v_hsum(squares) / (float)channels);
        v16 inv = v_div(v_set1(1.0f), v_sqrt(v_add(var, v_set1(eps))));
        for (int b = 0; b < blocks; b++) {
            v16 d = v_mul(v_sub(v_load(row_of(x, b, t)), v_set1(mean)), inv);
            v16 v = v_act(v_fma(d, v_load(gamma + ORA_LANES * b), v_load(beta + ORA_LANES * b)), fn);
            if (res.p)
                v = v_add(v, v_load(row_of(res, b, t)));
            v_store(row_at(y, b, t), v);
        }
    }
}

static void op_gate(struct ora_b16 y, struct ora_b16 a, int rows, int blocks)
{
    for (int b = 0; b < blocks; b++)
        for (int t = 0; t < rows; t++) {
            v16 filter = v_tanh(v_load(row_of(a, b, t)));
            v16 gate = v_sigmoid(v_load(row_of(a, blocks + b, t)));
            v_store(row_at(y, b, t), v_mul(filter, gate));
        }
}

#define SOFTMAX_FLOOR (-3.0e38f)

/* Of rows t … t+n-1, side by side because their lines follow each other in memory, where those of one row lie
 * a stride apart: top is raised to the row's greatest, x = e^(x - top) and 0 beyond the real channels, sum is
 * theirs. */
static inline __attribute__((always_inline)) void softmax_powers(struct ora_b16 x, int t, const int n,
                                                                 int channels, float *top, float *sum)
{
    int full = channels / ORA_LANES, last = channels % ORA_LANES;
    v16 most[V_ROWS], sums[V_ROWS];
    for (int i = 0; i < n; i++) {
        most[i] = v_set1(top[i]);
        sums[i] = v_set1(0.0f);
    }
    for (int b = 0; b < full; b++)
        for (int i = 0; i < n; i++)
            most[i] = v_max(most[i], v_load(row_of(x, b, t + i)));
    for (int i = 0; i < n; i++) {
        if (last)
            most[i] = v_max(most[i], v_keep(v_load(row_of(x, full, t + i)), last, SOFTMAX_FLOOR));
        top[i] = v_hmax(most[i]);
        most[i] = v_set1(top[i]);
    }
    for (int b = 0; b < full; b++)
        for (int i = 0; i < n; i++) {
            v16 e = v_exp(v_sub(v_load(row_of(x, b, t + i)), most[i]));
            sums[i] = v_add(sums[i], e);
            v_store(row_at(x, b, t + i), e);
        }
    for (int i = 0; i < n; i++) {
        if (last) {
            v16 e = v_keep(v_exp(v_sub(v_load(row_of(x, full, t + i)), most[i])), last, 0.0f);
            sums[i] = v_add(sums[i], e);
            v_store(row_at(x, full, t + i), e);
        }
        sum[i] = v_hsum(sums[i]);
    }
}

/* The same of 1..16 rows. */
static inline void softmax_block(struct ora_b16 x, int t, int n, int channels, float *top, float *sum)
{
    int i = 0;
    for (; i + V_ROWS <= n; i += V_ROWS)
        softmax_powers(x, t + i, V_ROWS, channels, top + i, sum + i);
    for (; i < n; i++)
        softmax_powers(x, t + i, 1, channels, top + i, sum + i);
}

static void op_scale_rows(struct ora_b16 y, struct ora_b16 x, const float *factor, int rows, int blocks)
{
    for (int b = 0; b < blocks; b++)
        for (int t = 0; t < rows; t++)
            v_store(row_at(y, b, t), v_mul(v_load(row_of(x, b, t)), v_set1(factor[t])));
}

static void op_softmax(struct ora_b16 x, int rows, int channels)
{
    float top[ORA_LANES], sum[ORA_LANES];
    for (int t = 0; t < rows; t += ORA_LANES) {
        int n = rows - t < ORA_LANES ? rows - t : ORA_LANES;
        v_store(top, v_set1(SOFTMAX_FLOOR));
        v_store(sum, v_set1(1.0f));
        softmax_block(x, t, n, channels, top, sum);
        v_store(sum, v_div(v_set1(1.0f), v_load(sum)));
        op_scale_rows((struct ora_b16){row_at(x, 0, t), x.cbs}, (struct ora_b16){row_at(x, 0, t), x.cbs}, sum,
                      n, ora_blocks(channels));
    }
}

static void op_softmax_tile(struct ora_b16 x, int rows, int channels, const struct ora_softmax *s, bool first)
{
    float top[ORA_LANES], sum[ORA_LANES];
    for (int t = 0; t < rows; t += ORA_LANES) {
        int n = rows - t < ORA_LANES ? rows - t : ORA_LANES;
        v16 before = first ? v_set1(SOFTMAX_FLOOR) : v_load(s->top + t);
        v_store(top, before);
        v_store(sum, v_set1(0.0f));
        softmax_block(x, t, n, channels, top, sum);
        v16 now = v_load(top), shrink = v_exp(v_sub(before, now));
        v_store(s->top + t, now);
        v_store(s->shrink + t, shrink);
        v_store(s->sum + t, first ? v_load(sum) : v_fma(v_load(s->sum + t), shrink, v_load(sum)));
    }
}

/* The last 1..15 floats through a padded copy: a lane's result does not depend on its neighbours. 1.0 is in
 * every function's domain. */
#define TAIL_LOAD(v, p, left)                                                                                \
    float tail_##v[ORA_LANES];                                                                               \
    for (size_t l_ = 0; l_ < ORA_LANES; l_++)                                                                \
        tail_##v[l_] = l_ < (left) ? (p)[l_] : 1.0f;                                                         \
    v16 v = v_load(tail_##v)

static inline void store_tail(float *y, v16 v, size_t left)
{
    float lane[ORA_LANES];
    v_store(lane, v);
    memcpy(y, lane, sizeof(float) * left);
}

static inline void map_with(float *y, const float *x, size_t n, enum ora_act fn)
{
    size_t i = 0;
    for (; i + ORA_LANES <= n; i += ORA_LANES)
        v_store(y + i, v_act(v_load(x + i), fn));
    if (i < n) {
        TAIL_LOAD(v, x + i, n - i);
        store_tail(y + i, v_act(v, fn), n - i);
    }
}

/* One loop a function, so that the choice is not made for each vector. */
static void op_map(float *y, const float *x, size_t n, enum ora_act fn)
{
    switch (fn) {
    case ORA_ACT_RELU:
        map_with(y, x, n, ORA_ACT_RELU);
        break;
    case ORA_ACT_GELU:
        map_with(y, x, n, ORA_ACT_GELU);
        break;
    case ORA_ACT_TANH:
        map_with(y, x, n, ORA_ACT_TANH);
        break;
    default:
        map_with(y, x, n, fn);
        break;
    }
}

static inline v16 v_leaky(v16 x, v16 slope)
{
    return v_max(x, v_mul(x, slope));
}

static void op_leaky(float *y, const float *x, size_t n, float slope)
{
    size_t i = 0;
    for (; i + ORA_LANES <= n; i += ORA_LANES)
        v_store(y + i, v_leaky(v_load(x + i), v_set1(slope)));
    if (i < n) {
        TAIL_LOAD(v, x + i, n - i);
        store_tail(y + i, v_leaky(v, v_set1(slope)), n - i);
    }
}

static void op_add(float *y, const float *a, const float *b, size_t n)
{
    size_t i = 0;
    for (; i + ORA_LANES <= n; i += ORA_LANES)
        v_store(y + i, v_add(v_load(a + i), v_load(b + i)));
    for (; i < n; i++)
        y[i] = a[i] + b[i];
}

static void op_madd(float *y, const float *a, const float *b, size_t n, float scale)
{
    size_t i = 0;
    for (; i + ORA_LANES <= n; i += ORA_LANES)
        v_store(y + i, v_fma(v_mul(v_load(a + i), v_load(b + i)), v_set1(scale), v_load(y + i)));
    if (i < n) {
        TAIL_LOAD(va, a + i, n - i);
        TAIL_LOAD(vb, b + i, n - i);
        TAIL_LOAD(vy, y + i, n - i);
        store_tail(y + i, v_fma(v_mul(va, vb), v_set1(scale), vy), n - i);
    }
}

static void op_scale(float *y, const float *x, size_t n, float scale)
{
    size_t i = 0;
    for (; i + ORA_LANES <= n; i += ORA_LANES)
        v_store(y + i, v_mul(v_load(x + i), v_set1(scale)));
    for (; i < n; i++)
        y[i] = x[i] * scale;
}

static void op_mul(float *y, const float *a, const float *b, size_t n)
{
    size_t i = 0;
    for (; i + ORA_LANES <= n; i += ORA_LANES)
        v_store(y + i, v_mul(v_load(a + i), v_load(b + i)));
    for (; i < n; i++)
        y[i] = a[i] * b[i];
}

static void op_add_scaled(struct ora_b16 y, struct ora_b16 x, const float *gain, int rows, int blocks)
{
    for (int b = 0; b < blocks; b++) {
        v16 g = v_load(gain + ORA_LANES * b);
        for (int t = 0; t < rows; t++)
            v_store(row_at(y, b, t), v_fma(v_load(row_of(x, b, t)), g, v_load(row_of(y, b, t))));
    }
}

static void op_rms_norm(struct ora_b16 y, struct ora_b16 x, int rows, int channels, const float *gamma,
                        float eps)
{
    int blocks = ora_blocks(channels);
    for (int t = 0; t < rows; t++) {
        v16 squares = v_set1(0.0f);
        for (int b = 0; b < blocks; b++) {
            v16 v = v_load(row_of(x, b, t));
            squares = v_fma(v, v, squares);
        }
        v16 mean = v_set1(v_hsum(squares) / (float)channels);
        v16 inv = v_div(v_set1(1.0f), v_sqrt(v_add(mean, v_set1(eps))));
        for (int b = 0; b < blocks; b++)
            v_store(row_at(y, b, t),
                    v_mul(v_mul(v_load(row_of(x, b, t)), inv), v_load(gamma + ORA_LANES * b)));
    }
}

static void op_attend(struct ora_b16 o, struct ora_b16 q, struct ora_b16 k, struct ora_b16 v, int keys,
                      int channels, float *scores)
{
    int blocks = ora_blocks(channels);
    for (int j = 0; j < keys; j++) {
        v16 sum = v_set1(0.0f);
        for (int b = 0; b < blocks; b++)
            sum = v_fma(v_load(row_of(q, b, 0)), v_load(row_of(k, b, j)), sum);
        scores[j] = v_hsum(sum);
    }
    op_softmax((struct ora_b16){scores, ORA_LANES}, 1, keys);
    for (int b = 0; b < blocks; b++) {
        v16 sum = v_set1(0.0f);
        for (int j = 0; j < keys; j++)
            sum = v_fma(v_set1(scores[j]), v_load(row_of(v, b, j)), sum);
        v_store(row_at(o, b, 0), sum);
    }
}

/* A uniform in (0,1) from the upper 23 bits: (k + 1/2) * 2^-23, exact in a float. */
static inline v16 v_uniform(i16 words)
{
    v16 k = v_of_int(i_srl9(words));
    return v_fma(k, v_set1(0x1p-23f), v_set1(0x1p-24f));
}

static void op_normals(float *y, const uint32_t *words, size_t n)
{
    uint32_t radius_words[ORA_LANES], angle_words[ORA_LANES];
    float first[ORA_LANES], second[ORA_LANES];
    for (size_t i = 0; i < n; i += 2 * ORA_LANES) {
        size_t pairs = (n - i) / 2 < ORA_LANES ? (n - i) / 2 : ORA_LANES;
        for (size_t l = 0; l < ORA_LANES; l++) {
            radius_words[l] = l < pairs ? words[i + 2 * l] : 0;
            angle_words[l] = l < pairs ? words[i + 2 * l + 1] : 0;
        }
        v16 radius = v_sqrt(v_mul(v_set1(-2.0f), v_log(v_uniform(i_load(radius_words)))));
        v16 sine, cosine;
        v_sincos_turn(v_uniform(i_load(angle_words)), &sine, &cosine);
        v_store(first, v_mul(radius, cosine));
        v_store(second, v_mul(radius, sine));
        for (size_t l = 0; l < pairs; l++) {
            y[i + 2 * l] = first[l];
            y[i + 2 * l + 1] = second[l];
        }
    }
}

static void op_embed(struct ora_b16 y, const int32_t *ids, int rows, const float *table, int channels,
                     float scale)
{
    for (int t = 0; t < rows; t++) {
        const float *from = table + (size_t)ids[t] * (size_t)channels;
        for (int c = 0; c < channels; c++)
            row_at(y, c / ORA_LANES, t)[c % ORA_LANES] = from[c] * scale;
        for (int c = channels; c < ORA_LANES * ora_blocks(channels); c++)
            row_at(y, c / ORA_LANES, t)[c % ORA_LANES] = 0.0f;
    }
}

static void op_gather(struct ora_b16 y, struct ora_b16 x, const int32_t *index, int rows, int blocks)
{
    for (int b = 0; b < blocks; b++)
        for (int t = 0; t < rows; t++)
            v_store(row_at(y, b, t), v_load(row_of(x, b, index[t])));
}

/* Both directions, both row-major and channel-major: element (t, c) lies at x[t*step_t + c*step_c]. */
static inline void from_strided(struct ora_b16 y, const float *x, size_t step_t, size_t step_c, int rows,
                                int channels)
{
    for (int b = 0; b < ora_blocks(channels); b++) {
        int n = channels - ORA_LANES * b < ORA_LANES ? channels - ORA_LANES * b : ORA_LANES;
        const float *from = x + (size_t)(ORA_LANES * b) * step_c;
        for (int t = 0; t < rows; t++) {
            float *to = row_at(y, b, t);
            for (int l = 0; l < n; l++)
                to[l] = from[(size_t)t * step_t + (size_t)l * step_c];
            for (int l = n; l < ORA_LANES; l++)
                to[l] = 0.0f;
        }
    }
}

static inline void to_strided(float *y, size_t step_t, size_t step_c, struct ora_b16 x, int rows,
                              int channels)
{
    for (int b = 0; b < ora_blocks(channels); b++) {
        int n = channels - ORA_LANES * b < ORA_LANES ? channels - ORA_LANES * b : ORA_LANES;
        float *to = y + (size_t)(ORA_LANES * b) * step_c;
        for (int t = 0; t < rows; t++)
            for (int l = 0; l < n; l++)
                to[(size_t)t * step_t + (size_t)l * step_c] = row_of(x, b, t)[l];
    }
}

static void op_from_tc(struct ora_b16 y, const float *x, size_t ld, int rows, int channels)
{
    from_strided(y, x, ld, 1, rows, channels);
}
static void op_to_tc(float *y, size_t ld, struct ora_b16 x, int rows, int channels)
{
    to_strided(y, ld, 1, x, rows, channels);
}
static void op_from_ct(struct ora_b16 y, const float *x, size_t ld, int rows, int channels)
{
    from_strided(y, x, 1, ld, rows, channels);
}
static void op_to_ct(float *y, size_t ld, struct ora_b16 x, int rows, int channels)
{
    to_strided(y, 1, ld, x, rows, channels);
}

/* The part of the table that this file fills. */
#define ORA_OPS_TABLE                                                                                        \
    .conv_mono = op_conv_mono, .depthwise = op_depthwise, .layer_norm = op_layer_norm, .gate = op_gate,      \
    .softmax = op_softmax, .softmax_tile = op_softmax_tile, .scale_rows = op_scale_rows, .map = op_map,      \
    .leaky = op_leaky, .add = op_add, .madd = op_madd, .scale = op_scale, .mul = op_mul,                     \
    .add_scaled = op_add_scaled, .rms_norm = op_rms_norm, .attend = op_attend, .normals = op_normals,        \
    .embed = op_embed, .gather = op_gather, .from_tc = op_from_tc, .to_tc = op_to_tc, .from_ct = op_from_ct, \
    .to_ct = op_to_ct
