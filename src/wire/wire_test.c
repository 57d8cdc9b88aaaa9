#include "wire/wire.h"

#include <stdlib.h>

#include "base/test.h"

#define TOKEN "0123456789abcdef00000001"
#define SHA   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct ora_utterance sample_utterance(void)
{
    return (struct ora_utterance){.id = "book-0001",
                                  .doc_id = "book",
                                  .doc = 1,
                                  .chapter = 2,
                                  .paragraph = 3,
                                  .index = 4,
                                  .split = 1,
                                  .split_count = 2,
                                  .role = "sentence",
                                  .path = "book.txt",
                                  .line = 77,
                                  .text = "Grüß dich, мир!",
                                  .voice = "tone",
                                  .lang = "de",
                                  .speed = 1.25,
                                  .extra_json = "{\"k\":1}"};
}

static struct ora_wire_msg *round_trip(const struct ora_wire_msg *m)
{
    struct ora_str frame = ORA_STR_INIT;
    struct ora_err err = {0};
    struct ora_wire_msg *got = NULL;
    ORA_CHECK_OK(ora_wire_encode(m, &frame, &err), err);
    ORA_CHECK_OK(ora_wire_decode(frame.data, frame.len, &got, &err), err);
    ora_str_release(&frame);
    return got;
}

ORA_TEST(work_comes_back_as_it_went)
{
    struct ora_utterance u[2] = {sample_utterance(), sample_utterance()};
    u[1].id = "book-0002";
    u[1].speaker = "7";
    uint64_t rowid[2] = {1, UINT64_MAX >> 1};
    struct ora_wire_msg m = {.kind = ORA_WIRE_WORK, .work = {9, TOKEN, 3, u, rowid, 2, true, SHA}};
    struct ora_wire_msg *got = round_trip(&m);
    ORA_REQUIRE(got && got->kind == ORA_WIRE_WORK && got->work.count == 2);
    ORA_CHECK_INT(got->work.batch, 9);
    ORA_CHECK_STR(got->work.token, TOKEN);
    ORA_CHECK_INT(got->work.attempt, 3);
    ORA_CHECK(got->work.alone);
    ORA_CHECK_STR(got->work.voice_mark, SHA);
    ORA_CHECK_INT(got->work.rowid[1], UINT64_MAX >> 1);
    const struct ora_utterance *g = &got->work.utterances[0];
    ORA_CHECK_STR(g->text, u[0].text);
    ORA_CHECK(g->source_id == NULL && g->speaker == NULL && g->settings_json == NULL);
    ORA_CHECK_STR(g->extra_json, "{\"k\":1}");
    ORA_CHECK_NEAR(g->speed, 1.25, 0);
    ORA_CHECK_INT(g->line, 77);
    ORA_CHECK_STR(got->work.utterances[1].speaker, "7");
    ora_wire_free(&got);
    ORA_CHECK(got == NULL);
}

ORA_TEST(result_comes_back_as_it_went)
{
    struct ora_utt_result r[2] = {
        {.utt_rowid = 5,
         .state = ORA_UTT_DONE,
         .samples = 22050,
         .sample_rate_hz = 22050,
         .audio_offset = 512,
         .audio_bytes = 100,
         .record_offset = 1536,
         .record_bytes = 9,
         .pcm_sha256 = SHA,
         .synth_s = 0.125,
         .peak_limited = true},
        {.utt_rowid = 6, .state = ORA_UTT_REJECTED, .reason_code = "BAD_INPUT", .reason = "nothing to say"},
    };
    struct ora_wire_msg m = {.kind = ORA_WIRE_RESULT,
                             .result = {.batch = 4,
                                        .token = TOKEN,
                                        .file_sha256 = SHA,
                                        .file_bytes = 10240,
                                        .kernel_level = "avx2",
                                        .results = r,
                                        .count = 2}};
    struct ora_wire_msg *got = round_trip(&m);
    ORA_REQUIRE(got && got->result.count == 2);
    ORA_CHECK_STR(got->result.file_sha256, SHA);
    ORA_CHECK_INT(got->result.file_bytes, 10240);
    ORA_CHECK_STR(got->result.results[0].pcm_sha256, SHA);
    ORA_CHECK_INT(got->result.results[0].record_offset, 1536);
    ORA_CHECK_NEAR(got->result.results[0].synth_s, 0.125, 0);
    ORA_CHECK(got->result.results[0].peak_limited);
    ORA_CHECK(got->result.results[1].pcm_sha256 == NULL);
    ORA_CHECK_STR(got->result.results[1].reason, "nothing to say");
    ora_wire_free(&got);
}

