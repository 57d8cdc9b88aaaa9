/*
 * Import, in a folder that gets its name when all is there (folder.h). The family writes model.safetensors
 * and its part of voice.yaml; this side writes the rest: licence, source, and which files with which hashes
 * the voice was made from.
 */
#include "voice/import.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "voice/add.h"
#include "voice/card.h"
#include "voice/folder.h"
#include "voice/voice.h"
#include "voice/voice_private.h"

enum { CARD_MAX_BYTES = 1 << 20, SOURCES_MAX = 64, NEAR_MAX = 256 };

static const char random_license[] = "none (weights are random numbers)",
                  random_note[] = "its audio is noise: for tests and measurements only";

struct importing {
    const struct ora_voice_import_request *q;
    const struct ora_family *family;
    char *path; /* of the model: the request's, or the one .onnx in its folder */
    char *name;
    struct ora_voice_folder folder;
    const char *seed; /* NULL: an import; else weights by a formula */
    struct ora_voice_card card;
    char *read[SOURCES_MAX]; /* what the family said that it read */
    size_t read_count;
    struct ora_str known, unknown; /* of those, by their hashes */
    struct ora_err *err;
};

/* ---- which file, which family, which name --------------------------------------------------- */

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The only file with this suffix in a folder; NULL when there is none or more than one. */
static char *only_file(const char *dir, const char *suffix)
{
    struct dirent **e;
    char *found = NULL;
    size_t count = 0;
    int n = scandir(dir, &e, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (ora_ends_with(e[i]->d_name, suffix) && e[i]->d_name[0] != '.' && count++ == 0)
            found = ora_path_join(dir, e[i]->d_name);
        free(e[i]);
    }
    if (n >= 0)
        free(e);
    if (count != 1) {
        free(found);
        return NULL;
    }
    return found;
}

/* A model's file is given as itself, as the JSON beside it, or as the folder that holds the one model. */
static int resolve_path(struct importing *im)
{
    const char *path = im->q->path;
    if (!ora_file_exists(path) && !is_dir(path))
        return ora_err_set(im->err, ORA_E_NOT_FOUND, "%s: there is no such model file or folder", path);
    if (is_dir(path)) {
        char *onnx = only_file(path, ".onnx");
        im->path = onnx ? onnx : ora_xstrdup(path);
    } else if (ora_ends_with(path, ".onnx.json")) {
        im->path = ora_xstrndup(path, strlen(path) - strlen(".json"));
    } else {
        im->path = ora_xstrdup(path);
    }
    return 0;
}

/* The family that knows what lies at the path, NULL: none, or more than one. *what: what it is taken for, by
 * each. */
static const struct ora_family *family_of(const char *path, struct ora_str *what)
{
    const struct ora_family *f, *found = NULL;
    size_t count = 0;
    for (size_t i = 0; (f = ora_family_at(i)); i++) {
        struct ora_str one = ORA_STR_INIT;
        if (f->import && f->import_knows && f->import_knows(path, &one)) {
            found = f;
            ora_str_addf(what, "%s%s", count++ ? "; or " : "", ora_str_c(&one));
        }
        ora_str_release(&one);
    }
    return count == 1 ? found : NULL;
}

/* A folder beside or below the one that was meant: the path of it, for the message. The first of those in the
 * folder, or the folder above. */
static char *near_miss(const char *path, struct ora_str *what)
{
    struct dirent **e;
    char *found = NULL, *above;
    int n = is_dir(path) ? scandir(path, &e, NULL, alphasort) : -1;
    for (int i = 0; i < n; i++) {
        char *inside = ora_path_join(path, e[i]->d_name);
        if (!found && i < NEAR_MAX && e[i]->d_name[0] != '.' && family_of(inside, what))
            found = ora_xstrdup(inside);
        free(inside);
        free(e[i]);
    }
    if (n >= 0)
        free(e);
    above = found ? NULL : ora_path_dir(path);
    if (above && family_of(above, what))
        found = ora_xstrdup(above);
    free(above);
    return found;
}

