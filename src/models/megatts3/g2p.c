/* Seats and passes: a pass holds one row of every chunk that speaks, and rows of the prompts that wait. */
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

/* ---- memory ---------------------------------------------------------------------------------------------
 */

struct seat {
    struct mega_g2p_chunk *chunk; /* NULL: free */
    struct ora_kv_cache cache;    /* length: ids read so far */
    int row;                      /* of its newest id in this pass, or -1: its prompt goes on */
};

struct run {
    struct seat *seats;
    int count;
    float *memory, *rope, *logits; /* memory: of the caches; logits: [seats][802] */
    int32_t *ids;                  /* [MEGA_G2P_ROWS]: of this pass */
    struct ora_decode_row *rows;
    int n;                  /* rows of this pass */
    struct ora_b16 h, last; /* [hidden] x MEGA_G2P_ROWS, x seats */
};

static bool allocate(const struct ora_compute *c, const struct mega_g2p *m, int seats, int capacity,
                     struct run *r)
{
    size_t caches;
    bool ok = ora_size_mul(ora_qwen2_cache_floats(&m->lm, capacity), (size_t)seats, &caches);
    r->count = seats;
    r->memory = ok ? ora_floats(c, caches, &ok) : NULL;
    r->seats = ora_arena_alloc(c->arena, sizeof *r->seats * (size_t)seats);
    r->ids = ora_arena_alloc(c->arena, sizeof *r->ids * MEGA_G2P_ROWS);
    r->rows = ora_arena_alloc(c->arena, sizeof *r->rows * MEGA_G2P_ROWS);
    r->rope = ora_floats(c, ora_qwen2_rope_floats(&m->lm, capacity), &ok);
    r->logits = ora_floats(c, MEGA_SPEECH_IDS * (size_t)seats, &ok);
    r->h = ora_buffer(c, m->lm.dims.hidden, MEGA_G2P_ROWS, 0, &ok);
    r->last = ora_buffer(c, m->lm.dims.hidden, seats, 0, &ok);
    return ok && r->seats && r->ids && r->rows;
}

size_t mega_g2p_arena_bytes(const struct ora_compute *c, const struct mega_g2p *m, int seats, int capacity)
{
    struct run r;
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute dry = *c;
    size_t pass = ora_qwen2_forward_bytes(c, &m->lm, MEGA_G2P_ROWS, capacity);
    size_t logits = ora_qwen2_logits_bytes(c, &m->lm, seats), all;
    dry.arena = &counts;
    return allocate(&dry, m, seats, capacity, &r) &&
                   ora_size_add(counts.peak_bytes, pass > logits ? pass : logits, &all)
               ? all
               : SIZE_MAX;
}

static void prepare(const struct mega_g2p *m, int capacity, struct run *r)
{
    size_t each = ora_qwen2_cache_floats(&m->lm, capacity);
    for (int i = 0; i < r->count; i++) {
        r->seats[i] = (struct seat){.chunk = NULL};
        ora_qwen2_cache_place(&m->lm, &r->seats[i].cache, r->memory + each * (size_t)i, capacity);
    }
    ora_qwen2_rope(&m->lm, r->rope, capacity);
}

/* ---- running --------------------------------------------------------------------------------------------
 */

/* The next `count` ids of a seat as rows of this pass. */
static void feed(struct run *r, struct seat *s, const int32_t *ids, int count)
{
    for (int i = 0; i < count; i++) {
        r->ids[r->n] = ids[i];
        r->rows[r->n++] = (struct ora_decode_row){&s->cache, s->cache.length++};
    }
    s->row = r->n - 1;
}

/* Chunks that go on have one row each; then prompts share what room there is. Returns whether anybody sits.
 */
static bool gather(const struct mega_g2p *m, struct run *r)
{
    bool any = false;
    r->n = 0;
    for (int i = 0; i < r->count; i++) {
        struct seat *s = &r->seats[i];
        any = any || s->chunk;
        s->row = -1;
        if (!s->chunk || s->chunk->written == 0)
            continue;
        const int32_t *said = s->chunk->forced ? s->chunk->forced : s->chunk->out;
        int32_t id = m->dims.speech_start + said[s->chunk->written - 1];
        feed(r, s, &id, 1);
    }
    for (int i = 0; i < r->count; i++) {
        struct seat *s = &r->seats[i];
        int room = MEGA_G2P_ROWS - r->n;
        if (!s->chunk || s->chunk->written > 0 || room == 0)
            continue;
        int left = s->chunk->count - s->cache.length;
        feed(r, s, s->chunk->ids + s->cache.length, left < room ? left : room);
        if (left > room)
            s->row = -1;
    }
    return any;
}

