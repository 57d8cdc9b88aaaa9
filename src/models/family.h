/*
 * Family: the code that runs one kind of model. A family is one folder, one const struct ora_family,
 * and one row in families.def, which the registry and CMake both read.
 *
 * Calling sequence (one engine, one compute thread):
 *
 *     const struct ora_family *f = ora_family_find(voice->family);
 *     f->open(voice, &options, &model, &err);              // maps weights; the model is const afterwards
 *     f->plan(model, &limits, &plan, &err);                // how large an arena synth needs
 *     ora_arena_init(&arena, plan.arena_bytes, &err);
 *     f->synth(model, &arena, requests, count, emit, ctx, &err);   // emit is called once a request, in order
 *     f->close(&model);
 *
 * Threads: a model may be shared by threads that each have their own arena, except that a front end may hold a
 * process-wide lock (espeak-ng). Determinism: what synth gives for a request depends on the voice, the request
 * and the kernel level only: never on its neighbours, their number, or time.
 */
#ifndef ORA_MODELS_FAMILY_H
#define ORA_MODELS_FAMILY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/pulse.h"
#include "base/str.h"
#include "base/yaml.h"

struct ora_text_rules; /* text/rules.h: lexicon and normaliser, read-only, shared */

/* ---- what a voice is (filled by src/voice from voice.yaml) ------------------------------------------------- */

struct ora_voice {
    char *name;               /* "en_US-joe-medium" */
    char *family;             /* "vits" */
    char *dir;                /* the folder of voice.yaml */
    char *weights_path;       /* model.safetensors in it; NULL for a family without weights */
    char model_sha256[65];    /* of the weights file; of voice.yaml where there are no weights */
    char *lang;               /* BCP-47: "en-US" */
    char *license;            /* short: "CC0-1.0 (data set); …" */
    char *license_note;       /* what a user must know beyond it; may be NULL */
    char *source;             /* where the model came from; may be NULL */
    int sample_rate_hz;       /* native rate */
    int speaker_count;        /* >= 1 */
    char **speaker_names;     /* speaker_count of them, or NULL */
    int default_speaker;
    bool weights_random;      /* made by a formula: its audio is noise and records say so */
    char *base_name;          /* of the voice whose networks a cloned voice speaks with; NULL: it has its own */
    struct ora_voice *base;   /* that voice; owned; NULL without base_name, and where no file was looked at */
    char *consent;            /* whose voice it is and that they agreed; a cloned voice has it, others may */
    struct ora_yaml *doc;     /* the whole voice.yaml; owned */
    const struct ora_yaml_node *family_config; /* its map under the family's name: read by the family; may be NULL */
    const struct ora_yaml_node *default_settings; /* its `settings` map; may be NULL */
};

/* ---- settings ----------------------------------------------------------------------------------------------- */

enum ora_setting_type { ORA_SETTING_NUMBER, ORA_SETTING_INTEGER, ORA_SETTING_CHOICE };
enum { ORA_SETTINGS_MAX = 24 };

/* What a speed may be, wherever it is given. */
#define ORA_SPEED_MIN 0.1
#define ORA_SPEED_MAX 10.0

struct ora_setting_def {
    const char *name;           /* "noise_scale" */
    enum ora_setting_type type;
    double fallback, min, max;  /* a CHOICE is the index of its word */
    const char *const *choices; /* NULL-terminated, for CHOICE */
    const char *help;           /* one line */
};

struct ora_settings {
    double value[ORA_SETTINGS_MAX]; /* parallel to family->settings */
};

/* What speech costs before anything was measured: what `plan` foretells and batches are sized by. */
struct ora_cost {
    double audio_s_per_char;   /* at speed 1 */
    double core_s_per_audio_s; /* of one core */
    double chars_per_minute;   /* text that costs about a minute of one core; 0: the job's default */
};

/* ---- synthesis ---------------------------------------------------------------------------------------------- */

struct ora_request {
    const char *id;            /* utterance id: with the seed it keys the noise */
    const char *text;          /* valid UTF-8, NFC, NUL-terminated, not blank */
    bool text_is_phonemes;     /* text holds the family's phoneme symbols: no front end */
    bool is_heading;           /* text is a heading, not speech: "I." is a number there */
    const struct ora_text_rules *rules; /* may be NULL: no lexicon, default normalising */
    const char *lang;          /* BCP-47 or NULL: the voice's */
    int speaker;               /* index */
    double speed;              /* 1 = the voice's own; 2 = twice as fast */
    uint64_t seed;             /* the job's */
    uint32_t sentence_pause_ms; /* between the sentences inside one request; silence that the model itself makes there counts */
    struct ora_settings settings;
};

struct ora_phone {
    char symbol[16];       /* UTF-8, NUL-terminated */
    uint32_t start, count; /* samples at the native rate, from the start of the utterance */
};

enum { ORA_WORD_MERGED = 1, ORA_WORD_APPROXIMATE = 2, ORA_WORD_UNKNOWN = 4 };

