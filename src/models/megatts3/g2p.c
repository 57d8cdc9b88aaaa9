/* Prompts first, all chunks' rows in one call; then one row a living chunk and step. */
#include "models/megatts3/g2p.h"

#include <math.h>

struct ora_qwen2_dims mega_g2p_lm_dims(const struct mega_g2p_dims *d, bool whole_head)
{
    return (struct ora_qwen2_dims){.hidden = d->hidden,
                                   .layers = d->layers,
                                   .heads = d->heads,
                                   .kv_heads = d->kv_heads,
                                   .mlp = d->mlp,
                                   .vocab = d->vocab,
                                   .head_first = whole_head ? 0 : d->speech_start,
                                   .head_count = whole_head ? d->vocab : MEGA_SPEECH_IDS,
                                   .rope_theta = d->rope_theta,
                                   .eps = d->eps,
                                   .half = true};
}

void mega_g2p_bind(struct ora_binder *b, const struct mega_g2p_dims *d, struct mega_g2p *m)
{
    struct ora_qwen2_dims lm = mega_g2p_lm_dims(d, false);
    m->dims = *d;
    ora_qwen2_bind(b, &lm, "g2p.model", &m->lm);
}

/* ---- choosing -------------------------------------------------------------------------------------------
 */

static int32_t choose(const float *logits, float *margin)
{
    int32_t best = MEGA_G2P_END;
    float first = -INFINITY, second = -INFINITY;
    for (int32_t id = 1; id < MEGA_SPEECH_IDS; id++) {
        if (!mega_phone_valid(id) && id != MEGA_G2P_END)
            continue;
        if (logits[id] > first) {
            second = first;
            first = logits[id];
            best = id;
        } else if (logits[id] > second) {
            second = logits[id];
        }
    }
    if (margin)
        *margin = first - second;
    return best;
}

/* ---- running --------------------------------------------------------------------------------------------
 */

struct run {
    struct ora_kv_cache *cache; /* one a chunk */
    float *rope, *logits;       /* logits: [chunks][802] */
    int32_t *ids;               /* rows of the next call */
    struct ora_decode_row *rows;
    int *owner; /* the chunk of each living row */
    struct ora_b16 h;
    int most; /* rows of a call */
};

static bool allocate(const struct ora_compute *c, const struct mega_g2p *m,
                     const struct mega_g2p_chunk *chunks, int count, struct run *r)
{
    bool ok = true;
    int longest = 1;
    r->most = 0;
    r->cache = ora_arena_alloc(c->arena, sizeof *r->cache * (size_t)count);
    if (!r->cache)
        return false;
    for (int i = 0; i < count; i++) {
        int capacity = chunks[i].count + chunks[i].limit;
        float *memory = ora_floats(c, ora_qwen2_cache_floats(&m->lm, capacity), &ok);
        if (!ok)
            return false;
        ora_qwen2_cache_place(&m->lm, &r->cache[i], memory, capacity);
        longest = capacity > longest ? capacity : longest;
        r->most += chunks[i].count;
    }
    r->rope = ora_floats(c, ora_qwen2_rope_floats(&m->lm, longest), &ok);
    r->logits = ora_floats(c, MEGA_SPEECH_IDS * (size_t)count, &ok);
    r->ids = ora_arena_alloc(c->arena, sizeof *r->ids * (size_t)r->most);
    r->rows = ora_arena_alloc(c->arena, sizeof *r->rows * (size_t)r->most);
    r->owner = ora_arena_alloc(c->arena, sizeof *r->owner * (size_t)count);
    r->h = ora_buffer(c, m->lm.dims.hidden, r->most, 0, &ok);
    ok = ok && r->ids && r->rows && r->owner;
    if (ok)
        ora_qwen2_rope(&m->lm, r->rope, longest);
    return ok;
}

/* All prompts; the last row of each moves to row i of h. */
static int read_prompts(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_chunk *chunks,
                        int count, struct run *r, struct ora_err *err)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int t = 0; t < chunks[i].count; t++, n++) {
            r->ids[n] = chunks[i].ids[t];
            r->rows[n] = (struct ora_decode_row){&r->cache[i], t};
            if (r->ids[n] < 0 || r->ids[n] >= m->lm.dims.vocab)
                return ora_err_set(err, ORA_E_INTERNAL, "token %d is outside the vocabulary", r->ids[n]);
        }
    int rc = ora_qwen2_forward(c, &m->lm, r->rope, r->ids, r->rows, n, r->h, err);
    n = 0;
    for (int i = 0; i < count; i++) {
        n += chunks[i].count;
        ora_copy(ora_b16_at(r->h, 0, i), ora_b16_at(r->h, 0, n - 1), 1, m->lm.dims.hidden);
        r->cache[i].length = chunks[i].count;
        r->owner[i] = i;
        chunks[i].written = 0;
        chunks[i].ended = false;
    }
    return rc;
}

/* Takes one id for each living row; returns how many live on, their rows compacted. */
static int advance(const struct mega_g2p *m, struct mega_g2p_chunk *chunks, struct run *r, int living)
{
    int n = 0;
    for (int i = 0; i < living; i++) {
        int owner = r->owner[i];
        struct mega_g2p_chunk *k = &chunks[owner];
        float *margin = k->margins ? &k->margins[k->written] : NULL;
        int32_t id = choose(r->logits + (ptrdiff_t)MEGA_SPEECH_IDS * i, margin);
        k->out[k->written++] = id;
        k->ended = id == MEGA_G2P_END;
        if (k->ended || k->written == k->limit)
            continue;
        r->ids[n] = m->dims.speech_start + id;
        r->rows[n] = (struct ora_decode_row){&r->cache[owner], r->cache[owner].length++};
        r->owner[n++] = owner;
    }
    return n;
}

int mega_g2p_run(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_chunk *chunks,
                 int count, struct ora_err *err)
{
    struct run r;
    size_t mark = ora_arena_mark(c->arena);
    if (!allocate(c, m, chunks, count, &r))
        return ora_no_room(err, "the language model's chunks");
    int rc = read_prompts(c, m, chunks, count, &r, err), living = count;
    while (rc == 0 && living > 0) {
        rc = ora_qwen2_logits(c, &m->lm, r.h, living, r.logits, err);
        if (rc == 0)
            living = advance(m, chunks, &r, living);
        if (rc == 0 && living > 0)
            rc = ora_qwen2_forward(c, &m->lm, r.rope, r.ids, r.rows, living, r.h, err);
    }
    ora_arena_reset(c->arena, mark);
    return rc;
}

void mega_g2p_phones(const int32_t *out, int written, int32_t *phones, int32_t *tones)
{
    for (int i = 0; i < written; i++)
        mega_phone_split(i ? out[i - 1] : MEGA_SIL, &phones[i], &tones[i]);
}
