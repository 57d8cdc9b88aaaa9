/*
 * Plain structs to bytes. protobuf-c's structs are filled in a pool and packed; strings are borrowed, so
 * nothing but pointers is copied before the packing itself.
 */
#include "wire/wire.h"

#include <string.h>

#include <sodium/utils.h>

#include "wire/oratorio.pb-c.h"
#include "wire/check.h"
#include "wire/pool.h"

/* protobuf-c wants char *; it only reads. NULL becomes the empty string. */
static char *text(const char *s)
{
    return s ? (char *)(uintptr_t)s : (char *)(uintptr_t)protobuf_c_empty_string;
}

static int digest(struct ora_wire_pool *p, const char *hex, ProtobufCBinaryData *out)
{
    *out = (ProtobufCBinaryData){0};
    if (!hex || !*hex)
        return 0;
    uint8_t *bytes = ora_wire_pool_alloc(p, 1, 32);
    if (!bytes || sodium_hex2bin(bytes, 32, hex, 64, NULL, NULL, NULL) != 0)
        return -1;
    *out = (ProtobufCBinaryData){.len = 32, .data = bytes};
    return 0;
}

static int held(struct ora_wire_pool *p, const struct ora_wire_held *list, size_t count, size_t *n,
                Ora__Held ***out)
{
    Ora__Held *items = ora_wire_pool_alloc(p, count, sizeof *items);
    *out = ora_wire_pool_alloc(p, count, sizeof **out);
    if (!items || !*out)
        return -1;
    for (size_t i = 0; i < count; i++) {
        ora__held__init(&items[i]);
        items[i].batch = list[i].batch;
        items[i].token = text(list[i].token);
        (*out)[i] = &items[i];
    }
    *n = count;
    return 0;
}

static int put_hello(struct ora_wire_pool *p, const struct ora_wire_hello *m, Ora__Envelope *e)
{
    Ora__Hello *o = ora_wire_pool_alloc(p, 1, sizeof *o);
    char **levels = ora_wire_pool_alloc(p, m->level_count, sizeof *levels);
    if (!o || !levels)
        return -1;
    for (size_t i = 0; i < m->level_count; i++)
        levels[i] = text(m->levels[i]);
    ora__hello__init(o);
    o->worker = text(m->worker);
    o->run_id = text(m->run_id);
    o->host = text(m->host);
    o->machine = text(m->machine);
    o->pid = m->pid;
    o->start_time = m->start_time;
    o->cores = m->cores;
    o->free_memory_bytes = m->free_memory_bytes;
    o->levels = levels;
    o->n_levels = m->level_count;
    o->engine_version = text(m->engine_version);
    e->body_case = ORA__ENVELOPE__BODY_HELLO;
    e->hello = o;
    return held(p, m->held, m->held_count, &o->n_held, &o->held);
}

static int put_welcome(struct ora_wire_pool *p, const struct ora_wire_welcome *m, Ora__Envelope *e)
{
    Ora__Welcome *o = ora_wire_pool_alloc(p, 1, sizeof *o);
    if (!o)
        return -1;
    ora__welcome__init(o);
    o->run_id = text(m->run_id);
    o->job_yaml = text(m->job_yaml);
    o->audio_dir = text(m->audio_dir);
    o->beat_ms = m->beat_ms;
    o->silence_ms = m->silence_ms;
    e->body_case = ORA__ENVELOPE__BODY_WELCOME;
    e->welcome = o;
    return held(p, m->revoked, m->revoked_count, &o->n_revoked, &o->revoked);
}

static void put_utterance(const struct ora_utterance *u, uint64_t rowid, Ora__Utterance *o)
{
    ora__utterance__init(o);
    o->rowid = rowid;
    o->id = text(u->id);
    o->source_id = text(u->source_id);
    o->doc_id = text(u->doc_id);
    o->chapter_title = text(u->chapter_title);
    o->doc = u->doc;
    o->chapter = u->chapter;
    o->paragraph = u->paragraph;
    o->index = u->index;
    o->split = u->split;
    o->split_count = u->split_count;
    o->role = text(u->role);
    o->path = text(u->path);
    o->line = u->line;
    o->text = text(u->text);
    o->text_is_phonemes = u->text_is_phonemes;
    o->voice = text(u->voice);
    o->speaker = text(u->speaker);
    o->lang = text(u->lang);
    o->speed = u->speed;
    o->settings_json = text(u->settings_json);
    o->extra_json = text(u->extra_json);
}