ORA_TEST(every_other_kind_comes_back)
{
    struct ora_wire_held held[2] = {{1, TOKEN}, {2, "ffffffff"}};
    const struct ora_wire_msg list[] = {
        {.kind = ORA_WIRE_HELLO,
         .hello = {.worker = "host-1-ab",
                   .run_id = "r",
                   .host = "host",
                   .machine = "boot:1",
                   .levels = (const char *const[]){"avx512", "scalar"},
                   .level_count = 2,
                   .engine_version = "0.1.0",
                   .pid = 7,
                   .cores = 2,
                   .start_time = 99,
                   .free_memory_bytes = 1ull << 40,
                   .held = held,
                   .held_count = 2}},
        {.kind = ORA_WIRE_WELCOME,
         .welcome = {.run_id = "r",
                     .job_yaml = "voice: tone\n",
                     .audio_dir = "/r/audio",
                     .beat_ms = 1000,
                     .silence_ms = 60000,
                     .revoked = held,
                     .revoked_count = 1}},
        {.kind = ORA_WIRE_READY, .ready = {.credit = 4}},
        {.kind = ORA_WIRE_ACK, .lease = {.batch = 1, .token = TOKEN, .taken = true}},
        {.kind = ORA_WIRE_RETURN,
         .lease = {.batch = 1, .token = TOKEN, .class_ = ORA_CLASS_STOP, .counts = true, .why = "disk full"}},
        {.kind = ORA_WIRE_BEAT, .beat = {.rss_bytes = 1, .queued = 2, .in_work = 3, .in_work_audio_ms = 4}},
        {.kind = ORA_WIRE_DRAIN, .drain = {.mode = ORA_DRAIN_AT_ONCE}},
        {.kind = ORA_WIRE_BYE, .text = {.why = "done"}},
        {.kind = ORA_WIRE_REFUSED, .text = {.why = "other run"}},
        {.kind = ORA_WIRE_CRASH, .lease = {.batch = 1, .token = TOKEN, .rowid = 8, .signal = 11}},
        {.kind = ORA_WIRE_WHO},
    };
    struct ora_str first = ORA_STR_INIT, second = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct ora_err err = {0};
        struct ora_wire_msg *got = round_trip(&list[i]);
        ORA_REQUIRE(got);
        ORA_CHECK_INT(got->kind, list[i].kind);
        ORA_CHECK_OK(ora_wire_encode(&list[i], &first, &err), err);
        ORA_CHECK_OK(ora_wire_encode(got, &second, &err), err);
        ORA_CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        ora_wire_free(&got);
    }
    ora_str_release(&first);
    ora_str_release(&second);
}

ORA_TEST(what_is_over_a_bound_is_neither_sent_nor_taken)
{
    struct ora_utterance u = sample_utterance();
    uint64_t rowid = 1;
    const struct ora_wire_msg bad[] = {
        {.kind = ORA_WIRE_ACK, .lease = {.batch = 1, .token = "short"}},
        {.kind = ORA_WIRE_ACK, .lease = {.batch = 1, .token = "../../../../etc"}},
        {.kind = ORA_WIRE_ACK, .lease = {.batch = 1, .token = NULL}},
        {.kind = ORA_WIRE_READY, .ready = {.credit = 100000}},
        {.kind = ORA_WIRE_DRAIN, .drain = {.mode = 9}},
        {.kind = ORA_WIRE_BYE, .text = {.why = "\xC0\x80"}},
        {.kind = ORA_WIRE_CRASH, .lease = {.batch = 1, .token = TOKEN, .signal = 0}},
        {.kind = ORA_WIRE_RETURN, .lease = {.batch = 1, .token = TOKEN, .class_ = (enum ora_err_class)17}},
        {.kind = ORA_WIRE_WORK, .work = {1, TOKEN, 1, &u, &rowid, ORA_WIRE_MAX_UTTERANCES + 1, false, NULL}},
        {.kind = ORA_WIRE_WORK, .work = {1, TOKEN, 1, &u, &rowid, 1, false, "00"}},
        {.kind = ORA_WIRE_RESULT, .result = {.batch = 1, .token = TOKEN, .file_sha256 = "00"}},
        {.kind = ORA_WIRE_HELLO, .hello = {.worker = "", .run_id = "r", .host = "h"}},
        {.kind = ORA_WIRE_WELCOME,
         .welcome = {.run_id = "r", .job_yaml = "x", .audio_dir = "/", .beat_ms = 0}},
        {.kind = ORA_WIRE_KINDS},
    };
    struct ora_str frame = ORA_STR_INIT;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ora_err err = {0};
        if (ora_wire_encode(&bad[i], &frame, &err) == 0)
            ORA_FAIL("case %zu was encoded", i);
        ORA_CHECK(err.message[0] != '\0');
    }
    ora_str_release(&frame);
}