static int unknown_path(const struct importing *im, const char *taken_for)
{
    struct ora_str needs = ORA_STR_INIT, what = ORA_STR_INIT;
    const struct ora_family *f;
    char *near = *taken_for ? NULL : near_miss(im->path, &what);
    for (size_t i = 0; (f = ora_family_at(i)); i++)
        if (f->import)
            ora_str_addf(&needs, "%s%s wants %s", needs.len ? "; " : "", f->name,
                         f->import_reads ? f->import_reads : "its own files");
    int rc = ora_err_set(im->err, ORA_E_BAD_USAGE, "%s: %s%s%s%s%s%s: %s", im->path,
                         *taken_for ? "may be " : "nothing that can be imported lies there", taken_for,
                         near ? "; but " : "", near ? near : "", near ? " is " : "",
                         near ? ora_str_c(&what) : "", *taken_for ? "say which family" : ora_str_c(&needs));
    free(near);
    ora_str_release(&what);
    ora_str_release(&needs);
    return rc;
}

static bool is_voice(const char *path)
{
    char *yaml = ora_path_join(path, "voice.yaml");
    bool there = is_dir(path) && ora_file_exists(yaml);
    free(yaml);
    return there;
}

static int find_family(struct importing *im)
{
    struct ora_str what = ORA_STR_INIT;
    if (is_voice(im->path))
        return ora_err_set(
            im->err, ORA_E_BAD_USAGE,
            "%s: it is a voice already: say its folder where a voice is wanted, or put it where voices "
            "are looked for (`oratorio voice --help`)",
            im->path);
    im->family = family_of(im->path, &what);
    int rc = im->family ? 0 : unknown_path(im, ora_str_c(&what));
    if (rc == 0 && im->q->note) {
        char *note = ora_fmt("%s is taken for %s (family %s)", im->path, ora_str_c(&what), im->family->name);
        im->q->note(im->q->progress_ctx, note);
        free(note);
    }
    ora_str_release(&what);
    return rc;
}

static int choose_family(struct importing *im)
{
    const char *name = im->q->family;
    if (!name)
        return find_family(im);
    im->family = ora_family_find(name);
    if (im->family && im->family->import)
        return 0;
    struct ora_str list = ORA_STR_INIT;
    const struct ora_family *f;
    for (size_t i = 0; (f = ora_family_at(i)); i++)
        if (f->import)
            ora_str_addf(&list, "%s%s", list.len ? ", " : "", f->name);
    int rc = ora_err_set(im->err, ORA_E_BAD_USAGE, "family '%.32s' %s: say one of %s", name,
                         im->family ? "has no import" : "is not one of this build", ora_str_c(&list));
    ora_str_release(&list);
    return rc;
}

static void choose_name(struct importing *im)
{
    if (im->q->name) {
        im->name = ora_xstrdup(im->q->name);
    } else {
        const char *base = ora_path_base(im->path);
        size_t len = strlen(base);
        const char *dot = strrchr(base, '.');
        im->name = ora_xstrndup(base, dot && dot > base && !is_dir(im->path) ? (size_t)(dot - base) : len);
    }
}

/* ---- voice.yaml ----------------------------------------------------------------------------- */

static const char origin_unknown[] = "unknown";

const char *ora_voice_import_origin(const struct ora_family *family, uint64_t bytes, const char *sha256)
{
    const struct ora_known_file *k = family->known_files;
    while (k && k->sha256_start &&
           (k->bytes != bytes || strncmp(sha256, k->sha256_start, strlen(k->sha256_start)) != 0))
        k++;
    return !k ? NULL : k->sha256_start ? k->origin : origin_unknown;
}

/* Keeps what the user will be told. */
static const char *judge_origin(struct importing *im, const char *shown, const struct ora_voice_source *s)
{
    const char *origin = ora_voice_import_origin(im->family, s->bytes, s->sha256);
    if (!origin)
        return NULL;
    bool known = strcmp(origin, origin_unknown) != 0;
    struct ora_str *list = known ? &im->known : &im->unknown;
    ora_str_addf(list, "%s%s", list->len ? ", " : "", shown);
    if (known)
        ora_str_addf(list, " (%s)", origin);
    return origin;
}

static void tell_origins(struct importing *im)
{
    char *known = ora_fmt("known files, by SHA-256: %s", ora_str_c(&im->known));
    char *unknown =
        ora_fmt("unknown files, of no release whose SHA-256 is known: %s", ora_str_c(&im->unknown));
    if (im->q->note && im->known.len)
        im->q->note(im->q->progress_ctx, known);
    if (im->q->note && im->unknown.len)
        im->q->note(im->q->progress_ctx, unknown);
    free(known);
    free(unknown);
}

