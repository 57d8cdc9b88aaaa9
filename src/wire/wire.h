/*
 * Wire: the messages between coordinator, worker and engine, as plain structs; bytes in, bytes out, no
 * sockets.
 *
 *     struct ora_wire_msg m = {.kind = ORA_WIRE_READY, .ready = {.credit = 3}};
 *     ora_wire_encode(&m, &frame, &err);          // one ZeroMQ message, or one frame to the engine
 *
 *     struct ora_wire_msg *got;
 *     if (ora_wire_decode(bytes, len, &got, &err) < 0)
 *         … malformed, over a bound, another version: drop the peer …
 *     ora_wire_free(&got);
 *
 * Decoding trusts nothing: frame size, memory (a frame of n bytes never costs more than ORA_WIRE_MAX_MEMORY),
 * counts, string lengths, UTF-8, the form of ids and tokens, digests' lengths, enum values. Ownership: a
 * decoded message owns all that it points to; an encoded one borrows. Threads: none of it is shared.
 *
 * Messages and their fields are told in oratorio.proto. Strings told "or NULL" are empty on the wire.
 */
#ifndef ORA_WIRE_WIRE_H
#define ORA_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "job/run.h"
#include "render/render.h"

enum {
    ORA_WIRE_VERSION = 2,
    ORA_WIRE_MAX_FRAME = 32 << 20,  /* bytes of one frame */
    ORA_WIRE_MAX_MEMORY = 96 << 20, /* bytes that decoding one frame may take */
    ORA_WIRE_MAX_UTTERANCES = 4096, /* of one batch */
    ORA_WIRE_MAX_HELD = 4096,
    ORA_WIRE_MAX_CREDIT = 256,
    ORA_WIRE_MAX_LEVELS = 64,
    ORA_WIRE_MAX_NAME = 512,     /* ids, names, levels */
    ORA_WIRE_MAX_TEXT = 1 << 20, /* text, JSON, reasons, paths */
    ORA_WIRE_TOKEN_MAX = 64,     /* lease tokens: 8..64 of [0-9a-f] */
};

enum ora_wire_kind {
    ORA_WIRE_HELLO,
    ORA_WIRE_WELCOME,
    ORA_WIRE_READY,
    ORA_WIRE_WORK,
    ORA_WIRE_RESULT,
    ORA_WIRE_ACK,
    ORA_WIRE_RETURN,
    ORA_WIRE_BEAT,
    ORA_WIRE_DRAIN,
    ORA_WIRE_BYE,
    ORA_WIRE_REFUSED,
    ORA_WIRE_CRASH,
    ORA_WIRE_WHO,
    ORA_WIRE_KINDS,
};

enum { ORA_DRAIN_FINISH = 1, ORA_DRAIN_AT_ONCE = 2 };

struct ora_wire_held {
    uint32_t batch;
    const char *token;
};

struct ora_wire_hello {
    const char *worker, *run_id, *host, *machine, *engine_version;
    const char *const *levels; /* kernel levels that it has, best first */
    size_t level_count;
    uint32_t pid, cores;
    uint64_t start_time, free_memory_bytes;
    const struct ora_wire_held *held;
    size_t held_count;
};

struct ora_wire_welcome {
    const char *run_id, *job_yaml, *audio_dir;
    uint32_t beat_ms, silence_ms;
    const struct ora_wire_held *revoked;
    size_t revoked_count;
};

struct ora_wire_work {
    uint32_t batch;
    const char *token;
    uint32_t attempt;
    const struct ora_utterance *utterances;
    const uint64_t *rowid; /* parallel */
    size_t count;
    bool alone;             /* one utterance at a time goes to the model */
    const char *voice_mark; /* of their voice, as it was when the run was made; or NULL */
};

struct ora_wire_lease { /* ACK, RETURN, CRASH: what happened to a lease; the other fields by kind */
    uint32_t batch;
    const char *token;
    bool taken;                /* ACK */
    enum ora_err_class class_; /* RETURN */
    bool counts;               /* RETURN: against the limit of attempts */
    const char *why;           /* RETURN */
    uint64_t rowid;            /* CRASH: in work when it died; 0: none */
    uint32_t signal;           /* CRASH */
};

struct ora_wire_msg {
    enum ora_wire_kind kind;
    union {
        struct ora_wire_hello hello;
        struct ora_wire_welcome welcome;
        struct {
            uint32_t credit;
        } ready;
        struct ora_wire_work work;
        struct ora_batch_result result; /* `worker` is not on the wire */
        struct ora_wire_lease lease;
        struct {
            uint64_t rss_bytes;
            uint32_t queued;
            uint32_t in_work, in_work_audio_ms; /* finished of the batch in work */
        } beat;
        struct {
            uint32_t mode;
        } drain;
        struct {
            const char *why;
        } text; /* BYE, REFUSED */
    };
};

const char *ora_wire_kind_name(enum ora_wire_kind kind);
bool ora_wire_token_ok(const char *token);

/* Replaces what *frame held. LIMIT when the message would be over a bound that its decoder keeps. */
int ora_wire_encode(const struct ora_wire_msg *msg, struct ora_str *frame, struct ora_err *err);
/* FORMAT: not a message of ours; UNSUPPORTED: of another version. */
int ora_wire_decode(const void *frame, size_t len, struct ora_wire_msg **msg, struct ora_err *err);
void ora_wire_free(struct ora_wire_msg **msg);

#endif
