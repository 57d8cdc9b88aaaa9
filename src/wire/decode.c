/*
 * Bytes to plain structs. protobuf-c unpacks into the message's own pool (bounded, so that a small hostile
 * frame cannot cost much memory), the fields are taken over without copying, and ora_wire_check has the last
 * word.
 */
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

#include <sodium/utils.h>

#include "base/mem.h"
#include "wire/oratorio.pb-c.h"
#include "wire/check.h"
#include "wire/pool.h"

struct decoded {
    struct ora_wire_msg msg; /* first: the caller's pointer */
    struct ora_wire_pool pool;
};

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

static int digest(struct ora_wire_pool *p, const ProtobufCBinaryData *bytes, const char **hex)
{
    *hex = NULL;
    if (bytes->len == 0)
        return 0;
    if (bytes->len != 32)
        return -1;
    char *out = ora_wire_pool_alloc(p, 1, 65);
    if (!out)
        return -1;
    *hex = sodium_bin2hex(out, 65, bytes->data, 32);
    return 0;
}

static int held(struct ora_wire_pool *p, size_t n, Ora__Held *const *list, const struct ora_wire_held **out,
                size_t *count)
{
    struct ora_wire_held *items = ora_wire_pool_alloc(p, n, sizeof *items);
    if (!items)
        return -1;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct ora_wire_held){.batch = list[i]->batch, .token = list[i]->token};
    *out = items;
    *count = n;
    return 0;
}

static int get_hello(struct ora_wire_pool *p, const Ora__Hello *o, struct ora_wire_hello *m)
{
    *m = (struct ora_wire_hello){
        .worker = o->worker,
        .run_id = o->run_id,
        .host = o->host,
        .machine = o->machine,
        .levels = (const char *const *)o->levels,
        .level_count = o->n_levels,
        .engine_version = o->engine_version,
        .pid = o->pid,
        .cores = o->cores,
        .start_time = o->start_time,
        .free_memory_bytes = o->free_memory_bytes,
    };
    return held(p, o->n_held, o->held, &m->held, &m->held_count);
}

static int get_welcome(struct ora_wire_pool *p, const Ora__Welcome *o, struct ora_wire_welcome *m)
{
    *m = (struct ora_wire_welcome){
        .run_id = o->run_id,
        .job_yaml = o->job_yaml,
        .audio_dir = o->audio_dir,
        .beat_ms = o->beat_ms,
        .silence_ms = o->silence_ms,
    };
    return held(p, o->n_revoked, o->revoked, &m->revoked, &m->revoked_count);
}

static struct ora_utterance utterance(const Ora__Utterance *o)
{
    return (struct ora_utterance){
        .id = o->id,
        .source_id = or_null(o->source_id),
        .doc_id = o->doc_id,
        .chapter_title = or_null(o->chapter_title),
        .doc = o->doc,
        .chapter = o->chapter,
        .paragraph = o->paragraph,
        .index = o->index,
        .split = o->split,
        .split_count = o->split_count,
        .role = o->role,
        .path = o->path,
        .line = o->line,
        .text = o->text,
        .text_is_phonemes = o->text_is_phonemes,
        .voice = o->voice,
        .speaker = or_null(o->speaker),
        .lang = or_null(o->lang),
        .speed = o->speed,
        .settings_json = or_null(o->settings_json),
        .extra_json = or_null(o->extra_json),
    };
}

static int get_work(struct ora_wire_pool *p, const Ora__Work *o, struct ora_wire_work *m)
{
    struct ora_utterance *list = ora_wire_pool_alloc(p, o->n_utterances, sizeof *list);
    uint64_t *rowid = ora_wire_pool_alloc(p, o->n_utterances, sizeof *rowid);
    if (!list || !rowid)
        return -1;
    for (size_t i = 0; i < o->n_utterances; i++) {
        list[i] = utterance(o->utterances[i]);
        rowid[i] = o->utterances[i]->rowid;
    }
    *m = (struct ora_wire_work){.batch = o->batch,
                                .token = o->token,
                                .attempt = o->attempt,
                                .alone = o->alone,
                                .utterances = list,
                                .rowid = rowid,
                                .count = o->n_utterances,
                                .voice_mark = or_null(o->voice_mark)};
    return 0;
}

static int get_result(struct ora_wire_pool *p, const Ora__Result *o, struct ora_batch_result *m)
{
    struct ora_utt_result *list = ora_wire_pool_alloc(p, o->n_results, sizeof *list);
    if (!list)
        return -1;
    for (size_t i = 0; i < o->n_results; i++) {
        const Ora__UtteranceResult *u = o->results[i];
        list[i] = (struct ora_utt_result){
            .utt_rowid = u->rowid,
            .state = u->state > ORA_UTT_FAILED ? ORA_UTT_NEW
                                               : (enum ora_utt_state)u->state, /* NEW: refused by check */
            .reason_code = or_null(u->reason_code),
            .reason = or_null(u->reason),
            .samples = u->samples,
            .sample_rate_hz = u->sample_rate_hz > INT32_MAX ? -1 : (int)u->sample_rate_hz,
            .audio_offset = u->audio_offset,
            .audio_bytes = u->audio_bytes,
            .record_offset = u->record_offset,
            .record_bytes = u->record_bytes,
            .synth_s = u->synth_s,
            .peak_limited = u->peak_limited,
        };
        if (digest(p, &u->pcm_sha256, &list[i].pcm_sha256) < 0)
            return -1;
    }
    *m = (struct ora_batch_result){.batch = o->batch,
                                   .token = o->token,
                                   .file_bytes = o->file_bytes,
                                   .kernel_level = o->kernel_level,
                                   .results = list,
                                   .count = o->n_results};
    return digest(p, &o->file_sha256, &m->file_sha256);
}

