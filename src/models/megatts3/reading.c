/* One call for all; the seats of the language model bound its memory. */
#include "models/megatts3/reading.h"

#include <stdlib.h>

#include "base/mem.h"
#include "models/megatts3/g2p_cache.h"

/* What is forced on random weights: an id a token of the text, some more for short ones. */
enum { PROMPT_IDS = 3, FORCED_MORE = 4 };

int mega_reading_limit(const struct ora_model *m, int tokens)
{
    int forced = tokens - PROMPT_IDS + FORCED_MORE;
    return m->weights_random && forced < m->g2p_limit ? forced : m->g2p_limit;
}

int mega_read(const struct ora_compute *c, const struct ora_model *m, const struct mega_want *want,
              size_t count, struct ora_err *err)
{
    struct mega_g2p_chunk *chunk = ora_xcalloc(count + 1, sizeof *chunk);
    for (size_t i = 0; i < count; i++)
        chunk[i] = (struct mega_g2p_chunk){.ids = want[i].ids,
                                           .count = want[i].count,
                                           .out = ora_xmalloc((size_t)want[i].limit * sizeof(int32_t)),
                                           .limit = want[i].limit};
    struct ora_fpu_state fpu = ora_fpu_enter();
    int rc = mega_g2p_run_cached(c, &m->g2p, m->readings, chunk, (int)count, MEGA_G2P_WIDTH, err);
    ora_fpu_leave(fpu);
    for (size_t i = 0; i < count; i++)
        if (rc == 0)
            *want[i].reading = (struct mega_reading){chunk[i].out, chunk[i].written, chunk[i].ended};
        else
            free(chunk[i].out);
    free(chunk);
    return rc;
}
