/* Recordings, by libsndfile over bytes in memory. Memory follows what is decoded, never what a header says.
 */
#include "audio/recording.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/sndfile_err.h"
#include "base/file.h"
#include "base/mem.h"

enum { FILE_MAX_BYTES = 1 << 30, CHANNELS_MAX = 32, RATE_MIN = 1000, RATE_MAX = 384000 };
/* The largest value of 16 bits, with room for how decoders scale it. */
static const float FULL_SCALE = 32766.5f / 32768;

struct bytes {
    const unsigned char *data;
    sf_count_t len, pos;
};

static sf_count_t in_length(void *user)
{
    return ((struct bytes *)user)->len;
}

static sf_count_t in_seek(sf_count_t offset, int whence, void *user)
{
    struct bytes *b = user;
    sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? b->pos : b->len;
    if (offset < -base || offset > b->len - base)
        return -1;
    return b->pos = base + offset;
}

static sf_count_t in_read(void *to, sf_count_t n, void *user)
{
    struct bytes *b = user;
    sf_count_t have = b->len - b->pos;
    n = n < have ? n : have;
    if (n <= 0)
        return 0;
    memcpy(to, b->data + b->pos, (size_t)n);
    b->pos += n;
    return n;
}

static sf_count_t in_write(const void *from, sf_count_t n, void *user)
{
    (void)from, (void)n, (void)user;
    return 0;
}

static sf_count_t in_tell(void *user)
{
    return ((struct bytes *)user)->pos;
}

static bool is_wav_or_flac(const unsigned char *data, size_t len)
{
    return (len >= 42 && !memcmp(data, "fLaC", 4)) ||
           (len >= 44 && (!memcmp(data, "RIFF", 4) || !memcmp(data, "RF64", 4)) &&
            !memcmp(data + 8, "WAVE", 4));
}

/* The mean of each frame's channels behind what is there; false for a sample that is no number. */
static bool mix(struct ora_recording *r, const float *frames, size_t count)
{
    size_t channels = (size_t)r->channels;
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        for (size_t c = 0; c < channels; c++) {
            float v = frames[i * channels + c];
            if (!isfinite(v))
                return false;
            r->full_scale += v >= FULL_SCALE || v <= -FULL_SCALE;
            sum += (double)v;
        }
        r->mono[r->samples++] = (float)(sum / (double)channels);
    }
    return true;
}

static int decode(struct ora_recording *r, SNDFILE *sf, const char *name, int max_seconds,
                  struct ora_err *err)
{
    enum { FRAMES = 4096 };
    float *frames = ora_xmalloc(sizeof *frames * FRAMES * (size_t)r->channels);
    size_t cap = 0, most = (size_t)max_seconds * (size_t)r->sample_rate_hz;
    sf_count_t got;
    int rc = 0;
    while (rc == 0 && (got = sf_readf_float(sf, frames, FRAMES)) > 0) {
        if (r->samples + FRAMES > cap) {
            cap = cap ? 2 * cap : 16 * FRAMES;
            r->mono = ora_xrealloc(r->mono, cap * sizeof *r->mono);
        }
        if (!mix(r, frames, (size_t)got))
            rc = ora_err_set(err, ORA_E_FORMAT, "%s: a sample near %.2f s is no number", name,
                             (double)r->samples / r->sample_rate_hz);
        else if (r->samples > most)
            rc = ora_err_set(err, ORA_E_LIMIT, "%s is longer than %d s", name, max_seconds);
    }
    free(frames);
    if (rc == 0 && sf_error(sf))
        return ora_sndfile_err(err, ORA_E_FORMAT, sf, name);
    if (rc == 0 && !r->samples)
        rc = ora_err_set(err, ORA_E_FORMAT, "%s has no samples", name);
    return rc;
}

int ora_recording_parse(struct ora_recording *r, const void *bytes, size_t len, const char *name,
                        int max_seconds, struct ora_err *err)
{
    static SF_VIRTUAL_IO io = {in_length, in_seek, in_read, in_write, in_tell};
    struct bytes source = {bytes, (sf_count_t)len, 0};
    SF_INFO info = {0};
    int rc;
    *r = (struct ora_recording){0};
    if (!is_wav_or_flac(bytes, len))
        return ora_err_set(err, ORA_E_FORMAT, "%s is neither WAV nor FLAC: convert it first", name);
    SNDFILE *sf = sf_open_virtual(&io, SFM_READ, &info, &source);
    if (!sf)
        return ora_sndfile_err(err, ORA_E_FORMAT, NULL, name);
    r->sample_rate_hz = info.samplerate;
    r->channels = info.channels;
    if (info.channels < 1 || info.channels > CHANNELS_MAX)
        rc = ora_err_set(err, ORA_E_FORMAT, "%s has %d channels, wanted 1 to %d", name, info.channels,
                         CHANNELS_MAX);
    else if (info.samplerate < RATE_MIN || info.samplerate > RATE_MAX)
        rc = ora_err_set(err, ORA_E_FORMAT, "%s has a rate of %d Hz, wanted %d to %d", name, info.samplerate,
                         RATE_MIN, RATE_MAX);
    else
        rc = decode(r, sf, name, max_seconds, err);
    sf_close(sf);
    if (rc < 0)
        ora_recording_release(r);
    return rc;
}

int ora_recording_read(struct ora_recording *r, const char *path, int max_seconds, struct ora_err *err)
{
    char *bytes = NULL;
    size_t len;
    *r = (struct ora_recording){0};
    int rc = ora_file_read(path, FILE_MAX_BYTES, &bytes, &len, err);
    if (rc == 0)
        rc = ora_recording_parse(r, bytes, len, ora_path_base(path), max_seconds, err);
    free(bytes);
    return rc;
}

void ora_recording_release(struct ora_recording *r)
{
    free(r->mono);
    *r = (struct ora_recording){0};
}