static int put_work(struct ora_wire_pool *p, const struct ora_wire_work *m, Ora__Envelope *e)
{
    Ora__Work *o = ora_wire_pool_alloc(p, 1, sizeof *o);
    Ora__Utterance *items = ora_wire_pool_alloc(p, m->count, sizeof *items);
    Ora__Utterance **list = ora_wire_pool_alloc(p, m->count, sizeof *list);
    if (!o || !items || !list)
        return -1;
    ora__work__init(o);
    o->batch = m->batch;
    o->token = text(m->token);
    o->attempt = m->attempt;
    o->alone = m->alone;
    o->voice_mark = text(m->voice_mark);
    o->n_utterances = m->count;
    o->utterances = list;
    for (size_t i = 0; i < m->count; i++) {
        put_utterance(&m->utterances[i], m->rowid[i], &items[i]);
        list[i] = &items[i];
    }
    e->body_case = ORA__ENVELOPE__BODY_WORK;
    e->work = o;
    return 0;
}

static int put_utterance_result(struct ora_wire_pool *p, const struct ora_utt_result *u,
                                Ora__UtteranceResult *o)
{
    ora__utterance_result__init(o);
    o->rowid = u->utt_rowid;
    o->state = (uint32_t)u->state;
    o->reason_code = text(u->reason_code);
    o->reason = text(u->reason);
    o->samples = u->samples;
    o->sample_rate_hz = (uint32_t)u->sample_rate_hz;
    o->audio_offset = u->audio_offset;
    o->audio_bytes = u->audio_bytes;
    o->record_offset = u->record_offset;
    o->record_bytes = u->record_bytes;
    o->synth_s = u->synth_s;
    o->peak_limited = u->peak_limited;
    return digest(p, u->pcm_sha256, &o->pcm_sha256);
}

static int put_result(struct ora_wire_pool *p, const struct ora_batch_result *m, Ora__Envelope *e)
{
    Ora__Result *o = ora_wire_pool_alloc(p, 1, sizeof *o);
    Ora__UtteranceResult *items = ora_wire_pool_alloc(p, m->count, sizeof *items);
    Ora__UtteranceResult **list = ora_wire_pool_alloc(p, m->count, sizeof *list);
    if (!o || !items || !list)
        return -1;
    ora__result__init(o);
    o->batch = m->batch;
    o->token = text(m->token);
    o->file_bytes = m->file_bytes;
    o->kernel_level = text(m->kernel_level);
    o->n_results = m->count;
    o->results = list;
    for (size_t i = 0; i < m->count; i++) {
        if (put_utterance_result(p, &m->results[i], &items[i]) < 0)
            return -1;
        list[i] = &items[i];
    }
    e->body_case = ORA__ENVELOPE__BODY_RESULT;
    e->result = o;
    return digest(p, m->file_sha256, &o->file_sha256);
}

static int pack(const Ora__Envelope *e, struct ora_str *frame, struct ora_err *err)
{
    size_t n = ora__envelope__get_packed_size(e);
    if (n > ORA_WIRE_MAX_FRAME)
        return ora_err_set(err, ORA_E_LIMIT, "a message of %zu bytes is over the wire's %d", n,
                           (int)ORA_WIRE_MAX_FRAME);
    ora_str_clear(frame);
    ora_str_reserve(frame, n);
    frame->len = ora__envelope__pack(e, (uint8_t *)frame->data);
    frame->data[frame->len] = '\0';
    return 0;
}

