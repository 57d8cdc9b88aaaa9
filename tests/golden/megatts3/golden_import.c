/* Weights of an import: the checkpoints become a voice in a temporary folder, which goes away at once; the
 * map stays. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "golden.h"
#include "models/megatts3/import.h"

void golden_import(struct golden *g, const char *checkpoints, struct golden_imported *imported)
{
    char dir[] = "/tmp/megatts3-golden-XXXXXX", dims[4096], model[64];
    struct ora_str yaml = ORA_STR_INIT;
    struct ora_err err = {0};
    snprintf(dims, sizeof dims, "%s/dims.json", checkpoints);
    if (!mkdtemp(dir))
        golden_must(ora_err_set(&err, ORA_E_IO, "%s", dir), &err, "a temporary folder");
    const struct ora_import_options o = {.out_dir = dir, .name = "imported", .dims = dims};
    int rc = mega_import(checkpoints, &o, &yaml, &err);
    snprintf(model, sizeof model, "%s/model.safetensors", dir);
    if (rc == 0)
        rc = ora_weights_open(model, &imported->weights, &err);
    ora_file_remove_tree(dir, NULL);
    ora_str_release(&yaml);
    golden_must(rc, &err, "importing");
    imported->source = ora_file_source(&imported->file, imported->weights);
    g->source = &imported->source;
}

void golden_import_release(struct golden_imported *imported)
{
    ora_file_source_release(&imported->file);
    ora_weights_close(&imported->weights);
}
