/* Pace: a few sentences by the thread's clock, or one matrix product. */
#include "voice/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "nn/kernels/b16.h"
#include "nn/kernels/pack.h"
#include "voice/stage.h"

/* What may be spent, by what is foretold of one sentence and by what was spent. */
static const double PATIENCE_S = 1;
/* The product below on one core of a Zen 4 server, AVX-512: the core that families foretell for. */
static const double REFERENCE_MACS_PER_S = 5.8e10;
enum { CHANNELS = 512, ROWS = 512, PRODUCTS = 8 };

/* ---- the processor -------------------------------------------------------------------------- */

static double fastest_product(const struct ora_kernels *k, const struct ora_conv *conv, struct ora_b16 x,
                              struct ora_b16 y, void *scratch)
{
    const struct ora_conv_run run = {.x = x, .rows = ROWS, .y = y, .scratch = scratch};
    struct ora_fpu_state fpu = ora_fpu_enter();
    double best = 0;
    for (int i = 0; i < PRODUCTS; i++) {
        double start = ora_clock_thread_cpu_s();
        k->conv(conv, &run);
        double s = ora_clock_thread_cpu_s() - start;
        best = i == 0 || s < best ? s : best;
    }
    ora_fpu_leave(fpu);
    return best;
}

/* Multiply-adds a second at this level, in the class of arithmetic that it is named for. */
static int product_rate(const char *level, double *macs_per_s, struct ora_err *err)
{
    const struct ora_kernels *k = ora_kernels_find(level, err);
    float *weights = ora_xcalloc((size_t)CHANNELS * CHANNELS, sizeof *weights);
    size_t floats = ora_b16_floats(CHANNELS, ROWS, 0);
    struct ora_conv_spec spec = {
        .in = CHANNELS, .out = CHANNELS, .taps = 1, .dilation = 1, .weights = weights, .tolerant = true};
    struct ora_packer packer;
    struct ora_conv conv;
    struct ora_arena arena = {0};
    int rc = k ? 0 : err->code;
    if (rc == 0) {
        ora_packer_init(&packer, k, ORA_PACK_MEASURE, NULL, 0);
        ora_packer_conv(&packer, &spec, &conv);
        rc = ora_arena_init(&arena, packer.bytes + 2 * floats * sizeof(float) + k->scratch_bytes + 1024, err);
    }
    if (rc == 0) {
        size_t bytes = packer.bytes;
        void *memory = ora_arena_alloc(&arena, bytes), *scratch = ora_arena_alloc(&arena, k->scratch_bytes);
        float *x = ora_arena_alloc(&arena, floats * sizeof *x),
              *y = ora_arena_alloc(&arena, floats * sizeof *y);
        memset(x, 0, floats * sizeof *x);
        ora_packer_init(&packer, k, ORA_PACK_WRITE, memory, bytes);
        ora_packer_conv(&packer, &spec, &conv);
        double s = fastest_product(k, &conv, ora_b16_place(x, ROWS, 0), ora_b16_place(y, ROWS, 0), scratch);
        *macs_per_s = s > 0 ? (double)CHANNELS * CHANNELS * ROWS / s : REFERENCE_MACS_PER_S;
    }
    ora_arena_release(&arena);
    free(weights);
    return rc;
}

/* ---- the voice ------------------------------------------------------------------------------ */

struct spoken {
    double audio_s;
    int rc;
    struct ora_err why;
};

static int on_spoken(void *ctx, size_t index, int rc, const struct ora_spoken *s, const struct ora_err *why)
{
    struct spoken *spoken = ctx;
    (void)index;
    spoken->rc = rc;
    if (rc < 0)
        spoken->why = *why;
    else
        spoken->audio_s += (double)s->samples / s->sample_rate_hz;
    return 0;
}

static int speak(const struct ora_family *f, const struct ora_model *model, struct ora_request q,
                 const char *const *sentences, const struct ora_cost *cost, struct ora_voice_pace *pace,
                 struct ora_err *err)
{
    struct spoken spoken = {0};
    double chars = 0, core_s = 0;
    int rc = 0;
    for (; rc == 0 && *sentences && core_s < PATIENCE_S; sentences++) {
        struct ora_arena arena = {0};
        q.text = *sentences;
        rc = ora_voice_stage(f, model, q.text, &arena, err);
        double start_s = ora_clock_thread_cpu_s();
        if (rc == 0)
            rc = f->synth(model, &arena, &q, 1, on_spoken, &spoken, err);
        core_s += ora_clock_thread_cpu_s() - start_s;
        chars += (double)ora_utf8_length(q.text, strlen(q.text));
        pace->sentences++;
        ora_arena_release(&arena);
        if (rc == 0 && spoken.rc < 0)
            rc = ora_err_set(err, spoken.rc, "%s", spoken.why.message);
    }
    if (rc == 0 && !(spoken.audio_s > 0))
        rc = ora_err_set(err, ORA_E_VOICE, "no audio came out");
    if (rc < 0)
        return rc;
    pace->longer = spoken.audio_s / chars / cost->audio_s_per_char;
    pace->dearer = core_s / spoken.audio_s / cost->core_s_per_audio_s;
    return 0;
}

int ora_voice_pace(const struct ora_voice *v, const char *level, const char *const *sentences,
                   struct ora_voice_pace *pace, struct ora_err *err)
{
    const struct ora_family *f = ora_family_find(v->family);
    struct ora_request q = {.id = "pace", .speaker = v->default_speaker, .speed = 1};
    struct ora_open_options options = {.kernels = level};
    struct ora_model *model = NULL;
    struct ora_cost cost;
    double rate = 0, start_s = ora_clock_mono_s();
    *pace = (struct ora_voice_pace){.longer = 1, .dearer = 1};
    if (!f)
        return ora_err_set(err, ORA_E_VOICE, "family '%s' is not one of this build", v->family);
    int rc = ora_settings_init(f, v, &q.settings, err);
    if (rc < 0)
        return rc;
    ora_family_cost(f, v, &q.settings, &cost);
    double chars = (double)ora_utf8_length(*sentences, strlen(*sentences));
    if (chars * cost.audio_s_per_char * cost.core_s_per_audio_s > PATIENCE_S) {
        rc = product_rate(level, &rate, err);
        if (rc == 0)
            pace->dearer = REFERENCE_MACS_PER_S / rate;
        return rc;
    }
    rc = f->open(v, &options, &model, err);
    pace->start_s = ora_clock_mono_s() - start_s;
    if (rc == 0)
        rc = speak(f, model, q, sentences, &cost, pace, err);
    if (model)
        f->close(&model);
    return rc;
}
