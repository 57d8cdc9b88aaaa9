/*
 * The tables of a vocabulary and the merging of one piece.
 *
 * Pairs of neighbours lie in one hash table (left id, right id) -> (order learnt, id of both), so that a
 * merge asks one look-up a neighbour and no bytes are compared. A piece is a list of symbols; a heap of
 * possible merges, the first learnt and then the leftmost on top, holds entries that may have gone stale,
 * which is seen when they come up (their symbols have changed). That is n log n where looking for the best
 * pair each time would be n²: a Chinese sentence without marks is one piece.
 */
#include "text/bpe_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/bpe_pieces.h"
#include "text/chars.h"

void ora_ids_add(struct ora_ids *ids, int32_t id)
{
    if (ids->count == ids->cap) {
        ids->cap = ids->cap ? 2 * ids->cap : 32;
        ids->id = ora_xrealloc(ids->id, ids->cap * sizeof *ids->id);
    }
    ids->id[ids->count++] = id;
}

void ora_ids_release(struct ora_ids *ids)
{
    free(ids->id);
    *ids = (struct ora_ids){0};
}

/* ---- pairs
 * -------------------------------------------------------------------------------------------------- */

static uint64_t key_of(int32_t left, int32_t right)
{
    return ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1; /* 0 marks an empty slot */
}

static size_t slot_of(const struct ora_bpe *b, uint64_t key)
{
    uint64_t z = key * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(z ^ z >> 29) & (b->slots - 1);
    while (b->pair[i].key && b->pair[i].key != key)
        i = (i + 1) & (b->slots - 1);
    return i;
}

static void grow(struct ora_bpe *b)
{
    struct ora_bpe_pair *old = b->pair;
    size_t count = b->slots;
    b->slots = count ? 2 * count : 1024;
    b->pair = ora_xcalloc(b->slots, sizeof *b->pair);
    for (size_t i = 0; i < count; i++)
        if (old[i].key)
            b->pair[slot_of(b, old[i].key)] = old[i];
    free(old);
}

bool ora_bpe_pair_add(struct ora_bpe *b, int32_t left, int32_t right, int32_t order, int32_t both)
{
    uint64_t key = key_of(left, right);
    if (2 * (b->pairs + 1) > b->slots)
        grow(b);
    size_t i = slot_of(b, key);
    if (b->pair[i].key)
        return false;
    b->pair[i] = (struct ora_bpe_pair){key, order, both};
    b->pairs++;
    if (!b->token[both].order || order < b->token[both].order)
        b->token[both].order = order;
    return true;
}

static const struct ora_bpe_pair *pair_at(const struct ora_bpe *b, int32_t left, int32_t right)
{
    if (!b->slots)
        return NULL;
    const struct ora_bpe_pair *p = &b->pair[slot_of(b, key_of(left, right))];
    return p->key ? p : NULL;
}

/* ---- merging
 * ------------------------------------------------------------------------------------------------ */

struct symbol {
    int32_t id; /* -1: merged into the one before it */
    uint32_t before, after;
};
struct merge {
    int32_t order, both;
    uint32_t at;
    int32_t left, right; /* what the two were when this was found */
};

struct merger {
    const struct ora_bpe *b;
    struct symbol *symbol;
    struct merge *heap;
    size_t symbol_cap, heap_count, heap_cap;
};

enum { NONE = UINT32_MAX };

static bool sooner(const struct merge *x, const struct merge *y)
{
    return x->order != y->order ? x->order < y->order : x->at < y->at;
}

static void push(struct merger *m, struct merge entry)
{
    if (m->heap_count == m->heap_cap) {
        m->heap_cap = m->heap_cap ? 2 * m->heap_cap : 64;
        m->heap = ora_xrealloc(m->heap, m->heap_cap * sizeof *m->heap);
    }
    size_t i = m->heap_count++;
    for (; i && sooner(&entry, &m->heap[(i - 1) / 2]); i = (i - 1) / 2)
        m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = entry;
}

static struct merge pop(struct merger *m)
{
    struct merge top = m->heap[0], last = m->heap[--m->heap_count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < m->heap_count) {
        if (child + 1 < m->heap_count && sooner(&m->heap[child + 1], &m->heap[child]))
            child++;
        if (!sooner(&m->heap[child], &last))
            break;
        m->heap[i] = m->heap[child];
        i = child;
    }
    m->heap[i] = last;
    return top;
}

/* The merge of the symbol at `at` with the one after it, if there is one. */
static void consider(struct merger *m, uint32_t at)
{
    if (at == NONE || m->symbol[at].after == NONE)
        return;
    int32_t left = m->symbol[at].id, right = m->symbol[m->symbol[at].after].id;
    const struct ora_bpe_pair *p = pair_at(m->b, left, right);
    if (p)
        push(m, (struct merge){p->order, p->both, at, left, right});
}

