/* What of a voice counts, and what does not. */
#include "job/voice_mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "voice/voice.h"

/* A voice of these lines, its weights always the same (a voice without weights has the hash of its file). */
static struct ora_voice *voice_of(const char *more)
{
    struct ora_voice *v = NULL;
    struct ora_err err = {0};
    char *yaml = ora_fmt("format: 1\nname: x\nfamily: tone\nsample_rate_hz: 16000\n%s", more);
    ORA_CHECK_OK(ora_voice_parse(yaml, strlen(yaml), "d", &v, &err), err);
    if (!v) /* what was wrong is told */
        exit(1);
    strcpy(v->model_sha256, "aa");
    free(yaml);
    return v;
}

ORA_TEST(what_decides_bytes_counts)
{
    static const char was[] = "lang: de\nlicense: x\nsettings: {sleep_ms: 1}\n";
    static const struct {
        const char *is;
        bool same;
    } cases[] = {
        {"lang: de\nlicense: x\nsettings: {sleep_ms: 1}\n", true},
        {"# A remark.\nlang:   de\nlicense: \"x\"\nsettings:\n  sleep_ms: 1\n", true},
        {"lang: de\nlicense: x\nlicense_note: y\nsource: z\nsettings: {sleep_ms: 1}\n", true},
        {"lang: de\nlicense: x\nsettings: {sleep_ms: 2}\n", false},
        {"lang: de\nlicense: x\n", false},
        {"lang: de\nlicense: y\nsettings: {sleep_ms: 1}\n", false},
        {"lang: en\nlicense: x\nsettings: {sleep_ms: 1}\n", false},
    };
    char before[65], after[65];
    struct ora_voice *v = voice_of(was);
    ora_voice_mark(v, before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ora_voice *w = voice_of(cases[i].is);
        ora_voice_mark(w, after);
        if ((strcmp(before, after) == 0) != cases[i].same)
            ORA_FAIL("case %zu: %s, %s", i, before, after);
        ora_voice_close(&w);
    }
    strcpy(v->model_sha256, "bb");
    ora_voice_mark(v, after);
    ORA_CHECK(strcmp(before, after) != 0);
    ora_voice_close(&v);
}

ORA_TEST(a_clone_hangs_on_its_base)
{
    char alone[65], with[65], with_another[65];
    struct ora_voice *v = voice_of("lang: de\nlicense: x\n"), *base = voice_of("lang: de\nlicense: x\n");
    ora_voice_mark(v, alone);
    v->base = base;
    ora_voice_mark(v, with);
    strcpy(base->model_sha256, "bb");
    ora_voice_mark(v, with_another);
    ORA_CHECK(strcmp(alone, with) != 0);
    ORA_CHECK(strcmp(with, with_another) != 0);
    ora_voice_close(&v); /* and its base */
}
