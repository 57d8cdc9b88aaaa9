#include "voice/check.h"

#include <stdlib.h>

#include "base/test.h"
#include "voice/voice.h"

static const char *verdict_of(const struct ora_voice_report *r, const char *what)
{
    size_t i;
    json_t *f;
    json_array_foreach(json_object_get(r->json, "findings"), i,
                       f) if (strcmp(json_string_value(json_object_get(f, "what")), what) ==
                              0) return json_string_value(json_object_get(f, "verdict"));
    return NULL;
}

static struct ora_voice_report check(const char *yaml, const char *text)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    struct ora_voice_check_options o = {.text = text, .speaker = -1};
    struct ora_voice_report r = {0};
    ORA_CHECK_OK(yaml ? ora_voice_parse(yaml, strlen(yaml), "d", &v, &err) : ora_voice_open("tone", &v, &err),
                 err);
    ORA_CHECK_OK(ora_voice_check(v, &o, &r, &err), err);
    ora_voice_close(&v);
    return r;
}

ORA_TEST(tone_passes_all_but_being_speech)
{
    struct ora_voice_report r = check(NULL, NULL);
    static const char *const pass[] = {"weights", "opens",   "repeatable", "sample rate", "finite",
                                       "level",   "silence", "pace",       "times",       "phonemes"};
    for (size_t i = 0; i < sizeof pass / sizeof *pass; i++)
        ORA_CHECK_STR(verdict_of(&r, pass[i]), "PASS");
    ORA_CHECK(r.worst < ORA_VERDICT_FAIL);
    ORA_CHECK(strstr(ora_str_c(&r.text), "PASS level "));
    ORA_CHECK_STR(json_string_value(json_object_get(r.json, "voice")), "tone");
    ora_voice_report_release(&r);
}

ORA_TEST(a_refused_sentence_fails)
{
    struct ora_voice_report r = check(NULL, "\xff");
    ORA_CHECK_STR(verdict_of(&r, "renders"), "FAIL");
    ORA_CHECK_INT(r.worst, ORA_VERDICT_FAIL);
    ora_voice_report_release(&r);
}

ORA_TEST(missing_weights_fail)
{
    struct ora_voice_report r =
        check("format: 1\nname: x\nfamily: tone\nlang: de\nsample_rate_hz: 16000\nlicense: x\n"
              "weights: {file: nothing, bytes: 1, sha256: "
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}\n",
              NULL);
    ORA_CHECK_STR(verdict_of(&r, "weights"), "FAIL");
    ORA_CHECK_INT(r.worst, ORA_VERDICT_FAIL);
    ora_voice_report_release(&r);
}

/* 5 ms a character is four times too fast for the family, and the settings are the voice's. */
ORA_TEST(an_implausible_pace_warns)
{
    struct ora_voice_report r =
        check("format: 1\nname: x\nfamily: tone\nlang: fr\nsample_rate_hz: 16000\nlicense: x\n"
              "settings: {phone_ms: 5}\n",
              NULL);
    ORA_CHECK_STR(verdict_of(&r, "pace"), "WARN");
    ora_voice_report_release(&r);
}
