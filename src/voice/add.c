/* Adding: the family makes model.safetensors and its part of voice.yaml; this side writes whose voice it is,
 * on which base it rests, and the hashes of what it was made from. */
#include "voice/add.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "voice/folder.h"
#include "voice/voice.h"
#include "voice/voice_private.h"

struct adding {
    const struct ora_voice_add_request *q;
    struct ora_voice *base;
    const struct ora_family *family;
    char *out_dir;
};

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_blank(const char *text)
{
    return !text || ora_voice_text_blank(text);
}

/* ---- the request ---------------------------------------------------------------------------- */

static int check_request(const struct ora_voice_add_request *q, struct ora_err *err)
{
    if (is_blank(q->base))
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "which base voice? --base NAME ('oratorio voice list' names them)");
    if (is_blank(q->prompt))
        return ora_err_set(err, ORA_E_BAD_USAGE, "whose voice? --prompt FILE, a recording as WAV or FLAC");
    if (is_blank(q->consent))
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "a cloned voice needs --consent TEXT: whose voice it is, and that they agreed to "
                           "this use; it goes into every record");
    if (is_blank(q->license))
        return ora_err_set(
            err, ORA_E_BAD_USAGE,
            "a cloned voice needs --license TEXT: what may be done with its speech; it goes into "
            "every record");
    if (q->lang && !ora_lang_tag_ok(q->lang))
        return ora_err_set(err, ORA_E_BAD_USAGE, "'%.40s' is no language tag, such as en or zh", q->lang);
    if (is_dir(q->prompt) && q->latents)
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "%s is a folder: its latents are the .npy files beside the recordings", q->prompt);
    if (!is_dir(q->prompt) && is_blank(q->name))
        return ora_err_set(err, ORA_E_BAD_USAGE, "which name shall the voice have?");
    return 0;
}

/* What a base lacks may not be what adding needs: the voice is made, and somebody told. */
static void tell_unready(const struct adding *a)
{
    struct ora_err why = {0};
    if (a->q->note && a->family->ready && a->family->ready(a->base, &why) < 0)
        a->q->note(a->q->ctx, why.message);
}

static int open_base(struct adding *a, struct ora_err *err)
{
    int rc = ora_voice_open(a->q->base, &a->base, err);
    if (rc < 0)
        return ora_err_wrap(err, "the base voice");
    a->family = ora_family_find(a->base->family);
    if (a->q->family && strcmp(a->q->family, a->base->family) != 0)
        return ora_err_set(err, ORA_E_BAD_USAGE, "voice '%s' is of family '%s', not '%.32s'", a->base->name,
                           a->base->family, a->q->family);
    if (!a->family || !a->family->add)
        return ora_err_set(err, ORA_E_BAD_USAGE, "family '%s' cannot clone voices", a->base->family);
    if (a->base->base_name)
        return ora_err_set(err, ORA_E_BAD_USAGE, "voice '%s' is itself a cloned voice: its base is '%s'",
                           a->base->name, a->base->base_name);
    tell_unready(a);
    a->out_dir = a->q->out_dir ? ora_xstrdup(a->q->out_dir) : ora_path_dir(a->base->dir);
    return 0;
}

/* ---- one voice ------------------------------------------------------------------------------ */

/* The fragment's `lang` gives way to the request's. */
static void add_fragment(struct ora_str *out, const char *fragment, const char *lang)
{
    const char *rest = strchr(fragment, '\n');
    if (lang && ora_starts_with(fragment, "lang: ") && rest) {
        ora_voice_yaml_field(out, "lang", lang);
        fragment = rest + 1;
    }
    ora_str_add(out, fragment);
}

static int write_yaml(const struct adding *a, const struct ora_voice_folder *f, const char *prompt,
                      const char *latents, const char *fragment, struct ora_err *err)
{
    const struct ora_voice_add_request *q = a->q;
    struct ora_str s = ORA_STR_INIT;
    ora_str_addf(&s,
                 "# A cloned voice of Oratorio, written by `oratorio voice add`.\nformat: %d\nname: \"%s\"\n"
                 "family: %s\nbase: \"%s\"\n",
                 ORA_VOICE_FORMAT, f->name, a->family->name, a->base->name);
    ora_voice_yaml_field(&s, "consent", q->consent);
    ora_voice_yaml_field(&s, "license", q->license);
    ora_voice_yaml_field(&s, "license_note", q->license_note);
    ora_voice_yaml_field(&s, "source", q->source);
    int rc = ora_voice_yaml_weights(f, false, &s, err);
    ora_str_addf(&s, "provenance:\n  added_by: oratorio %s\n  source_files:\n", ORA_VERSION);
    if (rc == 0)
        rc = ora_voice_yaml_source(&s, prompt, ora_path_base(prompt), err);
    if (rc == 0 && latents)
        rc = ora_voice_yaml_source(&s, latents, ora_path_base(latents), err);
    add_fragment(&s, fragment, q->lang);
    if (rc == 0)
        rc = ora_voice_folder_write(f, "voice.yaml", s.data, s.len, err);
    ora_str_release(&s);
    return rc;
}

