/* Inspecting: voice.yaml's map, the headers, and one pass over the weights for values that are no numbers. */
#include "models/megatts3/inspect.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/prompt.h"
#include "models/megatts3/ready.h"

struct inspecting {
    ora_finding_fn *finding;
    void *ctx;
};

static void tell(const struct inspecting *in, enum ora_verdict verdict, const char *what, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5)));
static void tell(const struct inspecting *in, enum ora_verdict verdict, const char *what, const char *fmt,
                 ...)
{
    struct ora_str s = ORA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    ora_str_vaddf(&s, fmt, ap);
    va_end(ap);
    in->finding(in->ctx, verdict, what, ora_str_c(&s));
    ora_str_release(&s);
}

/* ---- a base ---------------------------------------------------------------------------------------------
 */

static void tell_parts(const struct inspecting *in, const struct mega_base_voice *b)
{
    static const char *const without[MEGA_PARTS] = {
        [MEGA_PART_DIT] = "no voice of it can speak",
        [MEGA_PART_DUR] = "no voice of it can speak",
        [MEGA_PART_ALIGN] = "no voice can be added",
        [MEGA_PART_VAE] = "no voice of it can speak",
        [MEGA_PART_VAE_ENCODER] = "voices are added with ready-made latents (--latents)",
        [MEGA_PART_G2P] = "no voice of it can speak",
    };
    struct ora_str has = ORA_STR_INIT;
    for (int p = 0; p < MEGA_PARTS; p++)
        if (b->part[p])
            ora_str_addf(&has, " %s", mega_part_name((enum mega_part)p));
    tell(in, ORA_VERDICT_PASS, "parts", "has%s", has.len ? ora_str_c(&has) : " none");
    for (int p = 0; p < MEGA_PARTS; p++)
        if (!b->part[p])
            tell(in, p == MEGA_PART_VAE_ENCODER ? ORA_VERDICT_NOTE : ORA_VERDICT_WARN, "parts",
                 "lacks %s (folder %s): %s", mega_part_name((enum mega_part)p),
                 mega_part_folder((enum mega_part)p), without[p]);
    ora_str_release(&has);
}

static void tell_open_questions(const struct inspecting *in, const struct mega_base_voice *b,
                                const struct ora_yaml_node *map)
{
    const struct ora_yaml_node *dropped = ora_yaml_get(map, "dropped");
    const struct mega_dur_dims *d = &b->dims.dur;
    const struct mega_g2p_dims *g = &b->dims.g2p;
    if (b->part[MEGA_PART_DUR]) {
        tell(in, ORA_VERDICT_PASS, "use_pos_embed", "%s: the duration model %s a sinusoid to its inputs",
             b->use_pos_embed ? "true" : "false", b->use_pos_embed ? "adds" : "does not add");
        tell(in, ORA_VERDICT_PASS, "durations", "%d layers of %d channels, %d heads, %d codes", d->layers,
             d->dec, d->heads, d->code_size);
    }
    if (b->part[MEGA_PART_DIT])
        tell(in, ORA_VERDICT_PASS, "win_size", "%d samples: what prompts are padded to", b->win_size);
    if (b->part[MEGA_PART_G2P])
        tell(in, ORA_VERDICT_PASS, "g2p", "%d ids, RoPE theta %g, RMS epsilon %g", g->vocab, g->rope_theta,
             g->eps);
    if (dropped && dropped->kind == ORA_YAML_LIST && dropped->count)
        tell(in, ORA_VERDICT_NOTE, "dropped",
             "%zu tensors of the source that no part knows (voice.yaml names them)", dropped->count);
}

/* The first element that is no number, or count; raises *largest. */
static size_t scan(const struct ora_tensor *t, double *largest)
{
    const unsigned char *p = t->data;
    for (size_t i = 0; i < t->count; i++) {
        uint32_t bits = 0;
        float v;
        if (t->dtype == ORA_F32) {
            memcpy(&bits, p + 4 * i, 4);
        } else {
            uint16_t half;
            memcpy(&half, p + 2 * i, 2);
            bits = (uint32_t)half << 16;
        }
        memcpy(&v, &bits, 4);
        if (!isfinite(v))
            return i;
        double size = fabs((double)v);
        *largest = size > *largest ? size : *largest;
    }
    return t->count;
}

/* What voice.yaml says is there, in the file: a part's first tensor that is not, or has another shape. */
static void tell_part(const struct inspecting *in, const struct ora_weights *w, const struct mega_dims *d,
                      enum mega_part part)
{
    struct mega_official list;
    char want[ORA_SHAPE_TEXT];
    mega_official_list(&list, part, d);
    for (size_t i = 0; i < list.count; i++) {
        const struct ora_tensor *t = ora_weights_find(w, list.item[i].name);
        if (t && ora_shape_equal(&t->shape, &list.item[i].shape))
            continue;
        tell(in, ORA_VERDICT_FAIL, "parts", "voice.yaml says that %s is there; %s tensor '%s', wanted %s",
             mega_part_name(part), t ? "another shape has" : "the file lacks", list.item[i].name,
             ora_shape_text(&list.item[i].shape, want));
        break;
    }
    mega_official_release(&list);
}

