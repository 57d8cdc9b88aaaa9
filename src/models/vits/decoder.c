/*
 * Decoder. Every tensor is a stream: a step makes its rows from where the last one ended (its front) to a new
 * front, and none is made twice. Fronts follow from those of the samples, backwards (plan_chunk): a
 * convolution's input must be as far on as its output reaches, to whole groups of rows where the kernels make
 * any. What a convolution will read again of its input, the tail, is put aside and back, because the buffers
 * that a tile's tensors lie in are shared by all branches and stages to stay in the cache. Rows outside the
 * utterance are zero in tails and buffers, and so the convolutions find their zero padding.
 */
#include "models/vits/decoder.h"

static const float SLOPE = 0.1f, LAST_SLOPE = 0.01f;
enum { TILE_FLOATS = 65536, TILE_LEAST = 256, TILE_MOST = 2048 };

/* ---- fronts ---------------------------------------------------------------------------------- */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* To whole groups (align 0: there are none), or the end. */
static int round_up(int v, int align, int length)
{
    return smaller(align ? (v + align - 1) / align * align : v, length);
}

/* Rows of a tensor that are kept from one step to the next. */
struct tail {
    struct ora_b16 rows;
};

/* What a stage keeps: the upsampler's outputs, and the outputs of a branch's convolutions; see struct run. */
struct stage_tails {
    struct tail x, lx;
    struct tail b[VITS_BRANCHES_MAX][VITS_DILATIONS_MAX], lb[VITS_BRANCHES_MAX][VITS_DILATIONS_MAX],
        lt[VITS_BRANCHES_MAX][VITS_DILATIONS_MAX];
};

struct run {
    const struct vits_decoder *d;
    const struct vits_config *cfg;
    const struct ora_kernels *k;
    void *scratch;
    int length[VITS_STAGES_MAX + 1]; /* rows in all: [0] frames, [i+1] after stage i */
    int channels[VITS_STAGES_MAX + 1];
    int align[VITS_STAGES_MAX]; /* fronts of stage i's output are its multiples, or the end */
    int reach[VITS_STAGES_MAX]; /* most rows before and behind a tile that its tensors have */
    int tile[VITS_STAGES_MAX];  /* rows of a tile of stage i */
    int was[VITS_STAGES_MAX + 1],
        now[VITS_STAGES_MAX + 1];            /* fronts of out[i], before and after this chunk */
    int back[VITS_STAGES_MAX + 1];           /* rows of out[i] that are kept */
    struct ora_b16 out[VITS_STAGES_MAX + 1]; /* leaky outputs; row 0 is was[i]; halo `back` */
    struct stage_tails tails[VITS_STAGES_MAX];
    /* A tile's tensors, whose row 0 is its first output row; shared by all stages and branches: the
     * upsampler's output and its leaky ReLU; a branch's sum and its leaky ReLU; the leaky ReLU inside a step
     * (type 2: another lb); the sum of branches */
    float *memory[6];
    struct ora_b16 x, lx, b, lb, lt, sum;
};

/* Fronts of branch j's tensors when the stage's output is made up to `end`: of step q's sum (made[q][1]) and
 * of what is inside it (made[q][0], type 1); returns that of the leaky x they are made from. */
static int branch_fronts(const struct run *r, int stage, int j, int end, int made[VITS_DILATIONS_MAX][2])
{
    const struct vits_stage *st = &r->d->stage[stage];
    int length = r->length[stage + 1];
    bool pairs = r->cfg->resblock_type == 1;
    for (int q = r->cfg->dilations - 1; q >= 0; q--) {
        const struct ora_conv *conv[2] = {&st->first[j][q], &st->second[j][q]};
        for (int i = pairs; i >= 0; i--) {
            made[q][i] = end = round_up(end, conv[i]->grid, length);
            end = end ? smaller(ora_conv_reads(conv[i], (struct ora_rows){0, end}, length).hi, length) : 0;
        }
        made[q][1] = made[q][pairs];
    }
    return end;
}

/* The front of x. */
static int x_front(const struct run *r, int stage, int end)
{
    int made[VITS_DILATIONS_MAX][2], front = 0;
    for (int j = 0; j < r->cfg->branches && end > 0; j++)
        front = larger(front, branch_fronts(r, stage, j, end, made));
    return front ? ora_upsample_group_end(&r->d->stage[stage].up, front, r->length[stage + 1]) : 0;
}

