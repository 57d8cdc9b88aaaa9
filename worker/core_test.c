#include "worker/core.h"

#include <stdlib.h>

#include "base/test.h"

#define T1  "0000000000000001"
#define T2  "0000000000000002"
#define T3  "0000000000000003"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct ora_worker_identity who = {.worker = "host-1-ab",
                                               .run_id = "run",
                                               .host = "host",
                                               .machine = "m",
                                               .levels = (const char *const[]){"avx2", "scalar"},
                                               .level_count = 2,
                                               .pid = 1,
                                               .cores = 1,
                                               .start_time = 5,
                                               .patience_ms = 60000};

/* A scene: a core, the effects of the last event, the time. */
struct scene {
    struct ora_worker_core *core;
    struct ora_worker_effects fx;
    int64_t now;
};

static struct scene begin(void)
{
    struct scene s = {.now = 1000};
    s.core = ora_worker_core_create(&who, s.now);
    return s;
}

static void end(struct scene *s)
{
    ora_worker_core_destroy(&s->core);
    ora_worker_effects_release(&s->fx);
}

static void tick(struct scene *s, int64_t later)
{
    s->now += later;
    ora_worker_effects_clear(&s->fx);
    ora_worker_core_tick(s->core, s->now, &s->fx);
}

static void from_coordinator(struct scene *s, const struct ora_wire_msg *msg)
{
    struct ora_str frame = ORA_STR_INIT;
    struct ora_wire_msg *got = NULL;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_wire_encode(msg, &frame, &err), err);
    ORA_CHECK_OK(ora_wire_decode(frame.data, frame.len, &got, &err), err);
    ora_worker_effects_clear(&s->fx);
    ora_worker_core_message(s->core, got, &frame, s->now, &s->fx);
    ora_wire_free(&got);
    ora_str_release(&frame);
}

static void from_engine(struct scene *s, const struct ora_wire_msg *msg)
{
    struct ora_str frame = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_wire_encode(msg, &frame, &err), err);
    ora_worker_effects_clear(&s->fx);
    ora_worker_core_engine(s->core, msg, &frame, s->now, &s->fx);
    ora_str_release(&frame);
}

static void engine_ended(struct scene *s, int signal, uint64_t rowid)
{
    ora_worker_effects_clear(&s->fx);
    ora_worker_core_engine_ended(s->core, signal, 0, rowid, s->now, &s->fx);
}

static void welcome(struct scene *s, const struct ora_wire_held *revoked, size_t count)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_WELCOME,
                             .welcome = {.run_id = "run",
                                         .job_yaml = "x: 1\n",
                                         .audio_dir = "/a",
                                         .beat_ms = 1000,
                                         .silence_ms = 30000,
                                         .revoked = revoked,
                                         .revoked_count = count}};
    from_coordinator(s, &m);
}

static void work(struct scene *s, uint32_t batch, const char *token)
{
    struct ora_utterance u = {.id = "a-1",
                              .doc_id = "a",
                              .role = "line",
                              .path = "a.txt",
                              .text = "hello",
                              .voice = "tone",
                              .speed = 1};
    uint64_t rowid = batch + 100;
    struct ora_wire_msg m = {.kind = ORA_WIRE_WORK, .work = {batch, token, 1, &u, &rowid, 1, false, NULL}};
    from_coordinator(s, &m);
}

static void result(struct scene *s, uint32_t batch, const char *token)
{
    struct ora_utt_result r = {.utt_rowid = batch + 100, .state = ORA_UTT_DONE, .pcm_sha256 = SHA};
    struct ora_wire_msg m = {
        .kind = ORA_WIRE_RESULT,
        .result = {.batch = batch, .token = token, .file_sha256 = SHA, .results = &r, .count = 1}};
    from_engine(s, &m);
}

static void ack(struct scene *s, uint32_t batch, const char *token, bool taken)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_ACK, .lease = {.batch = batch, .token = token, .taken = taken}};
    from_coordinator(s, &m);
}

/* The n-th effect of this operation, or NULL. */
static const struct ora_worker_effect *effect(const struct scene *s, enum ora_worker_op op, size_t n)
{
    for (size_t i = 0; i < s->fx.count; i++)
        if (s->fx.item[i].op == op && n-- == 0)
            return &s->fx.item[i];
    return NULL;
}

