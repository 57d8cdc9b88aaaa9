/* oratorio voice import, add, make-random. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "coordinator/voice_deeds.h"
#include "voice/add.h"
#include "voice/import.h"

/* What several of them have. */
struct making {
    const char *name, *out, *license, *note, *source, *dims;
    bool replace;
};

#define OPTION_TEXT(long_name, what, means, to)                                                              \
    {                                                                                                        \
        .name = long_name, .arg = what, .help = means, .type = ORA_OPT_TEXT, .value = (to)                   \
    }
#define OPTION_OUT(m, otherwise)                                                                             \
    OPTION_TEXT("out", "DIR", "the folder of voices (default: " otherwise ")", &(m)->out)
#define FIRST_PLACE            "the first of $ORATORIO_VOICES, or ./voices"
#define OPTION_NOTE(m)         OPTION_TEXT("note", "TEXT", "what else a user must know of the licence", &(m)->note)
#define OPTION_SOURCE(m, what) OPTION_TEXT("source", "TEXT", "where the " what " came from", &(m)->source)
#define OPTION_REPLACE(m)                                                                                    \
    {                                                                                                        \
        .name = "replace", .help = "replace a voice of that name", .type = ORA_OPT_FLAG,                     \
        .value = &(m)->replace                                                                               \
    }

/* ---- on the screen -------------------------------------------------------------------------- */

struct shown {
    int64_t last_ms;
    bool line_open;
};

/* On a terminal one line that changes; elsewhere a line now and then, so that a log stays short. */
static void on_progress(void *ctx, const char *what, double share)
{
    struct shown *s = ctx;
    bool terminal = isatty(STDERR_FILENO);
    int64_t now = ora_clock_mono_ms();
    if (now - s->last_ms < (terminal ? 100 : 5000))
        return;
    s->last_ms = now;
    fprintf(stderr, terminal ? "\r%-12s %3.0f %%" : "%s %.0f %%\n", what, 100 * share);
    s->line_open = terminal;
}

static void end_line(struct shown *s)
{
    if (s->line_open)
        fprintf(stderr, "\r%20s\r", "");
    s->line_open = false;
}

static void on_note(void *ctx, const char *note)
{
    end_line(ctx);
    fprintf(stderr, "note: %s\n", note);
}

static struct ora_voice_import_request request_of(const struct making *m, struct shown *shown)
{
    return (struct ora_voice_import_request){.name = m->name,
                                             .out_dir = m->out,
                                             .license = m->license,
                                             .license_note = m->note,
                                             .source = m->source,
                                             .replace = m->replace,
                                             .dims = m->dims,
                                             .progress = on_progress,
                                             .note = on_note,
                                             .progress_ctx = shown};
}

static int finish(const struct ora_verb *deed, int rc, char *dir, struct shown *shown,
                  const struct ora_err *err)
{
    end_line(shown);
    if (rc == 0)
        printf("%s\n", dir);
    free(dir);
    return ora_voice_end(deed, rc, err);
}

/* ---- import --------------------------------------------------------------------------------- */

