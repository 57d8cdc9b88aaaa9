/*
 * A batch is rendered into its part file as it goes, so memory does not grow with it; only the rows of the
 * result are kept. Who is at fault for what: an utterance that cannot be spoken is REJECTED and the batch
 * goes on; anything else ends the batch with a RETURN whose class tells the coordinator what to do.
 */
#include "worker/engine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "dataset/store.h"
#include "job/job.h"
#include "job/voice_mark.h"
#include "render/render.h"
#include "tune/keep.h"
#include "wire/wire.h"
#include "worker/frames.h"
#include "worker/slate.h"

struct engine {
    int fd;
    struct ora_slate *slate;
    struct ora_job *job;
    char *audio_dir;
    struct ora_renderer *renderer; /* NULL: why_not says what is in the way */
    struct ora_err why_not;
};

struct batch {
    struct engine *engine;
    const struct ora_wire_work *work;
    struct ora_store_writer *writer;
    struct ora_utt_result *results; /* one an utterance; strings owned */
    char (*sha256)[65];
};

static void before(void *ctx, size_t index)
{
    struct batch *b = ctx;
    atomic_store_explicit(&b->engine->slate->rowid, b->work->rowid[index], memory_order_relaxed);
}

static int keep_audio(struct batch *b, const struct ora_rendered *r, struct ora_utt_result *out,
                      struct ora_err *err)
{
    struct ora_member audio, record;
    int rc = ora_store_add(b->writer, b->work->utterances[r->index].id, r->extension, &r->audio, r->record,
                           r->record_bytes, &audio, &record, err);
    if (rc < 0)
        return rc;
    memcpy(b->sha256[r->index], r->pcm_sha256, 65);
    out->state = ORA_UTT_DONE;
    out->samples = r->samples;
    out->sample_rate_hz = r->sample_rate_hz;
    out->audio_offset = audio.offset;
    out->audio_bytes = audio.bytes;
    out->record_offset = record.offset;
    out->record_bytes = record.bytes;
    out->pcm_sha256 = b->sha256[r->index];
    out->synth_s = r->synth_s;
    out->peak_limited = r->checks.peak_limited;
    uint64_t audio_ms = r->sample_rate_hz > 0 ? r->samples * 1000 / (uint64_t)r->sample_rate_hz : 0;
    atomic_fetch_add_explicit(&b->engine->slate->audio_ms, (uint32_t)audio_ms, memory_order_relaxed);
    return 0;
}

static int on_rendered(void *ctx, const struct ora_rendered *r, struct ora_err *err)
{
    struct batch *b = ctx;
    struct ora_utt_result *out = &b->results[r->index];
    int rc = 0;
    out->utt_rowid = b->work->rowid[r->index];
    if (r->rc == 0) {
        rc = keep_audio(b, r, out, err);
    } else if (ora_err_class_of(r->rc) == ORA_CLASS_BAD_INPUT) {
        out->state = r->failed ? ORA_UTT_FAILED : ORA_UTT_REJECTED;
        out->reason_code = r->reason_code;
        out->reason = ora_xstrdup(r->why.message);
    } else {
        *err = r->why;
        rc = ora_err_wrap(err, "utterance %s", b->work->utterances[r->index].id);
    }
    atomic_fetch_add_explicit(&b->engine->slate->done, 1, memory_order_relaxed);
    return rc;
}

/* A name means one voice: what lies under it on this host may be another one than the run was made with. */
static int check_voice(const struct engine *e, const struct ora_wire_work *w, struct ora_err *err)
{
    const struct ora_voice *voice = NULL;
    if (!w->voice_mark || !w->count)
        return 0;
    int rc = ora_renderer_voice(e->renderer, w->utterances[0].voice, &voice, NULL, err);
    char here[65];
    if (rc == 0)
        ora_voice_mark(voice, here);
    if (rc == 0 && strcmp(here, w->voice_mark) != 0)
        rc = ora_err_set(
            err, ORA_E_VOICE,
            "voice '%s' is another one here: SHA-256 over its weights and voice.yaml is %.12s…, of "
            "the one that the run was made with %.12s…",
            w->utterances[0].voice, here, w->voice_mark);
    return rc;
}

static int render(struct batch *b, const char *part, char sha256[65], uint64_t *bytes, struct ora_err *err)
{
    struct engine *e = b->engine;
    const struct ora_wire_work *w = b->work;
    int rc = check_voice(e, w, err);
    if (rc < 0)
        return rc;
    rc = ora_store_begin(part, e->job->store, &b->writer, err);
    if (rc == 0)
        ora_renderer_alone(e->renderer, w->alone);
    if (rc == 0)
        rc = ora_renderer_run(e->renderer, w->utterances, w->count, before, on_rendered, b, err);
    for (size_t i = 0; rc == 0 && i < w->count; i++)
        if (b->results[i].state == ORA_UTT_NEW)
            rc = ora_err_set(err, ORA_E_INTERNAL, "utterance %s was neither rendered nor refused",
                             w->utterances[i].id);
    atomic_store_explicit(&e->slate->rowid, 0, memory_order_relaxed);
    if (rc == 0)
        return ora_store_finish(&b->writer, sha256, bytes, err);
    ora_store_abort(&b->writer);
    return rc;
}

static int answer(struct engine *e, const struct ora_wire_msg *msg, struct ora_err *err)
{
    struct ora_str frame = ORA_STR_INIT;
    int rc = ora_wire_encode(msg, &frame, err);
    if (rc == 0)
        rc = ora_frame_write(e->fd, &frame, err);
    ora_str_release(&frame);
    return rc;
}

/* What a failed batch means for others. A full disk is everybody's; what else is missing or wrong here may be
 * right on another host; and a batch is never "bad input": its utterances are, one by one. */