/* The message of the first SEND of this kind, or NULL; the caller frees it. */
static struct ora_wire_msg *said(const struct scene *s, enum ora_wire_kind kind)
{
    for (size_t n = 0;; n++) {
        const struct ora_worker_effect *e = effect(s, ORA_WORKER_SEND, n);
        struct ora_wire_msg *msg = NULL;
        if (!e)
            return NULL;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_wire_decode(e->frame.data, e->frame.len, &msg, &err), err);
        if (msg && msg->kind == kind)
            return msg;
        ora_wire_free(&msg);
    }
}

static bool says(const struct scene *s, enum ora_wire_kind kind)
{
    struct ora_wire_msg *m = said(s, kind);
    bool yes = m != NULL;
    ora_wire_free(&m);
    return yes;
}

static size_t held_in_hello(const struct scene *s)
{
    struct ora_wire_msg *m = said(s, ORA_WIRE_HELLO);
    size_t n = m ? m->hello.held_count : 999;
    ora_wire_free(&m);
    return n;
}

ORA_TEST(says_hello_until_welcomed_then_asks_for_work)
{
    struct scene s = begin();
    tick(&s, 0);
    ORA_CHECK(says(&s, ORA_WIRE_HELLO));
    tick(&s, 500);
    ORA_CHECK(!says(&s, ORA_WIRE_HELLO));
    tick(&s, 500);
    ORA_CHECK(says(&s, ORA_WIRE_HELLO));
    welcome(&s, NULL, 0);
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_START, 0) != NULL);
    struct ora_wire_msg *ready = said(&s, ORA_WIRE_READY);
    ORA_REQUIRE(ready);
    ORA_CHECK_INT(ready->ready.credit, 2);
    ora_wire_free(&ready);
    tick(&s, 1000);
    ORA_CHECK(says(&s, ORA_WIRE_BEAT) && !says(&s, ORA_WIRE_HELLO));
    end(&s);
}

ORA_TEST(the_engine_gets_one_batch_at_a_time_and_results_wait_for_their_ack)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_SEND, 0) != NULL);
    work(&s, 2, T2);
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_SEND, 0) == NULL);
    s.now += 3000;
    result(&s, 1, T1);
    ORA_CHECK(says(&s, ORA_WIRE_RESULT));
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_SEND, 0) != NULL); /* batch 2 */
    tick(&s, 11000);
    ORA_CHECK(says(&s, ORA_WIRE_RESULT)); /* no ACK came: said again */
    ack(&s, 1, T1, true);
    ORA_CHECK(effect(&s, ORA_WORKER_DROP_PART, 0) == NULL);
    tick(&s, 11000);
    ORA_CHECK(!says(&s, ORA_WIRE_RESULT));
    end(&s);
}

ORA_TEST(a_result_that_was_not_taken_takes_its_file_with_it)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    result(&s, 1, T1);
    ack(&s, 1, T2, true); /* another lease: means nothing */
    ORA_CHECK(effect(&s, ORA_WORKER_DROP_PART, 0) == NULL);
    ack(&s, 1, T1, false);
    const struct ora_worker_effect *e = effect(&s, ORA_WORKER_DROP_PART, 0);
    ORA_REQUIRE(e);
    ORA_CHECK_INT(e->batch, 1);
    ORA_CHECK_STR(e->token, T1);
    end(&s);
}

ORA_TEST(asked_who_it_names_all_it_holds_and_hands_in_again)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    work(&s, 2, T2);
    work(&s, 3, T3);
    result(&s, 1, T1);
    s.now += 5000;
    struct ora_wire_msg m = {.kind = ORA_WIRE_WHO};
    from_coordinator(&s, &m);
    ORA_CHECK_INT(held_in_hello(&s), 3);
    from_coordinator(&s, &m); /* asked twice in one breath: answered once */
    ORA_CHECK(!says(&s, ORA_WIRE_HELLO));
    const struct ora_wire_held revoked[] = {{2, T2}, {3, T3}};
    welcome(&s, revoked, 2);
    ORA_CHECK(says(&s, ORA_WIRE_RESULT));
    ORA_CHECK(says(&s, ORA_WIRE_READY));
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_START, 0) == NULL); /* it runs on */
    const struct ora_worker_effect *e = effect(&s, ORA_WORKER_DROP_PART, 0);
    ORA_REQUIRE(e);
    ORA_CHECK_INT(e->batch, 3); /* 2 is at the engine: dropped when it comes back */
    result(&s, 2, T2);
    ORA_CHECK(!says(&s, ORA_WIRE_RESULT));
    e = effect(&s, ORA_WORKER_DROP_PART, 0);
    ORA_CHECK(e && e->batch == 2);
    end(&s);
}

