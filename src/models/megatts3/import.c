/*
 * Import in two passes over the files: first all are checked, so that a wrong one is told before gigabytes
 * are written; then each is opened again and its tensors flow into the one file of the voice.
 */
#include "models/megatts3/import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/import_config.h"
#include "models/megatts3/import_source.h"

enum { NAMES_TOLD = 24 };

static const struct origin {
    const char *key, *prefix, *without; /* without: what a voice lacks when the folder does */
} origins[MEGA_PARTS] = {
    [MEGA_PART_DIT] = {"dit", "dit.", "it cannot speak"},
    [MEGA_PART_DUR] = {"dur_model", "dur.", "it cannot speak"},
    [MEGA_PART_ALIGN] = {"model", "align.", "no voice can be made of a recording (`voice add`)"},
    [MEGA_PART_VAE] = {"model_gen", "vae.", "it cannot speak"},
    [MEGA_PART_VAE_ENCODER] = {"model_gen", "vae.",
                               "voices can be made only of recordings that come with their latents (.npy)"},
    [MEGA_PART_G2P] = {NULL, "g2p.", "it cannot speak"},
};

#define RELEASE   "ByteDance's release"
#define COMMUNITY "the community's WaveVAE, not ByteDance's"

/* Sizes and hashes as public mirrors of the files give them. */
const struct ora_known_file mega_known_files[] = {
    {1836341777, "12233b95be177504", RELEASE}, /* diffusion_transformer/model_only_last.ckpt */
    {2301, "3a7027d9bcbc3abb", RELEASE},       /* diffusion_transformer/config.yaml */
    {267955084, "0f21f4205c5d3ec4", RELEASE},  /* duration_lm/model_only_last.ckpt */
    {218434266, "a00f18ec36f8c132", RELEASE},  /* aligner_lm/model_only_last.ckpt */
    {904541298, "f309a09fa0c62955", RELEASE},  /* wavvae/decoder.ckpt */
    {1018490136, "0f9d70d454ee35d0", RELEASE}, /* g2p/model.safetensors */
    {752, "2e4ffc199896a57c", RELEASE},        /* g2p/config.json */
    {2776833, "ca10d7e9fb3ed185", RELEASE},    /* g2p/vocab.json */
    {1671853, "8831e4f1a0444713", RELEASE},    /* g2p/merges.txt */
    {573857, "53f3ea223db7a09b", RELEASE},     /* g2p/added_tokens.json */
    {1022420843, "5f432d0740f5238c", COMMUNITY}, {0},
};

struct importing {
    const char *dir;
    const struct ora_import_options *o;
    struct ora_err *err;
    struct mega_base_voice voice;
    struct mega_official list[MEGA_PARTS];
    char *file[MEGA_PARTS]; /* NULL: the part is missing */
    struct mega_tokenizer_files tokenizer;
    struct ora_str yaml; /* lines of the family's map */
    struct ora_weights_writer *wr;
    double done, all; /* tensors */
};

