/*
 * The small checkpoints become a voice: tensor by tensor the bits of the formula that they were made of,
 * whatever container they lie in; what is missing, foreign or wrong is told.
 */
#include "models/megatts3/import.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "base/yaml.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/formula.h"
#include "models/megatts3/make_random.h"
#include "weights/torch.h"

static const char checkpoints[] = MEGA_CHECKPOINTS; /* from CMake */

struct result {
    int rc;
    struct ora_err err;
    struct ora_str yaml, notes;
    char *dir, *model;
};

static void on_note(void *ctx, const char *text)
{
    struct result *r = ctx;
    ora_str_addf(&r->notes, "%s\n", text);
}

static struct result import(const char *release, const char *dims)
{
    static int number;
    struct result r = {.dir = ora_fmt("%s/voice-%d", ora_test_tmpdir(), number++)};
    char *dims_file = dims ? ora_path_join(checkpoints, dims) : NULL;
    const struct ora_import_options o = {
        .out_dir = r.dir, .name = "x", .dims = dims_file, .note = on_note, .log_ctx = &r};
    ORA_CHECK_OK(ora_file_mkdirs(r.dir, 0755, &r.err), r.err);
    r.rc = mega_import(release, &o, &r.yaml, &r.err);
    r.model = ora_path_join(r.dir, "model.safetensors");
    free(dims_file);
    return r;
}

static void release(struct result *r)
{
    ora_str_release(&r->yaml);
    ora_str_release(&r->notes);
    free(r->dir);
    free(r->model);
}

/* A release of links to the given folders of the checkpoints. */
static char *folder_of(const char *name, const char *const *parts)
{
    char *dir = ora_path_join(ora_test_tmpdir(), name);
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    for (; *parts; parts++) {
        char *to = ora_path_join(checkpoints, *parts), *from = ora_path_join(dir, *parts);
        ORA_CHECK_INT(symlink(to, from), 0);
        free(to), free(from);
    }
    return dir;
}

#define PARTS(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

/* ---- the whole ------------------------------------------------------------------------------------ */

/* The table of sinusoids is the reference's own, of angles in float32. */
static bool is_sinusoid(const struct ora_tensor *t, const float *want)
{
    const float *got = t->data;
    for (size_t i = 0; i < t->count; i++)
        if (!(fabsf(got[i] - want[i]) < 2e-5f))
            return false;
    return true;
}

static size_t wrong_values(const struct ora_tensor *t, const char *seed)
{
    size_t rows = t->shape.rank > 1 ? t->shape.dim[0] : 1, wrong = 0;
    float *want = ora_xmalloc(t->count * sizeof *want);
    if (!mega_formula_rows(seed, t->name, &t->shape, 0, rows, want))
        return t->count;
    bool sinusoid = strcmp(t->name, "align.encoder.positional_embedding") == 0 && is_sinusoid(t, want);
    for (size_t i = 0; i < t->count && !sinusoid; i++) {
        uint32_t bits, got = 0;
        memcpy(&bits, &want[i], sizeof bits);
        if (t->dtype == ORA_BF16)
            bits >>= 16;
        memcpy(&got, (const char *)t->data + i * ora_dtype_bytes(t->dtype), ora_dtype_bytes(t->dtype));
        wrong += got != bits;
    }
    free(want);
    return wrong;
}

static void check_voice(const char *model, const char *seed, const struct mega_dims *dims,
                        const bool parts[MEGA_PARTS])
{
    struct ora_weights *w = NULL;
    struct ora_err err = {0};
    size_t seen = 0;
    ORA_CHECK_OK(ora_weights_open(model, &w, &err), err);
    ORA_CHECK_INT(ora_weights_align(w), 64);
    for (int p = 0; w && p < MEGA_PARTS; p++) {
        struct mega_official list;
        mega_official_list(&list, (enum mega_part)p, dims);
        for (size_t i = 0; i < list.count && parts[p]; i++) {
            const struct ora_tensor *t = ora_weights_find(w, list.item[i].name);
            seen++;
            if (!t || t->dtype != mega_part_dtype((enum mega_part)p) ||
                !ora_shape_equal(&t->shape, &list.item[i].shape))
                ORA_FAIL("%s is not there as it should be", list.item[i].name);
            else if (wrong_values(t, seed))
                ORA_FAIL("%s: %zu of %zu values are not the formula's", t->name, wrong_values(t, seed),
                         t->count);
        }
        mega_official_release(&list);
    }
    ORA_CHECK_INT(ora_weights_count(w), seen + (parts[MEGA_PART_G2P] ? 2 : 0));
    ora_weights_close(&w);
}