ORA_TEST(another_version_is_named)
{
    /* field 1 (version) = 1, field 15 (who) empty */
    static const unsigned char frame[] = {0x08, 0x01, 0x7a, 0x00};
    struct ora_err err = {0};
    struct ora_wire_msg *got = NULL;
    ORA_CHECK_INT(ora_wire_decode(frame, sizeof frame, &got, &err), ORA_E_UNSUPPORTED);
    ORA_CHECK(strstr(err.message, "version 1") != NULL);
    ORA_CHECK(got == NULL);
}

ORA_TEST(a_frame_cut_anywhere_is_refused_or_whole)
{
    struct ora_utterance u = sample_utterance();
    uint64_t rowid = 1;
    struct ora_wire_msg m = {.kind = ORA_WIRE_WORK, .work = {9, TOKEN, 1, &u, &rowid, 1, false, NULL}};
    struct ora_str frame = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_wire_encode(&m, &frame, &err), err);
    for (size_t n = 0; n < frame.len; n++) {
        char *cut = malloc(n + 1); /* exactly n readable bytes for the sanitizer's sake */
        memcpy(cut, frame.data, n);
        struct ora_wire_msg *got = NULL;
        if (ora_wire_decode(cut, n, &got, &err) == 0)
            ORA_FAIL("%zu of %zu bytes were taken for a message", n, frame.len);
        free(cut);
    }
    ora_str_release(&frame);
}

ORA_TEST(mutated_frames_never_get_past_the_checks)
{
    struct ora_utterance u = sample_utterance();
    uint64_t rowid = 1, state = 42;
    struct ora_wire_msg m = {.kind = ORA_WIRE_WORK, .work = {9, TOKEN, 1, &u, &rowid, 1, false, NULL}};
    struct ora_str frame = ORA_STR_INIT, again = ORA_STR_INIT;
    struct ora_err err = {0};
    ORA_CHECK_OK(ora_wire_encode(&m, &frame, &err), err);
    unsigned taken = 0;
    for (int round = 0; round < 20000; round++) {
        char *copy = malloc(frame.len);
        memcpy(copy, frame.data, frame.len);
        for (int k = 0; k <= round % 4; k++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            copy[(state >> 33) % frame.len] ^= (char)(1u << ((state >> 20) % 8));
        }
        struct ora_wire_msg *got = NULL;
        if (ora_wire_decode(copy, frame.len, &got, &err) == 0) {
            taken++;
            ORA_CHECK_OK(ora_wire_encode(got, &again, &err), err); /* what is taken is within bounds */
        }
        ora_wire_free(&got);
        free(copy);
    }
    ORA_CHECK(taken > 0); /* a flipped digit of a number is still a message */
    ora_str_release(&frame);
    ora_str_release(&again);
}

ORA_TEST(a_small_frame_cannot_cost_much_memory)
{
    /* 4 MiB of empty utterances (2 bytes each) would unpack to over 500 MB. */
    size_t n = 2u << 20, body = 2 * n, total = 0;
    unsigned char *frame = malloc(body + 16);
    ORA_REQUIRE(frame);
    frame[total++] = 0x08, frame[total++] = 0x01; /* version 1 */
    frame[total++] = 0x2a;                        /* field 5: work */
    for (size_t v = body; total < 16; v >>= 7) {
        frame[total++] = (unsigned char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        if (v <= 0x7f)
            break;
    }
    for (size_t i = 0; i < n; i++)
        frame[total++] = 0x22, frame[total++] = 0x00;
    struct ora_err err = {0};
    struct ora_wire_msg *got = NULL;
    ORA_CHECK_INT(ora_wire_decode(frame, total, &got, &err), ORA_E_FORMAT);
    free(frame);
}
