#include "coordinator/core.h"

#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/test.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
enum { SILENCE_MS = 20000, LEASE_MS = 300000 };

/* A scene: a core, the effects of the last event, the time. The "database" is a counter: each lease gets the
 * next batch. */
struct scene {
    struct ora_core *core;
    struct ora_effects fx;
    struct ora_now now;
    uint32_t next_batch;
};

static struct scene begin(void)
{
    ora_log_setup(2, ORA_LOG_NONE, "test");
    struct ora_core_config config = {.run_id = "run",
                                     .job_yaml = "x: 1\n",
                                     .audio_dir = "/a",
                                     .machine = "here",
                                     .arithmetic = "f32-direct",
                                     .beat_ms = 1000,
                                     .silence_ms = SILENCE_MS,
                                     .worker_silence_ms = 60000,
                                     .lease_ms = LEASE_MS,
                                     .epoch = 0xabcdef};
    struct scene s = {.now = {.mono_ms = 5000, .wall_ms = 1000000}};
    s.core = ora_core_create(&config);
    return s;
}

static void end(struct scene *s)
{
    ora_effects_release(&s->fx);
    ora_core_destroy(&s->core);
}

static void later(struct scene *s, int64_t ms)
{
    s->now.mono_ms += ms;
    s->now.wall_ms += ms;
}

static void say(struct scene *s, uint64_t peer, const struct ora_wire_msg *msg)
{
    ora_effects_clear(&s->fx);
    ora_core_message(s->core, peer, msg, s->now, &s->fx);
}

static void hello_held(struct scene *s, uint64_t peer, const char *worker, const struct ora_wire_held *held,
                       size_t count)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_HELLO,
                             .hello = {.worker = worker,
                                       .run_id = "run",
                                       .host = "h",
                                       .machine = "here",
                                       .levels = (const char *const[]){"scalar"},
                                       .level_count = 1,
                                       .engine_version = ORA_VERSION,
                                       .pid = 7,
                                       .start_time = 9,
                                       .cores = 1,
                                       .held = held,
                                       .held_count = count}};
    say(s, peer, &m);
}

static void ready(struct scene *s, uint64_t peer, uint32_t credit)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_READY, .ready = {.credit = credit}};
    say(s, peer, &m);
}

static void beat(struct scene *s, uint64_t peer)
{
    struct ora_wire_msg m = {.kind = ORA_WIRE_BEAT};
    say(s, peer, &m);
}

/* Settles every row effect from `first` on as a database would that finds all well. */
static void settle_well(struct scene *s, size_t first)
{
    struct ora_utterance u = {
        .id = "a", .doc_id = "d", .role = "line", .path = "p", .text = "t", .voice = "tone", .speed = 1};
    uint64_t rowid = 1;
    for (size_t i = first; i < s->fx.row_count; i++) {
        struct ora_batch batch = {
            .number = s->next_batch, .attempt = 1, .utterances = &u, .utt_rowid = &rowid, .count = 1};
        s->next_batch += s->fx.row[i].op == ORA_ROW_LEASE;
        ora_core_settle(s->core, i, 1, &batch, NULL, &s->fx);
    }
}

static void schedule(struct scene *s, uint64_t open)
{
    ora_effects_clear(&s->fx);
    ora_core_schedule(s->core, open, s->now, &s->fx);
    settle_well(s, 0);
}

static const struct ora_row_effect *row(const struct scene *s, enum ora_row_op op, size_t n)
{
    for (size_t i = 0; i < s->fx.row_count; i++)
        if (s->fx.row[i].op == op && n-- == 0)
            return &s->fx.row[i];
    return NULL;
}

/* The n-th message of a kind that was sent; the caller frees it. */
static struct ora_wire_msg *sent(const struct scene *s, enum ora_wire_kind kind, uint64_t peer, size_t n)
{
    for (size_t i = 0; i < s->fx.send_count; i++) {
        const struct ora_send_effect *e = &s->fx.send[i];
        struct ora_wire_msg *msg = NULL;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_wire_decode(e->frame.data, e->frame.len, &msg, &err), err);
        if (msg && msg->kind == kind && (peer == 0 || e->peer == peer) && n-- == 0)
            return msg;
        ora_wire_free(&msg);
    }
    return NULL;
}

static bool sends(const struct scene *s, enum ora_wire_kind kind, uint64_t peer)
{
    struct ora_wire_msg *m = sent(s, kind, peer, 0);
    bool yes = m != NULL;
    ora_wire_free(&m);
    return yes;
}