static const bool all_parts[MEGA_PARTS] = {true, true, true, true, true, true};

static void check_bytes(const char *model, const char *tensor, const char *file)
{
    struct ora_weights *w = NULL;
    struct ora_err err = {0};
    char *path = ora_path_join(checkpoints, file), *data = NULL;
    size_t len = 0;
    ORA_CHECK_OK(ora_weights_open(model, &w, &err), err);
    ORA_CHECK_OK(ora_file_read(path, 1 << 20, &data, &len, &err), err);
    const struct ora_tensor *t = ora_weights_find(w, tensor);
    ORA_CHECK(t && t->dtype == ORA_U8 && t->bytes == len && memcmp(t->data, data, len) == 0);
    ora_weights_close(&w);
    free(path), free(data);
}

ORA_TEST(small_checkpoints_give_the_formulas_bits)
{
    struct result r = import(checkpoints, "dims.json");
    struct mega_dims dims = {0};
    ORA_CHECK_OK(r.rc, r.err);
    ORA_REQUIRE(r.rc == 0);
    check_voice(r.model, "A", &mega_dims_mini, all_parts);
    check_bytes(r.model, "bpe.vocab", "g2p/vocab.json");
    check_bytes(r.model, "bpe.merges", "g2p/merges.txt");
    ORA_CHECK_HAS(ora_str_c(&r.notes), "left out 3 unknown tensors: dit.");
    ORA_CHECK_HAS(ora_str_c(&r.notes), "agree in all 256 tensors that both have");
    struct ora_yaml *doc = ora_yaml_parse(r.yaml.data, r.yaml.len, "voice.yaml", &r.err);
    ORA_REQUIRE(doc);
    const struct ora_yaml_node *m = ora_yaml_get(doc->root, "megatts3");
    ORA_CHECK_OK(mega_dims_read_yaml(ora_yaml_get(m, "dims"), &dims, &r.err), r.err);
    ORA_CHECK(memcmp(&dims, &mega_dims_mini, sizeof dims) == 0);
    ORA_CHECK_INT(ora_yaml_get(m, "parts")->count, MEGA_PARTS);
    ORA_CHECK_INT(ora_yaml_get(m, "dropped")->count, 3);
    ORA_CHECK_STR(ora_yaml_get(m, "use_pos_embed")->text, "false");
    ORA_CHECK_STR(ora_yaml_get(m, "win_size")->text, "1200");
    ora_yaml_free(&doc);
    release(&r);
}

/* The comparison above can fail. */
ORA_TEST(another_seed_has_other_bits)
{
    struct result r = import(checkpoints, "dims.json");
    struct ora_weights *w = NULL;
    ORA_CHECK_OK(r.rc, r.err);
    ORA_CHECK_OK(ora_weights_open(r.model, &w, &r.err), r.err);
    ORA_CHECK(w && wrong_values(ora_weights_find(w, "dit.prenet.weight"), "B") > 1000);
    ora_weights_close(&w);
    release(&r);
}

ORA_TEST(make_random_writes_the_same_voice)
{
    char *dir = ora_path_join(ora_test_tmpdir(), "random");
    char *model = ora_path_join(dir, "model.safetensors");
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_err err = {0};
    const struct ora_import_options o = {.out_dir = dir, .name = "x", .dims = "mini"};
    ORA_CHECK_OK(ora_file_mkdirs(dir, 0755, &err), err);
    ORA_CHECK_OK(mega_make_random("A", &o, &yaml, &err), err);
    check_voice(model, "A", &mega_dims_mini, all_parts);
    ORA_CHECK_INT(mega_make_random("../A", &o, &yaml, &err), ORA_E_BAD_USAGE);
    ora_str_release(&yaml);
    free(dir), free(model);
}

/* ---- the table ------------------------------------------------------------------------------------ */

struct census {
    size_t tensors, parameters; /* as the release holds them: a normed weight is two */
};

static struct census census_of(enum mega_part part)
{
    struct census c = {0};
    struct mega_official list;
    mega_official_list(&list, part, &mega_dims_official);
    for (size_t i = 0, n; i < list.count; i++) {
        bool normed = mega_weight_normed(list.item[i].name);
        ORA_CHECK(ora_shape_count(&list.item[i].shape, &n));
        c.tensors += 1 + normed;
        c.parameters += n + (normed ? list.item[i].shape.dim[0] : 0);
    }
    mega_official_release(&list);
    return c;
}