static void apply(struct merger *m, const struct merge *best)
{
    struct symbol *left = &m->symbol[best->at];
    uint32_t gone = left->after;
    if (left->id != best->left || gone == NONE || m->symbol[gone].id != best->right)
        return;
    left->id = best->both;
    left->after = m->symbol[gone].after;
    m->symbol[gone].id = -1;
    if (left->after != NONE)
        m->symbol[left->after].before = best->at;
    consider(m, left->before);
    consider(m, best->at);
}

/* Merges learnt before `limit` only. */
static void piece_ids(struct merger *m, const unsigned char *bytes, size_t len, int32_t limit,
                      struct ora_ids *ids)
{
    if (len > m->symbol_cap) {
        m->symbol_cap = len > 256 ? 2 * len : 256;
        m->symbol = ora_xrealloc(m->symbol, m->symbol_cap * sizeof *m->symbol);
    }
    for (size_t i = 0; i < len; i++)
        m->symbol[i] = (struct symbol){m->b->byte_id[bytes[i]], i ? (uint32_t)i - 1 : NONE,
                                       i + 1 < len ? (uint32_t)i + 1 : NONE};
    for (size_t i = 0; i + 1 < len; i++)
        consider(m, (uint32_t)i);
    while (m->heap_count) {
        struct merge best = pop(m);
        if (best.order < limit)
            apply(m, &best);
    }
    for (uint32_t i = 0; i != NONE; i = m->symbol[i].after)
        ora_ids_add(ids, m->symbol[i].id);
}

/* ---- texts
 * -------------------------------------------------------------------------------------------------- */

static int encode_plain(const struct ora_bpe *b, const char *text, size_t len, struct ora_ids *ids,
                        struct ora_err *err)
{
    struct ora_str composed = ORA_STR_INIT;
    struct merger m = {.b = b};
    size_t good = ora_utf8_valid_prefix(text, len);
    if (good < len)
        return ora_err_set(err, ORA_E_BAD_INPUT, "text is not UTF-8 at byte %zu (0x%02X)", good,
                           (unsigned char)text[good]);
    if (len > ORA_BPE_MAX_BYTES)
        return ora_err_set(err, ORA_E_LIMIT, "text of %zu bytes; at most %d can be encoded", len,
                           ORA_BPE_MAX_BYTES);
    const char *nfc = ora_nfc(text, &len, &composed);
    for (size_t at = 0, n; at < len; at += n) {
        n = ora_bpe_piece(nfc + at, len - at);
        piece_ids(&m, (const unsigned char *)nfc + at, n, INT32_MAX, ids);
    }
    free(m.symbol);
    free(m.heap);
    ora_str_release(&composed);
    return 0;
}

int ora_bpe_encode(const struct ora_bpe *bpe, const char *text, size_t len, struct ora_ids *ids,
                   struct ora_err *err)
{
    return encode_plain(bpe, text, len, ids, err);
}

int ora_bpe_encode_added(const struct ora_bpe *bpe, const char *text, size_t len, struct ora_ids *ids,
                         struct ora_err *err)
{
    size_t plain = 0;
    for (size_t at = 0; at < len;) {
        const struct ora_bpe_added *a = ora_bpe_added_at(bpe, text + at, len - at);
        if (!a) {
            at++;
            continue;
        }
        int rc = encode_plain(bpe, text + plain, at - plain, ids, err);
        if (rc < 0)
            return rc;
        ora_ids_add(ids, a->id);
        at += a->len;
        plain = at;
    }
    return encode_plain(bpe, text + plain, len - plain, ids, err);
}

size_t ora_bpe_tokens(const struct ora_bpe *bpe)
{
    return bpe->tokens;
}

size_t ora_bpe_pairs(const struct ora_bpe *bpe)
{
    return bpe->pairs;
}

bool ora_bpe_token(const struct ora_bpe *bpe, int32_t id, struct ora_str *bytes)
{
    if (id < 0 || (size_t)id >= bpe->tokens || !bpe->token[id].len)
        return false;
    ora_str_addn(bytes, bpe->bytes.data + bpe->token[id].start, bpe->token[id].len);
    return true;
}

bool ora_bpe_halves(const struct ora_bpe *bpe, int32_t id, int32_t halves[2])
{
    struct merger m = {.b = bpe};
    struct ora_ids ids = {0};
    if (id < 0 || (size_t)id >= bpe->tokens || bpe->token[id].len < 2)
        return false;
    /* The order of the merge that makes it: its own rank, or its line. */
    int32_t order = bpe->token[id].order;
    piece_ids(&m, (const unsigned char *)bpe->bytes.data + bpe->token[id].start, bpe->token[id].len, order,
              &ids);
    bool two = ids.count == 2;
    if (two)
        memcpy(halves, ids.id, 2 * sizeof *halves);
    free(m.symbol);
    free(m.heap);
    ora_ids_release(&ids);
    return two;
}
