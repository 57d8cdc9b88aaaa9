/* oratorio say: one text to one file, by the same path as a run's utterances. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "coordinator/open_run.h"
#include "coordinator/options.h"
#include "models/family.h"
#include "render/render.h"

static const char text[] =
    "TEXT is the text itself; - reads it from stdin (UTF-8). FILE - writes the audio to stdout.\n"
    "Settings are those of the voice's family; `oratorio voice settings VOICE` lists them with their "
    "ranges.\n"
    "With --phonemes TEXT holds the voice's own phone symbols (vits: espeak-ng's IPA; megatts3: 'hh ax l "
    "ow',\n"
    "'n i3 h ao3') and no front end is asked.\n\n"
    "Examples:\n"
    "  oratorio say 'Good morning.' -o morning.flac\n"
    "  oratorio say 'The same each time.' --set noise_scale=0 --set noise_w=0 -o same.wav --format wav\n"
    "  oratorio say -o cold.flac -- '-5 degrees'            after -- a text may begin with a dash\n"
    "  oratorio say - -o - --format wav <note.txt | aplay\n"
    "  oratorio say 'Hello.' -o hello.flac --json | jq .phone_alignment\n";

enum { MIN_PLAN_CHARS = 600, MAX_CHARS = 20000 };

struct say {
    const char *out, *voice, *speaker, *format, *kernels, *precision;
    const char *speed, *seed;
    struct ora_words set;
    bool phonemes, json;
};

static int read_stdin(char **data, struct ora_err *err)
{
    size_t cap = 4 * MAX_CHARS + 1, len;
    char *buf = ora_xmalloc(cap + 1);
    int rc = ora_fd_read_all(STDIN_FILENO, buf, cap, &len, err);
    if (rc < 0) {
        free(buf);
        return rc;
    }
    buf[len] = '\0';
    *data = buf;
    return 0;
}

static int check_text(const char *t, size_t *chars, struct ora_err *err)
{
    size_t len = strlen(t), valid = ora_utf8_valid_prefix(t, len);
    if (valid < len)
        return ora_err_set(err, ORA_E_BAD_INPUT, "the text is not UTF-8 (byte %zu)", valid);
    *chars = ora_utf8_length(t, len);
    if (t[strspn(t, " \t\r\n")] == '\0')
        return ora_err_set(err, ORA_E_BAD_INPUT, "the text is empty");
    if (*chars > MAX_CHARS)
        return ora_err_set(err, ORA_E_LIMIT,
                           "the text has more than %d characters: give it to 'oratorio run'", MAX_CHARS);
    return 0;
}

static int parse_number(const char *name, const char *value, double min, double max, double *out,
                        struct ora_err *err)
{
    char *end;
    double v = strtod(value, &end);
    if (end == value || *end || !(v >= min && v <= max))
        return ora_err_set(err, ORA_E_BAD_USAGE, "--%s wants a number from %g to %g, not '%s'", name, min,
                           max, value);
    *out = v;
    return 0;
}

/* --set name=value … as the JSON object that an utterance carries. */
static int settings_json(const struct ora_voice *voice, const struct ora_words *set, char **json,
                         struct ora_err *err)
{
    const struct ora_family *f = ora_family_find(voice->family);
    struct ora_settings s;
    int rc = ora_settings_init(f, voice, &s, err);
    for (size_t i = 0; rc == 0 && i < set->count; i++)
        rc = ora_settings_from_text(f, set->item[i], &s, err);
    if (rc < 0)
        return rc;
    json_t *o = ora_settings_to_json(f, &s);
    *json = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(o);
    return 0;
}

static int write_out(const char *path, const void *data, size_t len, struct ora_err *err)
{
    if (strcmp(path, "-") == 0)
        return ora_fd_write_all(STDOUT_FILENO, data, len, err);
    return ora_file_write_atomic(path, data, len, 0644, err);
}