/* Totals that were published with the official models (print-outs of modules, sizes of files). */
ORA_TEST(table_has_the_totals_of_the_release)
{
    struct census c = census_of(MEGA_PART_DIT), encoder = census_of(MEGA_PART_VAE_ENCODER);
    ORA_CHECK_INT(c.tensors, 484);
    ORA_CHECK_INT(c.parameters, 458834496);
    c = census_of(MEGA_PART_DUR);
    ORA_CHECK_INT(c.parameters, 42458625);
    c = census_of(MEGA_PART_ALIGN);
    ORA_CHECK_INT(c.tensors, 247);
    ORA_CHECK_INT(c.parameters, 53060240 + 1536000);
    c = census_of(MEGA_PART_VAE);
    ORA_CHECK_INT(c.tensors + encoder.tensors, 330);
    ORA_CHECK_INT(c.parameters + encoder.parameters, 255573922);
    ORA_CHECK_INT(c.parameters, 226081634);
    c = census_of(MEGA_PART_G2P);
    ORA_CHECK_INT(c.tensors, 290);
    ORA_CHECK_INT(c.parameters, 509228928);
}

/* ---- partial releases ----------------------------------------------------------------------------- */

ORA_TEST(the_release_without_encoder_says_what_it_cannot)
{
    char *dir =
        folder_of("official", PARTS("diffusion_transformer", "duration_lm", "aligner_lm", "wavvae", "g2p"));
    struct result r = import(dir, "dims.json");
    bool parts[MEGA_PARTS];
    memcpy(parts, all_parts, sizeof parts);
    parts[MEGA_PART_VAE_ENCODER] = false;
    ORA_CHECK_OK(r.rc, r.err);
    check_voice(r.model, "A", &mega_dims_mini, parts);
    ORA_CHECK_HAS(ora_str_c(&r.notes),
                  "has no encoder: voices can be made only of recordings that come with their latents");
    ORA_CHECK_HAS(ora_str_c(&r.yaml), "parts: [dit, dur, align, vae, g2p]");
    release(&r);
    free(dir);
}

ORA_TEST(missing_folders_are_told)
{
    char *dir = folder_of("two", PARTS("aligner_lm", "duration_lm")),
         *none = folder_of("none", PARTS("hostile"));
    struct result r = import(dir, "dims.json");
    ORA_CHECK_OK(r.rc, r.err);
    ORA_CHECK_HAS(ora_str_c(&r.notes), "diffusion_transformer has no checkpoint: it cannot speak");
    ORA_CHECK_HAS(ora_str_c(&r.notes), "g2p has no checkpoint: it cannot speak");
    release(&r);
    r = import(none, "dims.json");
    ORA_CHECK_INT(r.rc, ORA_E_NOT_FOUND);
    ORA_CHECK_HAS(r.err.message, "wanted the folders diffusion_transformer");
    release(&r);
    free(dir), free(none);
}

/* Only what is not there is missing. */
ORA_TEST(what_is_there_and_cannot_be_read_is_an_error)
{
    static const struct {
        const char *link, *to;
    } cases[] = {
        {"duration_lm/model_only_last.ckpt", "model_only_last.ckpt"}, /* a circle */
        {"duration_lm/model_only_last.safetensors", "gone"},
        {"duration_lm", "duration_lm"},
        {"duration_lm", "gone"},
        {"diffusion_transformer/config.yaml", "gone"},
        {"wavvae-full/model_only_last.ckpt", "gone"},
        {"g2p/model.safetensors", "gone"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        char name[16];
        snprintf(name, sizeof name, "broken-%zu", i);
        char *dir = folder_of(name, PARTS("aligner_lm")), *link = ora_path_join(dir, cases[i].link),
             *folder = ora_path_dir(link);
        ORA_CHECK_OK(ora_file_mkdirs(folder, 0755, &err), err);
        ORA_CHECK_INT(symlink(cases[i].to, link), 0);
        struct result r = import(dir, "dims.json");
        ORA_CHECK(r.rc < 0);
        ORA_CHECK_HAS(r.err.message, "it is there and cannot be read");
        ORA_CHECK_HAS(r.err.message, link);
        ORA_CHECK(!ora_file_exists(r.model));
        release(&r);
        free(dir), free(link), free(folder);
    }
}

ORA_TEST(an_empty_tokenizer_is_refused)
{
    static const struct {
        const char *file, *text, *says;
    } cases[] = {
        {"merges.txt", "", "merges.txt has no merges"},
        {"merges.txt", "#version: 0.2\n", "merges.txt has no merges"},
        {"vocab.json", "", "vocab.json"},
        {"vocab.json", "{}", "no token for the byte"},
    };
    static const char *const files[] = {"config.json", "added_tokens.json", "vocab.json", "merges.txt",
                                        "model.safetensors"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_err err = {0};
        char name[16];
        snprintf(name, sizeof name, "empty-%zu", i);
        char *dir = folder_of(name, PARTS("aligner_lm")), *g2p = ora_path_join(dir, "g2p");
        ORA_CHECK_OK(ora_file_mkdirs(g2p, 0755, &err), err);
        for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
            char *to = ora_fmt("%s/g2p/%s", checkpoints, files[k]), *from = ora_path_join(g2p, files[k]);
            if (strcmp(files[k], cases[i].file) != 0)
                ORA_CHECK_INT(symlink(to, from), 0);
            else
                ORA_CHECK_OK(ora_file_write_atomic(from, cases[i].text, strlen(cases[i].text), 0644, &err),
                             err);
            free(to), free(from);
        }
        struct result r = import(dir, "dims.json");
        ORA_CHECK(r.rc < 0);
        ORA_CHECK_HAS(r.err.message, cases[i].says);
        release(&r);
        free(dir), free(g2p);
    }
}