/* Rows of its input that the stage's upsampler reads to make rows [lo, hi). */
static struct ora_rows up_reads(const struct run *r, int stage, int lo, int hi)
{
    return ora_upsample_reads(&r->d->stage[stage].up, (struct ora_rows){lo, hi}, r->length[stage + 1]);
}

/* Fronts of out[] for frames [0, end), from the samples backwards. */
static void plan_chunk(const struct run *r, int end, int front[VITS_STAGES_MAX + 1])
{
    const struct vits_config *c = r->cfg;
    int last = c->stages;
    memset(front, 0, sizeof *front * (VITS_STAGES_MAX + 1));
    if (end <= 0)
        return;
    front[last] = smaller(end * c->hop + (c->post_kernel - 1) / 2, r->length[last]);
    for (int i = last - 1; i >= 0; i--) {
        front[i + 1] = round_up(front[i + 1], r->align[i], r->length[i + 1]);
        front[i] = smaller(up_reads(r, i, 0, x_front(r, i, front[i + 1])).hi, r->length[i]);
    }
    front[0] = round_up(front[0], r->d->pre.grid, r->length[0]);
}

/* ---- tails ----------------------------------------------------------------------------------- */

static void copy_rows(struct ora_b16 to, struct ora_b16 from, int channels, int rows)
{
    for (int b = 0; b < ora_blocks(channels) && rows > 0; b++)
        memcpy(to.p + (size_t)b * to.cbs, from.p + (size_t)b * from.cbs,
               sizeof(float) * ORA_LANES * (size_t)rows);
}

/* The tail of a tensor made up to `made`, from the row `from` on, to the buffer whose row 0 is `first`. */
static void put_back(const struct run *r, int stage, const struct tail *t, struct ora_b16 buffer, int first,
                     int from, int made)
{
    copy_rows(ora_b16_at(buffer, 0, from - first), t->rows, r->channels[stage + 1], made - from);
}

static void put_aside(const struct run *r, int stage, const struct tail *t, struct ora_b16 buffer, int first,
                      int from, int made)
{
    copy_rows(t->rows, ora_b16_at(buffer, 0, from - first), r->channels[stage + 1], made - from);
}

/* Clears the rows behind the utterance's end, once its last row is made. */
static void clear_end(const struct run *r, struct ora_b16 buffer, int stage, int first, int made)
{
    int length = r->length[stage + 1];
    if (made == length)
        ora_b16_clear_rows(buffer, r->channels[stage + 1], length - first,
                           smaller(length - first, r->tile[stage]) + r->reach[stage]);
}

/* ---- a tile of a stage ----------------------------------------------------------------------- */

/* Places the tile buffers for this stage's width. */
static void place(struct run *r, int stage)
{
    struct ora_b16 *view[6] = {&r->x, &r->lx, &r->b, &r->lb, &r->lt, &r->sum};
    for (int i = 0; i < 6; i++)
        *view[i] = ora_b16_place(r->memory[i], (size_t)r->tile[stage], (size_t)r->reach[stage]);
}

/* Rows [lo, hi) of x and lx; the buffers' row 0 is row `first`. The upsampler counts its rows from the input
 * row that its x begins with. */
static void upsample(const struct run *r, int stage, int lo, int hi, int first)
{
    int u = r->cfg->rate[stage], base = lo / u;
    struct ora_conv_run run = {.y = ora_b16_at(r->x, 0, base * u - first),
                               .leaky = ora_b16_at(r->lx, 0, base * u - first),
                               .slope = SLOPE,
                               .scratch = r->scratch,
                               .row = base * u,
                               .total = r->length[stage + 1]};
    if (hi > lo)
        ora_upsample_forward(r->k, &r->d->stage[stage].up, ora_b16_at(r->out[stage], 0, base - r->was[stage]),
                             lo - base * u, hi - base * u, &run);
}

/* The farthest that a branch reads lx before a tile. */
static int x_back(const struct run *r, int stage)
{
    int back = 0;
    for (int j = 0; j < r->cfg->branches; j++)
        back = larger(back, -r->d->stage[stage].first[j][0].first);
    return back;
}

