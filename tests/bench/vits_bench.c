/*
 * vits_bench [--pcm DIR] VOICE CASES.json LEVEL…: our half of a comparison. For each line on standard input
 * that names one of the levels it speaks all sentences of the file once (zero noise, one thread) and answers
 * with one line of JSON: CPU seconds of text, sound and all, audio seconds, ids, frames, and GFLOP/s of a
 * bare loop of the level's instruction measured in the same moment. "LEVEL stages" runs the decoder a second
 * time, alone, and tells its seconds too. The caller lets a peer take its turn between the lines, so both see
 * the same machine.
 *
 * --pcm: what each level speaks first is kept, DIR/LEVEL.f32, 32-bit floats.
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

enum { LEVELS_MAX = 16, SENTENCES_MAX = 64 };

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
    const char *pcm_folder;
    bool kept[LEVELS_MAX];
};

enum part { TEXT, SOUND, DECODER, PARTS };

/* ---- speaking -------------------------------------------------------------------------------- */

static int speak(struct bench *b, const struct ora_model *m, const struct sentence *s, bool stages,
                 double cpu[PARTS], struct vits_run *r, struct ora_err *err)
{
    double t[PARTS + 1];
    *r = (struct vits_run){.ids = s->ids, .count = s->count, .length_scale = 1};
    t[TEXT] = ora_clock_thread_cpu_s();
    int rc = vits_run_durations(m, &b->arena, r, err);
    t[SOUND] = ora_clock_thread_cpu_s();
    if (rc == 0)
        rc = vits_run_samples(m, &b->arena, r, b->pcm, err);
    t[DECODER] = ora_clock_thread_cpu_s();
    if (rc == 0 && stages)
        rc = vits_decoder_forward(&m->decoder, &m->cfg, m->k, &b->arena, r->z, r->total, r->decoder_bias,
                                  m->chunk_frames, b->pcm, r->scratch, err);
    t[PARTS] = ora_clock_thread_cpu_s();
    for (int i = 0; i < PARTS; i++)
        cpu[i] += t[i + 1] - t[i];
    return rc;
}

/* Appends what was spoken. */
static int keep(const struct bench *b, const struct ora_model *m, int frames, FILE *file, struct ora_err *err)
{
    size_t n = (size_t)frames * (size_t)m->cfg.hop;
    if (file && fwrite(b->pcm, sizeof *b->pcm, n, file) != n)
        return ora_err_set(err, ORA_E_IO, "%s: cannot be written", b->pcm_folder);
    return 0;
}

static int open_kept(struct bench *b, int level, FILE **file, struct ora_err *err)
{
    char path[4096];
    if (!b->pcm_folder || b->kept[level])
        return 0;
    b->kept[level] = true;
    snprintf(path, sizeof path, "%s/%s.f32", b->pcm_folder, b->model[level]->k->name);
    *file = fopen(path, "wbe");
    return *file ? 0 : ora_err_set(err, ORA_E_IO, "%s: cannot be written", path);
}

static int round_of(struct bench *b, int level, bool stages, struct ora_err *err)
{
    const struct ora_model *m = b->model[level];
    double cpu[PARTS] = {0}, peak = probe_peak_gflops(m->k->name);
    long frames = 0, ids = 0;
    FILE *file = NULL;
    struct vits_run r;
    int rc = open_kept(b, level, &file, err);
    struct ora_fpu_state fpu = ora_fpu_enter();
    for (int i = 0; rc == 0 && i < b->sentences; i++) {
        size_t mark = ora_arena_mark(&b->arena);
        rc = speak(b, m, &b->sentence[i], stages, cpu, &r, err);
        if (rc == 0)
            rc = keep(b, m, r.total, file, err);
        frames += r.total;
        ids += b->sentence[i].count;
        ora_arena_reset(&b->arena, mark);
    }
    ora_fpu_leave(fpu);
    if (file)
        fclose(file);
    if (rc < 0)
        return rc;
    json_t *row = json_pack("{s:s, s:f, s:f, s:f, s:f, s:I, s:I, s:f}", "level", m->k->name, "text_s",
                            cpu[TEXT], "sound_s", cpu[SOUND], "cpu_s", cpu[TEXT] + cpu[SOUND], "audio_s",
                            (double)frames * m->cfg.hop / m->sample_rate_hz, "ids", (json_int_t)ids, "frames",
                            (json_int_t)frames, "peak_gflops", peak);
    if (stages)
        json_object_set_new(row, "decoder_s", json_real(cpu[DECODER]));
    json_dumpf(row, stdout, JSON_COMPACT);
    json_decref(row);
    putchar('\n');
    fflush(stdout);
    return 0;
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

/* Until standard input ends. */
static int serve(struct bench *b, struct ora_err *err)
{
    char line[64];
    int rc = 0;
    while (rc == 0 && fgets(line, sizeof line, stdin)) {
        size_t n = strcspn(line, " \n");
        bool stages = strcmp(line + n, " stages\n") == 0;
        line[n] = 0;
        for (int i = 0; rc == 0 && i < b->levels; i++)
            if (!strcmp(b->model[i]->k->name, line))
                rc = round_of(b, i, stages, err);
    }
    return rc;
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct ora_err err = {0};
    struct ora_voice *voice = NULL;
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--pcm") == 0) {
        b.pcm_folder = argv[2];
        first = 3;
    }
    if (argc < first + 3) {
        fprintf(stderr, "usage: vits_bench [--pcm DIR] VOICE CASES.json LEVEL…   (then a level a line on "
                        "standard input)\n");
        return 2;
    }
    int rc = ora_voice_open(argv[first], &voice, &err);
    if (rc == 0)
        rc = read_cases(&b, argv[first + 1], &err);
    if (rc == 0)
        rc = open_levels(&b, voice, argv + first + 2, argc - first - 2, &err);
    if (rc == 0)
        rc = serve(&b, &err);
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
