#include "audio/recording.h"

#include <stdint.h>
#include <stdlib.h>

#include "audio/codec.h"
#include "base/mem.h"
#include "base/test.h"

enum { HEADER = 44 };

static void put(unsigned char *p, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

/* A WAV of `bytes` bytes of data, integers of `bits` bits (or floats). */
static unsigned char *wav(int channels, int rate, int bits, bool is_float, const void *data, size_t bytes,
                          size_t *len)
{
    unsigned char *w = ora_xcalloc(HEADER + bytes, 1);
    memcpy(w, "RIFF....WAVEfmt ", 16);
    put(w + 4, (uint32_t)(36 + bytes), 4);
    put(w + 16, 16, 4);
    put(w + 20, is_float ? 3 : 1, 2);
    put(w + 22, (uint32_t)channels, 2);
    put(w + 24, (uint32_t)rate, 4);
    put(w + 28, (uint32_t)(rate * channels * bits / 8), 4);
    put(w + 32, (uint32_t)(channels * bits / 8), 2);
    put(w + 34, (uint32_t)bits, 2);
    memcpy(w + 36, "data", 4);
    put(w + 40, (uint32_t)bytes, 4);
    memcpy(w + HEADER, data, bytes);
    *len = HEADER + bytes;
    return w;
}

ORA_TEST(channels_are_averaged)
{
    static const int16_t stereo[] = {16384, 0, -16384, -16384, 32767, 32767, 0, -32768};
    struct ora_recording r;
    struct ora_err err = {0};
    size_t len;
    unsigned char *w = wav(2, 8000, 16, false, stereo, sizeof stereo, &len);
    ORA_CHECK_OK(ora_recording_parse(&r, w, len, "x", 1, &err), err);
    ORA_CHECK_INT(r.samples, 4);
    ORA_CHECK_INT(r.channels, 2);
    ORA_CHECK_INT(r.sample_rate_hz, 8000);
    ORA_CHECK_INT(r.full_scale, 3);
    ORA_CHECK_NEAR((double)r.mono[0], 0.25, 1e-6);
    ORA_CHECK_NEAR((double)r.mono[1], -0.5, 1e-6);
    ORA_CHECK_NEAR((double)r.mono[3], -0.5, 1e-6);
    ora_recording_release(&r);
    free(w);
}

ORA_TEST(sample_types)
{
    static const unsigned char deep[] = {0, 0, 0x40, 0, 0, 0xc0}; /* 24 bit: 0.5, -0.5 */
    static const float real[] = {0.5f, -0.5f};
    struct ora_recording r;
    struct ora_err err = {0};
    for (int i = 0; i < 2; i++) {
        size_t len;
        unsigned char *w = i ? wav(1, 44100, 32, true, real, sizeof real, &len)
                             : wav(1, 44100, 24, false, deep, sizeof deep, &len);
        ORA_CHECK_OK(ora_recording_parse(&r, w, len, "x", 1, &err), err);
        ORA_CHECK_INT(r.samples, 2);
        ORA_CHECK_NEAR((double)r.mono[0], 0.5, 1e-6);
        ORA_CHECK_NEAR((double)r.mono[1], -0.5, 1e-6);
        ora_recording_release(&r);
        free(w);
    }
}

ORA_TEST(refuses)
{
    static const float bad[] = {0.5f, NAN};
    int16_t *second = ora_xcalloc(2 * 8000, sizeof *second);
    struct ora_recording r;
    struct ora_err err = {0};
    size_t len;
    unsigned char *w = wav(1, 8000, 16, false, second, 2 * 8000 * sizeof *second, &len);
    ORA_CHECK_INT(ora_recording_parse(&r, w, len, "long.wav", 1, &err), ORA_E_LIMIT);
    ORA_CHECK_STR(err.message, "long.wav is longer than 1 s");
    free(w);
    w = wav(1, 8000, 32, true, bad, sizeof bad, &len);
    ORA_CHECK_INT(ora_recording_parse(&r, w, len, "nan.wav", 1, &err), ORA_E_FORMAT);
    free(w);
    w = wav(1, 8000, 16, false, second, 0, &len);
    ORA_CHECK_INT(ora_recording_parse(&r, w, len, "empty.wav", 1, &err), ORA_E_FORMAT);
    free(w);
    ORA_CHECK_INT(ora_recording_parse(&r, "ID3 an mp3", 10, "song.mp3", 1, &err), ORA_E_FORMAT);
    ORA_CHECK_STR(err.message, "song.mp3 is neither WAV nor FLAC: convert it first");
    ORA_CHECK_INT(ora_recording_read(&r, "/nowhere/x.wav", 1, &err), ORA_E_NOT_FOUND);
    free(second);
}
