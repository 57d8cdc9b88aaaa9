/* Import: reads both files, writes the weights, and checks what was written by binding it as an engine would.
 */
#include "models/vits/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "models/vits/model.h"
#include "weights/safetensors.h"

enum { CONFIG_MAX_BYTES = 8 << 20 };

static json_t *read_config(const char *path, struct ora_err *err)
{
    char *text = NULL;
    size_t len;
    json_error_t why;
    if (ora_file_read(path, CONFIG_MAX_BYTES, &text, &len, err) < 0) {
        ora_err_wrap(err, "the voice's configuration");
        return NULL;
    }
    json_t *config = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    free(text);
    if (!json_is_object(config)) {
        ora_err_set(err, ORA_E_FORMAT, "%s:%d: %s", path, why.line, config ? "not an object" : why.text);
        json_decref(config);
        return NULL;
    }
    return config;
}

static int declare(const struct vits_graph *g, struct ora_weights_writer *wr, const struct ora_onnx *m,
                   struct ora_err *err)
{
    struct ora_str rates = ORA_STR_INIT, dilations = ORA_STR_INIT;
    int rc = vits_graph_metadata(m, g, &rates, &dilations, err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "family", "vits", err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "upsample_rates", ora_str_c(&rates), err);
    if (rc == 0)
        rc = ora_weights_writer_meta(wr, "resblock_dilations", ora_str_c(&dilations), err);
    for (size_t i = 0; rc == 0 && i < g->count; i++)
        rc = ora_weights_writer_declare(wr, g->tensor[i].name, ORA_F32, g->tensor[i].tensor->shape, err);
    ora_str_release(&rates);
    ora_str_release(&dilations);
    return rc;
}

static int write_weights(const struct ora_onnx *m, const struct vits_graph *g, const char *path,
                         const struct ora_import_options *o, struct ora_err *err)
{
    struct ora_weights_writer *wr = NULL;
    int rc = ora_weights_writer_create(path, &wr, err);
    if (rc == 0)
        rc = declare(g, wr, m, err);
    for (size_t i = 0; rc == 0 && i < g->count; i++) {
        const struct vits_named_tensor *t = &g->tensor[i];
        rc = ora_weights_writer_put(wr, t->values ? t->values : t->tensor->data, t->tensor->bytes, err);
        if (o->progress)
            o->progress(o->progress_ctx, "weights", (double)(i + 1) / (double)g->count);
    }
    if (rc == 0)
        rc = ora_weights_writer_commit(wr, NULL, err);
    ora_weights_writer_destroy(&wr);
    return rc;
}

/* Every tensor against the chain of shapes: what an engine would find on opening. */
static int check_weights(const char *path, int *symbols, struct ora_err *err)
{
    struct ora_weights *w = NULL;
    struct vits_config c;
    int rc = ora_weights_open(path, &w, err);
    if (rc == 0)
        rc = vits_config_read(w, &c, err);
    if (rc == 0)
        rc = vits_check_shapes(w, &c, err);
    *symbols = rc == 0 ? c.symbols : 0;
    ora_weights_close(&w);
    return rc;
}

int vits_import(const char *path, const struct ora_import_options *o, struct ora_str *yaml,
                struct ora_err *err)
{
    char *config_path = ora_fmt("%s.json", path), *out = ora_path_join(o->out_dir, "model.safetensors");
    struct ora_onnx *m = NULL;
    struct vits_graph g = {0};
    struct vits_import_facts facts = {0};
    json_t *config = read_config(config_path, err);
    int rc = config ? ora_onnx_open(path, &m, err) : err ? err->code : ORA_E_FORMAT;
    if (rc == 0)
        rc = vits_graph_read(m, &g, err);
    if (rc == 0)
        rc = write_weights(m, &g, out, o, err);
    if (rc == 0 && (rc = check_weights(out, &facts.symbols, err)) < 0)
        ora_err_wrap(err, "%s", path);
    if (rc == 0)
        rc = vits_import_yaml(config, config_path, &facts, yaml, err);
    vits_graph_release(&g);
    ora_onnx_close(&m);
    json_decref(config);
    free(out);
    free(config_path);
    return rc;
}

bool vits_import_knows(const char *path, struct ora_str *what)
{
    if (!ora_ends_with(path, ".onnx") || !ora_file_exists(path))
        return false;
    ora_str_add(what, "a Piper voice");
    return true;
}