static void note(const struct importing *im, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(const struct importing *im, const char *fmt, ...)
{
    struct ora_str s = ORA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    ora_str_vaddf(&s, fmt, ap);
    va_end(ap);
    if (im->o->note)
        im->o->note(im->o->log_ctx, ora_str_c(&s));
    ora_str_release(&s);
}

static void tell_read(const struct importing *im, const char *path)
{
    if (im->o->read_file)
        im->o->read_file(im->o->log_ctx, path);
}

/* ---- finding -------------------------------------------------------------------------------------- */

/* dir/folder/stem with one of the endings, or NULL. */
static int find_file(const struct importing *im, const char *folder, const char *stem, char **found)
{
    static const char *const endings[] = {".ckpt", ".safetensors"};
    char *in = ora_path_join(im->dir, folder);
    int rc = 0;
    *found = NULL;
    for (size_t i = 0; rc == 0 && !*found && i < sizeof endings / sizeof *endings; i++) {
        bool there;
        char *path = ora_fmt("%s/%s%s", in, stem, endings[i]);
        rc = mega_import_finds(in, path, &there, im->err);
        if (rc == 0 && there)
            *found = path;
        else
            free(path);
    }
    free(in);
    return rc;
}

static int has_encoder(const char *path, bool *has, struct ora_err *err)
{
    struct mega_source s;
    int rc = mega_source_open(&s, path, "model_gen", "vae.", err);
    if (rc < 0)
        return rc;
    *has = mega_source_has_prefix(&s, "vae.encoder.");
    mega_source_close(&s);
    return 0;
}

/* The release's decoder decodes where it is there; a full WaveVAE gives the encoder, and else the decoder
 * too. */
static int find_vae(struct importing *im, char **full)
{
    char *decoder;
    bool has = false;
    int rc = find_file(im, "wavvae", "decoder", &decoder);
    if (rc == 0)
        rc = find_file(im, "wavvae", "model_only_last", full);
    if (rc == 0 && !*full)
        rc = find_file(im, "wavvae-full", "model_only_last", full);
    if (rc == 0 && *full)
        rc = has_encoder(*full, &has, im->err);
    if (has)
        im->file[MEGA_PART_VAE_ENCODER] = ora_xstrdup(*full);
    if (rc == 0 && decoder && *full == NULL && (rc = has_encoder(decoder, &has, im->err)) == 0 && has)
        im->file[MEGA_PART_VAE_ENCODER] = ora_xstrdup(decoder);
    im->file[MEGA_PART_VAE] = decoder ? decoder : *full ? ora_xstrdup(*full) : NULL;
    return rc;
}

static int find_all(struct importing *im, char **full)
{
    int rc = find_vae(im, full), found = 0;
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++) {
        if (p != MEGA_PART_VAE && p != MEGA_PART_VAE_ENCODER)
            rc = find_file(im, mega_part_folder((enum mega_part)p),
                           p == MEGA_PART_G2P ? "model" : "model_only_last", &im->file[p]);
        im->voice.part[p] = im->file[p];
        found += im->voice.part[p];
    }
    if (rc == 0 && !found)
        rc = ora_err_set(
            im->err, ORA_E_NOT_FOUND,
            "%s: no checkpoint of MegaTTS 3 in it: wanted the folders diffusion_transformer, duration_lm, "
            "aligner_lm, wavvae and g2p of the release",
            im->dir);
    return rc;
}

static bool is_dir(const char *in, const char *folder)
{
    struct stat st;
    char *path = ora_path_join(in, folder);
    bool dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    free(path);
    return dir;
}

bool mega_import_knows(const char *path, struct ora_str *what)
{
    struct ora_str found = ORA_STR_INIT, missing = ORA_STR_INIT;
    for (int p = 0; p < MEGA_PARTS; p++) {
        const char *folder = mega_part_folder((enum mega_part)p);
        struct ora_str *list = is_dir(path, folder) ? &found : &missing;
        if (p != MEGA_PART_VAE_ENCODER) /* in the decoder's folder */
            ora_str_addf(list, "%s%s", list->len ? ", " : "", folder);
    }
    bool any = found.len > 0;
    if (any)
        ora_str_addf(what, "the release of MegaTTS 3: %s%s%s", ora_str_c(&found),
                     missing.len ? "; not there: " : "", ora_str_c(&missing));
    ora_str_release(&found);
    ora_str_release(&missing);
    return any;
}

/* ---- checking ------------------------------------------------------------------------------------- */

static int check_part(struct importing *im, struct mega_source *s, int part)
{
    const struct ora_tensor *t, *g;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < im->list[part].count; i++)
        rc = mega_source_take(s, &im->list[part].item[i], mega_part_dtype((enum mega_part)part), &t, &g,
                              im->err);
    return rc;
}

static bool is_listed(const struct mega_official *l, const char *name)
{
    size_t len = strlen(name);
    len -= ora_ends_with(name, ".weight_g") || ora_ends_with(name, ".weight_v") ? 2 : 0;
    for (size_t i = 0; i < l->count; i++)
        if (strlen(l->item[i].name) == len && memcmp(l->item[i].name, name, len) == 0)
            return true;
    return false;
}

