/* Recordings that users hand in: WAV and FLAC of any kind. */
#include <stdint.h>

#include "audio/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_recording r;
    struct ora_err err = {0};
    if (ora_recording_parse(&r, data, size, "fuzz.wav", 2, &err) == 0)
        ora_recording_release(&r);
    return 0;
}