static int add_source_file(struct importing *im, struct ora_str *out, const char *path)
{
    size_t dir = strlen(im->path);
    bool inside = strncmp(path, im->path, dir) == 0 && path[dir] == '/';
    const char *shown = inside ? path + dir + strspn(path + dir, "/") : ora_path_base(path);
    struct ora_voice_source source;
    int rc = ora_voice_source_read(path, &source, im->err);
    if (rc == 0)
        ora_voice_yaml_source(out, shown, &source, judge_origin(im, shown, &source));
    return rc;
}

/* What the family said; else the model's file and the JSON beside it, of a folder all its files. */
static int add_source_files(struct importing *im, struct ora_str *out)
{
    int rc = 0, count = 0;
    for (size_t i = 0; rc == 0 && i < im->read_count; i++)
        rc = add_source_file(im, out, im->read[i]);
    if (im->read_count)
        return rc;
    if (!is_dir(im->path)) {
        char *json = ora_fmt("%s.json", im->path);
        rc = add_source_file(im, out, im->path);
        if (rc == 0 && ora_file_exists(json))
            rc = add_source_file(im, out, json);
        free(json);
        return rc;
    }
    struct dirent **e;
    int n = scandir(im->path, &e, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char *path = ora_path_join(im->path, e[i]->d_name);
        if (rc == 0 && e[i]->d_name[0] != '.' && !is_dir(path) && count++ < SOURCES_MAX)
            rc = add_source_file(im, out, path);
        free(path);
        free(e[i]);
    }
    if (n >= 0)
        free(e);
    return rc;
}

static void add_license(const struct importing *im, struct ora_str *out)
{
    const struct ora_voice_import_request *q = im->q;
    const char *license = q->license ? q->license : im->card.license;
    const char *note = q->license_note ? q->license_note : im->card.note;
    if (im->seed) {
        license = license ? license : random_license;
        note = note ? note : random_note;
    } else if (!license) {
        license = im->family->import_license ? im->family->import_license : "unknown";
        note = im->family->import_license ? im->family->import_note
                                          : "nobody said under which licence this voice may be used";
    }
    ora_voice_yaml_field(out, "license", license);
    ora_voice_yaml_field(out, "license_note", note);
}

static int add_provenance(struct importing *im, struct ora_str *out)
{
    if (im->seed) {
        ora_str_addf(out, "provenance:\n  made_by: oratorio %s voice make-random\n  seed: \"%s\"\n",
                     ORA_VERSION, im->seed);
        return 0;
    }
    ora_str_addf(out, "provenance:\n  imported_by: oratorio %s\n  source_files:\n", ORA_VERSION);
    return add_source_files(im, out);
}

static int write_yaml(struct importing *im, const struct ora_str *fragment)
{
    struct ora_str s = ORA_STR_INIT;
    ora_str_addf(
        &s, "# A voice of Oratorio, written by `oratorio voice %s`.\nformat: %d\nname: \"%s\"\nfamily: %s\n",
        im->seed ? "make-random" : "import", ORA_VOICE_FORMAT, im->name, im->family->name);
    add_license(im, &s);
    ora_voice_yaml_field(&s, "source", im->q->source);
    int rc = ora_voice_yaml_weights(&im->folder, im->seed != NULL, &s, im->err);
    if (rc == 0)
        rc = add_provenance(im, &s);
    ora_str_add(&s, ora_str_c(fragment)); /* last: it may be long */
    if (rc == 0)
        rc = ora_voice_folder_write(&im->folder, "voice.yaml", s.data, s.len, im->err);
    ora_str_release(&s);
    return rc;
}

/* ---- the folder ----------------------------------------------------------------------------- */

static int copy_card(struct importing *im)
{
    if (!im->card.text)
        return 0;
    return ora_voice_folder_write(&im->folder, "MODEL_CARD", im->card.text, im->card.len, im->err);
}

static void on_note(void *ctx, const char *text)
{
    struct importing *im = ctx;
    if (im->q->note)
        im->q->note(im->q->progress_ctx, text);
}

static void on_read_file(void *ctx, const char *path)
{
    struct importing *im = ctx;
    for (size_t i = 0; i < im->read_count; i++)
        if (strcmp(im->read[i], path) == 0)
            return;
    if (im->read_count < SOURCES_MAX)
        im->read[im->read_count++] = ora_xstrdup(path);
}