ORA_TEST(sizes_of_the_release_are_wanted_without_dims)
{
    struct result r = import(checkpoints, NULL);
    ORA_CHECK_INT(r.rc, ORA_E_VOICE);
    ORA_CHECK_HAS(r.err.message,
                  "tensor 'dit.ph_encoder.emb.weight': wanted F32 [302, 1024], found F32 [302, 64]");
    release(&r);
}

/* ---- dumps, and what a changed tensor does -------------------------------------------------------- */

typedef void edit_fn(const struct ora_tensor *t, float *values);

/* Writes the state dict of a checkpoint as safetensors; `extra` is one more tensor of one element, `lack` is
 * left out. */
static void dump(const char *file, const char *key, const char *to, const char *extra, const char *lack,
                 edit_fn *edit)
{
    const char *const keys[] = {"state_dict", key};
    char *path = ora_path_join(checkpoints, file);
    struct ora_torch *t = NULL;
    struct ora_weights_writer *wr = NULL;
    struct ora_err err = {0};
    const struct ora_tensor *x;
    ORA_CHECK_OK(ora_torch_open(path, keys, 2, &t, &err), err);
    ORA_CHECK_OK(ora_weights_writer_create(to, &wr, &err), err);
    for (size_t i = 0; (x = ora_torch_at(t, i)); i++)
        if (!lack || strcmp(x->name, lack) != 0)
            ORA_CHECK_OK(ora_weights_writer_declare(wr, x->name, x->dtype, x->shape, &err), err);
    if (extra)
        ORA_CHECK_OK(ora_weights_writer_declare(wr, extra, ORA_F32, ORA_SHAPE(1), &err), err);
    for (size_t i = 0; (x = ora_torch_at(t, i)); i++) {
        float *values = ora_xmalloc(x->bytes + 1);
        ora_tensor_copy_f32(x, values);
        if (edit)
            edit(x, values);
        if (!lack || strcmp(x->name, lack) != 0)
            ORA_CHECK_OK(ora_weights_writer_put(wr, values, x->bytes, &err), err);
        free(values);
    }
    if (extra)
        ORA_CHECK_OK(ora_weights_writer_put(wr, &(float){1}, sizeof(float), &err), err);
    ORA_CHECK_OK(ora_weights_writer_commit(wr, NULL, &err), err);
    ora_weights_writer_destroy(&wr);
    ora_torch_close(&t);
    free(path);
}

/* A release of one folder with one dump in it. */
static char *dumped(const char *name, const char *folder, const char *file, const char *key, const char *stem,
                    const char *extra, const char *lack, edit_fn *edit)
{
    char *dir = ora_path_join(ora_test_tmpdir(), name), *inner = ora_path_join(dir, folder);
    char *to = ora_fmt("%s/%s.safetensors", inner, stem);
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_mkdirs(inner, 0755, &err), err);
    dump(file, key, to, extra, lack, edit);
    free(inner), free(to);
    return dir;
}