static int import_run(int argc, char **argv)
{
    struct making m = {0};
    const struct ora_option options[] = {
        OPTION_TEXT("name", "NAME", "the voice's name (default: the file's)", &m.name),
        OPTION_OUT(&m, FIRST_PLACE),
        OPTION_TEXT("license", "TEXT",
                    "licence of the voice (default: a MODEL_CARD's beside it, or the release's)", &m.license),
        OPTION_NOTE(&m),
        OPTION_SOURCE(&m, "model"),
        OPTION_TEXT("dims", "SIZES",
                    "megatts3: other sizes than the released model's: mini, full, FILE or FILE#NAME",
                    &m.dims),
        OPTION_REPLACE(&m),
        {0},
    };
    struct ora_words args;
    struct ora_err err = {0};
    enum ora_parse p = ora_options_parse(&ora_voice_import_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct shown shown = {.last_ms = ora_clock_mono_ms()};
    struct ora_voice_import_request q = request_of(&m, &shown);
    char *dir = NULL;
    q.path = args.item[args.count - 1];
    q.family = args.count == 2 ? args.item[0] : NULL;
    int rc = ora_voice_import(&q, &dir, &err);
    return finish(&ora_voice_import_verb, rc, dir, &shown, &err);
}

const struct ora_verb ora_voice_import_verb = {
    .name = "voice import",
    .synopsis = "[FAMILY] PATH [OPTION]...",
    .summary = "makes a voice of a foreign model",
    .text = "Without FAMILY it is told by what lies at PATH, and a note says what it was taken for.\n"
            "vits reads a Piper .onnx with its .onnx.json beside it. megatts3 reads the folder that holds "
            "the five\n"
            "folders of the release (diffusion_transformer, duration_lm, aligner_lm, wavvae, g2p) and makes "
            "a base: the\n"
            "networks and nobody's voice (see `voice add`). Folders may be missing; the notes say what is "
            "then lacking.\n"
            "A WaveVAE with an encoder goes beside the release's decoder.ckpt as "
            "wavvae/model_only_last.ckpt, or into\n"
            "wavvae-full/model_only_last.ckpt. Notes tell which files are known by their SHA-256.\n\n"
            "FILE of --dims is JSON: {\"dit\": {…}, \"dur\": {…}, \"align\": {…}, \"vae\": {…}, \"g2p\": "
            "{…}}, whole in\n"
            "src/models/megatts3/README.md; of a file with several such sets FILE#NAME takes one.\n\n"
            "Examples:\n"
            "  oratorio voice import ~/Downloads/en_GB-alba-medium.onnx --license 'CC BY 4.0'\n"
            "  oratorio voice import megatts3 ~/Downloads/MegaTTS3 --name megatts3-base\n",
    .min_args = 1,
    .max_args = 2,
    .run = import_run,
};

/* ---- add ------------------------------------------------------------------------------------ */

struct adding {
    struct shown shown; /* first: on_progress and on_note get this */
    struct ora_str refused;
    bool of_folder;
};

static void on_added(void *ctx, const struct ora_voice_added *v)
{
    struct adding *a = ctx;
    end_line(&a->shown);
    if (v->dir)
        printf("%s\n", v->dir);
    else if (a->of_folder)
        ora_str_addf(&a->refused, "  refused: %s (voice %s): %s\n", ora_path_base(v->prompt), v->name,
                     v->why->message);
}

/* Of a folder: what became of all. */
static void tell_totals(const struct adding *a, const struct ora_voice_add_totals *t)
{
    size_t all = t->made + t->there + t->refused;
    fprintf(stderr, "%zu recording%s: %zu made, %zu there already, %zu refused\n%s", all, all == 1 ? "" : "s",
            t->made, t->there, t->refused, ora_str_c(&a->refused));
}

static bool is_folder(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int add(struct ora_voice_add_request *q)
{
    struct adding a = {.shown = {.last_ms = ora_clock_mono_ms()}, .of_folder = is_folder(q->prompt)};
    struct ora_voice_add_totals totals;
    struct ora_err err = {0};
    q->progress = on_progress;
    q->note = on_note;
    q->ctx = &a.shown;
    int rc = ora_voice_add(q, on_added, &a, &totals, &err);
    bool tried = totals.made + totals.there + totals.refused;
    end_line(&a.shown);
    if (a.of_folder && tried) {
        tell_totals(&a, &totals);
        rc = totals.refused ? 1 : 0;
    }
    ora_str_release(&a.refused);
    return ora_voice_end(&ora_voice_add_verb, rc, &err);
}

static int add_run(int argc, char **argv)
{
    struct making m = {0};
    struct ora_voice_add_request q = {0};
    const struct ora_option options[] = {
        OPTION_TEXT("base", "VOICE", "the voice whose networks the new one speaks with", &q.base),
        OPTION_TEXT(
            "prompt", "FILE",
            "a recording, WAV or FLAC, 0.5 to 28 s (mini sizes: to 3.4), best 5 to 20; or a folder of them",
            &q.prompt),
        OPTION_TEXT("latents", "FILE", "the recording's latents, .npy, where the base has no encoder",
                    &q.latents),
        OPTION_TEXT("consent", "TEXT", "whose voice it is and that they agreed; in every record", &q.consent),
        OPTION_TEXT("license", "TEXT", "what may be done with its speech; in every record", &q.license),
        OPTION_NOTE(&m),
        OPTION_SOURCE(&m, "recording"),
        OPTION_TEXT("lang", "TAG", "the voice's language (default: the base's)", &q.lang),
        OPTION_TEXT("family", "FAMILY", "what the base must be of (default: whatever it is)", &q.family),
        OPTION_TEXT("encoder-seed", "N", "draw the latents with noise of this seed (default: their means)",
                    &q.encoder_seed),
        OPTION_OUT(&m, "where the base lies"),
        OPTION_TEXT("kernels", "LEVEL", "kernel level, e.g. avx2 (default: the best there is)", &q.kernels),
        OPTION_REPLACE(&m),
        {0},
    };
    struct ora_words args;
    enum ora_parse p = ora_options_parse(&ora_voice_add_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    q.name = args.count ? args.item[0] : NULL;
    q.out_dir = m.out;
    q.license_note = m.note;
    q.source = m.source;
    q.replace = m.replace;
    return add(&q);
}

const struct ora_verb ora_voice_add_verb = {
    .name = "voice add",
    .synopsis = "[NAME] --base VOICE --prompt FILE --consent TEXT --license TEXT [OPTION]...",
    .summary = "makes cloned voices of recordings",
    .text = "The voice is made beside its base unless --out says otherwise. Before that the base's weights "
            "are compared\n"
            "with their SHA-256.\n\n"
            "Latents (megatts3, where the base lacks the encoder): a .npy of float32, C order, shape [1, T, "
            "32], T being\n"
            "25 a second of the recording and of 0.5 s of silence that is put behind it, rounded down to an "
            "even\n"
            "number: 62 for 2.00 s; a wrong number is told with the right one. Up to 25 more are cut off, up "
            "to 12 fewer\n"
            "are taken with a note.\n\n"
            "Of a folder each .wav or .flac becomes a voice, with the .npy of the same name as its latents: "
            "people/ann.wav\n"
            "and people/ann.npy make the voice ann, with NAME the voice NAME-ann. A bad pair does not stop "
            "the others.\n"
            "What was made before of the same files is left as it is, so the same command goes on where it "
            "stopped. At\n"
            "the end stands how many were made, were there, were refused and why; exit code 0: none was "
            "refused, 1: some\n"
            "were, 2: nothing was tried.\n\n"
            "Examples:\n"
            "  oratorio voice add ann --base megatts3-base --prompt ann.wav --latents ann.npy \\\n"
            "      --consent 'Ann Example, letter of 2026-10-02' --license 'for our audiobooks only'\n"
            "  oratorio voice add --base megatts3-base --prompt people/ --consent 'see people/README' "
            "--license CC0-1.0\n",
    .min_args = 0,
    .max_args = 1,
    .run = add_run,
};

/* ---- make-random ---------------------------------------------------------------------------- */

static int make_random_run(int argc, char **argv)
{
    struct making m = {0};
    const char *seed = "0";
    const struct ora_option options[] = {
        OPTION_TEXT("name", "NAME", "the voice's name (default: FAMILY-random)", &m.name),
        OPTION_TEXT("seed", "SEED",
                    "1 to 32 letters and digits: the same seed gives the same weights (default: 0)", &seed),
        OPTION_TEXT("dims", "SIZES", "mini (default), full, or a JSON file of sizes: FILE or FILE#NAME",
                    &m.dims),
        OPTION_OUT(&m, FIRST_PLACE),
        OPTION_REPLACE(&m),
        {0},
    };
    struct ora_words args;
    struct ora_err err = {0};
    enum ora_parse p = ora_options_parse(&ora_voice_make_random_verb, options, argc, argv, &args);
    if (p != ORA_PARSE_OK)
        return p == ORA_PARSE_HELP ? 0 : 2;
    struct shown shown = {.last_ms = ora_clock_mono_ms()};
    struct ora_voice_import_request q = request_of(&m, &shown);
    char *dir = NULL, *name = ora_fmt("%s-random", args.item[0]);
    q.family = args.item[0];
    q.name = m.name ? m.name : name;
    int rc = ora_voice_make_random(&q, seed, &dir, &err);
    free(name);
    return finish(&ora_voice_make_random_verb, rc, dir, &shown, &err);
}

const struct ora_verb ora_voice_make_random_verb = {
    .name = "voice make-random",
    .synopsis = "FAMILY [OPTION]...",
    .summary = "makes a voice whose weights are random numbers",
    .text = "It speaks noise, for tests and benchmarks, and every record says so. Of megatts3 two voices are "
            "made:\n"
            "NAME-base, and NAME, cloned of a signal by a formula. `full` has the released model's size (4 "
            "GB).\n\n"
            "Example:\n"
            "  oratorio voice make-random megatts3 --dims mini --seed 1 --name noise\n",
    .min_args = 1,
    .max_args = 1,
    .run = make_random_run,
};
