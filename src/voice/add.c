/* Adding: the family makes model.safetensors and its part of voice.yaml; this side writes whose voice it is,
 * on which base it rests, and the hashes of what it was made from. */
#include "voice/add.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "which name shall the voice have? `oratorio voice add NAME …`");
    return 0;
}

/* A base that was damaged gives prompts that no sound one understands, and a hash that is refused later. */
static int verify_base(const struct adding *a, struct ora_err *err)
{
    enum { LARGE = 256 << 20 }; /* takes a second or so */
    uint64_t bytes;
    if (!a->base->weights_path)
        return 0;
    int rc = ora_file_size(a->base->weights_path, &bytes, err);
    if (rc == 0 && bytes > LARGE && a->q->note) {
        char *text =
            ora_fmt("comparing the %.1f GB of base '%s' with their hash", (double)bytes / 1e9, a->base->name);
        a->q->note(a->q->ctx, text);
        free(text);
    }
    return rc < 0 ? rc : ora_voice_verify(a->base, err);
}

/* What a base lacks may not be what adding needs: the voice is made, and somebody told. */
static void tell_unready(const struct adding *a)
{
    struct ora_err why = {0};
    if (a->q->note && a->family->ready && a->family->ready(a->base, &why) < 0)
        a->q->note(a->q->ctx, why.message);
}

