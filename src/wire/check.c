/*
 * What a message may hold. One place for both directions, so that nothing is ever sent that the other end
 * must refuse. Checks are told as rules on fields, in the order of wire.h.
 */
#include "wire/check.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"

struct rule {
    const char *message;
    int code;
    struct ora_err *err;
};

static int bad(const struct rule *r, const char *field, const char *what)
{
    return ora_err_set(r->err, r->code, "message %s: field %s %s", r->message, field, what);
}

static int text(const struct rule *r, const char *field, const char *s, size_t max, bool required)
{
    if (!s || !*s)
        return required ? bad(r, field, "is missing") : 0;
    size_t n = strnlen(s, max + 1);
    if (n > max)
        return bad(r, field, "is too long");
    if (ora_utf8_valid_prefix(s, n) != n)
        return bad(r, field, "is not UTF-8");
    return 0;
}

static int name(const struct rule *r, const char *field, const char *s, bool required)
{
    return text(r, field, s, ORA_WIRE_MAX_NAME, required);
}

static int token(const struct rule *r, const char *s)
{
    return ora_wire_token_ok(s) ? 0 : bad(r, "token", "is not a lease token");
}

static int held(const struct rule *r, const struct ora_wire_held *list, size_t count)
{
    if (count > ORA_WIRE_MAX_HELD)
        return bad(r, "held", "has too many entries");
    for (size_t i = 0; i < count; i++) {
        int rc = token(r, list[i].token);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int hello(const struct rule *r, const struct ora_wire_hello *m)
{
    int rc;
    if ((rc = name(r, "worker", m->worker, true)) < 0 || (rc = name(r, "run_id", m->run_id, true)) < 0 ||
        (rc = name(r, "host", m->host, true)) < 0 || (rc = name(r, "machine", m->machine, false)) < 0 ||
        (rc = name(r, "engine_version", m->engine_version, false)) < 0)
        return rc;
    if (m->level_count > ORA_WIRE_MAX_LEVELS)
        return bad(r, "levels", "has too many entries");
    for (size_t i = 0; i < m->level_count; i++)
        if ((rc = name(r, "levels", m->levels[i], true)) < 0)
            return rc;
    return held(r, m->held, m->held_count);
}

static int welcome(const struct rule *r, const struct ora_wire_welcome *m)
{
    int rc;
    if ((rc = name(r, "run_id", m->run_id, true)) < 0 ||
        (rc = text(r, "job_yaml", m->job_yaml, ORA_WIRE_MAX_TEXT, true)) < 0 ||
        (rc = text(r, "audio_dir", m->audio_dir, 4096, true)) < 0)
        return rc;
    if (m->beat_ms < 10 || m->beat_ms > 3600000)
        return bad(r, "beat_ms", "is out of range");
    if (m->silence_ms < m->beat_ms)
        return bad(r, "silence_ms", "is shorter than beat_ms");
    return held(r, m->revoked, m->revoked_count);
}

static int utterance(const struct rule *r, const struct ora_utterance *u)
{
    int rc;
    if ((rc = name(r, "id", u->id, true)) < 0 ||
        (rc = text(r, "source_id", u->source_id, ORA_WIRE_MAX_TEXT, false)) < 0 ||
        (rc = name(r, "doc_id", u->doc_id, false)) < 0 ||
        (rc = text(r, "chapter_title", u->chapter_title, ORA_WIRE_MAX_TEXT, false)) < 0 ||
        (rc = name(r, "role", u->role, false)) < 0 || (rc = text(r, "path", u->path, 4096, false)) < 0 ||
        (rc = text(r, "text", u->text, ORA_WIRE_MAX_TEXT, true)) < 0 ||
        (rc = text(r, "voice", u->voice, 4096, true)) < 0 ||
        (rc = name(r, "speaker", u->speaker, false)) < 0 || (rc = name(r, "lang", u->lang, false)) < 0 ||
        (rc = text(r, "settings_json", u->settings_json, ORA_WIRE_MAX_TEXT, false)) < 0 ||
        (rc = text(r, "extra_json", u->extra_json, ORA_WIRE_MAX_TEXT, false)) < 0)
        return rc;
    return isfinite(u->speed) && u->speed > 0 ? 0 : bad(r, "speed", "is not a positive number");
}

static bool hex64(const char *s)
{
    return s && strspn(s, "0123456789abcdef") == 64 && s[64] == '\0';
}

static int work(const struct rule *r, const struct ora_wire_work *m)
{
    int rc = token(r, m->token);
    if (rc == 0 && m->count > ORA_WIRE_MAX_UTTERANCES)
        rc = bad(r, "utterances", "has too many entries");
    if (rc == 0 && m->voice_mark && *m->voice_mark && !hex64(m->voice_mark))
        rc = bad(r, "voice_mark", "is not a SHA-256");
    for (size_t i = 0; rc == 0 && i < m->count; i++)
        rc = utterance(r, &m->utterances[i]);
    return rc;
}

static int utterance_result(const struct rule *r, const struct ora_utt_result *u)
{
    if (u->state < ORA_UTT_DONE || u->state > ORA_UTT_FAILED)
        return bad(r, "state", "is none that a worker can give");
    if (!isfinite(u->synth_s) || u->synth_s < 0)
        return bad(r, "synth_s", "is not a time");
    if (u->sample_rate_hz < 0)
        return bad(r, "sample_rate_hz", "is out of range");
    int rc = name(r, "reason_code", u->reason_code, u->state != ORA_UTT_DONE);
    if (rc == 0)
        rc = text(r, "reason", u->reason, ORA_WIRE_MAX_TEXT, false);
    if (rc == 0 && u->state == ORA_UTT_DONE && !hex64(u->pcm_sha256))
        rc = bad(r, "pcm_sha256", "is not a SHA-256");
    return rc;
}

static int result(const struct rule *r, const struct ora_batch_result *m)
{
    int rc = token(r, m->token);
    if (rc == 0 && !hex64(m->file_sha256))
        rc = bad(r, "file_sha256", "is not a SHA-256");
    if (rc == 0)
        rc = name(r, "kernel_level", m->kernel_level, false);
    if (rc == 0 && m->count > ORA_WIRE_MAX_UTTERANCES)
        rc = bad(r, "results", "has too many entries");
    for (size_t i = 0; rc == 0 && i < m->count; i++)
        rc = utterance_result(r, &m->results[i]);
    return rc;
}

static int lease(const struct rule *r, const struct ora_wire_lease *m, enum ora_wire_kind kind)
{
    int rc = token(r, m->token);
    if (rc == 0 && kind == ORA_WIRE_RETURN && (m->class_ < ORA_CLASS_NONE || m->class_ > ORA_CLASS_STOP))
        rc = bad(r, "class", "is out of range");
    if (rc == 0 && kind == ORA_WIRE_RETURN)
        rc = text(r, "why", m->why, ORA_WIRE_MAX_TEXT, false);
    if (rc == 0 && kind == ORA_WIRE_CRASH && (m->signal == 0 || m->signal > 128))
        rc = bad(r, "signal", "is out of range");
    return rc;
}

bool ora_wire_token_ok(const char *s)
{
    if (!s)
        return false;
    size_t n = strspn(s, "0123456789abcdef");
    return s[n] == '\0' && n >= 8 && n <= ORA_WIRE_TOKEN_MAX;
}

const char *ora_wire_kind_name(enum ora_wire_kind kind)
{
    static const char *const names[ORA_WIRE_KINDS] = {
        [ORA_WIRE_HELLO] = "HELLO",   [ORA_WIRE_WELCOME] = "WELCOME", [ORA_WIRE_READY] = "READY",
        [ORA_WIRE_WORK] = "WORK",     [ORA_WIRE_RESULT] = "RESULT",   [ORA_WIRE_ACK] = "ACK",
        [ORA_WIRE_RETURN] = "RETURN", [ORA_WIRE_BEAT] = "BEAT",       [ORA_WIRE_DRAIN] = "DRAIN",
        [ORA_WIRE_BYE] = "BYE",       [ORA_WIRE_REFUSED] = "REFUSED", [ORA_WIRE_CRASH] = "CRASH",
        [ORA_WIRE_WHO] = "WHO",
    };
    return (unsigned)kind < ORA_WIRE_KINDS ? names[kind] : "unknown";
}

int ora_wire_check(const struct ora_wire_msg *m, int code, struct ora_err *err)
{
    const struct rule r = {ora_wire_kind_name(m->kind), code, err};
    switch (m->kind) {
    case ORA_WIRE_HELLO:
        return hello(&r, &m->hello);
    case ORA_WIRE_WELCOME:
        return welcome(&r, &m->welcome);
    case ORA_WIRE_READY:
        return m->ready.credit <= ORA_WIRE_MAX_CREDIT ? 0 : bad(&r, "credit", "is out of range");
    case ORA_WIRE_WORK:
        return work(&r, &m->work);
    case ORA_WIRE_RESULT:
        return result(&r, &m->result);
    case ORA_WIRE_ACK:
    case ORA_WIRE_RETURN:
    case ORA_WIRE_CRASH:
        return lease(&r, &m->lease, m->kind);
    case ORA_WIRE_DRAIN:
        return m->drain.mode == ORA_DRAIN_FINISH || m->drain.mode == ORA_DRAIN_AT_ONCE
                   ? 0
                   : bad(&r, "mode", "is out of range");
    case ORA_WIRE_BYE:
    case ORA_WIRE_REFUSED:
        return text(&r, "why", m->text.why, ORA_WIRE_MAX_TEXT, false);
    case ORA_WIRE_BEAT:
    case ORA_WIRE_WHO:
        return 0;
    case ORA_WIRE_KINDS:
        break;
    }
    return ora_err_set(err, code, "message of an unknown kind (%d)", (int)m->kind);
}