/* The token of the last WORK sent to a peer, copied. */
static void last_token(const struct scene *s, uint64_t peer, size_t n, char token[ORA_WIRE_TOKEN_MAX + 1])
{
    struct ora_wire_msg *m = sent(s, ORA_WIRE_WORK, peer, n);
    snprintf(token, ORA_WIRE_TOKEN_MAX + 1, "%s", m ? m->work.token : "none");
    ORA_CHECK(m != NULL);
    ora_wire_free(&m);
}

static struct ora_wire_msg result_of(uint32_t batch, const char *token)
{
    static const struct ora_utt_result r = {.utt_rowid = 1, .state = ORA_UTT_DONE, .pcm_sha256 = SHA};
    return (struct ora_wire_msg){
        .kind = ORA_WIRE_RESULT,
        .result = {.batch = batch, .token = token, .file_sha256 = SHA, .results = &r, .count = 1}};
}

/* A worker "w" on peer 1 with `leases` leases; the tokens are written in order. */
static struct scene with_leases(uint32_t leases, char token[][ORA_WIRE_TOKEN_MAX + 1])
{
    struct scene s = begin();
    hello_held(&s, 1, "w", NULL, 0);
    ready(&s, 1, leases);
    schedule(&s, 100);
    for (uint32_t i = 0; i < leases; i++)
        last_token(&s, 1, i, token[i]);
    return s;
}

ORA_TEST(hello_is_welcomed_and_work_goes_out_only_after_its_rows)
{
    struct scene s = begin();
    hello_held(&s, 1, "w", NULL, 0);
    ORA_CHECK(row(&s, ORA_ROW_JOIN, 0) && row(&s, ORA_ROW_JOIN, 0)->info.local);
    struct ora_wire_msg *m = sent(&s, ORA_WIRE_WELCOME, 1, 0);
    ORA_REQUIRE(m);
    ORA_CHECK_STR(m->welcome.audio_dir, "/a");
    ORA_CHECK_INT(m->welcome.revoked_count, 0);
    ora_wire_free(&m);
    ora_effects_clear(&s.fx);
    ora_core_schedule(s.core, 10, s.now, &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_LEASE, 0) == NULL); /* it did not say READY */
    ready(&s, 1, 2);
    ora_effects_clear(&s.fx);
    ora_core_schedule(s.core, 10, s.now, &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_LEASE, 1) != NULL && row(&s, ORA_ROW_LEASE, 2) == NULL);
    ORA_CHECK_INT(row(&s, ORA_ROW_LEASE, 0)->deadline_ms, s.now.wall_ms + LEASE_MS);
    ORA_CHECK_INT(s.fx.send_count, 0); /* the rows are not written yet */
    settle_well(&s, 0);
    ORA_CHECK_INT(s.fx.send_count, 2);
    char a[ORA_WIRE_TOKEN_MAX + 1], b[ORA_WIRE_TOKEN_MAX + 1];
    last_token(&s, 1, 0, a);
    last_token(&s, 1, 1, b);
    ORA_CHECK(strcmp(a, b) != 0);
    schedule(&s, 10);
    ORA_CHECK(row(&s, ORA_ROW_LEASE, 0) == NULL); /* its credit is used up */
    end(&s);
}

ORA_TEST(no_batch_left_means_no_work)
{
    struct scene s = begin();
    hello_held(&s, 1, "w", NULL, 0);
    ready(&s, 1, 2);
    ora_effects_clear(&s.fx);
    ora_core_schedule(s.core, 10, s.now, &s.fx);
    ora_core_settle(s.core, 0, 0, NULL, NULL, &s.fx);
    ORA_CHECK_INT(s.fx.send_count, 0);
    ORA_CHECK_INT(ora_core_leases(s.core), 0);
    end(&s);
}

ORA_TEST(a_result_is_acknowledged_after_its_rows_and_a_second_one_is_stale)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    struct ora_wire_msg m = result_of(0, t[0]);
    say(&s, 1, &m);
    ORA_REQUIRE(row(&s, ORA_ROW_FINISH, 0));
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0)->result == &m.result);
    ORA_CHECK(!sends(&s, ORA_WIRE_ACK, 1));
    settle_well(&s, 0);
    struct ora_wire_msg *ack = sent(&s, ORA_WIRE_ACK, 1, 0);
    ORA_CHECK(ack && ack->lease.taken);
    ora_wire_free(&ack);
    ORA_CHECK_INT(ora_core_leases(s.core), 0);
    say(&s, 1, &m);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) == NULL);
    ack = sent(&s, ORA_WIRE_ACK, 1, 0);
    ORA_CHECK(ack && !ack->lease.taken);
    ora_wire_free(&ack);
    end(&s);
}

