/* Utterances and their segments: made of a text's chunks, split, let go. */
#include "models/megatts3/segment.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "models/megatts3/settings.h"

/* ---- segments ---------------------------------------------------------------------------------------------
 */

static void forget_reading(struct mega_segment *s)
{
    for (size_t i = 0; s->reading && i < s->chunk.parts; i++)
        free(s->reading[i].ids);
    free(s->reading);
    s->reading = NULL;
}

static void segment_release(struct mega_segment *s)
{
    forget_reading(s);
    for (size_t i = 0; i < s->words; i++)
        free(s->alone[i].ids);
    free(s->alone);
    free(s->word);
    mega_chunk_release(&s->chunk);
    free(s->ids);
    free(s->phones);
    free(s->tones);
    free(s->codes);
    free(s->given);
    free(s->durations);
    free(s->latents);
    memset(s, 0, sizeof *s);
}

static void insert(struct mega_utterance *u, int at, const struct mega_chunk *chunk)
{
    if (u->count == u->room) {
        u->room = u->room ? 2 * u->room : 8;
        u->segment = ora_xrealloc(u->segment, (size_t)u->room * sizeof *u->segment);
    }
    memmove(u->segment + at + 1, u->segment + at, (size_t)(u->count - at) * sizeof *u->segment);
    u->segment[at] = (struct mega_segment){.chunk = *chunk};
    u->segment[at].reading = ora_xcalloc(chunk->parts, sizeof *u->segment[at].reading);
    u->count++;
}

bool mega_segment_keep(struct mega_segment *s, bool last)
{
    const int32_t **generated = ora_xcalloc(s->chunk.parts, sizeof *generated);
    int *written = ora_xcalloc(s->chunk.parts, sizeof *written);
    size_t most = 2;
    for (size_t i = 0; i < s->chunk.parts; i++) {
        generated[i] = s->reading[i].ids;
        written[i] = s->reading[i].count;
        most += (size_t)(s->chunk.part[i].ids ? s->reading[i].count : s->chunk.part[i].count);
    }
    s->ids = ora_xcalloc(most, sizeof *s->ids);
    s->given = ora_xcalloc(2 * most, sizeof *s->given);
    s->given_codes = s->given + most;
    s->count = (int)mega_chunk_phones(&s->chunk, generated, written, s->ids, s->given);
    if (!last && s->given[s->count - 1])
        s->ids[s->count++] = MEGA_SIL;
    for (int i = 0; i < s->count; i++)
        if (s->given[i])
            mega_prompt_codes(&s->given[i], 1, &s->given_codes[i]);
    s->phones = ora_xmalloc((size_t)s->count * sizeof *s->phones);
    s->tones = ora_xmalloc((size_t)s->count * sizeof *s->tones);
    s->durations = ora_xcalloc((size_t)s->count, sizeof *s->durations);
    for (int i = 0; i < s->count; i++)
        mega_phone_split(s->ids[i], &s->phones[i], &s->tones[i]);
    s->read = true;
    free(written);
    free(generated);
    return s->count > 1; /* sil alone is nothing */
}

/* ---- utterances -------------------------------------------------------------------------------------------
 */

void mega_utterance_read(const struct ora_model *m, const struct ora_request *q, struct mega_utterance *u)
{
    struct mega_text_request text = {.text = q->text,
                                     .text_is_phonemes = q->text_is_phonemes,
                                     .heading = q->is_heading,
                                     .rules = q->rules,
                                     .lang = q->lang ? q->lang : m->lang,
                                     .reference =
                                         mega_setting(q, MEGA_NORMALISER) == MEGA_NORMALISER_REFERENCE};
    u->request = q;
    if (q->speaker != 0)
        u->rc = ora_err_set(&u->why, ORA_E_BAD_INPUT, "speaker %d of a voice with 1", q->speaker);
    if (u->rc == 0)
        u->rc = mega_script_make(m->text, &text, &u->script, &u->why);
    if (u->rc < 0)
        return;
    for (size_t i = 0; i < u->script.chunks; i++)
        insert(u, u->count, &u->script.chunk[i]);
    /* the segments own what was in them */
    memset(u->script.chunk, 0, u->script.chunks * sizeof *u->script.chunk);
}

int mega_utterance_split(const struct ora_model *m, struct mega_utterance *u, int at)
{
    struct mega_chunk half[2];
    int rc = mega_chunk_split(m->text, &u->script, &u->segment[at].chunk, half, NULL);
    if (rc < 0)
        return rc;
    segment_release(&u->segment[at]);
    memmove(u->segment + at, u->segment + at + 1, (size_t)(u->count - at - 1) * sizeof *u->segment);
    u->count--;
    insert(u, at, &half[1]);
    insert(u, at, &half[0]);
    u->splits++;
    return 0;
}

void mega_utterance_release(struct mega_utterance *u)
{
    for (int i = 0; i < u->count; i++)
        segment_release(&u->segment[i]);
    free(u->segment);
    free(u->pcm);
    mega_script_release(&u->script);
    memset(u, 0, sizeof *u);
}
