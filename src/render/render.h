/*
 * Render: one utterance becomes finished, encoded audio and its record. The one path that workers, `say`,
 * `verify` and `voice check` share, so that what is heard in one is what is stored by another.
 *
 *     struct ora_renderer *r = ora_renderer_create(&spec, &err);
 *     ora_renderer_voice(r, "en_US-joe-medium", &index, &err);         // opens once, kept
 *     ora_renderer_run(r, utterances, count, on_rendered, ctx, &err);  // on_rendered once an utterance, in
 * order ora_renderer_destroy(&r);
 *
 * Stages: front end and synth (family) → finish (trim, resample, loudness, peak, checks, PCM, encode) →
 * record. Memory is flat: what is long lies in files without a name while it is made (base/spool.h).
 * Determinism: audio bytes and record depend on spec, utterance, voice and class of arithmetic only. The
 * record holds nothing of who rendered it, where, when or how fast. Threads: one renderer a thread (it owns
 * the arena).
 */
#ifndef ORA_RENDER_RENDER_H
#define ORA_RENDER_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/codec.h"
#include "base/err.h"
#include "models/family.h"

struct ora_render_spec {
    enum ora_codec codec;       /* FLAC and WAV are 16 bit */
    int sample_rate_hz;         /* 0: the voice's own */
    double loudness_lufs;       /* integrated target; NAN: off */
    double peak_dbfs;           /* ceiling after gain; NAN: off */
    bool trim_silence;          /* lead and tail to 50 ms */
    uint32_t sentence_pause_ms; /* inside one utterance */
    uint32_t max_chars;         /* the arena is planned for it */
    uint64_t seed;
    const char *lexicon_path; /* or NULL */
    const char *kernels;      /* a level; NULL or "auto": the best here of the class */
    const char *arithmetic;   /* a word of nn/kernels/precision.h, a job's is a class; NULL: exact */
    const char *cache_dir;    /* packed weights; or NULL */
    const char
        *spool_dir; /* where sound lies that is too long for memory, without a name; NULL: base/spool.h */
    struct ora_pulse *pulse; /* of the models (family.h); or NULL */
    /* Where no level is asked for: the level of the class that this host renders the voice best at, a
     * constant; NULL: what the processor suggests. It changes no byte. May be NULL. */
    const char *(*prefer)(const struct ora_voice *voice, const char *arithmetic);
};

struct ora_utterance {
    const char *id;
    const char *source_id; /* or NULL */
    const char *doc_id;
    const char *chapter_title;               /* or NULL */
    uint32_t doc, chapter, paragraph, index; /* index counts within the document */
    uint32_t split, split_count;
    const char *role; /* "sentence", "heading", "line" */
    const char *path; /* the input it came from */
    uint64_t line;
    const char *text;
    bool text_is_phonemes;
    const char *voice;   /* name */
    const char *speaker; /* name or number, or NULL */
    const char *lang;    /* or NULL */
    double speed;
    const char *settings_json; /* overrides over voice and job, or NULL */
    const char *extra_json;    /* unknown keys of the input record, or NULL */
};

/* Signal checks, of the samples before rounding: dBFS of full scale 1.0, seconds. */
struct ora_checks {
    double rms_dbfs, peak_dbfs; /* -INFINITY for silence */
    double lufs;                /* the same; NAN unless loudness is on */
    uint32_t clip_count;
    bool peak_limited; /* the peak ceiling kept it below the loudness asked for */
    double lead_silence_s, trail_silence_s, max_silence_s;
    double chars_per_s;               /* letters of normalized_text: white space and ,.!?"' are not counted */
    double s_per_phone, bandwidth_hz; /* 0 when there are none */
};

struct ora_rendered {
    size_t index;            /* into the array given to run */
    int rc;                  /* 0, or why there is no audio (then only `why` and the two below are set) */
    struct ora_err why;      /* its class: BAD_INPUT ends this utterance, the others are not its fault */
    const char *reason_code; /* of class BAD_INPUT: "bad-input", "too-long", "unknown-speaker",
                                "bad-settings", "foreign-script", "no-words", "no-audio", "not-finite",
                                "runaway"; else "" */
    bool failed; /* of class BAD_INPUT: the model is to blame and not the text: FAILED, not REJECTED */
    struct ora_bytes audio; /* encoded file */
    const char *extension;  /* "flac", "wav" */
    const char *record;     /* canonical JSON, one line and a newline */
    size_t record_bytes;
    uint64_t samples;
    int sample_rate_hz;
    char pcm_sha256[65]; /* of the little-endian 16-bit samples (f32 for WAV_F32) */
    struct ora_checks checks;
    double synth_s;       /* thread CPU seconds: for the database, never for the record */
    const json_t *detail; /* what the family tells beyond the record (`say --json`), or NULL */
};

/* A negative return ends the run with that code. Everything holds until it returns. */
typedef int ora_rendered_fn(void *ctx, const struct ora_rendered *rendered, struct ora_err *err);

struct ora_renderer;

int ora_renderer_create(const struct ora_render_spec *spec, struct ora_renderer **r, struct ora_err *err);
void ora_renderer_destroy(struct ora_renderer **r);
/* Opens a voice (name or path) unless it is open; *voice and *model are borrowed; each may be NULL. */
int ora_renderer_voice(struct ora_renderer *r, const char *name, const struct ora_voice **voice,
                       const struct ora_model **model, struct ora_err *err);
/* The kernel level of the last voice used (a family without kernels says "scalar"); "" before. */
const char *ora_renderer_level(const struct ora_renderer *r);
/* From now on one utterance at a time goes to the model, or (false) as many together as its family likes: the
 * same audio, but while several are in work nobody knows which of them crashed it. */
void ora_renderer_alone(struct ora_renderer *r, bool alone);
/* before(ctx, index) is called when utterance index goes to the model, and when it is the next of those that
 * went together: a supervisor that knows it can name the one that crashed. May be NULL. */
int ora_renderer_run(struct ora_renderer *r, const struct ora_utterance *utterances, size_t count,
                     void (*before)(void *ctx, size_t index), ora_rendered_fn *on_rendered, void *ctx,
                     struct ora_err *err);

#endif