ORA_TEST(a_result_under_a_wrong_token_or_of_another_worker_is_stale)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    struct ora_wire_msg m = result_of(0, "00000000deadbeef");
    say(&s, 1, &m);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) == NULL && sends(&s, ORA_WIRE_ACK, 1));
    hello_held(&s, 2, "other", NULL, 0);
    m = result_of(0, t[0]);
    say(&s, 2, &m);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) == NULL && sends(&s, ORA_WIRE_ACK, 2));
    end(&s);
}

ORA_TEST(a_result_without_its_file_costs_the_worker_its_place)
{
    char t[2][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(2, t);
    struct ora_wire_msg m = result_of(0, t[0]);
    say(&s, 1, &m);
    struct ora_err err = {.code = ORA_E_NOT_FOUND, .message = "no part"};
    ora_core_settle(s.core, 0, ORA_E_NOT_FOUND, NULL, &err, &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_LOST, 0) != NULL); /* and with it go all its leases */
    ORA_CHECK(sends(&s, ORA_WIRE_REFUSED, 1));
    ORA_CHECK(ora_core_paused(s.core) == NULL);
    end(&s);
}

ORA_TEST(a_full_disk_at_the_rename_pauses_the_run)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    struct ora_wire_msg m = result_of(0, t[0]);
    say(&s, 1, &m);
    struct ora_err err = {.code = ORA_E_DISK_FULL, .message = "no space"};
    ora_core_settle(s.core, 0, ORA_E_DISK_FULL, NULL, &err, &s.fx);
    const struct ora_row_effect *e = row(&s, ORA_ROW_GIVE_BACK, 0);
    ORA_CHECK(e && !e->counts);
    ORA_CHECK(ora_core_paused(s.core) && strstr(ora_core_paused(s.core), "no space"));
    ORA_CHECK(sends(&s, ORA_WIRE_DRAIN, 1));
    end(&s);
}

ORA_TEST(who_is_not_known_is_asked_once_a_second)
{
    struct scene s = begin();
    beat(&s, 9);
    ORA_CHECK(sends(&s, ORA_WIRE_WHO, 9));
    beat(&s, 9);
    ORA_CHECK(!sends(&s, ORA_WIRE_WHO, 9));
    later(&s, 1000);
    beat(&s, 9);
    ORA_CHECK(sends(&s, ORA_WIRE_WHO, 9));
    end(&s);
}

ORA_TEST(after_a_restart_living_workers_rejoin_with_what_they_hold)
{
    struct scene s = begin();
    struct ora_worker_info info = {.worker = "w", .host = "h", .pid = 7, .start_time = 9, .local = true};
    ora_core_restore_worker(s.core, &info, s.now);
    ora_core_restore_lease(s.core, 4, "w", "00000000000000aa", s.now.wall_ms + 1000);
    ora_core_restore_lease(s.core, 5, "w", "00000000000000bb", s.now.wall_ms + 1000);
    beat(&s, 3);
    ORA_CHECK(sends(&s, ORA_WIRE_WHO, 3));
    const struct ora_wire_held held[] = {{4, "00000000000000aa"}, {6, "00000000000000cc"}};
    hello_held(&s, 3, "w", held, 2);
    ORA_CHECK(row(&s, ORA_ROW_JOIN, 0) == NULL);
    struct ora_wire_msg *m = sent(&s, ORA_WIRE_WELCOME, 3, 0);
    ORA_REQUIRE(m && m->welcome.revoked_count == 1);
    ORA_CHECK_INT(m->welcome.revoked[0].batch, 6);
    ora_wire_free(&m);
    const struct ora_row_effect *e = row(&s, ORA_ROW_GIVE_BACK, 0); /* 5 was never received */
    ORA_CHECK(e && e->batch == 5 && !e->counts);
    e = row(&s, ORA_ROW_RENEW, 0);
    ORA_CHECK(e && e->deadline_ms == s.now.wall_ms + LEASE_MS);
    struct ora_wire_msg r = result_of(4, "00000000000000aa");
    say(&s, 3, &r);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) != NULL);
    end(&s);
}

