/* How much memory the stages take: each part tells for itself; the largest counts, since they follow each
 * other. */
#include "models/megatts3/dit_sampler.h"
#include "models/megatts3/reading.h"
#include "models/megatts3/settings.h"
#include "models/megatts3/speak.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t latents_bytes(const struct ora_model *m)
{
    const struct mega_prompt *p = &m->prompt;
    struct mega_dit_input in = {.phone_count = p->phone_count + MEGA_SEGMENT_PHONES_MAX,
                                .frames = p->rows * MEGA_LATENT_FRAMES + m->max_chunk_frames,
                                .prompt_rows = p->rows};
    struct mega_sampling how = {.steps = MEGA_STEPS_MAX, .p_w = 1.6, .t_w = 2.5};
    size_t x = (size_t)mega_dit_rows(&in) * MEGA_LATENT * sizeof(float) + 64;
    return larger(x + mega_dit_bytes(&m->dit, m->k, &in, &how),
                  mega_dit_table_bytes(&m->dit, MEGA_TABLE_STEPS));
}

static size_t wave_bytes(const struct ora_model *m)
{
    int own = m->max_chunk_frames / MEGA_LATENT_FRAMES, rows = own + MEGA_VAE_REACH;
    size_t latents = (size_t)rows * MEGA_LATENT * sizeof(float),
           samples = (size_t)own * MEGA_LATENT_HOP * sizeof(float);
    return latents + samples + mega_vae_bytes(&m->vae, rows, MEGA_VAE_REACH);
}

int mega_speak_bytes(const struct ora_model *m, size_t *bytes, struct ora_err *err)
{
    struct ora_arena counts = ora_arena_of_counts();
    struct ora_compute c;
    int rc = ora_compute_init(&c, m->k, &counts, err), prompt = m->prompt.phone_count;
    if (rc < 0)
        return rc;
    size_t read = mega_g2p_arena_bytes(&c, &m->g2p, MEGA_G2P_WIDTH, MEGA_READ_IDS_MAX + m->g2p_limit);
    size_t timed =
        mega_duration_prompt_bytes(&c, &m->duration, prompt, prompt) +
        mega_duration_batch_bytes(&c, &m->duration, MEGA_DURATION_SEATS, prompt, MEGA_SEGMENT_PHONES_MAX);
    size_t most = larger(larger(read, timed), larger(latents_bytes(m), wave_bytes(m)));
    *bytes = counts.used_bytes + most + 4096; /* and what rounding up to cache lines takes */
    return 0;
}