static int cannot_clone(const struct ora_voice *base, struct ora_err *err)
{
    struct ora_str can = ORA_STR_INIT;
    const struct ora_family *f;
    for (size_t i = 0; (f = ora_family_at(i)); i++)
        if (f->add)
            ora_str_addf(&can, "%s%s", can.len ? ", " : "", f->name);
    int rc =
        ora_err_set(err, ORA_E_BAD_USAGE,
                    "voice '%s' is of family '%s', which cannot clone voices (%s can): `oratorio voice list` "
                    "shows what is a base",
                    base->name, base->family, can.len ? ora_str_c(&can) : "no family of this build");
    ora_str_release(&can);
    return rc;
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
        return cannot_clone(a->base, err);
    if (a->base->base_name)
        return ora_err_set(err, ORA_E_BAD_USAGE, "voice '%s' is itself a cloned voice: its base is '%s'",
                           a->base->name, a->base->base_name);
    if ((rc = verify_base(a, err)) < 0)
        return rc;
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

static int add_source(struct ora_str *out, const char *path, struct ora_err *err)
{
    struct ora_voice_source source;
    int rc = ora_voice_source_read(path, &source, err);
    if (rc == 0)
        ora_voice_yaml_source(out, ora_path_base(path), &source, NULL);
    return rc;
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
        rc = add_source(&s, prompt, err);
    if (rc == 0 && latents)
        rc = add_source(&s, latents, err);
    add_fragment(&s, fragment, q->lang);
    if (rc == 0)
        rc = ora_voice_folder_write(f, "voice.yaml", s.data, s.len, err);
    ora_str_release(&s);
    return rc;
}

/* What is to become of one recording, and whom to tell. */
struct one {
    const struct adding *a;
    const char *name, *prompt, *latents;
    bool of_folder;
};

static void name_note(void *ctx, const char *text)
{
    const struct one *one = ctx;
    const struct ora_voice_add_request *q = one->a->q;
    char *named = one->of_folder ? ora_fmt("%s: %s", one->name, text) : ora_xstrdup(text);
    if (q->note)
        q->note(q->ctx, named);
    free(named);
}

static void pass_progress(void *ctx, const char *what, double share)
{
    const struct one *one = ctx;
    if (one->a->q->progress)
        one->a->q->progress(one->a->q->ctx, what, share);
}

static int make_one(struct one *one, struct ora_voice_folder *f, struct ora_err *err)
{
    const struct adding *a = one->a;
    const struct ora_add_options o = {.base = a->base,
                                      .prompt = one->prompt,
                                      .latents = one->latents,
                                      .encoder_seed = a->q->encoder_seed,
                                      .kernels = a->q->kernels,
                                      .out_dir = f->tmp,
                                      .progress = pass_progress,
                                      .note = name_note,
                                      .ctx = one};
    struct ora_str fragment = ORA_STR_INIT;
    int rc = ora_voice_folder_begin(f, err);
    if (rc == 0)
        rc = a->family->add(&o, &fragment, err);
    if (rc == 0)
        rc = write_yaml(a, f, one->prompt, one->latents, ora_str_c(&fragment), err);
    if (rc == 0)
        rc = ora_voice_folder_finish(f, err);
    ora_str_release(&fragment);
    return rc;
}

/* The file at this place of the voice's source files has the path's bytes; both NULL: there is none. */
static bool same_source(const struct ora_yaml_node *files, size_t at, const char *path)
{
    const struct ora_yaml_node *file = files && at < files->count ? files->item[at] : NULL;
    const struct ora_yaml_node *sha = ora_yaml_get(file, "sha256");
    char found[65];
    if (!path || !file)
        return !path && !file;
    return sha && sha->kind == ORA_YAML_SCALAR && ora_file_sha256(path, found, NULL) == 0 &&
           strcmp(sha->text, found) == 0;
}

/* The voice that is there is what this call would make; else why it is in the way. */
static int check_there(const struct one *one, const char *dir, struct ora_err *err)
{
    const struct ora_voice_add_request *q = one->a->q;
    struct ora_voice *v = NULL;
    struct ora_err why = {0};
    const char *other = NULL;
    if (ora_voice_open_dir(dir, &v, &why) < 0)
        return ora_err_set(err, ORA_E_BUSY,
                           "%s is there already and cannot be used (%s): --replace makes it anew", dir,
                           why.message);
    const struct ora_yaml_node *files =
        ora_yaml_get(ora_yaml_get(v->doc->root, "provenance"), "source_files");
    if (!v->base_name || strcmp(v->base_name, one->a->base->name) != 0)
        other = "with another base";
    else if (!same_source(files, 0, one->prompt) || !same_source(files, 1, one->latents))
        other = "of other files";
    else if (strcmp(v->consent, q->consent) != 0 || strcmp(v->license, q->license) != 0)
        other = "with another consent or licence";
    ora_voice_close(&v);
    return other ? ora_err_set(err, ORA_E_BUSY, "%s is there already, made %s: --replace makes it anew", dir,
                               other)
                 : 0;
}

/* rc 1: the voice was there. */
static int try_one(struct one *one, struct ora_voice_folder *f, struct ora_err *err)
{
    int rc = ora_voice_folder_init(f, one->name, one->a->out_dir, one->a->q->replace, err);
    if (rc == ORA_E_BUSY && one->of_folder)
        return (rc = check_there(one, f->final, err)) < 0 ? rc : 1;
    if (rc == 0 && !ora_file_exists(one->prompt))
        rc = ora_err_set(err, ORA_E_NOT_FOUND, "%s: there is no such recording", one->prompt);
    if (rc == 0 && strcmp(one->name, one->a->base->name) == 0)
        rc = ora_err_set(err, ORA_E_BAD_USAGE, "'%s' is the base's name: give another", one->name);
    return rc < 0 ? rc : make_one(one, f, err);
}

/* ---- telling ---------------------------------------------------------------------------------- */

struct telling {
    ora_voice_added_fn *added;
    void *ctx;
    struct ora_voice_add_totals totals;
    struct ora_err *first; /* may be NULL */
    int rc;                /* of the first that was refused */
};

static void tell(struct telling *t, const struct ora_voice_added *v)
{
    t->totals.made += v->fate == ORA_VOICE_MADE;
    t->totals.there += v->fate == ORA_VOICE_THERE;
    t->totals.refused += v->fate == ORA_VOICE_REFUSED;
    if (v->why && t->rc == 0) {
        t->rc = v->why->code;
        if (t->first)
            *t->first = *v->why;
    }
    if (t->added)
        t->added(t->ctx, v);
}

static void add_one(struct one *one, struct telling *t)
{
    struct ora_voice_folder f = {0};
    struct ora_err err = {0};
    int rc = try_one(one, &f, &err);
    tell(t, &(struct ora_voice_added){
                .name = one->name,
                .prompt = one->prompt,
                .latents = one->latents,
                .fate = rc < 0 ? ORA_VOICE_REFUSED
                        : rc   ? ORA_VOICE_THERE
                               : ORA_VOICE_MADE,
                .dir = rc < 0 ? NULL : f.final,
                .why = rc < 0 ? &err : NULL,
            });
    ora_voice_folder_release(&f);
}

/* ---- a folder of recordings ----------------------------------------------------------------- */

/* "x.WAV" ends with ".wav". */
static bool ends_with_any_case(const char *s, const char *suffix)
{
    size_t len = strlen(s), tail = strlen(suffix);
    return len > tail && strcasecmp(s + len - tail, suffix) == 0;
}

static int is_recording(const struct dirent *e)
{
    return e->d_name[0] != '.' &&
           (ends_with_any_case(e->d_name, ".wav") || ends_with_any_case(e->d_name, ".flac"));
}

static int is_npy(const struct dirent *e)
{
    return e->d_name[0] != '.' && ora_ends_with(e->d_name, ".npy");
}

static size_t stem_of(const char *file)
{
    return (size_t)(strrchr(file, '.') - file);
}

/* The first of the files before `count` with this stem, or NULL. */
static const char *same_stem(struct dirent **e, int count, const char *stem, size_t len)
{
    for (int i = 0; i < count; i++)
        if (stem_of(e[i]->d_name) == len && strncmp(e[i]->d_name, stem, len) == 0)
            return e[i]->d_name;
    return NULL;
}

/* DIR/ann.wav: voice "ann" or "NAME-ann", latents DIR/ann.npy if there. `twin`: another recording that has
 * taken the name. */
static void add_file(const struct adding *a, const char *file, const char *twin, struct telling *t)
{
    int len = (int)stem_of(file);
    char *prompt = ora_path_join(a->q->prompt, file), *npy = ora_fmt("%s/%.*s.npy", a->q->prompt, len, file);
    char *name = a->q->name ? ora_fmt("%s-%.*s", a->q->name, len, file) : ora_xstrndup(file, (size_t)len);
    struct one one = {a, name, prompt, ora_file_exists(npy) ? npy : NULL, true};
    struct ora_err err = {0};
    if (twin) {
        ora_err_set(&err, ORA_E_BAD_USAGE, "%s makes a voice of that name: rename one of the two", twin);
        tell(t, &(struct ora_voice_added){
                    .name = name, .prompt = prompt, .fate = ORA_VOICE_REFUSED, .why = &err});
    } else {
        add_one(&one, t);
    }
    free(name);
    free(npy);
    free(prompt);
}

/* Latents without a recording are somebody's mistake. */
static void tell_lone_latents(const struct adding *a, struct dirent **recordings, int count)
{
    struct dirent **e;
    int n = scandir(a->q->prompt, &e, is_npy, alphasort);
    for (int i = 0; i < n; i++) {
        if (a->q->note && !same_stem(recordings, count, e[i]->d_name, stem_of(e[i]->d_name))) {
            char *text = ora_fmt("%s/%s has no recording of that name beside it", a->q->prompt, e[i]->d_name);
            a->q->note(a->q->ctx, text);
            free(text);
        }
        free(e[i]);
    }
    if (n >= 0)
        free(e);
}

static int add_folder(const struct adding *a, struct telling *t)
{
    struct dirent **e;
    int n = scandir(a->q->prompt, &e, is_recording, alphasort);
    if (n > 0)
        tell_lone_latents(a, e, n);
    for (int i = 0; i < n; i++)
        add_file(a, e[i]->d_name, same_stem(e, i, e[i]->d_name, stem_of(e[i]->d_name)), t);
    for (int i = 0; i < n; i++)
        free(e[i]);
    if (n >= 0)
        free(e);
    if (n <= 0)
        return ora_err_set(t->first, ORA_E_NOT_FOUND, "%s holds no recordings (.wav, .flac)", a->q->prompt);
    return t->rc;
}

int ora_voice_add(const struct ora_voice_add_request *q, ora_voice_added_fn *added, void *added_ctx,
                  struct ora_voice_add_totals *totals, struct ora_err *err)
{
    struct adding a = {.q = q};
    struct telling t = {.added = added, .ctx = added_ctx, .first = err};
    int rc = check_request(q, err);
    if (rc == 0)
        rc = open_base(&a, err);
    if (rc == 0 && is_dir(q->prompt)) {
        rc = add_folder(&a, &t);
    } else if (rc == 0) {
        struct one one = {&a, q->name, q->prompt, q->latents, false};
        add_one(&one, &t);
        rc = t.rc;
    }
    if (totals)
        *totals = t.totals;
    ora_voice_close(&a.base);
    free(a.out_dir);
    return rc;
}