ORA_TEST(restored_leases_stand_until_their_deadline)
{
    struct scene s = begin();
    struct ora_worker_info info = {.worker = "w", .host = "h", .pid = 7, .start_time = 9};
    ora_core_restore_worker(s.core, &info, s.now);
    ora_core_restore_lease(s.core, 4, "w", "00000000000000aa", s.now.wall_ms + 50000);
    later(&s, 49999);
    ora_effects_clear(&s.fx);
    ora_core_tick(s.core, s.now, &s.fx);
    ORA_CHECK_INT(s.fx.row_count, 0);
    later(&s, 1);
    ora_core_tick(s.core, s.now, &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_LOST, 0) != NULL);
    end(&s);
}

ORA_TEST(a_dead_local_process_frees_its_leases_at_once)
{
    struct scene s = begin();
    struct ora_worker_info info = {.worker = "w", .host = "h", .pid = 7, .start_time = 9, .local = true};
    ora_core_restore_worker(s.core, &info, s.now);
    ora_core_restore_lease(s.core, 4, "w", "00000000000000aa", s.now.wall_ms + 50000);
    ora_core_died(s.core, "w", &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_LOST, 0) != NULL);
    ORA_CHECK_INT(ora_core_seats(s.core), 0);
    end(&s);
}

ORA_TEST(beats_tell_what_is_finished_of_a_batch_until_it_is_handed_in)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    struct ora_wire_msg m = {.kind = ORA_WIRE_BEAT, .beat = {.in_work = 5, .in_work_audio_ms = 1500}};
    say(&s, 1, &m);
    ORA_CHECK_INT(ora_core_in_work(s.core).utterances, 5);
    ORA_CHECK_NEAR(ora_core_in_work(s.core).audio_s, 1.5, 1e-9);
    struct ora_wire_msg r = result_of(0, t[0]);
    say(&s, 1, &r);
    ORA_CHECK_INT(ora_core_in_work(s.core).utterances, 0);
    end(&s);
}

ORA_TEST(silence_loses_a_worker_and_beats_keep_it)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    for (int i = 0; i < 10; i++) {
        later(&s, SILENCE_MS - 1000);
        beat(&s, 1);
        ORA_CHECK(sends(&s, ORA_WIRE_BEAT, 1));
        ora_effects_clear(&s.fx);
        ora_core_tick(s.core, s.now, &s.fx);
        ORA_CHECK(row(&s, ORA_ROW_LOST, 0) == NULL);
    }
    later(&s, SILENCE_MS);
    ora_effects_clear(&s.fx);
    ora_core_tick(s.core, s.now, &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_LOST, 0) && row(&s, ORA_ROW_LEFT, 0));
    struct ora_wire_msg m = result_of(0, t[0]); /* it comes back too late */
    say(&s, 1, &m);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) == NULL && sends(&s, ORA_WIRE_WHO, 1));
    const struct ora_wire_held held[] = {{0, t[0]}};
    later(&s, 1000);
    hello_held(&s, 1, "w", held, 1);
    struct ora_wire_msg *w = sent(&s, ORA_WIRE_WELCOME, 1, 0);
    ORA_CHECK(w && w->welcome.revoked_count == 1);
    ora_wire_free(&w);
    end(&s);
}

ORA_TEST(deadlines_are_renewed_before_they_pass_and_not_with_every_beat)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    int renewals = 0;
    for (int64_t at = 0; at < 2 * LEASE_MS; at += 1000) {
        later(&s, 1000);
        beat(&s, 1);
        ora_effects_clear(&s.fx);
        ora_core_tick(s.core, s.now, &s.fx);
        renewals += row(&s, ORA_ROW_RENEW, 0) != NULL;
        ORA_CHECK(row(&s, ORA_ROW_LOST, 0) == NULL);
    }
    ORA_CHECK_INT(renewals, 3); /* half of a lease apart */
    end(&s);
}

