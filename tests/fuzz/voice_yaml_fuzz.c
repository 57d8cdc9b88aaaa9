/* Any bytes as voice.yaml: refused with a message, or a voice that can be described. */
#include <stdint.h>
#include <stdlib.h>

#include "voice/voice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    struct ora_voice *v = NULL;
    if (ora_voice_parse((const char *)data, size, "fuzz", &v, &err) < 0) {
        if (v || !err.message[0])
            abort();
        return 0;
    }
    struct ora_str text = ORA_STR_INIT;
    json_t *json = NULL;
    if (!v->name || !v->family || !v->lang || !v->license || v->speaker_count < 1 ||
        v->default_speaker >= v->speaker_count)
        abort();
    if (ora_voice_describe(v, NULL, NULL, &text, &json, &err) < 0)
        abort();
    json_decref(json);
    ora_str_release(&text);
    ora_voice_close(&v);
    return 0;
}