/* x and lx from what is left of them to the new front. */
static void extend_x(const struct run *r, int stage, struct ora_rows s)
{
    const struct stage_tails *t = &r->tails[stage];
    int was = x_front(r, stage, s.lo), now = x_front(r, stage, s.hi), back = x_back(r, stage);
    put_back(r, stage, &t->x, r->x, s.lo, s.lo, was);
    put_back(r, stage, &t->lx, r->lx, s.lo, s.lo - back, was);
    upsample(r, stage, was, now, s.lo);
    clear_end(r, r->lx, stage, s.lo, now);
    put_aside(r, stage, &t->x, r->x, s.lo, s.hi, now);
    put_aside(r, stage, &t->lx, r->lx, s.lo, s.hi - back, now);
}

/* One convolution of a residual block; the tensors' row 0 is the tile's first. */
struct step {
    int first, length; /* the tile's first row; rows of the utterance */
    struct ora_b16 x, y, res, add, leaky;
    float slope;
};

static void run_step(const struct run *r, const struct ora_conv *c, const struct step *s, int lo, int hi)
{
    struct ora_b16 t[5] = {s->x, s->y, s->res, s->add, s->leaky};
    for (int i = 0; i < 5; i++)
        if (t[i].p)
            t[i] = ora_b16_at(t[i], 0, lo - s->first);
    r->k->conv(c, &(struct ora_conv_run){.x = t[0],
                                         .rows = hi - lo,
                                         .y = t[1],
                                         .res = t[2],
                                         .add = t[3],
                                         .leaky = t[4],
                                         .slope = s->slope,
                                         .scratch = r->scratch,
                                         .row = lo,
                                         .total = s->length});
}

/* A branch in a tile of rows s: its tensors' fronts before and after. */
struct branch {
    int stage, j;
    struct ora_rows s;
    int was[VITS_DILATIONS_MAX][2], now[VITS_DILATIONS_MAX][2];
};

/* Type 1: the leaky inside of step q, from lx. */
static void inner_step(const struct run *r, const struct branch *b, int q, struct ora_b16 lx)
{
    const struct vits_stage *st = &r->d->stage[b->stage];
    const struct tail *tail = &r->tails[b->stage].lt[b->j][q];
    int first = b->s.lo, back = st->second[b->j][q].first;
    struct step inner = {
        .first = first, .length = r->length[b->stage + 1], .x = lx, .leaky = r->lt, .slope = SLOPE};
    put_back(r, b->stage, tail, r->lt, first, b->was[q][1] + back, b->was[q][0]);
    run_step(r, &st->first[b->j][q], &inner, b->was[q][0], b->now[q][0]);
    clear_end(r, r->lt, b->stage, first, b->now[q][0]);
    put_aside(r, b->stage, tail, r->lt, first, b->now[q][1] + back, b->now[q][0]);
}

/* Step q's sum, of what `conv` makes from x and of the residual: with its leaky ReLU it goes on to step q
 * + 1. The tails are put back before the convolution and lie beside what it reads of an older b. */
static void outer_step(const struct run *r, const struct branch *b, int q, const struct ora_conv *conv,
                       struct step *sum)
{
    const struct stage_tails *tails = &r->tails[b->stage];
    int inner = r->cfg->resblock_type == 1 ? 0 : 1, first = b->s.lo;
    int back = r->d->stage[b->stage].first[b->j][q + 1].first;
    sum->y = r->b;
    put_back(r, b->stage, &tails->b[b->j][q], r->b, first, b->was[q + 1][1], b->was[q][1]);
    put_back(r, b->stage, &tails->lb[b->j][q], sum->leaky, first, b->was[q + 1][inner] + back, b->was[q][1]);
    run_step(r, conv, sum, b->was[q][1], b->now[q][1]);
    clear_end(r, sum->leaky, b->stage, first, b->now[q][1]);
    put_aside(r, b->stage, &tails->b[b->j][q], r->b, first, b->now[q + 1][1], b->now[q][1]);
    put_aside(r, b->stage, &tails->lb[b->j][q], sum->leaky, first, b->now[q + 1][inner] + back, b->now[q][1]);
}

/* Branch j: its last convolution adds what came before it and the sum of the earlier branches; the last
 * branch's stores the stage's output, through the leaky ReLU of the layer to come. */
