/* The aligner: encoder, teacher-forced decoder, plain greedy and constrained decoding. */
#include "golden.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "models/megatts3/aligner.h"

enum { GREEDY_LIMIT = 24, TOKENS_MAX = 160 };

static void bind(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_aligner_bind(b, &d->align, model);
}

static void teacher_forced(struct golden *g, const struct mega_aligner *m, struct ora_b16 audio, int rows)
{
    struct ora_err err = {0};
    struct mega_aligner_state s;
    size_t n, mark = ora_arena_mark(&g->arena);
    bool ok = true;
    int32_t *tokens = golden_i32(g, &n, "align/in.tokens");
    float *logits = ora_floats(&g->compute, n * (size_t)m->dims.vocab, &ok);
    golden_must(ok ? 0 : ora_no_room(&err, "logits"), &err, "align");
    golden_must(mega_aligner_begin(&g->compute, m, audio, rows, (int)n, &s, &err), &err, "state");
    golden_must(mega_aligner_step(&g->compute, m, &s, tokens, (int)n, logits, &err), &err, "decoder");
    free(tokens);
    ora_arena_reset(&g->arena, mark);
}

/* The reference's own decoding: argmax of everything. */
static void greedy(struct golden *g, const struct mega_aligner *m, struct ora_b16 audio, int rows)
{
    struct ora_err err = {0};
    struct mega_aligner_state s;
    size_t mark = ora_arena_mark(&g->arena);
    bool ok = true;
    int32_t tokens[GREEDY_LIMIT + 1] = {MEGA_ALIGN_START};
    float margins[GREEDY_LIMIT], *logits = ora_floats(&g->compute, (size_t)m->dims.vocab, &ok);
    int n = 0;
    golden_must(ok ? 0 : ora_no_room(&err, "logits"), &err, "align");
    golden_must(mega_aligner_begin(&g->compute, m, audio, rows, GREEDY_LIMIT, &s, &err), &err, "state");
    while (n < GREEDY_LIMIT && tokens[n] != MEGA_ALIGN_END) {
        float first = -INFINITY, second = -INFINITY;
        golden_must(mega_aligner_step(&g->compute, m, &s, &tokens[n], 1, logits, &err), &err, "decoder");
        for (int i = 0; i < m->dims.vocab; i++) {
            second = logits[i] > first ? first : logits[i] > second ? logits[i] : second;
            tokens[n + 1] = logits[i] > first ? i : tokens[n + 1];
            first = logits[i] > first ? logits[i] : first;
        }
        margins[n++] = first - second;
    }
    golden_check_i32(g, tokens, (size_t)n + 1, "align/greedy.tokens");
    golden_check_f32(g, margins, (size_t)n, "align/greedy.margins");
    ora_arena_reset(&g->arena, mark);
}

/* Up to the number of choices that the golden holds; start and, where it came, end stand round the pairs. */
static void constrained(struct golden *g, const struct mega_aligner *m, struct ora_b16 audio, int rows)
{
    struct ora_err err = {0};
    int32_t tokens[TOKENS_MAX + 2] = {MEGA_ALIGN_START};
    float margins[TOKENS_MAX];
    const json_t *shape = json_object_get(json_object_get(g->expected, "align/constrained.margins"), "shape");
    int limit = (int)json_integer_value(json_array_get(shape, 0)), n;
    if (!shape)
        return;
    limit = limit < TOKENS_MAX ? limit : TOKENS_MAX;
    golden_must(mega_aligner_align(&g->compute, m, audio, rows, limit, tokens + 1, &n, margins, &err), &err,
                "alignment");
    if (n < limit)
        tokens[++n] = MEGA_ALIGN_END;
    golden_check_i32(g, tokens, (size_t)n + 1, "align/constrained.tokens");
    golden_check_f32(g, margins, (size_t)n, "align/constrained.margins");
}

void golden_run_align(struct golden *g)
{
    struct ora_err err = {0};
    struct mega_aligner *m = ora_xcalloc(1, sizeof *m);
    struct ora_tap tap = golden_tap(g);
    size_t n;
    bool ok = true;
    float *mel = golden_f32(g, &n, "align/in.mel");
    golden_pack(g, bind, m);
    int frames = (int)n / m->dims.mels;
    struct ora_b16 audio = ora_buffer(&g->compute, m->dims.state, frames / 2, 0, &ok);
    golden_must(ok ? 0 : ora_no_room(&err, "audio"), &err, "align");
    g->prefix = "align/";
    g->compute.tap = &tap;
    golden_must(mega_aligner_encode(&g->compute, m, mel, frames, audio, &err), &err, "encoder");
    teacher_forced(g, m, audio, frames / 2);
    g->compute.tap = NULL;
    greedy(g, m, audio, frames / 2);
    constrained(g, m, audio, frames / 2);
    free(mel);
    free(m);
}
