/* The language model: states and logits of a text, greedy over the vocabulary, restricted alone and in a
 * batch. */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "models/megatts3/g2p.h"

static void bind(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_g2p_bind(b, &d->g2p, model);
}

static void bind_whole(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    struct ora_qwen2_dims dims = mega_g2p_lm_dims(&d->g2p, true);
    ora_qwen2_bind(b, &dims, "g2p.model", model);
}

static size_t golden_length(const struct golden *g, const char *name)
{
    const json_t *shape = json_object_get(json_object_get(g->expected, name), "shape");
    return (size_t)json_integer_value(json_array_get(shape, 0));
}

struct session {
    struct ora_kv_cache cache;
    struct ora_decode_row *rows;
    float *rope, *logits; /* [n][vocab] */
    struct ora_b16 h;
};

static void feed(struct golden *g, const struct ora_qwen2 *m, struct session *s, const int32_t *ids, int n)
{
    struct ora_err err = {0};
    for (int i = 0; i < n; i++)
        s->rows[i] = (struct ora_decode_row){&s->cache, s->cache.length + i};
    golden_must(ora_qwen2_forward(&g->compute, m, s->rope, ids, s->rows, n, s->h, &err), &err, "g2p");
    s->cache.length += n;
    golden_must(ora_qwen2_logits(&g->compute, m, s->h, n, s->logits, &err), &err, "g2p");
}

/* The reference's own decoding: argmax of the whole vocabulary; new ids are the vocabulary's. */
static void greedy(struct golden *g, const struct ora_qwen2 *m, struct session *s, size_t n)
{
    size_t vocab = (size_t)m->dims.vocab, count = golden_length(g, "g2p/greedy.new_ids");
    int32_t *ids = ora_xcalloc(count + 1, sizeof *ids);
    float *margins = ora_xcalloc(count + 1, sizeof *margins), *line = s->logits + vocab * (n - 1);
    for (size_t i = 0; i < count; i++) {
        float first = -INFINITY, second = -INFINITY;
        for (size_t j = 0; j < vocab; j++) {
            second = line[j] > first ? first : line[j] > second ? line[j] : second;
            ids[i] = line[j] > first ? (int32_t)j : ids[i];
            first = line[j] > first ? line[j] : first;
        }
        margins[i] = first - second;
        feed(g, m, s, &ids[i], 1);
        line = s->logits;
    }
    golden_check_i32(g, ids, count, "g2p/greedy.new_ids");
    golden_check_f32(g, margins, count, "g2p/greedy.margins");
    free(ids);
    free(margins);
}

static void whole_vocabulary(struct golden *g)
{
    struct ora_err err = {0};
    struct ora_qwen2 *m = ora_xcalloc(1, sizeof *m);
    struct ora_tap tap = golden_tap(g);
    struct session s;
    size_t n, mark = ora_arena_mark(&g->arena);
    bool ok = true;
    int32_t *ids = golden_i32(g, &n, "g2p/in.ids");
    golden_pack(g, bind_whole, m);
    size_t vocab = (size_t)m->dims.vocab, kept = golden_length(g, "g2p/logits");
    int capacity = (int)(n + golden_length(g, "g2p/greedy.new_ids"));
    float *memory = ora_floats(&g->compute, ora_qwen2_cache_floats(m, capacity), &ok);
    s.rope = ora_floats(&g->compute, ora_qwen2_rope_floats(m, capacity), &ok);
    s.logits = ora_floats(&g->compute, vocab * n, &ok);
    s.h = ora_buffer(&g->compute, m->dims.hidden, (int)n, 0, &ok);
    s.rows = ora_arena_alloc(&g->arena, sizeof *s.rows * n);
    golden_must(ok && s.rows ? 0 : ora_no_room(&err, "the language model"), &err, "g2p");
    ora_qwen2_cache_place(m, &s.cache, memory, capacity);
    ora_qwen2_rope(m, s.rope, capacity);
    g->prefix = "g2p/";
    g->compute.tap = &tap;
    feed(g, m, &s, ids, (int)n);
    g->compute.tap = NULL;
    golden_check_f32(g, s.logits + vocab * (n - kept), vocab * kept, "g2p/logits");
    golden_check_f32(g, s.logits + vocab * (n - 1) + g->dims.g2p.speech_start, MEGA_SPEECH_IDS,
                     "g2p/logits_speech");
    greedy(g, m, &s, n);
    ora_arena_reset(&g->arena, mark);
    free(ids);
    free(m);
}

/* ---- restricted ------------------------------------------------------------------------------------------
 */

struct wanted {
    const char *name;
    struct mega_g2p_chunk chunk;
    int32_t *ids;
};

static bool want(const struct golden *g, struct wanted *w, const char *name, const char *ids)
{
    char full[GOLDEN_NAME];
    size_t n;
    *w = (struct wanted){.name = name};
    snprintf(full, sizeof full, "g2p/%s.new_ids", name);
    if (!golden_has(g, "%s", full))
        return false;
    w->ids = golden_i32(g, &n, "g2p/%s", ids);
    w->chunk = (struct mega_g2p_chunk){.ids = w->ids, .count = (int)n, .limit = (int)golden_length(g, full)};
    w->chunk.out = ora_xcalloc(4 * (size_t)w->chunk.limit, sizeof *w->chunk.out);
    w->chunk.margins = ora_xcalloc((size_t)w->chunk.limit, sizeof *w->chunk.margins);
    return true;
}

static void check(struct golden *g, struct wanted *w)
{
    size_t n = (size_t)w->chunk.written;
    int32_t *out = w->chunk.out, *phones = out + n, *tones = phones + n;
    mega_g2p_phones(out, (int)n, phones, tones);
    golden_check_i32(g, phones, n, "g2p/%s.phones", w->name);
    golden_check_i32(g, tones, n, "g2p/%s.tones", w->name);
    for (size_t i = 0; i < n; i++)
        out[i] += g->dims.g2p.speech_start;
    golden_check_i32(g, out, n, "g2p/%s.new_ids", w->name);
    golden_check_f32(g, w->chunk.margins, n, "g2p/%s.margins", w->name);
    free(w->chunk.margins);
    free(out);
    free(w->ids);
}

/* All restricted runs of the golden as one batch: neighbours must not change them. */
static void restricted(struct golden *g)
{
    struct ora_err err = {0};
    struct mega_g2p *m = ora_xcalloc(1, sizeof *m);
    struct wanted w[2];
    struct mega_g2p_chunk chunks[2];
    int n = 0;
    golden_pack(g, bind, m);
    n += want(g, &w[n], "restricted", "in.ids");
    n += want(g, &w[n], "restricted_long", "in.ids_long");
    for (int i = 0; i < n; i++)
        chunks[i] = w[i].chunk;
    golden_must(mega_g2p_run(&g->compute, m, chunks, n, MEGA_G2P_WIDTH, &err), &err, "g2p");
    for (int i = 0; i < n; i++) {
        w[i].chunk = chunks[i];
        check(g, &w[i]);
    }
    free(m);
}

void golden_run_g2p(struct golden *g)
{
    whole_vocabulary(g);
    restricted(g);
}