static void branch(const struct run *r, int stage, int j, struct ora_rows s, struct ora_b16 out)
{
    const struct vits_config *c = r->cfg;
    const struct vits_stage *st = &r->d->stage[stage];
    struct branch b = {.stage = stage, .j = j, .s = s};
    branch_fronts(r, stage, j, s.lo, b.was);
    branch_fronts(r, stage, j, s.hi, b.now);
    for (int q = 0; q < c->dilations; q++) {
        /* type 2 reads a step's operand where the next but one will store */
        bool pairs = c->resblock_type == 1, odd = !pairs && q % 2;
        struct step sum = {.first = s.lo,
                           .length = r->length[stage + 1],
                           .x = !q             ? r->lx
                                : odd || pairs ? r->lb
                                               : r->lt,
                           .res = q ? r->b : r->x,
                           .leaky = odd ? r->lt : r->lb,
                           .slope = SLOPE};
        if (pairs) {
            inner_step(r, &b, q, sum.x);
            sum.x = r->lt;
        }
        const struct ora_conv *conv = pairs ? &st->second[j][q] : &st->first[j][q];
        if (q + 1 < c->dilations) {
            outer_step(r, &b, q, conv, &sum);
            continue;
        }
        sum.add = j ? r->sum : (struct ora_b16){0};
        sum.y = j + 1 < c->branches ? r->sum : (struct ora_b16){0};
        sum.leaky = j + 1 < c->branches ? (struct ora_b16){0} : out;
        sum.slope = stage + 1 == c->stages ? LAST_SLOPE : SLOPE;
        run_step(r, conv, &sum, s.lo, s.hi);
    }
}

/* Rows [s.lo, s.hi) of stage `stage`, leaky, to out (whose row 0 is s.lo). */
static void stage_tile(const struct run *r, int stage, struct ora_rows s, struct ora_b16 out)
{
    extend_x(r, stage, s);
    for (int j = 0; j < r->cfg->branches; j++)
        branch(r, stage, j, s, out);
}

/* ---- a chunk --------------------------------------------------------------------------------- */

static void pre(const struct run *r, struct ora_b16 z, const float *bias)
{
    int lo = r->was[0], hi = r->now[0];
    if (hi > lo)
        r->k->conv(&r->d->pre, &(struct ora_conv_run){.x = ora_b16_at(z, 0, lo),
                                                      .rows = hi - lo,
                                                      .leaky = r->out[0],
                                                      .slope = SLOPE,
                                                      .bias = bias,
                                                      .scratch = r->scratch,
                                                      .row = lo,
                                                      .total = r->length[0]});
}

/* The upsampler reads one row beyond the utterance's end: zero there. */
static void clear_out_end(const struct run *r, int i)
{
    int rows = r->now[i] - r->was[i];
    if (r->now[i] == r->length[i])
        ora_b16_clear_rows(r->out[i], r->channels[i], rows, rows + 1);
}

/* The last rows of a buffer of n rows to the halo before it. */
static void keep_tail(struct ora_b16 x, int channels, int n, int back)
{
    for (int b = 0; b < ora_blocks(channels) && n > 0; b++) {
        float *p = ora_b16_at(x, b, -back).p;
        memmove(p, p + (ptrdiff_t)ORA_LANES * n, sizeof(float) * ORA_LANES * (size_t)back);
    }
}

/* Tiles of the last stage go straight through conv_post, so nothing at the sample rate is kept. Samples lag
 * behind the stage's front by what conv_post reads ahead. */
static void last_stage(struct run *r, float *pcm)
{
    const struct vits_config *c = r->cfg;
    const struct ora_conv_mono *post = &r->d->post;
    int stage = c->stages - 1, pad = (c->post_kernel - 1) / 2, length = r->length[c->stages];
    struct ora_b16 out = r->out[c->stages];
    place(r, stage);
    for (int a = r->was[c->stages], end; a < r->now[c->stages]; a = end) {
        end = smaller(a + r->tile[stage], r->now[c->stages]);
        stage_tile(r, stage, (struct ora_rows){a, end}, out);
        if (end == length)
            ora_b16_clear_rows(out, r->channels[c->stages], end - a, end - a + pad);
        int from = larger(a - pad, 0), to = end == length ? length : end - pad;
        if (to > from)
            r->k->conv_mono(pcm + from, ora_b16_at(out, 0, from - a), to - from, post->in_blocks, post->taps,
                            post->dilation, post->first, post->weights, post->bias, ORA_ACT_TANH);
        keep_tail(out, r->channels[c->stages], end - a, 2 * pad);
    }
}