static enum ora_err_class class_of_batch(int code)
{
    enum ora_err_class class_ = ora_err_class_of(code);
    if (code == ORA_E_DISK_FULL)
        return ORA_CLASS_STOP;
    return class_ == ORA_CLASS_STOP        ? ORA_CLASS_FATAL_HERE
           : class_ == ORA_CLASS_BAD_INPUT ? ORA_CLASS_RETRY
                                           : class_;
}

static int answer_return(struct engine *e, const struct ora_wire_work *w, const struct ora_err *why,
                         struct ora_err *err)
{
    enum ora_err_class class_ = class_of_batch(why->code);
    ora_log(ORA_LOG_ERROR, "batch %u: %s", w->batch, why->message);
    struct ora_wire_msg m = {.kind = ORA_WIRE_RETURN,
                             .lease = {.batch = w->batch,
                                       .token = w->token,
                                       .class_ = class_,
                                       .counts = class_ == ORA_CLASS_RETRY,
                                       .why = why->message}};
    return answer(e, &m, err);
}

static int do_work(struct engine *e, const struct ora_wire_work *w, struct ora_err *err)
{
    if (!e->renderer)
        return answer_return(e, w, &e->why_not, err);
    struct batch b = {.engine = e, .work = w};
    b.results = ora_xcalloc(w->count + 1, sizeof *b.results);
    b.sha256 = ora_xcalloc(w->count + 1, sizeof *b.sha256);
    char sha256[65], *part = ora_store_part_path(e->audio_dir, w->batch, w->token);
    uint64_t bytes = 0;
    struct ora_err why = {0};
    atomic_store_explicit(&e->slate->done, 0, memory_order_relaxed);
    atomic_store_explicit(&e->slate->audio_ms, 0, memory_order_relaxed);
    int rc = render(&b, part, sha256, &bytes, &why);
    atomic_store_explicit(&e->slate->done, 0, memory_order_relaxed);
    atomic_store_explicit(&e->slate->audio_ms, 0, memory_order_relaxed);
    if (rc == 0) {
        struct ora_wire_msg m = {.kind = ORA_WIRE_RESULT,
                                 .result = {.batch = w->batch,
                                            .token = w->token,
                                            .file_sha256 = sha256,
                                            .file_bytes = bytes,
                                            .kernel_level = ora_renderer_level(e->renderer),
                                            .results = b.results,
                                            .count = w->count}};
        rc = answer(e, &m, err);
    } else {
        rc = answer_return(e, w, &why, err);
    }
    for (size_t i = 0; i < w->count; i++)
        free((char *)(uintptr_t)b.results[i].reason);
    free(b.results);
    free(b.sha256);
    free(part);
    return rc;
}

static void forget_job(struct engine *e)
{
    ora_renderer_destroy(&e->renderer);
    ora_job_free(&e->job);
    free(e->audio_dir);
    e->audio_dir = NULL;
}

static int open_job(struct engine *e, const struct ora_wire_welcome *m, struct ora_err *err)
{
    struct stat st;
    e->audio_dir = ora_xstrdup(m->audio_dir);
    if (stat(m->audio_dir, &st) < 0 || !S_ISDIR(st.st_mode))
        return ora_err_set(err, ORA_E_NOT_FOUND, "the run's audio folder %s is not seen from this host",
                           m->audio_dir);
    e->job = ora_job_parse(m->job_yaml, strlen(m->job_yaml), "job.yaml", "/", err);
    if (!e->job)
        return err->code;
    e->job->render.spool_dir = e->audio_dir;
    e->job->render.pulse = &e->slate->pulse;
    e->job->render.prefer = ora_tune_prefer;
    return ora_renderer_create(&e->job->render, &e->renderer, err);
}

/* A job that cannot be opened here is told with the first batch: the supervisor then knows that it is not a
 * crash. */
static void take_job(struct engine *e, const struct ora_wire_welcome *m)
{
    forget_job(e);
    ora_err_clear(&e->why_not);
    if (open_job(e, m, &e->why_not) < 0)
        ora_renderer_destroy(&e->renderer);
}

static int take_frame(struct engine *e, const struct ora_str *frame, struct ora_err *err)
{
    struct ora_wire_msg *msg = NULL;
    int rc = ora_wire_decode(frame->data, frame->len, &msg, err);
    if (rc < 0)
        return rc;
    if (msg->kind == ORA_WIRE_WELCOME)
        take_job(e, &msg->welcome);
    else if (msg->kind == ORA_WIRE_WORK && e->audio_dir)
        rc = do_work(e, &msg->work, err);
    else
        rc = ora_err_set(err, ORA_E_STATE, "a %s was not expected now", ora_wire_kind_name(msg->kind));
    ora_wire_free(&msg);
    return rc;
}

int ora_engine_main(int fd, int slate_fd)
{
    /* The supervisor decides about signals; the engine goes when the socket does. */
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);

    struct engine e = {.fd = fd};
    e.slate = mmap(NULL, sizeof *e.slate, PROT_READ | PROT_WRITE, MAP_SHARED, slate_fd, 0);
    if (e.slate == MAP_FAILED)
        return 1;
    struct ora_str frame = ORA_STR_INIT;
    struct ora_err err = {0};
    int rc;
    while ((rc = ora_frame_read(fd, &frame, &err)) > 0)
        if ((rc = take_frame(&e, &frame, &err)) < 0)
            break;
    if (rc < 0)
        ora_log(ORA_LOG_ERROR, "engine ends: %s", err.message);
    forget_job(&e);
    ora_str_release(&frame);
    munmap(e.slate, sizeof *e.slate);
    return rc < 0 ? 1 : 0;
}