struct ora_word {
    uint32_t text_start, text_len; /* bytes of normalized_text */
    uint32_t start, count;         /* samples; 0,0 with ORA_WORD_UNKNOWN */
    uint32_t flags;
};

/* What one request became. All pointers belong to the family and hold until emit returns. */
struct ora_spoken {
    const float *pcm;            /* mono, nominally -1..1, not yet gained or clipped */
    size_t samples;
    const struct ora_map *map;   /* the file that pcm lies in, where there was too much for memory: a reader lets go of
                                    what it has read (ora_bytes_rest); NULL: memory */
    int sample_rate_hz;
    const char *normalized_text; /* the text that was spoken, after lexicon and normalising */
    const char *phonemes;        /* as given to the model, segments joined by a newline */
    const char *lang;            /* BCP-47 of the front end that read the text, or NULL: the one that was asked for */
    const struct ora_phone *phones;
    size_t phone_count;
    const struct ora_word *words;
    size_t word_count;
    uint32_t segments;           /* model runs */
    uint32_t frames;
    uint32_t dropped_phonemes;   /* not in the voice's inventory, left out */
    uint32_t forced_cuts;        /* where a model run would have been too long, or found no end, and its text was cut */
    json_t *detail;              /* family-specific extras for --json and the record, or NULL; borrowed */
};

/* rc 0: spoken is set. rc < 0: this request failed with *why (class BAD_INPUT: reject), the others go on.
 * A negative return ends synth with that code. */
typedef int ora_emit_fn(void *ctx, size_t index, int rc, const struct ora_spoken *spoken, const struct ora_err *why);

struct ora_model; /* each family defines its own */

struct ora_open_options {
    const char *kernels;   /* level name, or NULL / "auto": the best this processor has */
    const char *cache_dir; /* where packed weights lie; NULL: the default (XDG cache) */
    const char *spool_dir; /* where samples lie that are too many for memory; outlives the model; NULL: base/spool.h */
    struct ora_pulse *pulse; /* beats while a model works, at least every minute or so; outlives it; or NULL */
    int decode_chunk_frames; /* 0: the family's choice; tests vary it, bytes must not change */
};

struct ora_limits {
    uint32_t max_chars;    /* longest text of one request, in code points */
};

struct ora_plan {
    size_t arena_bytes;
    uint32_t max_batch;    /* most requests of one synth call that help; 1 = they are run one by one */
};

struct ora_import_options {
    const char *out_dir;   /* the voice's folder (a temporary one: the caller renames it when all went well) */
    const char *name;      /* the voice's name */
    void (*progress)(void *ctx, const char *what, double share);
    void *progress_ctx;
    const char *dims;      /* sizes other than the released ones: a file, or a set of make_random's ("mini"); may be NULL */
    void (*note)(void *ctx, const char *text);      /* what a user should know of what was read; may be NULL */
    void (*read_file)(void *ctx, const char *path); /* a file was read: it goes into the provenance; may be NULL */
    void *log_ctx;         /* of note and read_file */
};

struct ora_add_options {
    const char *out_dir;           /* as for import */
    const struct ora_voice *base;  /* an open voice of the family */
    const char *prompt;            /* a recording, WAV or FLAC */
    const char *latents;           /* what the family's encoder makes of it, ready-made; NULL: by the encoder */
    const char *encoder_seed;      /* of the encoder's noise: digits; NULL: none, its means are taken */
    const char *kernels;           /* as in ora_open_options */
    void (*progress)(void *ctx, const char *what, double share);    /* may be NULL */
    void (*note)(void *ctx, const char *text); /* what a user should know of the recording; may be NULL */
    void *ctx;                     /* of both */
};

/* ---- what `voice check` asks a family ------------------------------------------------------------------------ */

enum ora_verdict { ORA_VERDICT_PASS, ORA_VERDICT_NOTE, ORA_VERDICT_WARN, ORA_VERDICT_FAIL };

typedef void ora_finding_fn(void *ctx, enum ora_verdict verdict, const char *what, const char *text);

/* A setting at two values: the check renders both and tells how far apart they are. */
struct ora_probe {
    const char *setting;
    double low, high;
};

/* A file of a public release that import reads: whose it is can be told by its hash. */
struct ora_known_file {
    uint64_t bytes;
    const char *sha256_start; /* the first digits; NULL ends the list */
    const char *origin;       /* "ByteDance's release" */
};

struct ora_family {
    const char *name;
    const char *summary;                    /* one line for `voice list` and --help */
    const struct ora_setting_def *settings; /* ends with a NULL name */
    bool ends_silent;                       /* its speech ends in a silence of its own, which is part of the job's pause
                                               after it, not added (the chapters view) */
    struct ora_cost usual;                  /* of a usual voice with the fallbacks of its settings */
    /* May be NULL: `usual` holds for all. What this voice costs with these settings; chars_per_minute is the
     * caller's. Quick enough to be asked for every utterance: no file is opened. */
    void (*cost)(const struct ora_voice *voice, const struct ora_settings *settings, struct ora_cost *cost);