/* Makes the samples of frames [0, end), and what comes with them, from where the last chunk ended. */
static void chunk(struct run *r, struct ora_b16 z, const float *bias, int end, float *pcm)
{
    const struct vits_config *c = r->cfg;
    plan_chunk(r, end, r->now);
    pre(r, z, bias);
    clear_out_end(r, 0);
    for (int i = 0; i + 1 < c->stages; i++) {
        place(r, i);
        for (int a = r->was[i + 1], to; a < r->now[i + 1]; a = to) {
            to = smaller(a + r->tile[i], r->now[i + 1]);
            stage_tile(r, i, (struct ora_rows){a, to}, ora_b16_at(r->out[i + 1], 0, a - r->was[i + 1]));
        }
        clear_out_end(r, i + 1);
    }
    last_stage(r, pcm);
    for (int i = 0; i < c->stages; i++)
        keep_tail(r->out[i], r->channels[i], r->now[i] - r->was[i], r->back[i]);
    memcpy(r->was, r->now, sizeof r->was);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* The same for an utterance without end. */
static struct run endless(const struct run *r)
{
    struct run far = *r;
    far.length[0] = (1 << 30) / r->cfg->hop;
    for (int i = 0; i < r->cfg->stages; i++)
        far.length[i + 1] = far.length[i] * r->cfg->rate[i];
    return far;
}

/* A stage's align and reach: those of a tile far from both ends. Between a front of the output and those of
 * inner tensors lie the same rows whatever the tile, but for those that the upsampler makes to the end of its
 * group. */
static void plan_stage(struct run *r, int stage)
{
    const struct vits_config *c = r->cfg;
    const struct vits_stage *st = &r->d->stage[stage];
    int align = 1, back = 0, ahead = 0, made[VITS_DILATIONS_MAX][2];
    struct run far = endless(r);
    for (int j = 0; j < c->branches; j++)
        for (int q = 0; q < c->dilations; q++) {
            const struct ora_conv *conv[2] = {&st->first[j][q], &st->second[j][q]};
            for (int i = 0; i < c->resblock_type % 2 + 1; i++) {
                align = conv[i]->grid ? vits_common_multiple(align, conv[i]->grid) : align;
                back = larger(back, -conv[i]->first);
            }
        }
    for (int j = 0; j < c->branches; j++)
        ahead = larger(ahead, branch_fronts(&far, stage, j, align << 10, made) - (align << 10));
    r->align[stage] = align;
    r->reach[stage] = larger(back, ahead + st->up.all.grid * c->rate[stage]);
}

/* The most rows that a chunk makes of each out[i] (most[i]) and that are kept of it (back[i]): those of
 * chunks that begin anywhere in the groups (whose sizes divide those of TILE_LEAST frames at most). */
static void plan_out(struct run *r, int chunk_frames, int most[VITS_STAGES_MAX + 1])
{
    const struct vits_config *c = r->cfg;
    struct run far = endless(r);
    memset(most, 0, (VITS_STAGES_MAX + 1) * sizeof *most);
    for (int start = far.length[0] / 2, n = 0; n < TILE_LEAST; n++, start++) {
        plan_chunk(&far, start, far.was);
        plan_chunk(&far, start + chunk_frames, far.now);
        for (int i = 0; i < c->stages; i++) {
            int x = x_front(&far, i, far.was[i + 1]);
            most[i] = larger(most[i], far.now[i] - far.was[i]);
            r->back[i] = larger(larger(r->back[i], 1), far.was[i] - up_reads(&far, i, x, x + 1).lo);
        }
    }
    plan_chunk(&far, chunk_frames, far.now); /* a first chunk makes what its successors find made */
    for (int i = 0; i < c->stages; i++)
        most[i] = larger(most[i], far.now[i]);
}

static void take_tail(const struct run *r, struct ora_arena *arena, int stage, bool *ok, struct tail *t)
{
    t->rows = vits_buffer(arena, r->channels[stage + 1], 2 * r->reach[stage], 0, ok);
}

static void allocate_tails(struct run *r, struct ora_arena *arena, int stage, bool *ok)
{
    const struct vits_config *c = r->cfg;
    struct stage_tails *t = &r->tails[stage];
    take_tail(r, arena, stage, ok, &t->x);
    take_tail(r, arena, stage, ok, &t->lx);
    for (int j = 0; j < c->branches; j++)
        for (int q = 0; q < c->dilations; q++) {
            if (q + 1 < c->dilations) {
                take_tail(r, arena, stage, ok, &t->b[j][q]);
                take_tail(r, arena, stage, ok, &t->lb[j][q]);
            }
            if (c->resblock_type == 1)
                take_tail(r, arena, stage, ok, &t->lt[j][q]);
        }
}

static bool allocate(struct run *r, struct ora_arena *arena, int chunk_frames)
{
    const struct vits_config *c = r->cfg;
    int rows[VITS_STAGES_MAX + 1], pad = c->post_kernel - 1;
    size_t tile_floats = 0;
    bool ok = true;
    for (int i = 0; i <= c->stages; i++)
        r->channels[i] = c->first_channels >> i;
    for (int i = 0; i < c->stages; i++)
        plan_stage(r, i);
    plan_out(r, chunk_frames, rows);
    for (int i = 0; i < c->stages; i++) {
        r->tile[i] =
            clip(TILE_FLOATS / r->channels[i + 1], TILE_LEAST, TILE_MOST) / r->align[i] * r->align[i];
        size_t n = ora_b16_floats(r->channels[i + 1], (size_t)r->tile[i], (size_t)r->reach[i]);
        tile_floats = n > tile_floats ? n : tile_floats;
        allocate_tails(r, arena, i, &ok);
        r->out[i] = vits_buffer(arena, r->channels[i], rows[i], r->back[i], &ok);
    }
    r->out[c->stages] = vits_buffer(arena, r->channels[c->stages], r->tile[c->stages - 1], pad, &ok);
    for (int i = 0; i < 6; i++)
        ok = (r->memory[i] = ora_arena_floats(arena, tile_floats)) && ok;
    return ok;
}

/* What precedes an utterance is zero. */
static void clear_start(const struct run *r)
{
    const struct vits_config *c = r->cfg;
    for (int i = 0; i <= c->stages; i++)
        ora_b16_clear_rows(r->out[i], r->channels[i], i < c->stages ? -r->back[i] : 1 - c->post_kernel, 0);
    for (int i = 0; i < c->stages; i++) {
        const struct tail *t = (const struct tail *)&r->tails[i];
        for (size_t n = 0; n < sizeof r->tails[i] / sizeof *t; n++)
            if (t[n].rows.p)
                ora_b16_clear_rows(t[n].rows, r->channels[i + 1], 0, 2 * r->reach[i]);
    }
}

size_t vits_decoder_bytes(const struct vits_decoder *d, const struct vits_config *cfg, int chunk_frames)
{
    struct ora_arena probe = vits_measuring_arena();
    struct run r = {.d = d, .cfg = cfg};
    allocate(&r, &probe, chunk_frames > 0 ? chunk_frames : VITS_CHUNK_FRAMES);
    return probe.peak_bytes;
}

int vits_decoder_forward(const struct vits_decoder *d, const struct vits_config *cfg,
                         const struct ora_kernels *k, struct ora_arena *arena, struct ora_b16 z, int rows,
                         const float *bias, int chunk_frames, float *pcm, void *scratch, struct ora_err *err)
{
    struct run r = {.d = d, .cfg = cfg, .k = k, .scratch = scratch};
    size_t mark = ora_arena_mark(arena);
    chunk_frames = chunk_frames > 0 ? chunk_frames : VITS_CHUNK_FRAMES;
    r.length[0] = rows;
    for (int i = 0; i < cfg->stages; i++)
        r.length[i + 1] = r.length[i] * cfg->rate[i];
    if (!allocate(&r, arena, chunk_frames < rows ? chunk_frames : rows))
        return ora_err_set(err, ORA_E_NO_MEMORY, "the arena is too small for the decoder");
    clear_start(&r);
    for (int end = 0; end < rows;) {
        end = smaller(end + chunk_frames, rows);
        chunk(&r, z, bias, end, pcm);
    }
    ora_arena_reset(arena, mark);
    return 0;
}