ORA_TEST(dumps_give_the_same_bits)
{
    char *dir = dumped("dumps", "aligner_lm", "aligner_lm/model_only_last.ckpt", "model", "model_only_last",
                       NULL, NULL, NULL);
    struct result r = import(dir, "dims.json");
    const bool parts[MEGA_PARTS] = {[MEGA_PART_ALIGN] = true};
    ORA_CHECK_OK(r.rc, r.err);
    check_voice(r.model, "A", &mega_dims_mini, parts);
    release(&r);
    free(dir);
}

ORA_TEST(a_buffer_of_positions_turns_them_on)
{
    char *dir = dumped("positions", "duration_lm", "duration_lm/model_only_last.ckpt", "dur_model",
                       "model_only_last", "module.embed_positions._float_tensor", NULL, NULL);
    struct result r = import(dir, "dims.json");
    ORA_CHECK_OK(r.rc, r.err);
    ORA_CHECK_HAS(ora_str_c(&r.yaml), "use_pos_embed: true");
    release(&r);
    free(dir);
}

ORA_TEST(a_missing_tensor_is_named)
{
    char *dir = dumped("lacking", "duration_lm", "duration_lm/model_only_last.ckpt", "dur_model",
                       "model_only_last", NULL, "module.enc_proj.bias", NULL);
    struct result r = import(dir, "dims.json");
    ORA_CHECK_INT(r.rc, ORA_E_VOICE);
    ORA_CHECK_HAS(r.err.message, "tensor 'dur.enc_proj.bias' is missing, wanted F32 [64]");
    ORA_CHECK(!ora_file_exists(r.model));
    release(&r);
    free(dir);
}

static void spoil(const struct ora_tensor *t, float *values)
{
    if (strcmp(t->name, "module.enc_proj.bias") == 0)
        values[3] = NAN;
}

ORA_TEST(a_value_that_is_no_number_is_told)
{
    char *dir = dumped("spoilt", "duration_lm", "duration_lm/model_only_last.ckpt", "dur_model",
                       "model_only_last", NULL, NULL, spoil);
    struct result r = import(dir, "dims.json");
    ORA_CHECK_INT(r.rc, ORA_E_VOICE);
    ORA_CHECK_HAS(r.err.message, "tensor 'dur.enc_proj.bias': element 3 is not a finite number");
    ORA_CHECK(!ora_file_exists(r.model));
    release(&r);
    free(dir);
}

static void change_one(const struct ora_tensor *t, float *values)
{
    if (strcmp(t->name, "decoder.model_up.1.bias") == 0)
        values[0] += 1;
}

/* The official decoder decodes; what the other WaveVAE's would have said is told. */
ORA_TEST(two_decoders_are_compared)
{
    char *dir = dumped("vaes", "wavvae-full", "wavvae-full/model_only_last.ckpt", "model_gen",
                       "model_only_last", NULL, NULL, change_one);
    char *to = ora_path_join(checkpoints, "wavvae"), *from = ora_path_join(dir, "wavvae");
    ORA_CHECK_INT(symlink(to, from), 0);
    struct result r = import(dir, "dims.json");
    const bool parts[MEGA_PARTS] = {[MEGA_PART_VAE] = true, [MEGA_PART_VAE_ENCODER] = true};
    ORA_CHECK_OK(r.rc, r.err);
    ORA_CHECK_HAS(ora_str_c(&r.notes),
                  "differ in 1 of 256 tensors (the first: 'vae.decoder.model_up.1.bias')");
    check_voice(r.model, "A", &mega_dims_mini, parts);
    release(&r);
    free(dir), free(to), free(from);
}

ORA_TEST(a_stranger_among_a_wavvae_is_told)
{
    char *dir = dumped("stranger", "wavvae", "wavvae/decoder.ckpt", "model_gen", "decoder",
                       "decoder.stranger", NULL, NULL);
    struct result r = import(dir, "dims.json");
    ORA_CHECK_OK(r.rc, r.err);
    ORA_CHECK_HAS(ora_str_c(&r.notes), "left out 1 unknown tensor: vae.decoder.stranger [1]");
    ORA_CHECK_HAS(ora_str_c(&r.notes), "left out 2 tensors that nothing uses"); /* proj_to_z */
    release(&r);
    free(dir);
}

/* ---- settings ------------------------------------------------------------------------------------- */