static void tell_weights(const struct inspecting *in, const struct ora_weights *w)
{
    double largest = 0;
    size_t elements = 0, bad = 0;
    for (size_t i = 0; i < ora_weights_count(w); i++) {
        const struct ora_tensor *t = ora_weights_at(w, i);
        if (t->dtype != ORA_F32 && t->dtype != ORA_BF16)
            continue;
        size_t at = scan(t, &largest);
        elements += t->count;
        if (at < t->count && bad++ < 8)
            tell(in, ORA_VERDICT_FAIL, "finite", "tensor '%s', element %zu is no number", t->name, at);
    }
    if (!bad)
        tell(in, ORA_VERDICT_PASS, "finite", "%zu weights, all numbers, the largest %.3g", elements, largest);
}

/* What a base is good for, and how. */
static void tell_next(const struct inspecting *in, const struct ora_voice *v, const struct mega_base_voice *b)
{
    struct ora_err why = {0};
    if (mega_ready(v, &why) < 0)
        tell(in, ORA_VERDICT_WARN, "next", "%s", why.message);
    else
        tell(in, ORA_VERDICT_NOTE, "next",
             "networks without a voice: `oratorio voice add NAME --base %s --prompt FILE%s --consent TEXT "
             "--license TEXT` makes one",
             v->name, b->part[MEGA_PART_VAE_ENCODER] ? "" : " --latents FILE");
}

static int inspect_base(const struct inspecting *in, const struct ora_voice *v, bool weights,
                        struct ora_err *err)
{
    struct mega_base_voice b;
    struct ora_weights *w = NULL;
    int rc = mega_base_read_yaml(v->family_config, &b, err);
    if (rc < 0)
        return rc;
    tell_parts(in, &b);
    tell_open_questions(in, &b, v->family_config);
    if (!weights)
        return 0;
    rc = ora_weights_open(v->weights_path, &w, err);
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++)
        if (b.part[p])
            tell_part(in, w, &b.dims, (enum mega_part)p);
    if (rc == 0)
        tell_weights(in, w);
    ora_weights_close(&w);
    tell_next(in, v, &b);
    return rc;
}

/* ---- a clone --------------------------------------------------------------------------------------------
 */

/* Of the recording itself, as voice.yaml tells it. */
static double recorded_seconds(const struct ora_voice *v, double fallback)
{
    const struct ora_yaml_node *n = ora_yaml_get(v->family_config, "prompt_seconds");
    double seconds = fallback;
    return ora_yaml_is_null(n) || ora_yaml_number(n, 0, 3600, &seconds, NULL) < 0 ? fallback : seconds;
}

static int inspect_prompt(const struct inspecting *in, const struct ora_voice *v, struct ora_err *err)
{
    struct mega_prompt p;
    struct ora_weights *w = NULL;
    int rc = ora_weights_open(v->weights_path, &w, err);
    if (rc == 0)
        rc = mega_prompt_read(&p, w, v->base ? v->base->model_sha256 : NULL, err);
    ora_weights_close(&w);
    if (rc < 0)
        return rc;
    double square = 0, seconds = p.rows * (double)MEGA_LATENT_HOP / MEGA_SAMPLE_RATE;
    size_t n = (size_t)p.rows * MEGA_LATENT;
    for (size_t i = 0; i < n; i++)
        square += (double)p.latents[i] * (double)p.latents[i];
    double rms = sqrt(square / (double)n), pace = p.phone_count / seconds;
    double own = recorded_seconds(v, seconds - 0.5);
    tell(in, own < 3 ? ORA_VERDICT_WARN : ORA_VERDICT_PASS, "prompt",
         "%.2f s (plausible: 3 and more), with the silence behind it %.2f s, level %.1f LUFS", own, seconds,
         p.lufs);
    tell(in, pace >= 3 && pace <= 25 ? ORA_VERDICT_PASS : ORA_VERDICT_WARN, "alignment",
         "%d phones, %.1f a second (plausible: 3 to 25)", p.phone_count, pace);
    tell(in, rms >= 0.3 && rms <= 3 ? ORA_VERDICT_PASS : ORA_VERDICT_WARN, "latents",
         "RMS %.2f (plausible: 0.3 to 3)", rms);
    mega_prompt_release(&p);
    return 0;
}

int mega_inspect(const struct ora_voice *voice, ora_finding_fn *finding, void *ctx, struct ora_err *err)
{
    struct inspecting in = {finding, ctx};
    if (mega_is_base(voice))
        return inspect_base(&in, voice, true, err);
    int rc = voice->base ? inspect_base(&in, voice->base, false, err) : 0;
    return rc < 0 ? rc : inspect_prompt(&in, voice, err);
}