ORA_TEST(a_crash_of_its_own_fault_is_counted_on_the_utterance)
{
    static const struct {
        uint32_t signal;
        uint64_t rowid;
        bool named;
    } cases[] = {{SIGSEGV, 5, true},  {SIGABRT, 5, true},  {SIGFPE, 5, true},
                 {SIGKILL, 5, false}, {SIGTERM, 5, false}, {SIGSEGV, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char t[1][ORA_WIRE_TOKEN_MAX + 1];
        struct scene s = with_leases(1, t);
        struct ora_wire_msg m = {
            .kind = ORA_WIRE_CRASH,
            .lease = {.batch = 0, .token = t[0], .rowid = cases[i].rowid, .signal = cases[i].signal}};
        say(&s, 1, &m);
        const struct ora_row_effect *c = row(&s, ORA_ROW_CRASHED, 0), *g = row(&s, ORA_ROW_GIVE_BACK, 0);
        ORA_CHECK_INT(c != NULL, cases[i].named);
        ORA_CHECK(g && g->counts == !cases[i].named);
        if (c)
            ORA_CHECK(c->rowid == 5 && strcmp(c->token, t[0]) == 0 &&
                      c < g); /* while the lease is still current */
        say(&s, 1, &m);
        ORA_CHECK_INT(s.fx.row_count, 0); /* told twice */
        end(&s);
    }
}

ORA_TEST(returns_by_class)
{
    static const struct {
        enum ora_err_class class_;
        bool counts, pauses;
    } cases[] = {{ORA_CLASS_NONE, false, false},
                 {ORA_CLASS_RETRY, true, false},
                 {ORA_CLASS_FATAL_HERE, false, false},
                 {ORA_CLASS_STOP, false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char t[1][ORA_WIRE_TOKEN_MAX + 1];
        struct scene s = with_leases(1, t);
        struct ora_wire_msg m = {.kind = ORA_WIRE_RETURN,
                                 .lease = {.batch = 0,
                                           .token = t[0],
                                           .class_ = cases[i].class_,
                                           .counts = cases[i].counts,
                                           .why = "because"}};
        say(&s, 1, &m);
        const struct ora_row_effect *g = row(&s, ORA_ROW_GIVE_BACK, 0);
        ORA_CHECK(g && g->counts == cases[i].counts && strcmp(g->why, "because") == 0);
        ORA_CHECK_INT(ora_core_paused(s.core) != NULL, cases[i].pauses);
        ORA_CHECK_INT(sends(&s, ORA_WIRE_DRAIN, 1), cases[i].pauses);
        end(&s);
    }
}

ORA_TEST(bye_gives_all_back_uncounted)
{
    char t[2][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(2, t);
    struct ora_wire_msg m = {.kind = ORA_WIRE_BYE, .text = {.why = "drained"}};
    say(&s, 1, &m);
    ORA_CHECK(row(&s, ORA_ROW_GIVE_BACK, 1) && !row(&s, ORA_ROW_GIVE_BACK, 1)->counts);
    ORA_CHECK(row(&s, ORA_ROW_LEFT, 0) != NULL);
    ORA_CHECK_INT(ora_core_present(s.core), 0);
    end(&s);
}

static struct ora_wire_msg hello_with(const char *worker, const char *const *levels, size_t count)
{
    return (struct ora_wire_msg){.kind = ORA_WIRE_HELLO,
                                 .hello = {.worker = worker,
                                           .run_id = "run",
                                           .host = "n3",
                                           .machine = "",
                                           .engine_version = ORA_VERSION,
                                           .levels = levels,
                                           .level_count = count}};
}

ORA_TEST(another_run_is_refused)
{
    struct scene s = begin();
    struct ora_wire_msg m = hello_with("w", NULL, 0);
    m.hello.run_id = "another";
    say(&s, 1, &m);
    ORA_CHECK(sends(&s, ORA_WIRE_REFUSED, 1) && s.fx.row_count == 0);
    end(&s);
}

/* A worker that cannot compute as the run does is told what it lacks, and is no row of the database. */
ORA_TEST(a_worker_of_another_arithmetic_is_turned_away)
{
    struct scene s = begin();
    struct ora_wire_msg m = hello_with("w", (const char *const[]){"blas"}, 1);
    say(&s, 1, &m);
    ORA_CHECK(s.fx.row_count == 0 && ora_core_seats(s.core) == 0);
    struct ora_wire_msg *said = sent(&s, ORA_WIRE_REFUSED, 1, 0);
    ORA_REQUIRE(said);
    ORA_CHECK(strstr(said->text.why, "arithmetic f32-direct needs ") &&
              strstr(said->text.why, "host n3 has blas"));
    ORA_CHECK_STR(ora_core_last_trouble(s.core), said->text.why);
    ora_wire_free(&said);
    m = hello_with("w2", (const char *const[]){"blas", "scalar"}, 2);
    say(&s, 2, &m);
    ORA_REQUIRE(row(&s, ORA_ROW_JOIN, 0));
    ORA_CHECK_STR(row(&s, ORA_ROW_JOIN, 0)->info.kernel_level, "scalar");
    end(&s);
}

/* One that the database knows, from before the coordinator was started again with another level. */
ORA_TEST(a_worker_that_lost_its_level_loses_its_leases)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    struct ora_wire_msg m = hello_with("w", NULL, 0);
    say(&s, 1, &m);
    ORA_CHECK(sends(&s, ORA_WIRE_REFUSED, 1) && row(&s, ORA_ROW_LOST, 0));
    ORA_CHECK_INT(ora_core_seats(s.core), 0);
    end(&s);
}

ORA_TEST(a_bad_frame_drops_the_peer_and_never_the_run)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    ora_effects_clear(&s.fx);
    ora_core_bad_frame(s.core, 1, "garbage", &s.fx);
    ORA_CHECK(sends(&s, ORA_WIRE_REFUSED, 1) && row(&s, ORA_ROW_LOST, 0));
    ORA_CHECK(ora_core_paused(s.core) == NULL);
    beat(&s, 1);
    ORA_CHECK_INT(s.fx.send_count, 0); /* not heard any more */
    hello_held(&s, 1, "w", NULL, 0);
    ORA_CHECK_INT(s.fx.row_count, 0);
    hello_held(&s, 2, "w2", NULL, 0);
    ORA_CHECK(sends(&s, ORA_WIRE_WELCOME, 2));
    struct ora_wire_msg m = {.kind = ORA_WIRE_WELCOME}; /* decodes, but is none of a worker's */
    say(&s, 2, &m);
    ORA_CHECK(sends(&s, ORA_WIRE_REFUSED, 2) && row(&s, ORA_ROW_LOST, 0));
    end(&s);
}

ORA_TEST(an_unreachable_peer_must_say_hello_again)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    ora_core_unreachable(s.core, 1);
    ORA_CHECK_INT(ora_core_present(s.core), 0);
    schedule(&s, 100);
    ORA_CHECK_INT(s.fx.row_count, 0);
    struct ora_wire_msg m = result_of(0, t[0]);
    say(&s, 1, &m);
    ORA_CHECK(sends(&s, ORA_WIRE_WHO, 1));
    hello_held(&s, 8, "w", &(struct ora_wire_held){0, t[0]}, 1);
    say(&s, 8, &m);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) != NULL);
    end(&s);
}