ORA_TEST(a_crash_names_its_utterance_and_the_queue_goes_on)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    work(&s, 2, T2);
    engine_ended(&s, 11, 101);
    struct ora_wire_msg *crash = said(&s, ORA_WIRE_CRASH);
    ORA_REQUIRE(crash);
    ORA_CHECK_INT(crash->lease.rowid, 101);
    ORA_CHECK_INT(crash->lease.signal, 11);
    ORA_CHECK_STR(crash->lease.token, T1);
    ora_wire_free(&crash);
    ORA_CHECK(effect(&s, ORA_WORKER_DROP_PART, 0) != NULL);
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_START, 0) != NULL);
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_SEND, 0) != NULL);
    end(&s);
}

ORA_TEST(an_engine_that_will_not_live_makes_the_worker_leave)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    int deaths = 0;
    while (!effect(&s, ORA_WORKER_LEAVE, 0) && deaths < 50) {
        engine_ended(&s, 0, 0);
        deaths++;
        if (!effect(&s, ORA_WORKER_LEAVE, 0)) {
            ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_START, 0) == NULL); /* not at once */
            tick(&s, 6000);
            ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_START, 0) != NULL);
            struct ora_wire_msg beat = {.kind = ORA_WIRE_BEAT};
            from_coordinator(&s, &beat);
        }
    }
    ORA_CHECK_INT(deaths, 6);
    ORA_CHECK(says(&s, ORA_WIRE_BYE));
    ORA_CHECK_INT(effect(&s, ORA_WORKER_LEAVE, 0)->code, 1);
    end(&s);
}

ORA_TEST(an_engine_that_is_stuck_is_ended_by_a_signal_that_counts)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    bool killed = false;
    for (int64_t t = 0; t < 2500000 && !killed; t += 1000) {
        struct ora_wire_msg beat = {.kind = ORA_WIRE_BEAT};
        from_coordinator(&s, &beat);
        if (t < 60000)
            ora_worker_core_engine_at(s.core, (uint64_t)t, 0, s.now); /* utterances go by for a minute */
        else
            ora_worker_core_engine_at(s.core, 1, t < 1800000 ? (uint64_t)t : 0,
                                      s.now); /* then one long one */
        tick(&s, 1000);
        const struct ora_worker_effect *e = effect(&s, ORA_WORKER_ENGINE_KILL, 0);
        killed = e && e->code == 6;
        ORA_CHECK(!killed || t >= 2390000);
    }
    ORA_CHECK(killed);
    end(&s);
}

ORA_TEST(drained_it_finishes_what_is_in_work_and_returns_the_rest)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    work(&s, 2, T2);
    struct ora_wire_msg m = {.kind = ORA_WIRE_DRAIN, .drain = {.mode = ORA_DRAIN_FINISH}};
    from_coordinator(&s, &m);
    struct ora_wire_msg *ret = said(&s, ORA_WIRE_RETURN);
    ORA_REQUIRE(ret);
    ORA_CHECK_STR(ret->lease.token, T2);
    ORA_CHECK(!ret->lease.counts);
    ora_wire_free(&ret);
    ORA_CHECK(effect(&s, ORA_WORKER_LEAVE, 0) == NULL);
    work(&s, 3, T3); /* it crossed the DRAIN on its way */
    ORA_CHECK(says(&s, ORA_WIRE_RETURN));
    result(&s, 1, T1);
    ORA_CHECK(says(&s, ORA_WIRE_RESULT) && effect(&s, ORA_WORKER_LEAVE, 0) == NULL);
    ack(&s, 1, T1, true);
    ORA_CHECK(says(&s, ORA_WIRE_BYE));
    ORA_REQUIRE(effect(&s, ORA_WORKER_LEAVE, 0));
    ORA_CHECK_INT(effect(&s, ORA_WORKER_LEAVE, 0)->code, 0);
    end(&s);
}

