/*
 * What the job table costs: ingest from a real file, then leases and results until the ledger balances.
 *
 *     job_bench DIR [LINES] [tsv|jsonl|txt]      # DIR is made anew; 1,000,000 lines of 40-60 characters;
 * voice tone
 *
 * Prints rates, peak memory and bytes a row. Workers' time is not in it: each batch is finished at once, one
 * transaction a batch and one of 16, as a coordinator with many workers does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "job/run.h"

static long peak_rss_kb(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static int write_corpus(const char *path, unsigned lines, const char *format)
{
    static const char *const words[] = {"river", "lantern", "quiet",  "the",     "old", "harbour",
                                        "of",    "seven",   "winter", "letters", "and", "stone"};
    FILE *f = fopen(path, "w");
    if (!f)
        return -1;
    uint32_t x = 1;
    for (unsigned i = 0; i < lines; i++) {
        char text[80] = "";
        size_t n = 0;
        while (n < 40) {
            x = x * 1664525 + 1013904223;
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", words[(x >> 16) % 12]);
        }
        if (strcmp(format, "tsv") == 0)
            fprintf(f, "line-%07u\t%s.\n", i, text);
        else if (strcmp(format, "jsonl") == 0)
            fprintf(f, "{\"id\": \"line-%07u\", \"text\": \"%s.\"}\n", i, text);
        else
            fprintf(f, "%s.\n", text);
    }
    return fclose(f);
}

static struct ora_batch_result *result_of(const struct ora_batch *b, const char *token)
{
    static const char sha256[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct ora_batch_result *r = ora_xcalloc(1, sizeof *r);
    struct ora_utt_result *u = ora_xcalloc(b->count, sizeof *u);
    for (size_t i = 0; i < b->count; i++)
        u[i] = (struct ora_utt_result){.utt_rowid = b->utt_rowid[i],
                                       .state = ORA_UTT_DONE,
                                       .samples = 44100,
                                       .sample_rate_hz = 22050,
                                       .audio_offset = 1024 * i,
                                       .audio_bytes = 40000,
                                       .record_offset = 1024 * i + 512,
                                       .record_bytes = 1200,
                                       .pcm_sha256 = sha256,
                                       .synth_s = 0.1};
    *r = (struct ora_batch_result){.batch = b->number,
                                   .token = token,
                                   .file_sha256 = sha256,
                                   .file_bytes = 42000 * b->count,
                                   .kernel_level = "avx2",
                                   .results = u,
                                   .count = b->count};
    return r;
}

/* One turn: lease `many` batches and finish them. Returns utterances. */
static long turn(struct ora_run *run, int many, double *lease_s, double *finish_s, struct ora_err *err)
{
    static unsigned serial;
    struct ora_batch batch[16];
    char token[16][40];
    int n = 0, rc = 0;
    long utterances = 0;
    double t0 = ora_clock_mono_s();
    rc = ora_run_begin(run, err);
    while (rc == 0 && n < many) {
        snprintf(token[n], sizeof token[n], "%032x", serial++);
        rc = ora_run_lease(run, "bench", token[n], 1, 1000, &batch[n], err);
        if (rc <= 0)
            break;
        n++;
        rc = 0;
    }
    if (rc == 0)
        rc = ora_run_commit(run, err);
    double t1 = ora_clock_mono_s();
    if (rc == 0)
        rc = ora_run_begin(run, err);
    for (int i = 0; i < n && rc == 0; i++) {
        bool duplicate;
        struct ora_batch_result *r = result_of(&batch[i], token[i]);
        utterances += (long)r->count;
        rc = ora_run_finish(run, r, 2, &duplicate, err);
        rc = rc < 0 ? rc : 0;
        free((void *)(uintptr_t)r->results);
        free(r);
        ora_batch_release(&batch[i]);
    }
    if (rc == 0)
        rc = ora_run_commit(run, err);
    *lease_s += t1 - t0;
    *finish_s += ora_clock_mono_s() - t1;
    return rc < 0 ? rc : utterances;
}

static int drain(struct ora_run *run, int many, long stop_after, struct ora_err *err)
{
    double lease_s = 0, finish_s = 0;
    long done = 0, n = 1;
    while (done < stop_after && (n = turn(run, many, &lease_s, &finish_s, err)) > 0)
        done += n;
    if (n < 0)
        return (int)n;
    if (done)
        printf("%2d batches a transaction: %ld utterances, lease %.0f /s, finish %.0f /s, both %.0f /s\n",
               many, done, (double)done / lease_s, (double)done / finish_s,
               (double)done / (lease_s + finish_s));
    return 0;
}

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : "job-bench", *format = argc > 3 ? argv[3] : "tsv";
    unsigned lines = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000000;
    struct ora_err err = {0};
    struct ora_run *run = NULL;
    int rc = ora_file_remove_tree(dir, &err);
    if (rc == 0)
        rc = ora_file_mkdirs(dir, 0755, &err);
    char *corpus = ora_fmt("%s/corpus.%s", dir, format), *folder = ora_path_join(dir, "run"),
         *db = ora_path_join(folder, "run.sqlite");
    char *yaml = ora_fmt("name: bench\nvoice: tone\ninputs: {path: corpus.%s, layout: lines}\n", format);
    char *real = NULL;
    if (rc == 0 && write_corpus(corpus, lines, format) != 0)
        rc = ora_err_set(&err, ORA_E_IO, "%s: cannot be written", corpus);
    real = realpath(dir, NULL);
    struct ora_job *job =
        rc == 0 ? ora_job_parse(yaml, strlen(yaml), "bench", real ? real : ".", &err) : NULL;
    rc = job ? rc : err.code;
    double t0 = ora_clock_mono_s();
    if (rc == 0)
        rc = ora_run_create(folder, job, NULL, NULL, &run, &err);
    double ingest_s = ora_clock_mono_s() - t0;
    uint64_t bytes = 0;
    if (rc == 0 && (rc = ora_file_size(db, &bytes, &err)) == 0)
        printf("ingest: %u lines (%s) in %.2f s = %.0f /s, peak RSS %ld MB, %.0f B a row\n", lines, format,
               ingest_s, lines / ingest_s, peak_rss_kb() / 1024, (double)bytes / lines);
    if (rc == 0)
        rc = ora_run_worker_join(run, &(struct ora_worker_info){"bench", "host", 1, 1, 1, "avx2", true}, 1,
                                 &err);
    if (rc == 0)
        rc = drain(run, 1, lines / 4, &err);
    if (rc == 0)
        rc = drain(run, 16, lines, &err);
    struct ora_progress p = {0};
    if (rc == 0 && (rc = ora_run_progress(run, &p, &err)) == 0)
        printf("ledger: %llu = %llu done + %llu open; peak RSS %ld MB\n", (unsigned long long)p.utterances,
               (unsigned long long)p.done, (unsigned long long)p.open, peak_rss_kb() / 1024);
    ora_run_close(&run);
    if (rc == 0 && ora_file_size(db, &bytes, &err) == 0)
        printf("run.sqlite when done: %.0f B a row\n", (double)bytes / lines);
    if (rc < 0)
        fprintf(stderr, "job_bench: %s\n", err.message);
    ora_job_free(&job);
    free(corpus);
    free(folder);
    free(db);
    free(yaml);
    free(real);
    return rc < 0;
}