ORA_TEST(draining_gives_out_nothing_more_and_tells_those_who_come)
{
    char t[1][ORA_WIRE_TOKEN_MAX + 1];
    struct scene s = with_leases(1, t);
    ora_effects_clear(&s.fx);
    ora_core_drain(s.core, ORA_DRAIN_FINISH, &s.fx);
    ORA_CHECK(sends(&s, ORA_WIRE_DRAIN, 1));
    ora_effects_clear(&s.fx);
    ora_core_drain(s.core, ORA_DRAIN_FINISH, &s.fx);
    ORA_CHECK_INT(s.fx.send_count, 0); /* once */
    schedule(&s, 100);
    ORA_CHECK_INT(s.fx.row_count, 0);
    hello_held(&s, 2, "late", NULL, 0);
    ORA_CHECK(sends(&s, ORA_WIRE_WELCOME, 2) && sends(&s, ORA_WIRE_DRAIN, 2));
    struct ora_wire_msg m = result_of(0, t[0]);
    say(&s, 1, &m);
    ORA_CHECK(row(&s, ORA_ROW_FINISH, 0) != NULL); /* what is in work is still taken */
    end(&s);
}

ORA_TEST(work_that_cannot_be_sent_pauses_the_run_and_goes_back)
{
    struct scene s = begin();
    hello_held(&s, 1, "w", NULL, 0);
    ready(&s, 1, 1);
    ora_effects_clear(&s.fx);
    ora_core_schedule(s.core, 10, s.now, &s.fx);
    struct ora_utterance u = {.id = "a", .text = "\xff", .voice = "tone", .speed = 1};
    uint64_t rowid = 1;
    struct ora_batch batch = {.number = 3, .attempt = 1, .utterances = &u, .utt_rowid = &rowid, .count = 1};
    ora_core_settle(s.core, 0, 1, &batch, NULL, &s.fx);
    ORA_CHECK(row(&s, ORA_ROW_GIVE_BACK, 0) && row(&s, ORA_ROW_GIVE_BACK, 0)->batch == 3);
    ORA_CHECK(ora_core_paused(s.core) != NULL);
    ORA_CHECK(!sends(&s, ORA_WIRE_WORK, 1));
    end(&s);
}