/* The small messages need no pool. */
static int encode_lease(const struct ora_wire_msg *msg, Ora__Envelope *e, struct ora_str *frame,
                        struct ora_err *err)
{
    const struct ora_wire_lease *m = &msg->lease;
    Ora__Ack ack = ORA__ACK__INIT;
    Ora__Return ret = ORA__RETURN__INIT;
    Ora__Crash crash = ORA__CRASH__INIT;
    if (msg->kind == ORA_WIRE_ACK) {
        ack.batch = m->batch, ack.token = text(m->token), ack.taken = m->taken;
        e->body_case = ORA__ENVELOPE__BODY_ACK, e->ack = &ack;
    } else if (msg->kind == ORA_WIRE_RETURN) {
        ret.batch = m->batch, ret.token = text(m->token), ret.why = text(m->why);
        ret.class_ = (uint32_t)m->class_, ret.counts = m->counts;
        e->body_case = ORA__ENVELOPE__BODY_RETURN_, e->return_ = &ret;
    } else {
        crash.batch = m->batch, crash.token = text(m->token), crash.rowid = m->rowid,
        crash.signal = m->signal;
        e->body_case = ORA__ENVELOPE__BODY_CRASH, e->crash = &crash;
    }
    return pack(e, frame, err);
}

static int encode_small(const struct ora_wire_msg *msg, Ora__Envelope *e, struct ora_str *frame,
                        struct ora_err *err)
{
    Ora__Ready ready = ORA__READY__INIT;
    Ora__Beat beat = ORA__BEAT__INIT;
    Ora__Drain drain = ORA__DRAIN__INIT;
    Ora__Bye bye = ORA__BYE__INIT;
    Ora__Refused refused = ORA__REFUSED__INIT;
    Ora__Who who = ORA__WHO__INIT;
    switch (msg->kind) {
    case ORA_WIRE_READY:
        ready.credit = msg->ready.credit;
        e->body_case = ORA__ENVELOPE__BODY_READY, e->ready = &ready;
        break;
    case ORA_WIRE_BEAT:
        beat.rss_bytes = msg->beat.rss_bytes, beat.queued = msg->beat.queued;
        beat.in_work = msg->beat.in_work, beat.in_work_audio_ms = msg->beat.in_work_audio_ms;
        e->body_case = ORA__ENVELOPE__BODY_BEAT, e->beat = &beat;
        break;
    case ORA_WIRE_DRAIN:
        drain.mode = msg->drain.mode;
        e->body_case = ORA__ENVELOPE__BODY_DRAIN, e->drain = &drain;
        break;
    case ORA_WIRE_BYE:
        bye.why = text(msg->text.why);
        e->body_case = ORA__ENVELOPE__BODY_BYE, e->bye = &bye;
        break;
    case ORA_WIRE_REFUSED:
        refused.why = text(msg->text.why);
        e->body_case = ORA__ENVELOPE__BODY_REFUSED, e->refused = &refused;
        break;
    default:
        e->body_case = ORA__ENVELOPE__BODY_WHO, e->who = &who;
        break;
    }
    return pack(e, frame, err);
}

int ora_wire_encode(const struct ora_wire_msg *msg, struct ora_str *frame, struct ora_err *err)
{
    int rc = ora_wire_check(msg, ORA_E_LIMIT, err);
    if (rc < 0)
        return rc;
    Ora__Envelope e = ORA__ENVELOPE__INIT;
    e.version = ORA_WIRE_VERSION;
    struct ora_wire_pool pool;
    ora_wire_pool_init(&pool, ORA_WIRE_MAX_MEMORY);
    switch (msg->kind) {
    case ORA_WIRE_HELLO:
        rc = put_hello(&pool, &msg->hello, &e);
        break;
    case ORA_WIRE_WELCOME:
        rc = put_welcome(&pool, &msg->welcome, &e);
        break;
    case ORA_WIRE_WORK:
        rc = put_work(&pool, &msg->work, &e);
        break;
    case ORA_WIRE_RESULT:
        rc = put_result(&pool, &msg->result, &e);
        break;
    case ORA_WIRE_ACK:
    case ORA_WIRE_RETURN:
    case ORA_WIRE_CRASH:
        rc = encode_lease(msg, &e, frame, err);
        goto out;
    default:
        rc = encode_small(msg, &e, frame, err);
        goto out;
    }
    rc = rc < 0 ? ora_err_set(err, ORA_E_NO_MEMORY, "message %s does not fit memory",
                              ora_wire_kind_name(msg->kind))
                : pack(&e, frame, err);
out:
    ora_wire_pool_release(&pool);
    return rc;
}
