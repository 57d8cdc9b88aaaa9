/*
 * Reading: token ids become phones, by the language model, for many texts side by side.
 *
 *     struct mega_want want[] = {{.ids = ids, .count = n, .limit = 256, .reading = &r}, …};
 *     mega_read(&c, m, want, count, &err);                // r.ids, r.count, r.ended
 *
 * What was read before comes from the model's cache, which threads share. Ownership: readings are fresh;
 * free(reading.ids).
 */
#ifndef ORA_MODELS_MEGATTS3_READING_H
#define ORA_MODELS_MEGATTS3_READING_H

#include "models/megatts3/model.h"
#include "nn/compute.h"

enum {
    MEGA_READ_IDS_MAX = 512
}; /* tokens of one text, with the prompt round it; the caller splits longer ones */

/* What the language model wrote for a text: relative ids, the end among them. */
struct mega_reading {
    int32_t *ids; /* [count] */
    int count;
    bool ended;
};

struct mega_want {
    const int32_t *ids;
    int count, limit;
    struct mega_reading *reading;
};

/* Ids that a text of `tokens` ids may get. */
int mega_reading_limit(const struct ora_model *m, int tokens);
int mega_read(const struct ora_compute *c, const struct ora_model *m, const struct mega_want *want,
              size_t count, struct ora_err *err);

#endif