static int build(struct importing *im)
{
    struct ora_str fragment = ORA_STR_INIT;
    const struct ora_import_options o = {.out_dir = im->folder.tmp,
                                         .name = im->name,
                                         .progress = im->q->progress,
                                         .progress_ctx = im->q->progress_ctx,
                                         .dims = im->q->dims,
                                         .note = on_note,
                                         .read_file = on_read_file,
                                         .log_ctx = im};
    int rc = ora_voice_folder_begin(&im->folder, im->err);
    if (rc == 0)
        rc = im->seed ? im->family->make_random(im->seed, &o, &fragment, im->err)
                      : im->family->import(im->path, &o, &fragment, im->err);
    if (rc == 0)
        rc = write_yaml(im, &fragment);
    if (rc == 0)
        tell_origins(im);
    if (rc == 0)
        rc = copy_card(im);
    if (rc == 0)
        rc = ora_voice_folder_finish(&im->folder, im->err);
    ora_str_release(&fragment);
    return rc;
}

/* Everything after family and path are known. */
static int make(struct importing *im, char **voice_dir)
{
    choose_name(im);
    int rc = ora_voice_folder_init(&im->folder, im->name, im->q->out_dir, im->q->replace, im->err);
    if (rc == 0)
        rc = build(im);
    if (rc == 0 && voice_dir)
        *voice_dir = ora_xstrdup(im->folder.final);
    ora_voice_card_release(&im->card);
    for (size_t i = 0; i < im->read_count; i++)
        free(im->read[i]);
    ora_str_release(&im->known);
    ora_str_release(&im->unknown);
    free(im->path);
    free(im->name);
    ora_voice_folder_release(&im->folder);
    return rc;
}

int ora_voice_import(const struct ora_voice_import_request *request, char **voice_dir, struct ora_err *err)
{
    struct importing im = {.q = request, .err = err};
    int rc;
    if (voice_dir)
        *voice_dir = NULL;
    if ((rc = resolve_path(&im)) < 0 || (rc = choose_family(&im)) < 0) {
        free(im.path);
        return rc;
    }
    ora_voice_card_read(im.path, &im.card);
    return make(&im, voice_dir);
}

/* ---- random weights ------------------------------------------------------------------------- */

static void keep_dir(void *ctx, const struct ora_voice_added *added)
{
    char **to = ctx;
    if (!added->dir || !to)
        return;
    free(*to);
    *to = ora_xstrdup(added->dir);
}

static int clone_random(const struct ora_voice_import_request *q, const char *base_dir, const char *seed,
                        char **voice_dir, struct ora_err *err)
{
    char *prompt = ora_path_join(base_dir, "prompt.wav"), *source = ora_fmt("a formula of seed %s", seed);
    const struct ora_voice_add_request add = {.name = q->name,
                                              .family = q->family,
                                              .base = base_dir,
                                              .prompt = prompt,
                                              .consent = "nobody's voice: a signal made by a formula",
                                              .license = q->license ? q->license : random_license,
                                              .license_note = q->license_note ? q->license_note : random_note,
                                              .source = q->source ? q->source : source,
                                              .out_dir = q->out_dir,
                                              .replace = q->replace,
                                              .progress = q->progress,
                                              .note = q->note,
                                              .ctx = q->progress_ctx};
    int rc = ora_voice_add(&add, keep_dir, voice_dir, NULL, err);
    free(prompt);
    free(source);
    if (rc < 0)
        (void)ora_file_remove_tree(base_dir, NULL); /* both or none */
    return rc;
}

/* Before minutes of work for its base. */
static int name_is_free(const struct ora_voice_import_request *q, struct ora_err *err)
{
    struct ora_voice_folder f = {0};
    int rc = ora_voice_folder_init(&f, q->name, q->out_dir, q->replace, err);
    ora_voice_folder_release(&f);
    return rc;
}

int ora_voice_make_random(const struct ora_voice_import_request *request, const char *seed, char **voice_dir,
                          struct ora_err *err)
{
    struct ora_voice_import_request q = *request;
    struct importing im = {.q = &q, .seed = seed, .err = err};
    char *base_name = NULL, *base_dir = NULL;
    if (voice_dir)
        *voice_dir = NULL;
    im.family = ora_family_find(q.family);
    if (!im.family || !im.family->make_random)
        return ora_err_set(err, ORA_E_BAD_USAGE, "family '%.32s' %s", q.family,
                           im.family ? "makes no random voices" : "is not one of this build");
    if (!im.family->add)
        return make(&im, voice_dir);
    q.name = base_name = ora_fmt("%s-base", request->name);
    int rc = name_is_free(request, err);
    if (rc == 0)
        rc = make(&im, &base_dir);
    if (rc == 0)
        rc = clone_random(request, base_dir, seed, voice_dir, err);
    free(base_name);
    free(base_dir);
    return rc;
}