/* Takes one id for each seat that waits for one; who has ended stands up. */
static int advance(const struct ora_compute *c, const struct mega_g2p *m, struct run *r, struct ora_err *err)
{
    int waiting = 0, rc = 0;
    for (int i = 0; i < r->count; i++)
        if (r->seats[i].chunk && r->seats[i].row >= 0)
            ora_copy(ora_b16_at(r->last, 0, waiting++), ora_b16_at(r->h, 0, r->seats[i].row), 1,
                     m->lm.dims.hidden);
    if (waiting > 0)
        rc = ora_qwen2_logits(c, &m->lm, r->last, waiting, r->logits, err);
    waiting = 0;
    for (int i = 0; rc == 0 && i < r->count; i++) {
        struct mega_g2p_chunk *k = r->seats[i].chunk;
        if (!k || r->seats[i].row < 0)
            continue;
        float *margin = k->margins ? &k->margins[k->written] : NULL;
        int32_t id = choose(r->logits + (ptrdiff_t)MEGA_SPEECH_IDS * waiting++, margin);
        k->out[k->written++] = id;
        k->ended = id == MEGA_G2P_END && !k->forced;
        if (k->ended || k->written == k->limit)
            r->seats[i].chunk = NULL;
    }
    return rc;
}

static int check(const struct mega_g2p *m, const struct mega_g2p_chunk *k, int *capacity, struct ora_err *err)
{
    if (k->count < 1 || k->limit < 1)
        return ora_err_set(err, ORA_E_INTERNAL, "a chunk of %d tokens and a limit of %d", k->count, k->limit);
    for (int t = 0; t < k->count; t++)
        if (k->ids[t] < 0 || k->ids[t] >= m->lm.dims.vocab)
            return ora_err_set(err, ORA_E_INTERNAL, "token %d is outside the vocabulary", k->ids[t]);
    for (int t = 0; k->forced && t < k->limit; t++)
        if (k->forced[t] < 0 || k->forced[t] >= MEGA_SPEECH_IDS)
            return ora_err_set(err, ORA_E_INTERNAL, "id %d is none of speech", k->forced[t]);
    if (k->count + k->limit > *capacity)
        *capacity = k->count + k->limit;
    return 0;
}

int mega_g2p_run(const struct ora_compute *c, const struct mega_g2p *m, struct mega_g2p_chunk *chunks,
                 int count, int width, struct ora_err *err)
{
    struct run r;
    size_t mark = ora_arena_mark(c->arena);
    int capacity = 1, rc = 0, next = 0;
    for (int i = 0; rc == 0 && i < count; i++) {
        rc = check(m, &chunks[i], &capacity, err);
        chunks[i].written = 0;
        chunks[i].ended = false;
    }
    width = width < 1 ? 1 : width > MEGA_G2P_WIDTH_MAX ? MEGA_G2P_WIDTH_MAX : width;
    if (rc == 0 && !allocate(c, m, count < width ? count : width, capacity, &r))
        rc = ora_no_room(err, "the language model's chunks");
    if (rc < 0)
        goto out_reset;
    prepare(m, capacity, &r);
    do {
        for (int i = 0; i < r.count && next < count; i++)
            if (!r.seats[i].chunk) {
                r.seats[i].chunk = &chunks[next++];
                r.seats[i].cache.length = 0;
            }
        if (!gather(m, &r))
            break;
        rc = ora_qwen2_forward(c, &m->lm, r.rope, r.ids, r.rows, r.n, r.h, err);
        if (rc == 0)
            rc = advance(c, m, &r, err);
    } while (rc == 0);
out_reset:
    ora_arena_reset(c->arena, mark);
    return rc;
}

void mega_g2p_phones(const int32_t *out, int written, int32_t *phones, int32_t *tones)
{
    for (int i = 0; i < written; i++)
        mega_phone_split(i ? out[i - 1] : MEGA_SIL, &phones[i], &tones[i]);
}