static int add_one(const struct adding *a, const char *name, const char *prompt, const char *latents,
                   ora_voice_added_fn *added, void *ctx)
{
    struct ora_voice_folder f = {0};
    struct ora_str fragment = ORA_STR_INIT;
    struct ora_err err = {0};
    int rc = ora_voice_folder_init(&f, name, a->out_dir, a->q->replace, &err);
    if (rc == 0 && !ora_file_exists(prompt))
        rc = ora_err_set(&err, ORA_E_NOT_FOUND, "%s: there is no such recording", prompt);
    if (rc == 0 && strcmp(name, a->base->name) == 0)
        rc = ora_err_set(&err, ORA_E_BAD_USAGE, "'%s' is the base's name: give another", name);
    if (rc == 0)
        rc = ora_voice_folder_begin(&f, &err);
    if (rc == 0) {
        const struct ora_add_options o = {.out_dir = f.tmp,
                                          .base = a->base,
                                          .prompt = prompt,
                                          .latents = latents,
                                          .encoder_seed = a->q->encoder_seed,
                                          .kernels = a->q->kernels,
                                          .progress = a->q->progress,
                                          .note = a->q->note,
                                          .ctx = a->q->ctx};
        rc = a->family->add(&o, &fragment, &err);
    }
    if (rc == 0)
        rc = write_yaml(a, &f, prompt, latents, ora_str_c(&fragment), &err);
    if (rc == 0)
        rc = ora_voice_folder_finish(&f, &err);
    added(ctx, name, rc < 0 ? NULL : f.final, rc < 0 ? &err : NULL);
    ora_str_release(&fragment);
    ora_voice_folder_release(&f);
    return rc;
}

/* ---- a folder of recordings ----------------------------------------------------------------- */

static int is_recording(const struct dirent *e)
{
    return e->d_name[0] != '.' && (ora_ends_with(e->d_name, ".wav") || ora_ends_with(e->d_name, ".flac"));
}

/* DIR/ann.wav: voice "ann" or "NAME-ann", latents DIR/ann.npy if there. */
static int add_file(const struct adding *a, const char *file, ora_voice_added_fn *added, void *ctx)
{
    char *stem = ora_xstrndup(file, (size_t)(strrchr(file, '.') - file));
    char *prompt = ora_path_join(a->q->prompt, file), *npy = ora_fmt("%s/%s.npy", a->q->prompt, stem);
    char *name = a->q->name ? ora_fmt("%s-%s", a->q->name, stem) : ora_xstrdup(stem);
    int rc = add_one(a, name, prompt, ora_file_exists(npy) ? npy : NULL, added, ctx);
    free(name);
    free(npy);
    free(prompt);
    free(stem);
    return rc;
}

struct first_error {
    ora_voice_added_fn *added;
    void *ctx;
    struct ora_err *err;
    int rc;
    size_t failed;
};

static void keep_first(void *ctx, const char *name, const char *dir, const struct ora_err *why)
{
    struct first_error *f = ctx;
    f->failed += why != NULL;
    if (why && f->rc == 0) {
        f->rc = why->code;
        if (f->err)
            *f->err = *why;
    }
    if (f->added)
        f->added(f->ctx, name, dir, why);
}

static int add_folder(const struct adding *a, struct first_error *f)
{
    struct dirent **e;
    int n = scandir(a->q->prompt, &e, is_recording, alphasort);
    for (int i = 0; i < n; i++) {
        (void)add_file(a, e[i]->d_name, keep_first, f);
        free(e[i]);
    }
    if (n >= 0)
        free(e);
    if (n <= 0)
        return ora_err_set(f->err, ORA_E_NOT_FOUND, "%s holds no recordings (.wav, .flac)", a->q->prompt);
    return f->rc;
}

int ora_voice_add(const struct ora_voice_add_request *q, ora_voice_added_fn *added, void *added_ctx,
                  size_t *failed, struct ora_err *err)
{
    struct adding a = {.q = q};
    struct first_error f = {added, added_ctx, err, 0, 0};
    int rc = check_request(q, err);
    if (rc == 0)
        rc = open_base(&a, err);
    if (rc == 0 && is_dir(q->prompt))
        rc = add_folder(&a, &f);
    else if (rc == 0)
        rc = add_one(&a, q->name, q->prompt, q->latents, keep_first, &f);
    if (failed)
        *failed = f.failed;
    ora_voice_close(&a.base);
    free(a.out_dir);
    return rc;
}
