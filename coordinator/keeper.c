#include "coordinator/keeper.h"

enum { JOIN_PATIENCE_MS = 30000, BACKOFF_MS = 500, BACKOFF_MAX_MS = 8000 };

static int64_t backoff_ms(unsigned starts)
{
    int64_t ms = BACKOFF_MS;
    while (starts-- > 1 && ms < BACKOFF_MAX_MS)
        ms *= 2;
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

int64_t ora_keeper_ask(struct ora_keeper *k, const struct ora_keeper_view *v, int64_t now_ms)
{
    if (v->batches_done > k->done_at_start)
        k->starts = 0;
    if (k->expected_joins) {
        bool joined = v->joined >= k->expected_joins,
             over = !v->launching || now_ms - k->started_ms >= JOIN_PATIENCE_MS;
        if (!joined && !over)
            return 0;
        k->expected_joins = 0;
        k->not_before_ms = joined ? 0 : now_ms + backoff_ms(k->starts);
    }
    uint64_t wanted = k->wanted < v->open_batches + v->alive ? k->wanted : v->open_batches + v->alive;
    if (v->open_batches == 0 || v->alive >= wanted)
        return 0;
    if (k->starts == ORA_KEEPER_STARTS)
        return -1;
    if (k->not_before_ms == 0 && k->starts > 0) { /* somebody died just now */
        k->not_before_ms = now_ms + backoff_ms(k->starts);
        return 0;
    }
    if (now_ms < k->not_before_ms)
        return 0;
    k->starts++;
    k->done_at_start = v->batches_done;
    k->started_ms = now_ms;
    k->not_before_ms = 0;
    uint32_t missing = (uint32_t)(wanted - v->alive);
    k->expected_joins = v->joined + missing;
    return missing;
}