static struct result with_config(const char *name, const char *config)
{
    char *dir = ora_path_join(ora_test_tmpdir(), name), *inner = ora_path_join(dir, "diffusion_transformer");
    char *to = ora_path_join(inner, "model_only_last.ckpt"), *path = ora_path_join(inner, "config.yaml");
    char *from = ora_path_join(checkpoints, "diffusion_transformer/model_only_last.ckpt");
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_file_mkdirs(inner, 0755, &err), err);
    ORA_CHECK_INT(symlink(from, to), 0);
    ORA_CHECK_OK(ora_file_write_atomic(path, config, strlen(config), 0644, &err), err);
    struct result r = import(dir, "dims.json");
    free(dir), free(inner), free(to), free(path), free(from);
    return r;
}

ORA_TEST(settings_are_read_and_never_evaluated)
{
    static const struct {
        const char *config, *error; /* NULL: fine */
        const char *yaml;
    } table[] = {
        {"win_size: 1024\nframes_multiple: 8\n", NULL, "win_size: 1024\n"},
        {"other: &a [1]\nagain: *a\ntag: !!python/name:os.system x\nwin_size: 900 # samples\n", NULL,
         "win_size: 900\n"},
        {"nested:\n  win_size: 7\n", NULL, "win_size: 1200\n"},
        {"win_size: ${__import__('os').system('true')}\n", "is an expression, '${__import__", NULL},
        {"frames_multiple: ${8}\n", "is an expression", NULL},
        {"win_size: 12e2\n", "wanted a whole number", NULL},
        {"win_size: -1\n", "wanted a whole number", NULL},
        {"win_size: 99999999999999999999\n", "wanted a whole number", NULL},
        {"win_size: 1200\nwin_size: 1300\n", "stands twice", NULL},
        {"frames_multiple: 4\n", "'frames_multiple' is 4, wanted 8", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char name[32];
        snprintf(name, sizeof name, "config-%zu", i);
        struct result r = with_config(name, table[i].config);
        if (table[i].error) {
            ORA_CHECK(r.rc < 0);
            ORA_CHECK_HAS(r.err.message, table[i].error);
        } else {
            ORA_CHECK_OK(r.rc, r.err);
            ORA_CHECK_HAS(ora_str_c(&r.yaml), table[i].yaml);
        }
        release(&r);
    }
}

/* ---- hostile files -------------------------------------------------------------------------------- */

/* Each in the place of a checkpoint of its kind. */
ORA_TEST(every_hostile_file_is_refused)
{
    static const struct {
        const char *file, *error;
    } table[] = {
        {"exec-bare.pkl", "class 'posix.system' is not one"},
        {"exec-legacy.ckpt", "class 'posix.system' is not one"},
        {"exec-zip.ckpt", "class 'posix.system' is not one"},
        {"huge-size.ckpt", "promises 65535 elements of F32, its entry has 6000 bytes"},
        {"path-escape.ckpt", "its location is not 'cpu' or 'cuda:N'"},
        {"short-storage.ckpt", "promises 1500 elements of F32, its entry has 100 bytes"},
        {"truncated-legacy.ckpt", "(truncated?)"},
        {"truncated-zip.ckpt", "(truncated?)"},
        {"header-huge.safetensors", "not a safetensors file?"},
        {"offset-outside.safetensors", "[4] of F32 needs 16 bytes, its offsets give 4088"},
        {"shape-overflow.safetensors", "is too large"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *dir = ora_fmt("%s/hostile-%zu", ora_test_tmpdir(), i),
             *inner = ora_path_join(dir, "diffusion_transformer");
        bool plain = ora_ends_with(table[i].file, ".safetensors");
        char *to = ora_fmt("%s/model_only_last%s", inner, plain ? ".safetensors" : ".ckpt");
        char *from = ora_fmt("%s/hostile/%s", checkpoints, table[i].file);
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_file_mkdirs(inner, 0755, &err), err);
        ORA_CHECK_INT(symlink(from, to), 0);
        struct result r = import(dir, "dims.json");
        ORA_CHECK(r.rc < 0);
        ORA_CHECK_HAS(r.err.message, table[i].error);
        ORA_CHECK(!ora_file_exists(r.model));
        release(&r);
        free(dir), free(inner), free(to), free(from);
    }
}

/* Sizes and hashes were typed. */
ORA_TEST(known_files_are_well_formed)
{
    const struct ora_known_file *k = mega_known_files;
    for (; k->sha256_start; k++) {
        ORA_CHECK_INT(strlen(k->sha256_start), 16);
        ORA_CHECK_INT(strspn(k->sha256_start, "0123456789abcdef"), 16);
        ORA_CHECK(k->bytes > 0 && k->origin);
    }
    ORA_CHECK_INT(k - mega_known_files, 11);
}
