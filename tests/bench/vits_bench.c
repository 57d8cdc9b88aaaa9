/*
 * vits_bench VOICE CASES.json [LEVEL …]: the engine's half of deploy/bench vits. For each line on standard
 * input that names a level it speaks all sentences of the golden file once (zero noise, one thread) and
 * answers with one line of JSON: CPU seconds of text and sound, audio seconds, ids, frames, and GFLOP/s of a
 * bare FMA loop at that level's width measured in the same moment. The caller lets a peer take its turn
 * between the lines, so both see the same machine.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "models/vits/run.h"
#include "probe.h"
#include "voice/voice.h"

enum { LEVELS_MAX = 8, SENTENCES_MAX = 64 };

struct sentence {
    int32_t *ids;
    int count;
};

struct bench {
    struct ora_model *model[LEVELS_MAX];
    int levels;
    struct sentence sentence[SENTENCES_MAX];
    int sentences;
    struct ora_arena arena;
    float *pcm;
};

/* ---- speaking -------------------------------------------------------------------------------- */

static int speak(struct bench *b, const struct ora_model *m, const struct sentence *s, double cpu[2],
                 long *frames, struct ora_err *err)
{
    struct vits_run r = {.ids = s->ids, .count = s->count, .length_scale = 1};
    size_t mark = ora_arena_mark(&b->arena);
    double t0 = ora_clock_thread_cpu_s(), t1 = t0;
    int rc = vits_run_durations(m, &b->arena, &r, err);
    if (rc == 0) {
        t1 = ora_clock_thread_cpu_s();
        rc = vits_run_samples(m, &b->arena, &r, b->pcm, err);
    }
    cpu[0] += t1 - t0;
    cpu[1] += ora_clock_thread_cpu_s() - t1;
    *frames += r.total;
    ora_arena_reset(&b->arena, mark);
    return rc;
}

static int round_of(struct bench *b, const struct ora_model *m, struct ora_err *err)
{
    double cpu[2] = {0, 0}, peak = probe_peak_gflops(m->k->name);
    long frames = 0, ids = 0;
    int rc = 0;
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; rc == 0 && i < b->sentences; i++) {
        rc = speak(b, m, &b->sentence[i], cpu, &frames, err);
        ids += b->sentence[i].count;
    }
    ora_fpu_leave(fpu);
    double seconds = (double)frames * m->cfg.hop / m->sample_rate_hz;
    printf("{\"level\": \"%s\", \"text_s\": %.6f, \"sound_s\": %.6f, \"audio_s\": %.6f, \"ids\": %ld, "
           "\"frames\": %ld, "
           "\"peak_gflops\": %.2f}\n",
           m->k->name, cpu[0], cpu[1], seconds, ids, frames, peak);
    fflush(stdout);
    return rc;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static int read_cases(struct bench *b, const char *path, struct ora_err *err)
{
    json_error_t why;
    json_t *doc = json_load_file(path, 0, &why), *list = json_object_get(doc, "sentences"), *one, *id;
    size_t i, j;
    if (!doc)
        return ora_err_set(err, ORA_E_FORMAT, "%s:%d: %s", path, why.line, why.text);
    json_array_foreach(list, i, one)
    {
        json_t *ids = json_object_get(one, "ids");
        if (b->sentences == SENTENCES_MAX || json_array_size(ids) > VITS_IDS_MAX)
            break;
        struct sentence *s = &b->sentence[b->sentences++];
        s->count = (int)json_array_size(ids);
        s->ids = ora_xcalloc((size_t)s->count + 1, sizeof *s->ids);
        json_array_foreach(ids, j, id) s->ids[j] = (int32_t)json_integer_value(id);
    }
    json_decref(doc);
    return 0;
}

static int open_levels(struct bench *b, const struct ora_voice *voice, char **names, int count,
                       struct ora_err *err)
{
    size_t bytes = 0;
    for (int i = 0; i < count && i < LEVELS_MAX; i++) {
        struct ora_open_options o = {.kernels = names[i]};
        int rc = vits_model_open(voice, &o, &b->model[i], err);
        if (rc < 0)
            return rc;
        b->levels++;
        bytes = vits_run_bytes(b->model[i]) > bytes ? vits_run_bytes(b->model[i]) : bytes;
    }
    b->pcm = ora_xcalloc((size_t)VITS_FRAMES_MAX * (size_t)b->model[0]->cfg.hop, sizeof *b->pcm);
    return ora_arena_init(&b->arena, bytes, err);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct ora_err err = {0};
    struct ora_voice *voice = NULL;
    char line[32];
    if (argc < 4) {
        fprintf(stderr,
                "usage: vits_bench VOICE CASES.json LEVEL…   (then a level a line on standard input)\n");
        return 2;
    }
    int rc = ora_voice_open(argv[1], &voice, &err);
    if (rc == 0)
        rc = read_cases(&b, argv[2], &err);
    if (rc == 0)
        rc = open_levels(&b, voice, argv + 3, argc - 3, &err);
    while (rc == 0 && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        for (int i = 0; rc == 0 && i < b.levels; i++)
            if (!strcmp(b.model[i]->k->name, line))
                rc = round_of(&b, b.model[i], &err);
    }
    if (rc < 0)
        fprintf(stderr, "vits_bench: %s\n", err.message);
    for (int i = 0; i < b.levels; i++)
        vits_model_close(&b.model[i]);
    for (int i = 0; i < b.sentences; i++)
        free(b.sentence[i].ids);
    free(b.pcm);
    ora_arena_release(&b.arena);
    ora_voice_close(&voice);
    return rc < 0 ? 1 : 0;
}
