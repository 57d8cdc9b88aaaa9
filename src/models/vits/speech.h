/*
 * Speech: one request from script to samples, phones and words. A sentence is one run of the model; one that
 * is too long for a run is cut at the best place and its pieces follow each other without a pause. Between
 * sentences lie sentence_pause_ms of silence.
 *
 * Samples: a buffer in the arena that holds a usual request, and one run of any length. A longer request goes
 * through it into a file, so that memory is the same for a word and for an hour.
 *
 * Times: a phone lasts as long as the frames of its ids and of the PAD behind them. BOS with its PAD is the
 * phone
 * "^", EOS is "$", a pause between sentences "_": so the phones fill the utterance without gaps.
 */
#ifndef ORA_MODELS_VITS_SPEECH_H
#define ORA_MODELS_VITS_SPEECH_H

#include "base/spool.h"
#include "models/vits/run.h"
#include "models/vits/script.h"

enum { VITS_NOISE_SCALE, VITS_LENGTH_SCALE, VITS_NOISE_W }; /* settings, in the family's order */

struct vits_segment {
    size_t first; /* of speech.ids and speech.frames */
    int count;
    uint32_t start; /* sample */
};

struct vits_speech {
    const struct ora_model *m;
    struct ora_arena *arena;
    const struct ora_request *request;
    struct vits_script *script;
    /* room for all of it is made before the first run */
    struct ora_phone *phone;
    struct ora_word *word;
    struct vits_segment *segment;
    int32_t *ids;
    uint32_t *frames;
    size_t phones, words, segments, ids_count;
    uint32_t total_frames; /* of all runs */
    uint32_t cuts;         /* sentences that had to be cut, once a cut */
    struct ora_str phonemes;
    float *buffer;               /* in the arena */
    size_t buffer_samples, held; /* it has room for; are in it */
    struct ora_spool spool;      /* the samples before those */
    const float *pcm;            /* all of them, when vits_speak is done */
    const struct ora_map *map;   /* that they lie in, or NULL */
    size_t samples;
};

/* Samples that the buffer is planned for: at least one run of any length. */
size_t vits_speech_samples(const struct ora_model *m, uint32_t max_chars);

/* buffer_samples: at least vits_speech_samples of some max_chars; what is said does not depend on it. */
int vits_speak(struct vits_speech *s, size_t buffer_samples, struct ora_err *err);
void vits_speech_release(struct vits_speech *s);
/* {"segments": [{"start", "ids", "frames"}], "dropped": {"ʲ": 2}, "rewritten"}; fresh. */
json_t *vits_speech_detail(const struct vits_speech *s);

#endif