/* Known and not needed: the character encoder, and the side of a WaveVAE that another file gives. */
static bool is_spare(const struct importing *im, const char *name)
{
    return ora_starts_with(name, "dur.char_encoder.") || ora_starts_with(name, "dur.char_empty_embed.") ||
           is_listed(&im->list[MEGA_PART_VAE], name) || is_listed(&im->list[MEGA_PART_VAE_ENCODER], name);
}

/* Tells what is left out, and keeps the unknown names for voice.yaml. */
static void tell_rest(struct importing *im, const struct mega_source *s)
{
    struct ora_str names = ORA_STR_INIT;
    char shape[ORA_SHAPE_TEXT];
    size_t unknown = 0, spare = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct mega_source_tensor *t = &s->item[i];
        if (t->known)
            continue;
        if (is_spare(im, t->name)) {
            spare++;
            continue;
        }
        json_t *text = json_string(t->name);
        char *quoted = text ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
        ora_str_addf(&im->yaml, "%s", im->yaml.len ? "" : "  dropped:\n");
        ora_str_addf(&im->yaml, "    - %s\n", quoted ? quoted : "\"?\"");
        free(quoted);
        json_decref(text);
        if (unknown++ < NAMES_TOLD)
            ora_str_addf(&names, "%s%s %s", unknown > 1 ? ", " : "", t->name,
                         ora_shape_text(&t->tensor->shape, shape));
    }
    if (unknown)
        note(im, "%s: left out %zu unknown tensor%s: %s%s", s->path, unknown, unknown == 1 ? "" : "s",
             ora_str_c(&names), unknown > NAMES_TOLD ? ", …" : "");
    if (spare)
        note(im, "%s: left out %zu tensors that nothing uses", s->path, spare);
    ora_str_release(&names);
}

/* One file, which may hold two parts (a full WaveVAE). */
static int check_file(struct importing *im, int part)
{
    struct mega_source s;
    const char *path = im->file[part];
    int rc = mega_source_open(&s, path, origins[part].key, origins[part].prefix, im->err);
    if (rc < 0)
        return rc;
    for (int p = part; rc == 0 && p < MEGA_PARTS; p++)
        if (im->file[p] && strcmp(im->file[p], path) == 0)
            rc = check_part(im, &s, p);
    if (rc == 0 && part == MEGA_PART_DUR)
        im->voice.use_pos_embed = mega_source_find(&s, "dur.embed_positions._float_tensor");
    if (rc == 0)
        tell_rest(im, &s);
    mega_source_close(&s);
    tell_read(im, path);
    return rc;
}

static bool same_file_before(const struct importing *im, int part)
{
    for (int p = 0; p < part; p++)
        if (im->file[p] && strcmp(im->file[p], im->file[part]) == 0)
            return true;
    return false;
}

static int check_all(struct importing *im)
{
    int rc = 0;
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++) {
        if (!im->file[p])
            note(im, "%s/%s has no %s: %s", im->dir, mega_part_folder((enum mega_part)p),
                 p == MEGA_PART_VAE_ENCODER ? "encoder" : "checkpoint", origins[p].without);
        else if (!same_file_before(im, p))
            rc = check_file(im, p);
    }
    return rc;
}

/* ---- two WaveVAEs --------------------------------------------------------------------------------- */