ORA_TEST(stopped_twice_it_returns_all_at_once)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    ora_worker_effects_clear(&s.fx);
    ora_worker_core_stop(s.core, s.now, &s.fx);
    ORA_CHECK(effect(&s, ORA_WORKER_LEAVE, 0) == NULL);
    ora_worker_effects_clear(&s.fx);
    ora_worker_core_stop(s.core, s.now, &s.fx);
    ORA_CHECK(says(&s, ORA_WIRE_RETURN) && says(&s, ORA_WIRE_BYE));
    ORA_CHECK(effect(&s, ORA_WORKER_ENGINE_KILL, 0) != NULL && effect(&s, ORA_WORKER_LEAVE, 0) != NULL);
    end(&s);
}

ORA_TEST(a_silent_coordinator_is_left_alone_after_a_while)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    result(&s, 1, T1);
    tick(&s, 29000);
    ORA_CHECK(effect(&s, ORA_WORKER_LEAVE, 0) == NULL);
    tick(&s, 1001);
    ORA_REQUIRE(effect(&s, ORA_WORKER_LEAVE, 0));
    ORA_CHECK_INT(effect(&s, ORA_WORKER_LEAVE, 0)->code, 3);
    ORA_CHECK(effect(&s, ORA_WORKER_DROP_PART, 0) != NULL); /* nobody can hand that in any more */
    end(&s);
}

ORA_TEST(refused_or_of_another_run_it_leaves)
{
    struct scene s = begin();
    tick(&s, 0);
    struct ora_wire_msg m = {.kind = ORA_WIRE_REFUSED, .text = {.why = "no"}};
    from_coordinator(&s, &m);
    ORA_CHECK(effect(&s, ORA_WORKER_LEAVE, 0) && effect(&s, ORA_WORKER_LEAVE, 0)->code == 1);
    end(&s);
    s = begin();
    tick(&s, 0);
    struct ora_wire_msg w = {.kind = ORA_WIRE_WELCOME,
                             .welcome = {.run_id = "other",
                                         .job_yaml = "x: 1\n",
                                         .audio_dir = "/a",
                                         .beat_ms = 1000,
                                         .silence_ms = 30000}};
    from_coordinator(&s, &w);
    ORA_CHECK(effect(&s, ORA_WORKER_LEAVE, 0) && effect(&s, ORA_WORKER_LEAVE, 0)->code == 1);
    end(&s);
}

ORA_TEST(short_batches_are_asked_for_further_ahead)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    uint32_t credit = 2;
    for (uint32_t b = 1; b < 12; b++) {
        char token[17];
        snprintf(token, sizeof token, "%016x", b);
        work(&s, b, token);
        s.now += 50;
        result(&s, b, token);
        struct ora_wire_msg *m = said(&s, ORA_WIRE_READY);
        credit = m ? m->ready.credit : credit;
        ora_wire_free(&m);
        ack(&s, b, token, true);
    }
    ORA_CHECK_INT(credit, 12); /* 500 ms ahead in batches of 50 ms, and two */
    end(&s);
}

ORA_TEST(an_engine_that_refuses_to_work_here_makes_the_worker_leave_with_all_returned)
{
    struct scene s = begin();
    tick(&s, 0);
    welcome(&s, NULL, 0);
    work(&s, 1, T1);
    work(&s, 2, T2);
    struct ora_wire_msg m = {
        .kind = ORA_WIRE_RETURN,
        .lease = {.batch = 1, .token = T1, .class_ = ORA_CLASS_FATAL_HERE, .why = "no voice"}};
    from_engine(&s, &m);
    ORA_CHECK(says(&s, ORA_WIRE_BYE));
    size_t returns = 0;
    for (size_t n = 0; effect(&s, ORA_WORKER_SEND, n); n++) {
        struct ora_wire_msg *msg = NULL;
        const struct ora_worker_effect *e = effect(&s, ORA_WORKER_SEND, n);
        ora_wire_decode(e->frame.data, e->frame.len, &msg, NULL);
        returns += msg && msg->kind == ORA_WIRE_RETURN;
        ora_wire_free(&msg);
    }
    ORA_CHECK_INT(returns, 2);
    ORA_CHECK(effect(&s, ORA_WORKER_LEAVE, 0) && effect(&s, ORA_WORKER_LEAVE, 0)->code == 1);
    end(&s);
}
