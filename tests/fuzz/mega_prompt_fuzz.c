/* A cloned voice's file: whatever its header says, a prompt that is taken is one that networks can index by.
 */
#include <stdint.h>
#include <stdlib.h>

#include "models/megatts3/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_weights *w = NULL;
    struct mega_prompt p;
    struct ora_err err = {0};
    if (ora_weights_parse(data, size, "fuzz", &w, &err) < 0)
        return 0;
    if (mega_prompt_read(&p, w, NULL, &err) == 0) {
        int64_t frames = 0;
        for (int i = 0; i < p.phone_count; i++) {
            if (p.phones[i] < 1 || p.phones[i] > 173 || p.tones[i] < 0 || p.tones[i] > 15 ||
                p.durations[i] < 0)
                abort();
            frames += p.durations[i];
        }
        if (frames != 4 * (int64_t)p.rows)
            abort();
        mega_prompt_release(&p);
    }
    ora_weights_close(&w);
    return 0;
}