static bool equal(const struct ora_tensor *a, const struct ora_tensor *b)
{
    return a->dtype == b->dtype && ora_shape_equal(&a->shape, &b->shape) &&
           (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

static void compare(struct importing *im, struct mega_source *a, struct mega_source *b)
{
    size_t common = 0, differ = 0;
    const char *first = NULL;
    for (size_t i = 0; i < a->count; i++) {
        const struct ora_tensor *t = mega_source_find(b, a->item[i].name);
        if (!t)
            continue;
        common++;
        if (equal(a->item[i].tensor, t))
            continue;
        first = first ? first : a->item[i].name;
        differ++;
    }
    if (differ)
        note(im,
             "%s and %s differ in %zu of %zu tensors (the first: '%s'): the former decodes, the latter "
             "encodes",
             a->path, b->path, differ, common, first);
    else
        note(im, "%s and %s agree in all %zu tensors that both have: the former decodes, the latter encodes",
             a->path, b->path, common);
    ora_str_addf(&im->yaml,
                 "  vae_files: {decoder: \"%s\", encoder: \"%s\", common_tensors: %zu, different: %zu}\n",
                 ora_path_base(a->path), ora_path_base(b->path), common, differ);
}

static int compare_vaes(struct importing *im, const char *full)
{
    struct mega_source a, b;
    if (!full || !im->file[MEGA_PART_VAE] || strcmp(full, im->file[MEGA_PART_VAE]) == 0)
        return 0;
    int rc = mega_source_open(&a, im->file[MEGA_PART_VAE], "model_gen", "vae.", im->err);
    if (rc < 0)
        return rc;
    if ((rc = mega_source_open(&b, full, "model_gen", "vae.", im->err)) == 0) {
        compare(im, &a, &b);
        mega_source_close(&b);
    }
    mega_source_close(&a);
    return rc;
}

/* ---- settings ------------------------------------------------------------------------------------- */

static int read_config(struct importing *im)
{
    char *folder = ora_path_join(im->dir, "diffusion_transformer"),
         *path = ora_path_join(folder, "config.yaml");
    long win = MEGA_WIN_SIZE, multiple = MEGA_FRAME_MULTIPLE;
    bool has_win = false, has_multiple = false, there = false;
    int rc = mega_import_finds(folder, path, &there, im->err);
    if (rc == 0 && there) {
        rc = mega_config_number(path, "win_size", 16, 1 << 16, &win, &has_win, im->err);
        if (rc == 0)
            rc = mega_config_number(path, "frames_multiple", 1, 1 << 16, &multiple, &has_multiple, im->err);
        if (rc == 0)
            tell_read(im, path);
    }
    if (rc == 0 && multiple != MEGA_FRAME_MULTIPLE)
        rc = ora_err_set(im->err, ORA_E_UNSUPPORTED, "%s: 'frames_multiple' is %ld, wanted %d", path,
                         multiple, MEGA_FRAME_MULTIPLE);
    if (rc == 0 && !has_win && im->file[MEGA_PART_DIT])
        note(im, "%s %s win_size: %d is taken", path, there ? "does not give" : "is not there to give",
             MEGA_WIN_SIZE);
    im->voice.win_size = (int)win;
    free(path);
    free(folder);
    return rc;
}

static int read_tokenizer(struct importing *im)
{
    static const char *const names[] = {"config.json", "added_tokens.json", "vocab.json", "merges.txt"};
    if (!im->file[MEGA_PART_G2P])
        return 0;
    char *folder = ora_path_dir(im->file[MEGA_PART_G2P]);
    int rc = mega_tokenizer_files_read(folder, &im->voice.dims.g2p, &im->tokenizer, im->err);
    if (rc == 0 && im->tokenizer.config_missing)
        note(im, "%s has no config.json: the usual rotary base and epsilon are taken", folder);
    if (rc == 0 && im->tokenizer.added_missing)
        note(im, "%s has no added_tokens.json: the ids of the released one are taken", folder);
    for (size_t i = 0; rc == 0 && i < sizeof names / sizeof *names; i++) {
        char *path = ora_path_join(folder, names[i]);
        if (ora_file_exists(path))
            tell_read(im, path);
        free(path);
    }
    free(folder);
    return rc;
}

/* ---- writing -------------------------------------------------------------------------------------- */

static int put_folded(struct importing *im, const struct ora_tensor *v, const struct ora_tensor *g)
{
    float *w = ora_trymalloc(v->bytes), *length = ora_trymalloc(g->bytes);
    int rc = 0;
    if (w && length) {
        ora_tensor_copy_f32(v, w);
        ora_tensor_copy_f32(g, length);
        mega_fold_weight_norm(w, length, w, g->count, v->count / g->count);
        rc = ora_weights_writer_put(im->wr, w, v->bytes, im->err);
    } else {
        rc = ora_err_set(im->err, ORA_E_NO_MEMORY, "no memory to fold tensor '%s'", v->name);
    }
    free(w);
    free(length);
    return rc;
}

static int put_tensor(struct importing *im, struct mega_source *s, int part, size_t i)
{
    const struct ora_tensor *t, *g;
    size_t bad;
    int rc =
        mega_source_take(s, &im->list[part].item[i], mega_part_dtype((enum mega_part)part), &t, &g, im->err);
    if (rc < 0)
        return rc;
    if (ora_tensor_not_finite(t, &bad) || (g && ora_tensor_not_finite(g, &bad)))
        return ora_err_set(im->err, ORA_E_VOICE, "%s: tensor '%s': element %zu is not a finite number",
                           s->path, im->list[part].item[i].name, bad);
    rc = g ? put_folded(im, t, g) : ora_weights_writer_put(im->wr, t->data, t->bytes, im->err);
    im->done += 1;
    if (im->o->progress)
        im->o->progress(im->o->progress_ctx, mega_part_name((enum mega_part)part), im->done / im->all);
    return rc;
}

static int write_part(struct importing *im, int part)
{
    struct mega_source s;
    int rc = mega_source_open(&s, im->file[part], origins[part].key, origins[part].prefix, im->err);
    if (rc < 0)
        return rc;
    rc = mega_source_verify(&s, im->err);
    for (size_t i = 0; rc == 0 && i < im->list[part].count; i++)
        rc = put_tensor(im, &s, part, i);
    mega_source_close(&s);
    return rc;
}

static int declare_all(struct importing *im)
{
    int rc = 0;
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++)
        if (im->file[p]) {
            rc = mega_base_declare(im->wr, (enum mega_part)p, &im->list[p], im->err);
            im->all += (double)im->list[p].count;
        }
    if (rc == 0 && im->file[MEGA_PART_G2P])
        rc = mega_base_declare_tokenizer(im->wr, im->tokenizer.vocab_bytes, im->tokenizer.merges_bytes,
                                         im->err);
    return rc;
}

static int write_all(struct importing *im)
{
    char *path = ora_path_join(im->o->out_dir, "model.safetensors");
    int rc = mega_base_create(path, &im->wr, im->err);
    if (rc == 0)
        rc = declare_all(im);
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++)
        if (im->file[p])
            rc = write_part(im, p);
    if (rc == 0 && im->file[MEGA_PART_G2P]) {
        rc = ora_weights_writer_put(im->wr, im->tokenizer.vocab, im->tokenizer.vocab_bytes, im->err);
        if (rc == 0)
            rc = ora_weights_writer_put(im->wr, im->tokenizer.merges, im->tokenizer.merges_bytes, im->err);
    }
    if (rc == 0)
        rc = ora_weights_writer_commit(im->wr, NULL, im->err);
    ora_weights_writer_destroy(&im->wr);
    free(path);
    return rc;
}

int mega_import(const char *dir, const struct ora_import_options *o, struct ora_str *yaml,
                struct ora_err *err)
{
    struct importing im = {.dir = dir, .o = o, .err = err};
    char *full = NULL;
    im.voice.dims = mega_dims_official;
    int rc = o->dims ? mega_dims_choose(o->dims, &im.voice.dims, err) : 0;
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++)
        mega_official_list(&im.list[p], (enum mega_part)p, &im.voice.dims);
    if (rc == 0 && (rc = find_all(&im, &full)) == 0 && (rc = check_all(&im)) == 0 &&
        (rc = compare_vaes(&im, full)) == 0 && (rc = read_config(&im)) == 0 &&
        (rc = read_tokenizer(&im)) == 0)
        rc = write_all(&im);
    if (rc == 0) {
        mega_base_yaml(&im.voice, yaml);
        ora_str_add(yaml, ora_str_c(&im.yaml));
    }
    for (int p = 0; p < MEGA_PARTS; p++) {
        mega_official_release(&im.list[p]);
        free(im.file[p]);
    }
    mega_tokenizer_files_release(&im.tokenizer);
    ora_str_release(&im.yaml);
    free(full);
    return rc;
}
