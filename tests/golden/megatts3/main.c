/*
 * megatts3-golden INDEX.json [--mini] [--full] [--only NAME] [--kernels LEVEL] [--seed S]
 *                 [--checkpoints DIR] [--verbose] [--snr [--least DB]]
 *
 * Runs the cases of an index and compares every tensor. NAME is a model ("dit") or a part of a file's path.
 * --seed makes weights of another seed: then they must fail, which proves that the comparison can.
 * --checkpoints takes weights of what the importer makes of these checkpoints instead of the formula's.
 * --snr is for levels of other arithmetic: instead of tolerances, each stage's distance from the reference,
 * with the goldens' integers forced, and how many integers differ where the models choose for themselves;
 * exit 1 when a stage that reaches the sound has less than DB. Levels amx-split-model and amx-model run the
 * AMX levels over the software model of their instructions.
 * A level that this processor lacks: exit 77.
 * Without --mini or --full: mini. Closes with "N passed, N failed"; exit 1 when one failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"
#include "nn/kernels/amx_model.h"

struct options {
    const char *index, *only, *kernels, *seed, *checkpoints;
    bool mini, full, verbose, snr;
    double least_db;
};

static const struct {
    const char *model;
    void (*run)(struct golden *g);
} runners[] = {
    {"dit", golden_run_dit},       {"dur", golden_run_dur}, {"align", golden_run_align},
    {"tables", golden_run_tables}, {"vae", golden_run_vae}, {"g2p", golden_run_g2p},
};
enum { RUNNERS = sizeof runners / sizeof *runners, EXIT_NOT_RUN = 77 };

static int usage(void)
{
    fprintf(stderr, "usage: megatts3-golden INDEX.json [--mini] [--full] [--only NAME] [--kernels LEVEL] "
                    "[--seed S] [--checkpoints DIR] [--verbose] [--snr [--least DB]]\n");
    return 2;
}

static bool parse(int argc, char **argv, struct options *o)
{
    *o = (struct options){.kernels = "auto"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mini") == 0)
            o->mini = true;
        else if (strcmp(argv[i], "--full") == 0)
            o->full = true;
        else if (strcmp(argv[i], "--verbose") == 0)
            o->verbose = true;
        else if (strcmp(argv[i], "--snr") == 0)
            o->snr = true;
        else if (strcmp(argv[i], "--least") == 0 && i + 1 < argc)
            o->least_db = atof(argv[++i]);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            o->only = argv[++i];
        else if (strcmp(argv[i], "--kernels") == 0 && i + 1 < argc)
            o->kernels = argv[++i];
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            o->seed = argv[++i];
        else if (strcmp(argv[i], "--checkpoints") == 0 && i + 1 < argc)
            o->checkpoints = argv[++i];
        else if (argv[i][0] != '-' && !o->index)
            o->index = argv[i];
        else
            return false;
    }
    if (!o->mini && !o->full)
        o->mini = true;
    return o->index;
}

static void open_case(struct golden *g, const char *dir, const json_t *entry, const json_t *dims, bool full)
{
    struct ora_err err = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, json_string_value(json_object_get(entry, "file")));
    golden_must(mega_dims_read(dims, &g->dims, &err), &err, "the index");
    golden_must(ora_weights_open(path, &g->tensors, &err), &err, "a case");
    golden_must(ora_arena_init(&g->arena, full ? (size_t)1 << 30 : (size_t)96 << 20, &err), &err,
                "the arena");
    golden_must(ora_compute_init(&g->compute, g->kernels, &g->arena, &err), &err, "the arena");
    g->expected = json_deep_copy(json_object_get(entry, "tensors"));
    g->passed = g->failed = 0;
    g->worst = 0;
    g->worst_name[0] = 0;
}

static void close_case(struct golden *g, const char *file)
{
    const char *name;
    json_t *row;
    json_object_foreach(g->expected, name, row) if (!json_object_get(row, "input") &&
                                                    !json_object_get(row, "checked") && !strstr(name, "in."))
    {
        printf("FAIL %s: not computed\n", name);
        g->failed++;
    }
    if (!g->snr)
        printf("%s: %d passed, %d failed; at most %.2f of the tolerance (%s)\n", file, g->passed, g->failed,
               g->worst, g->worst_name);
    fflush(stdout);
    json_decref(g->expected);
    ora_weights_close(&g->tensors);
    ora_arena_release(&g->arena);
    free(g->packed);
    g->packed = NULL;
}

static void run_case(struct golden *g, const char *dir, const json_t *index, const json_t *entry,
                     const struct options *o)
{
    const char *file = json_string_value(json_object_get(entry, "file"));
    const char *model = json_string_value(json_object_get(entry, "model"));
    const char *size = json_string_value(json_object_get(entry, "size"));
    const char *seed = json_string_value(json_object_get(entry, "weight_seed"));
    if (!file || !model || !size) {
        fprintf(stderr, "megatts3-golden: a file of the index lacks file, model or size\n");
        exit(2);
    }
    bool full = strcmp(size, "full") == 0;
    if (!(full ? o->full : o->mini) || (o->only && !strstr(file, o->only) && strcmp(model, o->only) != 0))
        return;
    g->seed = o->seed ? o->seed : seed ? seed : json_string_value(json_object_get(index, "seed"));
    for (int i = 0; i < RUNNERS; i++)
        if (strcmp(runners[i].model, model) == 0) {
            open_case(g, dir, entry, json_object_get(json_object_get(index, "dims"), size), full);
            runners[i].run(g);
            close_case(g, file);
            return;
        }
    fprintf(stderr, "megatts3-golden: %s: no model '%s'\n", file, model);
    exit(2);
}

static const struct ora_kernels *find_kernels(const char *name, struct ora_err *err)
{
    if (strcmp(name, "amx-split-model") == 0)
        return &ora_kernels_amx_split_model;
    if (strcmp(name, "amx-model") == 0)
        return &ora_kernels_amx_model;
    return ora_kernels_find(name, err);
}

int main(int argc, char **argv)
{
    struct options o;
    struct ora_err err = {0};
    json_error_t why;
    size_t i;
    json_t *entry;
    int passed = 0, failed = 0;
    if (!parse(argc, argv, &o))
        return usage();
    json_t *index = json_load_file(o.index, 0, &why);
    struct golden g = {.kernels = find_kernels(o.kernels, &err),
                       .verbose = o.verbose,
                       .snr = o.snr ? golden_snr_create() : NULL};
    if (!index || !g.kernels) {
        fprintf(stderr, "megatts3-golden: %s: %s\n", o.index, index ? err.message : why.text);
        return index && err.code == ORA_E_UNSUPPORTED ? EXIT_NOT_RUN : 2;
    }
    struct golden_imported imported = {0};
    if (o.checkpoints)
        golden_import(&g, o.checkpoints, &imported);
    char *dir = ora_xstrdup(o.index);
    char *slash = strrchr(dir, '/');
    strcpy(slash ? slash : dir, slash ? "" : ".");
    struct ora_fpu_state fpu = ora_fpu_enter();
    json_array_foreach(json_object_get(index, "files"), i, entry)
    {
        g.passed = g.failed = 0;
        run_case(&g, dir, index, entry, &o);
        passed += g.passed;
        failed += g.failed;
    }
    ora_fpu_leave(fpu);
    if (g.snr && golden_snr_report(g.snr, o.least_db) > 0)
        failed++;
    if (!g.snr || failed)
        printf("%d passed, %d failed\n", passed, failed);
    free(g.snr);
    golden_import_release(&imported);
    free(dir);
    json_decref(index);
    return failed || !passed;
}