    int (*open)(const struct ora_voice *voice, const struct ora_open_options *options, struct ora_model **model,
                struct ora_err *err);
    void (*close)(struct ora_model **model);
    int (*plan)(const struct ora_model *model, const struct ora_limits *limits, struct ora_plan *plan,
                struct ora_err *err);
    int (*synth)(const struct ora_model *model, struct ora_arena *arena, const struct ora_request *requests,
                 size_t count, ora_emit_fn *emit, void *emit_ctx, struct ora_err *err);
    const char *(*level)(const struct ora_model *model); /* the kernel level in use: "avx512" */
    /* May be NULL. Whether the phones that a text gives itself, in [[ ]] or all of it, are this voice's: 0, or
     * BAD_INPUT naming the first that is none, or NO_WORDS where nothing of the text sounds. Reads voice.yaml and no weights; synth runs the same check, so that
     * a job's texts can be judged before any is spoken. */
    int (*check_phones)(const struct ora_voice *voice, const char *text, bool text_is_phonemes, struct ora_err *err);

    /* May be NULL. Reads a foreign model file or folder, writes model.safetensors into out_dir and appends the
     * family's part of voice.yaml (lang, sample_rate_hz, speakers, settings, <family>: …) to *yaml. The caller
     * (src/voice/import.c) writes name, family, licence, weights and provenance. */
    int (*import)(const char *path, const struct ora_import_options *options, struct ora_str *yaml,
                  struct ora_err *err);
    const char *import_reads; /* what import reads, for messages: "a Piper .onnx with …"; NULL where there is no import */
    /* May be NULL. Whether such a thing lies at the path (a file, or a folder that is there), by names alone; appends to
     * *what, what it takes it for: "the release of MegaTTS 3: diffusion_transformer, g2p". */
    bool (*import_knows)(const char *path, struct ora_str *what);
    const struct ora_known_file *known_files; /* may be NULL: no release is known */
    const char *import_license, *import_note; /* of what import reads, where nobody says otherwise; may be NULL */
    /* May be NULL. Writes a voice whose weights are a formula of the seed: it speaks noise. As import. */
    int (*make_random)(const char *seed, const struct ora_import_options *options, struct ora_str *yaml,
                       struct ora_err *err);
    /* May be NULL. Makes a cloned voice of a recording: writes model.safetensors into out_dir and appends the
     * family's part of voice.yaml, which must have base_sha256. The caller (src/voice/add.c) writes the rest. */
    int (*add)(const struct ora_add_options *options, struct ora_str *yaml, struct ora_err *err);
    /* May be NULL: no voice is. A base has networks and nobody's voice; that it does not open is no fault. */
    bool (*is_base)(const struct ora_voice *voice);
    /* May be NULL: every voice is. Can it do what it is for: a base give voices that speak, any other voice speak?
     * From voice.yaml and the base's alone, so that a plan can ask. VOICE: what is missing or has changed, and what
     * to do. */
    int (*ready)(const struct ora_voice *voice, struct ora_err *err);
    /* May be NULL. What there is to tell of a voice's files, base or not; a negative return: it could not be done. */
    int (*inspect)(const struct ora_voice *voice, ora_finding_fn *finding, void *ctx, struct ora_err *err);
    const struct ora_probe *probe; /* may be NULL */
    /* May be NULL. Facts about an open voice for `voice describe` and `voice check` (dims, untrained symbols, …);
     * *facts is a fresh object. */
    int (*describe)(const struct ora_model *model, json_t **facts, struct ora_err *err);
};

/* ---- registry ----------------------------------------------------------------------------------------------- */

const struct ora_family *ora_family_find(const char *name); /* NULL when unknown */
const struct ora_family *ora_family_at(size_t index);       /* NULL past the last */

/* Fallbacks, then the voice's own defaults. */
int ora_settings_init(const struct ora_family *f, const struct ora_voice *voice, struct ora_settings *s,
                      struct ora_err *err);
/* Overrides from a JSON object or a YAML map; an unknown name is refused with "did you mean". Either may be NULL. */
int ora_settings_from_json(const struct ora_family *f, const json_t *object, struct ora_settings *s, struct ora_err *err);
int ora_settings_from_yaml(const struct ora_family *f, const struct ora_yaml_node *map, struct ora_settings *s,
                           struct ora_err *err);
/* One "name=value" of a command line. */
int ora_settings_from_text(const struct ora_family *f, const char *assignment, struct ora_settings *s, struct ora_err *err);
/* The family's hook, or its usual figures. */
void ora_family_cost(const struct ora_family *f, const struct ora_voice *voice, const struct ora_settings *s,
                     struct ora_cost *cost);
json_t *ora_settings_to_json(const struct ora_family *f, const struct ora_settings *s); /* fresh; canonical order */

#endif