static enum ora_err_class class_of(uint32_t wire)
{
    return wire > ORA_CLASS_STOP ? (enum ora_err_class) - 1
                                 : (enum ora_err_class)wire; /* -1: refused by check */
}

static int get_body(struct ora_wire_pool *p, const Ora__Envelope *e, struct ora_wire_msg *m)
{
    switch (e->body_case) {
    case ORA__ENVELOPE__BODY_HELLO:
        m->kind = ORA_WIRE_HELLO;
        return get_hello(p, e->hello, &m->hello);
    case ORA__ENVELOPE__BODY_WELCOME:
        m->kind = ORA_WIRE_WELCOME;
        return get_welcome(p, e->welcome, &m->welcome);
    case ORA__ENVELOPE__BODY_READY:
        m->kind = ORA_WIRE_READY, m->ready.credit = e->ready->credit;
        return 0;
    case ORA__ENVELOPE__BODY_WORK:
        m->kind = ORA_WIRE_WORK;
        return get_work(p, e->work, &m->work);
    case ORA__ENVELOPE__BODY_RESULT:
        m->kind = ORA_WIRE_RESULT;
        return get_result(p, e->result, &m->result);
    case ORA__ENVELOPE__BODY_ACK:
        m->kind = ORA_WIRE_ACK;
        m->lease = (struct ora_wire_lease){e->ack->batch, e->ack->token, .taken = e->ack->taken};
        return 0;
    case ORA__ENVELOPE__BODY_RETURN_:
        m->kind = ORA_WIRE_RETURN;
        m->lease = (struct ora_wire_lease){e->return_->batch, e->return_->token,
                                           .class_ = class_of(e->return_->class_),
                                           .counts = e->return_->counts, .why = e->return_->why};
        return 0;
    case ORA__ENVELOPE__BODY_BEAT:
        m->kind = ORA_WIRE_BEAT;
        m->beat.rss_bytes = e->beat->rss_bytes, m->beat.queued = e->beat->queued;
        m->beat.in_work = e->beat->in_work, m->beat.in_work_audio_ms = e->beat->in_work_audio_ms;
        return 0;
    case ORA__ENVELOPE__BODY_DRAIN:
        m->kind = ORA_WIRE_DRAIN, m->drain.mode = e->drain->mode;
        return 0;
    case ORA__ENVELOPE__BODY_BYE:
        m->kind = ORA_WIRE_BYE, m->text.why = e->bye->why;
        return 0;
    case ORA__ENVELOPE__BODY_REFUSED:
        m->kind = ORA_WIRE_REFUSED, m->text.why = e->refused->why;
        return 0;
    case ORA__ENVELOPE__BODY_CRASH:
        m->kind = ORA_WIRE_CRASH;
        m->lease = (struct ora_wire_lease){e->crash->batch, e->crash->token, .rowid = e->crash->rowid,
                                           .signal = e->crash->signal};
        return 0;
    case ORA__ENVELOPE__BODY_WHO:
        m->kind = ORA_WIRE_WHO;
        return 0;
    default:
        return -1;
    }
}

int ora_wire_decode(const void *frame, size_t len, struct ora_wire_msg **msg, struct ora_err *err)
{
    *msg = NULL;
    if (len > ORA_WIRE_MAX_FRAME)
        return ora_err_set(err, ORA_E_FORMAT, "a frame of %zu bytes is over the wire's %d", len,
                           (int)ORA_WIRE_MAX_FRAME);
    struct decoded *d = ora_xcalloc(1, sizeof *d);
    ora_wire_pool_init(&d->pool, ORA_WIRE_MAX_MEMORY);
    struct ora_wire_msg *m = &d->msg;
    Ora__Envelope *e = ora__envelope__unpack(&d->pool.allocator, len, frame);
    int rc;
    if (!e)
        rc = ora_err_set(err, ORA_E_FORMAT, "a frame of %zu bytes is no message of Oratorio", len);
    else if (e->version != ORA_WIRE_VERSION)
        rc = ora_err_set(err, ORA_E_UNSUPPORTED, "the peer speaks version %u of the wire, this program %d",
                         e->version, (int)ORA_WIRE_VERSION);
    else if (get_body(&d->pool, e, m) < 0)
        rc = ora_err_set(err, ORA_E_FORMAT, "a frame of %zu bytes has no body that this version knows", len);
    else
        rc = ora_wire_check(m, ORA_E_FORMAT, err);
    if (rc == 0)
        *msg = m;
    else
        ora_wire_free(&m);
    return rc;
}

void ora_wire_free(struct ora_wire_msg **msg)
{
    if (!*msg)
        return;
    struct decoded *d = (struct decoded *)*msg;
    ora_wire_pool_release(&d->pool);
    free(d);
    *msg = NULL;
}
