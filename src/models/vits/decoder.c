/*
 * Decoder. Per chunk, the ranges of rows that each tensor must hold are worked out backwards from the samples
 * wanted (plan_chunk); then the stages run forwards. A stage's tile buffers all have their row 0 at the
 * tile's first output row and reach `reach` rows to both sides; the part of that outside the utterance is
 * cleared, so that the convolutions find the zero padding of the true ends and of nothing else.
 */
#include "models/vits/decoder.h"

#include <stdlib.h>

static const float SLOPE = 0.1f, LAST_SLOPE = 0.01f;
enum { TILE_FLOATS = 49152, TILE_LEAST = 256, TILE_MOST = 2048, PERIOD_MOST = 32 };

/* ---- bind ------------------------------------------------------------------------------------ */

static int common_multiple(int a, int b)
{
    int x = a, y = b;
    while (y) {
        int rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

/* Can tiles begin where groups of rows of every dilation do? A group is some rows of each phase, of one
 * number at all layers: the dilations decide. */
static bool has_short_period(const struct vits_config *c)
{
    int period = 1;
    for (int j = 0; j < c->branches; j++)
        for (int q = 0; q < c->dilations && period <= PERIOD_MOST; q++)
            period = common_multiple(period, c->dilation[j][q]);
    return period <= PERIOD_MOST;
}

static void bind_resblocks(struct vits_binder *b, struct vits_stage *s, int i, int channels)
{
    const struct vits_config *c = b->cfg;
    /* tolerant: rounding every residual block's operands to bfloat16 leaves the sound 47 dB */
    struct ora_conv_spec spec = {.placed = has_short_period(c), .tolerant = true};
    for (int j = 0; j < c->branches; j++) {
        int block = i * c->branches + j, taps = c->branch_kernel[j];
        for (int q = 0; q < c->dilations; q++) {
            const char *kind = c->resblock_type == 1 ? "convs1" : "convs";
            vits_bind_conv(b, &s->first[j][q], &spec, channels, channels, taps, c->dilation[j][q],
                           "dec.resblocks.%d.%s.%d", block, kind, q);
            if (c->resblock_type == 1)
                vits_bind_conv(b, &s->second[j][q], &spec, channels, channels, taps, 1,
                               "dec.resblocks.%d.convs2.%d", block, q);
        }
    }
}

static void bind_pre(struct vits_binder *b, struct vits_decoder *d)
{
    const struct vits_config *c = b->cfg;
    int map[VITS_MAP_MAX], wide = vits_map_groups(map, 2, c->inter / 2);
    struct ora_conv_spec latent = {.in = wide, .in_map = map, .placed = true};
    vits_bind_conv(b, &d->pre, &latent, c->inter, c->first_channels, c->pre_kernel, 1, "dec.conv_pre");
    if (!c->speaker_dim)
        return;
    size_t out = (size_t)c->first_channels;
    const float *own = vits_take(b, ORA_SHAPE(out), "dec.conv_pre.bias");
    const float *bias = vits_take(b, ORA_SHAPE(out), "dec.cond.bias");
    const float *w = vits_take(b, ORA_SHAPE(out, (size_t)c->speaker_dim, 1), "dec.cond.weight");
    float *sum = ora_xcalloc(out, sizeof *sum);
    for (size_t i = 0; own && bias && i < out; i++)
        sum[i] = own[i] + bias[i];
    struct ora_conv_spec cond = {
        .in = c->speaker_dim, .out = c->first_channels, .taps = 1, .dilation = 1, .weights = w, .bias = sum};
    ora_packer_conv(b->packer, &cond, &d->cond);
    free(sum);
}

void vits_decoder_bind(struct vits_binder *b, struct vits_decoder *d)
{
    const struct vits_config *c = b->cfg;
    float mean = 1.0f / (float)c->branches;
    int channels = c->first_channels;
    bind_pre(b, d);
    for (int i = 0; i < c->stages; i++, channels /= 2) {
        int u = c->rate[i];
        struct ora_conv_spec up = {.in = channels, .out = channels / 2, .weight_scale = i ? mean : 1};
        up.weights = vits_take(b, ORA_SHAPE((size_t)channels, (size_t)channels / 2, 2 * (size_t)u),
                               "dec.ups.%d.weight", i);
        up.bias = vits_take(b, ORA_SHAPE((size_t)channels / 2), "dec.ups.%d.bias", i);
        ora_packer_upsampler(b->packer, &up, u, &d->stage[i].up);
        bind_resblocks(b, &d->stage[i], i, channels / 2);
    }
    struct ora_conv_spec post = {
        .in = channels, .out = 1, .taps = c->post_kernel, .dilation = 1, .weight_scale = mean};
    post.first = ora_conv_first(c->post_kernel, 1);
    post.weights =
        vits_take(b, ORA_SHAPE(1, (size_t)channels, (size_t)c->post_kernel), "dec.conv_post.weight");
    ora_packer_conv_mono(b->packer, &post, &d->post);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int clip(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static struct ora_rows widen(struct ora_rows s, int by, int length)
{
    return (struct ora_rows){clip(s.lo - by, 0, length), clip(s.hi + by, 0, length)};
}

/* To multiples of `align` or the utterance's end. */
static struct ora_rows round_out(struct ora_rows s, int align, int length)
{
    return (struct ora_rows){s.lo / align * align, clip((s.hi + align - 1) / align * align, 0, length)};
}

/* The utterance's rows that a convolution makes rows s from. */
static struct ora_rows reads(const struct ora_conv *c, struct ora_rows s, int length)
{
    return widen(ora_conv_reads(c, s, length), 0, length);
}

/* Rows of an upsampler's input that its output rows s need: q and q-1 of output row q*u + phase - u/2. */
static struct ora_rows up_input(struct ora_rows s, int u, int length)
{
    return (struct ora_rows){clip((s.lo + u / 2) / u - 1, 0, length),
                             clip((s.hi - 1 + u / 2) / u + 1, 0, length)};
}

struct run {
    const struct vits_decoder *d;
    const struct vits_config *cfg;
    const struct ora_kernels *k;
    void *scratch;
    int length[VITS_STAGES_MAX + 1]; /* rows in all: [0] frames, [i+1] after stage i */
    int channels[VITS_STAGES_MAX + 1];
    int align[VITS_STAGES_MAX];                /* tiles of stage i begin at its multiples */
    int reach[VITS_STAGES_MAX];                /* what its residual blocks read beyond a tile, on each side */
    int tile[VITS_STAGES_MAX];                 /* rows of a tile of stage i */
    struct ora_rows need[VITS_STAGES_MAX + 1]; /* this chunk: what tensor i must hold */
    struct ora_b16 out[VITS_STAGES_MAX + 1];   /* leaky outputs; row 0 is need[i].lo; halo 1 */
    /* tile buffers, shared by all stages */
    float *memory[6];
    struct ora_b16 x, lx, b, lb, lt, sum;
};

/* Rows that each convolution of branch j must make so that rows s come out right, from the last one back
 * (rows[q][1]: its q-th step's, rows[q][0]: its first convolution's); returns the rows of x that are read. */
static struct ora_rows branch_rows(const struct run *r, int stage, int j, struct ora_rows s, int length,
                                   struct ora_rows rows[VITS_DILATIONS_MAX][2])
{
    const struct vits_stage *st = &r->d->stage[stage];
    for (int q = r->cfg->dilations - 1; q >= 0; q--) {
        rows[q][1] = s;
        if (r->cfg->resblock_type == 1)
            rows[q][0] = s = reads(&st->second[j][q], s, length);
        s = reads(&st->first[j][q], s, length);
    }
    return s;
}

/* A stage's align and reach: those of a tile far from both ends. */
static void plan_stage(struct run *r, int stage)
{
    const struct vits_config *c = r->cfg;
    const struct vits_stage *st = &r->d->stage[stage];
    struct ora_rows rows[VITS_DILATIONS_MAX][2];
    int align = 1, reach = 0;
    for (int j = 0; j < c->branches; j++)
        for (int q = 0; q < c->dilations; q++) {
            int grid[2] = {st->first[j][q].grid, c->resblock_type == 1 ? st->second[j][q].grid : 0};
            for (int i = 0; i < 2; i++)
                align = grid[i] ? common_multiple(align, grid[i]) : align;
        }
    struct ora_rows far = {align << 10, (align << 10) + align};
    for (int j = 0; j < c->branches; j++) {
        struct ora_rows x = branch_rows(r, stage, j, far, INT32_MAX, rows);
        reach = larger(reach, larger(far.lo - x.lo, x.hi - far.hi));
    }
    r->align[stage] = align;
    r->reach[stage] = reach;
}

/* Rounds need[stage + 1] out to whole groups; returns what that needs of the stage's input. */
static struct ora_rows stage_needs(struct run *r, int stage)
{
    int length = r->length[stage + 1];
    struct ora_rows s = r->need[stage + 1] = round_out(r->need[stage + 1], r->align[stage], length);
    return up_input(widen(s, r->reach[stage], length), r->cfg->rate[stage], r->length[stage]);
}

/* need[] for frames [f.lo, f.hi), from the samples backwards. */
static void plan_chunk(struct run *r, struct ora_rows frames)
{
    const struct vits_config *c = r->cfg;
    struct ora_rows s = {frames.lo * c->hop, frames.hi * c->hop};
    s = widen(s, (c->post_kernel - 1) / 2, r->length[c->stages]);
    r->need[c->stages] = s;
    for (int i = c->stages - 1; i >= 0; i--)
        r->need[i] = stage_needs(r, i);
}

/* ---- a tile of a stage ----------------------------------------------------------------------- */

/* Places the tile buffers for this stage's width. */
static void place(struct run *r, int stage)
{
    struct ora_b16 *view[6] = {&r->x, &r->lx, &r->b, &r->lb, &r->lt, &r->sum};
    for (int i = 0; i < 6; i++)
        *view[i] = ora_b16_place(r->memory[i], (size_t)r->tile[stage], (size_t)r->reach[stage]);
}

/* Clears a tile buffer's rows outside the utterance. first: the tile's first row. */
static void clear_ends(const struct run *r, struct ora_b16 x, int stage, int first)
{
    int from = -r->reach[stage], to = r->tile[stage] + r->reach[stage];
    ora_b16_clear_rows(x, r->channels[stage + 1], from, clip(-first, from, to));
    ora_b16_clear_rows(x, r->channels[stage + 1], clip(r->length[stage + 1] - first, from, to), to);
}

/* x and lx of rows s. The upsampler counts its rows from the input row that its x begins with. */
static void upsample(const struct run *r, int stage, struct ora_rows s, int first)
{
    int u = r->cfg->rate[stage], base = s.lo / u;
    struct ora_conv_run run = {.y = ora_b16_at(r->x, 0, base * u - first),
                               .leaky = ora_b16_at(r->lx, 0, base * u - first),
                               .slope = SLOPE,
                               .scratch = r->scratch};
    ora_upsample_forward(r->k, &r->d->stage[stage].up, ora_b16_at(r->out[stage], 0, base - r->need[stage].lo),
                         s.lo - base * u, s.hi - base * u, &run);
}

/* One convolution of a residual block; the tensors' row 0 is the tile's first. */
struct step {
    int first, length; /* the tile's first row; rows of the utterance */
    struct ora_b16 x, y, res, add, leaky;
    float slope;
};

static void run_step(const struct run *r, const struct ora_conv *c, const struct step *s,
                     struct ora_rows rows)
{
    struct ora_b16 t[5] = {s->x, s->y, s->res, s->add, s->leaky};
    for (int i = 0; i < 5; i++)
        if (t[i].p)
            t[i] = ora_b16_at(t[i], 0, rows.lo - s->first);
    r->k->conv(c, &(struct ora_conv_run){.x = t[0],
                                         .rows = rows.hi - rows.lo,
                                         .y = t[1],
                                         .res = t[2],
                                         .add = t[3],
                                         .leaky = t[4],
                                         .slope = s->slope,
                                         .scratch = r->scratch,
                                         .row = rows.lo,
                                         .total = s->length});
}

/* Branch j: its last convolution adds what came before it and the sum of the earlier branches; the last
 * branch's stores the stage's output, through the leaky ReLU of the layer to come. */
static void branch(const struct run *r, int stage, int j, struct ora_rows s, int first, struct ora_b16 out)
{
    const struct vits_config *c = r->cfg;
    const struct vits_stage *st = &r->d->stage[stage];
    struct ora_b16 none = {0};
    struct ora_rows rows[VITS_DILATIONS_MAX][2];
    int length = r->length[stage + 1];
    branch_rows(r, stage, j, s, length, rows);
    for (int q = 0; q < c->dilations; q++) {
        bool last = q + 1 == c->dilations, done = last && j + 1 == c->branches;
        struct ora_b16 x = q ? r->b : r->x, lx = q ? r->lb : r->lx;
        struct step sum = {.first = first,
                           .length = length,
                           .x = lx,
                           .y = last ? r->sum : r->b,
                           .res = x,
                           .add = last && j ? r->sum : none,
                           .leaky = last ? none : r->lb,
                           .slope = SLOPE};
        if (done)
            sum.y = none, sum.leaky = out, sum.slope = stage + 1 == c->stages ? LAST_SLOPE : SLOPE;
        if (c->resblock_type == 1) {
            struct step inner = {.first = first, .length = length, .x = lx, .leaky = r->lt, .slope = SLOPE};
            run_step(r, &st->first[j][q], &inner, rows[q][0]);
            sum.x = r->lt;
        } else if (q) {
            /* Its operand lb is also where a third step would store: type 2 alternates lb and lt. */
            sum.leaky = last ? sum.leaky : (q % 2 ? r->lt : r->lb);
            sum.x = q % 2 ? r->lb : r->lt;
        }
        const struct ora_conv *conv = c->resblock_type == 1 ? &st->second[j][q] : &st->first[j][q];
        run_step(r, conv, &sum, rows[q][1]);
    }
}

/* Rows [s.lo, s.hi) of stage `stage`, leaky, to out (whose row 0 is s.lo). */
static void stage_tile(const struct run *r, int stage, struct ora_rows s, struct ora_b16 out)
{
    struct ora_b16 clear[4] = {r->lx, r->lb, r->lt, {0}};
    for (int i = 0; clear[i].p; i++)
        clear_ends(r, clear[i], stage, s.lo);
    upsample(r, stage, widen(s, r->reach[stage], r->length[stage + 1]), s.lo);
    for (int j = 0; j < r->cfg->branches; j++)
        branch(r, stage, j, s, s.lo, out);
}

/* ---- a chunk --------------------------------------------------------------------------------- */

static void pre(const struct run *r, struct ora_b16 z, const float *bias)
{
    struct ora_rows s = r->need[0];
    r->k->conv(&r->d->pre, &(struct ora_conv_run){.x = ora_b16_at(z, 0, s.lo),
                                                  .rows = s.hi - s.lo,
                                                  .leaky = r->out[0],
                                                  .slope = SLOPE,
                                                  .bias = bias,
                                                  .scratch = r->scratch,
                                                  .row = s.lo,
                                                  .total = r->length[0]});
}

/* The upsampler reads one row beyond the utterance's ends: zero there. */
static void clear_out_ends(const struct run *r, int i)
{
    struct ora_rows s = r->need[i];
    if (s.lo == 0)
        ora_b16_clear_rows(r->out[i], r->channels[i], -1, 0);
    if (s.hi == r->length[i])
        ora_b16_clear_rows(r->out[i], r->channels[i], s.hi - s.lo, s.hi - s.lo + 1);
}

/* Tiles of the last stage go straight through conv_post, so nothing at the sample rate is kept. Samples [a,
 * end) come from rows s of the stage: `pad` more on each side, from a whole group on. */
static void last_stage(struct run *r, struct ora_rows samples, float *pcm)
{
    const struct vits_config *c = r->cfg;
    const struct ora_conv_mono *post = &r->d->post;
    int stage = c->stages - 1, pad = (c->post_kernel - 1) / 2, length = r->length[c->stages];
    struct ora_b16 out = r->out[c->stages]; /* halo: pad */
    place(r, stage);
    for (int a = samples.lo, end; a < samples.hi; a = end) {
        struct ora_rows s = {clip(a - pad, 0, length) / r->align[stage] * r->align[stage], 0};
        s.hi = clip(s.lo + r->tile[stage], 0, r->need[c->stages].hi);
        end = s.hi == length ? samples.hi : clip(s.hi - pad, 0, samples.hi);
        if (s.lo == 0)
            ora_b16_clear_rows(out, r->channels[c->stages], -pad, 0);
        if (s.hi == length)
            ora_b16_clear_rows(out, r->channels[c->stages], s.hi - s.lo, s.hi - s.lo + pad);
        stage_tile(r, stage, s, out);
        r->k->conv_mono(pcm + (a - samples.lo), ora_b16_at(out, 0, a - s.lo), end - a, post->in_blocks,
                        post->taps, post->dilation, post->first, post->weights, post->bias, ORA_ACT_TANH);
    }
}

static void chunk(struct run *r, struct ora_b16 z, const float *bias, struct ora_rows frames, float *pcm)
{
    const struct vits_config *c = r->cfg;
    plan_chunk(r, frames);
    pre(r, z, bias);
    clear_out_ends(r, 0);
    for (int i = 0; i + 1 < c->stages; i++) {
        struct ora_rows need = r->need[i + 1];
        place(r, i);
        for (int a = need.lo; a < need.hi; a += r->tile[i])
            stage_tile(r, i, (struct ora_rows){a, clip(a + r->tile[i], 0, need.hi)},
                       ora_b16_at(r->out[i + 1], 0, a - need.lo));
        clear_out_ends(r, i + 1);
    }
    last_stage(r, (struct ora_rows){frames.lo * c->hop, frames.hi * c->hop}, pcm);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* The most rows a chunk can need of each tensor: those of chunks far from both ends that begin anywhere in
 * the groups (their sizes divide those of TILE_LEAST rows at most, so of as many frames). */
static void most_rows(const struct run *r, int chunk_frames, int rows[VITS_STAGES_MAX + 1])
{
    struct run far = *r;
    far.length[0] = (1 << 30) / r->cfg->hop;
    for (int i = 0; i < r->cfg->stages; i++)
        far.length[i + 1] = far.length[i] * r->cfg->rate[i];
    memset(rows, 0, (VITS_STAGES_MAX + 1) * sizeof *rows);
    for (int start = far.length[0] / 2, n = 0; n < TILE_LEAST; n++, start++) {
        plan_chunk(&far, (struct ora_rows){start, start + chunk_frames});
        for (int i = 0; i <= r->cfg->stages; i++)
            rows[i] = larger(rows[i], far.need[i].hi - far.need[i].lo);
    }
}

static bool allocate(struct run *r, struct ora_arena *arena, int chunk_frames)
{
    const struct vits_config *c = r->cfg;
    int rows[VITS_STAGES_MAX + 1];
    size_t tile_floats = 0;
    bool ok = true;
    for (int i = 0; i <= c->stages; i++)
        r->channels[i] = c->first_channels >> i;
    for (int i = 0; i < c->stages; i++)
        plan_stage(r, i);
    most_rows(r, chunk_frames, rows);
    for (int i = 0; i < c->stages; i++) {
        r->tile[i] =
            clip(TILE_FLOATS / r->channels[i + 1], TILE_LEAST, TILE_MOST) / r->align[i] * r->align[i];
        size_t n = ora_b16_floats(r->channels[i + 1], (size_t)r->tile[i], (size_t)r->reach[i]);
        tile_floats = n > tile_floats ? n : tile_floats;
    }
    for (int i = 0; i < c->stages; i++)
        r->out[i] = vits_buffer(arena, r->channels[i], rows[i], 1, &ok);
    r->out[c->stages] =
        vits_buffer(arena, r->channels[c->stages], r->tile[c->stages - 1], (c->post_kernel - 1) / 2, &ok);
    for (int i = 0; i < 6; i++)
        ok = (r->memory[i] = ora_arena_floats(arena, tile_floats)) && ok;
    return ok;
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
    for (int a = 0; a < rows; a += chunk_frames)
        chunk(&r, z, bias, (struct ora_rows){a, clip(a + chunk_frames, 0, rows)},
              pcm + (size_t)a * (size_t)cfg->hop);
    ora_arena_reset(arena, mark);
    return 0;
}