static int on_rendered(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    const struct say *s = ctx;
    if (r->rc < 0)
        return ora_err_set(err, r->rc, "%s", r->why.message);
    int rc = write_out(s->out, r->audio.data, r->audio.len, err);
    if (rc < 0 || !s->json)
        return rc;
    json_t *record = json_loadb(r->record, r->record_bytes, 0, NULL);
    if (!record)
        return ora_err_set(err, ORA_E_INTERNAL, "the record is not JSON");
    if (r->detail)
        json_object_set(record, "detail", (json_t *)(uintptr_t)r->detail);
    char *line = json_dumps(record, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    fprintf(strcmp(s->out, "-") == 0 ? stderr : stdout, "%s\n", line);
    free(line);
    json_decref(record);
    return 0;
}

static enum ora_codec codec_of(const char *format)
{
    return strcmp(format, "flac") == 0  ? ORA_CODEC_FLAC
           : strcmp(format, "wav") == 0 ? ORA_CODEC_WAV
                                        : ORA_CODEC_WAV_F32;
}

static int say(struct say *s, const char *spoken, struct ora_err *err)
{
    size_t chars = 0;
    double speed = 1, seed = 0;
    int rc = check_text(spoken, &chars, err);
    if (rc == 0 && s->speed)
        rc = parse_number("speed", s->speed, ORA_SPEED_MIN, ORA_SPEED_MAX, &speed, err);
    if (rc == 0 && s->seed)
        rc = parse_number("seed", s->seed, 0, 9007199254740992.0, &seed, err);
    if (rc < 0)
        return rc;
    struct ora_render_spec spec = {.codec = codec_of(s->format),
                                   .loudness_lufs = NAN,
                                   .peak_dbfs = NAN,
                                   .kernels = s->kernels,
                                   .arithmetic = s->precision,
                                   .sentence_pause_ms = 200,
                                   .seed = (uint64_t)seed,
                                   .max_chars = chars > MIN_PLAN_CHARS ? (uint32_t)chars : MIN_PLAN_CHARS};
    struct ora_renderer *renderer = NULL;
    const struct ora_voice *voice = NULL;
    char *settings = NULL;
    rc = ora_renderer_create(&spec, &renderer, err);
    if (rc == 0)
        rc = ora_renderer_voice(renderer, s->voice, &voice, NULL, err);
    if (rc == 0)
        rc = settings_json(voice, &s->set, &settings, err);
    if (rc == 0) {
        struct ora_utterance u = {.id = "say",
                                  .doc_id = "say",
                                  .role = "line",
                                  .path = "say",
                                  .line = 1,
                                  .text = spoken,
                                  .text_is_phonemes = s->phonemes,
                                  .voice = s->voice,
                                  .speaker = s->speaker,
                                  .speed = speed,
                                  .settings_json = settings};
        rc = ora_renderer_run(renderer, &u, 1, NULL, on_rendered, s, err);
    }
    free(settings);
    ora_renderer_destroy(&renderer);
    return rc;
}

/* The format that was asked for, else what FILE's ending says; an ending that says another is not written
 * over. */
static int choose_format(struct say *s, struct ora_err *err)
{
    const char *base = ora_path_base(s->out), *dot = strrchr(base, '.');
    struct stat st;
    if (strcmp(s->out, "-") != 0 && stat(s->out, &st) == 0 && S_ISDIR(st.st_mode))
        return ora_err_set(err, ORA_E_BAD_USAGE, "-o %s: a folder; a file is wanted", s->out);
    if (s->format)
        return 0;
    bool known = !dot || strcmp(dot, ".flac") == 0 || strcmp(dot, ".wav") == 0;
    if (!known)
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "-o %s: '%s' is not written; .flac and .wav are, or say --format", s->out, dot);
    s->format = dot && strcmp(dot, ".wav") == 0 ? "wav" : "flac";
    return 0;
}

static int run(int argc, char **argv)
{
    struct say s = {.voice = "en_US-joe-medium", .format = NULL};
    const struct ora_option options[] = {
        {.name = "output",
         .arg = "FILE",
         .help = "where the audio goes; - is stdout (required)",
         .type = ORA_OPT_TEXT,
         .value = &s.out,
         .letter = 'o'},
        {.name = "voice",
         .arg = "VOICE",
         .help = "name or folder (default: en_US-joe-medium)",
         .type = ORA_OPT_TEXT,
         .value = &s.voice,
         .letter = 'v'},
        {.name = "speaker",
         .arg = "S",
         .help = "speaker of a voice with several: name or number",
         .type = ORA_OPT_TEXT,
         .value = &s.speaker},
        {.name = "speed",
         .arg = "X",
         .help = "2 is twice as fast (default: 1)",
         .type = ORA_OPT_TEXT,
         .value = &s.speed},
        {.name = "set",
         .arg = "NAME=VALUE",
         .help = "a setting of the voice's family; may be repeated",
         .type = ORA_OPT_LIST,
         .value = &s.set},
        {.name = "seed",
         .arg = "N",
         .help = "of the noise (default: 0)",
         .type = ORA_OPT_TEXT,
         .value = &s.seed},
        {.name = "phonemes",
         .help = "TEXT holds phoneme symbols",
         .type = ORA_OPT_FLAG,
         .value = &s.phonemes},
        {.name = "format",
         .arg = "flac|wav|wav-f32",
         .help = "(default: by FILE's ending, else flac)",
         .type = ORA_OPT_CHOICE,
         .value = &s.format},
        {.name = "kernels",
         .arg = "LEVEL",
         .help = "kernel level, e.g. avx2 (default: the best here)",
         .type = ORA_OPT_TEXT,
         .value = &s.kernels},
        ORA_OPTION_PRECISION_DEFAULT(&s.precision, "exact, or the class of --kernels"),
        {.name = "json",
         .help = "print the record: text, phones, ids, frames and times",
         .type = ORA_OPT_FLAG,
         .value = &s.json},
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_verb_say, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    if (!s.out) {
        fprintf(stderr, "oratorio say: -o FILE is required; see 'oratorio say --help'\n");
        return 2;
    }
    struct ora_err err = {0};
    char *from_stdin = NULL;
    int rc = choose_format(&s, &err);
    if (rc == 0 && strcmp(args.item[0], "-") == 0)
        rc = read_stdin(&from_stdin, &err);
    if (rc == 0)
        rc = say(&s, from_stdin ? from_stdin : args.item[0], &err);
    free(from_stdin);
    if (rc < 0)
        fprintf(stderr, "oratorio say: %s\n", err.message);
    return rc < 0 ? 2 : 0;
}

const struct ora_verb ora_verb_say = {
    .name = "say",
    .synopsis = "TEXT|- -o FILE [OPTION]...",
    .summary = "speak one text into one file",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
