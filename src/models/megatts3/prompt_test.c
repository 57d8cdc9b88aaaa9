/* How many latents belong to a recording. */
#include "models/megatts3/prompt.h"

#include <math.h>

#include "base/test.h"

/* What README.md tells users, sample by sample, and the two public prompts. */
ORA_TEST(the_wanted_number_of_latents)
{
    for (size_t n = 1; n < 30 * MEGA_SAMPLE_RATE; n += n < 60000 ? 1 : 997) {
        const struct mega_prompt_input in = {.samples = n, .sample_rate_hz = MEGA_SAMPLE_RATE};
        long told = 2 * (long)((ceil((double)(n + 1) / 1200) + 10) / 1.6);
        if (mega_prompt_latents(&in, 0) != told)
            ORA_FAIL("%zu samples: %d, told %ld", n, mega_prompt_latents(&in, 0), told);
    }
    ORA_CHECK_INT(
        mega_prompt_latents(&(struct mega_prompt_input){.samples = 192001, .sample_rate_hz = 24000}, 0), 212);
    ORA_CHECK_INT(
        mega_prompt_latents(&(struct mega_prompt_input){.samples = 155178, .sample_rate_hz = 24000}, 0), 174);
}
