/*
 * Codec over libsndfile's virtual I/O: the encoder writes to one growing buffer that is kept from utterance
 * to utterance. Opening a FLAC encoder costs about 40 us (libFLAC allocates and checks its settings);
 * libsndfile has no call to reuse one.
 */
#include "audio/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/pcm.h"
#include "audio/sndfile_err.h"
#include "base/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sums of PCM are those of little-endian samples");

const char *ora_codec_name(enum ora_codec codec)
{
    static const char *const names[] = {"flac", "wav", "wav-f32"};
    return names[codec];
}

const char *ora_codec_extension(enum ora_codec codec)
{
    return codec == ORA_CODEC_FLAC ? "flac" : "wav";
}

int ora_sndfile_format(enum ora_codec codec)
{
    static const int formats[] = {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                                  SF_FORMAT_WAV | SF_FORMAT_FLOAT};
    return formats[codec];
}

int ora_sndfile_err(struct ora_err *err, int code, SNDFILE *sf, const char *what)
{
    return ora_err_set(err, code, "%s: libsndfile says: %s", what, sf_strerror(sf));
}

/* ---- encoding: a file in memory ---------------------------------------------------------------------- */

static sf_count_t out_length(void *user)
{
    return (sf_count_t)((struct ora_encoder *)user)->len;
}

static sf_count_t seek_to(sf_count_t offset, int whence, sf_count_t pos, sf_count_t len)
{
    sf_count_t to = whence == SEEK_SET ? offset : whence == SEEK_CUR ? pos + offset : len + offset;
    return to < 0 ? -1 : to;
}

static sf_count_t out_seek(sf_count_t offset, int whence, void *user)
{
    struct ora_encoder *e = user;
    sf_count_t to = seek_to(offset, whence, (sf_count_t)e->pos, (sf_count_t)e->len);
    if (to < 0 || to > (sf_count_t)e->len)
        return -1;
    e->pos = (size_t)to;
    return to;
}

static sf_count_t out_read(void *to, sf_count_t n, void *user)
{
    struct ora_encoder *e = user;
    size_t take = e->len - e->pos < (size_t)n ? e->len - e->pos : (size_t)n;
    memcpy(to, e->data + e->pos, take);
    e->pos += take;
    return (sf_count_t)take;
}

static bool grow(struct ora_encoder *e, size_t need)
{
    size_t cap = e->cap ? e->cap : 1 << 16;
    while (cap < need)
        if (!ora_size_mul(cap, 2, &cap))
            return false;
    unsigned char *data = realloc(e->data, cap);
    if (!data)
        return false;
    e->data = data;
    e->cap = cap;
    return true;
}

static sf_count_t out_write(const void *from, sf_count_t n, void *user)
{
    struct ora_encoder *e = user;
    size_t end;
    if (!ora_size_add(e->pos, (size_t)n, &end) || (end > e->cap && !grow(e, end))) {
        e->no_memory = true;
        return 0;
    }
    memcpy(e->data + e->pos, from, (size_t)n);
    e->pos = end;
    if (end > e->len)
        e->len = end;
    return n;
}

static sf_count_t out_tell(void *user)
{
    return (sf_count_t)((struct ora_encoder *)user)->pos;
}

static int write_samples(SNDFILE *sf, enum ora_codec codec, const int16_t *s16, const float *f32, size_t n)
{
    sf_count_t done = codec == ORA_CODEC_WAV_F32 ? sf_write_float(sf, f32, (sf_count_t)n)
                                                 : sf_write_short(sf, s16, (sf_count_t)n);
    return done == (sf_count_t)n ? 0 : -1;
}

int ora_encode(struct ora_encoder *e, enum ora_codec codec, int sample_rate_hz, const int16_t *s16,
               const float *f32, size_t n, struct ora_err *err)
{
    static SF_VIRTUAL_IO io = {out_length, out_seek, out_read, out_write, out_tell};
    size_t bytes;
    if (n == 0)
        return ora_err_set(err, ORA_E_BAD_INPUT, "an audio file without a sample");
    if (!ora_size_mul(n, codec == ORA_CODEC_WAV_F32 ? 4 : 2, &bytes) || bytes > UINT32_MAX - 4096)
        return ora_err_set(err, ORA_E_LIMIT, "%zu samples are more than one %s file holds", n,
                           ora_codec_name(codec));
    e->len = e->pos = 0;
    e->no_memory = false;
    SF_INFO info = {.samplerate = sample_rate_hz, .channels = 1, .format = ora_sndfile_format(codec)};
    SNDFILE *sf = sf_open_virtual(&io, SFM_WRITE, &info, e);
    if (!sf)
        return ora_sndfile_err(err, e->no_memory ? ORA_E_NO_MEMORY : ORA_E_INTERNAL, NULL,
                               "opening an encoder");
    double level = ORA_FLAC_LEVEL_CLIP;
    if (codec == ORA_CODEC_FLAC)
        sf_command(sf, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    sf_command(sf, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE); /* it holds the time of day */
    int rc = 0;
    if (write_samples(sf, codec, s16, f32, n) < 0)
        rc = ora_sndfile_err(err, ORA_E_INTERNAL, sf, "encoding");
    if (sf_close(sf) != 0 && rc == 0)
        rc = ora_sndfile_err(err, ORA_E_INTERNAL, NULL, "ending an encoded file");
    if (e->no_memory)
        rc = ora_err_set(err, ORA_E_NO_MEMORY, "no memory for an encoded file of %zu samples", n);
    return rc;
}

void ora_encoder_release(struct ora_encoder *e)
{
    free(e->data);
    *e = (struct ora_encoder){0};
}

/* ---- decoding ---------------------------------------------------------------------------------------- */

struct source {
    const unsigned char *data;
    sf_count_t len, pos;
};

static sf_count_t in_length(void *user)
{
    return ((struct source *)user)->len;
}

static sf_count_t in_seek(sf_count_t offset, int whence, void *user)
{
    struct source *s = user;
    sf_count_t to = seek_to(offset, whence, s->pos, s->len);
    if (to < 0 || to > s->len)
        return -1;
    return s->pos = to;
}

static sf_count_t in_read(void *to, sf_count_t n, void *user)
{
    struct source *s = user;
    sf_count_t take = s->len - s->pos < n ? s->len - s->pos : n;
    memcpy(to, s->data + s->pos, (size_t)take);
    s->pos += take;
    return take;
}

static sf_count_t in_write(const void *from, sf_count_t n, void *user)
{
    (void)from, (void)n, (void)user;
    return 0;
}

static sf_count_t in_tell(void *user)
{
    return ((struct source *)user)->pos;
}

static int decoded_grow(struct ora_decoded *d, size_t cap, struct ora_err *err)
{
    size_t bytes;
    if (!ora_size_mul(cap, sizeof(float), &bytes))
        goto out_no_memory;
    int16_t *s16 = realloc(d->s16, cap * sizeof *s16);
    if (!s16)
        goto out_no_memory;
    d->s16 = s16;
    float *f32 = realloc(d->f32, bytes);
    if (!f32)
        goto out_no_memory;
    d->f32 = f32;
    d->cap = cap;
    return 0;
out_no_memory:
    return ora_err_set(err, ORA_E_NO_MEMORY, "no memory for %zu decoded samples", cap);
}

static int read_samples(SNDFILE *sf, struct ora_decoded *d, size_t max_samples, struct ora_err *err)
{
    enum { CHUNK = 1 << 14 };
    for (;;) {
        if (d->cap - d->samples < CHUNK) {
            int rc = decoded_grow(d, d->cap ? 2 * d->cap : 4 * CHUNK, err);
            if (rc < 0)
                return rc;
        }
        sf_count_t got = d->is_float ? sf_read_float(sf, d->f32 + d->samples, CHUNK)
                                     : sf_read_short(sf, d->s16 + d->samples, CHUNK);
        if (got <= 0)
            break;
        d->samples += (size_t)got;
        if (d->samples > max_samples)
            return ora_err_set(err, ORA_E_LIMIT, "more than %zu samples", max_samples);
    }
    return sf_error(sf) ? ora_sndfile_err(err, ORA_E_FORMAT, sf, "decoding") : 0;
}

/* What this product writes and nothing else that libsndfile knows: the fewer parsers damaged bytes can reach,
 * the better. */
static bool is_ours(const unsigned char *data, size_t bytes)
{
    return (bytes >= 42 && !memcmp(data, "fLaC", 4)) ||
           (bytes >= 44 && (!memcmp(data, "RIFF", 4) || !memcmp(data, "RF64", 4)) &&
            !memcmp(data + 8, "WAVE", 4));
}

int ora_decode(struct ora_decoded *d, const void *data, size_t bytes, size_t max_samples, struct ora_err *err)
{
    static SF_VIRTUAL_IO io = {in_length, in_seek, in_read, in_write, in_tell};
    struct source source = {data, (sf_count_t)bytes, 0};
    SF_INFO info = {0};
    d->samples = 0;
    if (!is_ours(data, bytes))
        return ora_err_set(err, ORA_E_FORMAT, "%zu bytes that are neither FLAC nor WAV", bytes);
    SNDFILE *sf = sf_open_virtual(&io, SFM_READ, &info, &source);
    if (!sf)
        return ora_sndfile_err(err, ORA_E_FORMAT, NULL, "not an audio file");
    int rc;
    int subtype = info.format & SF_FORMAT_SUBMASK;
    d->is_float = subtype == SF_FORMAT_FLOAT;
    d->sample_rate_hz = info.samplerate;
    if (subtype != SF_FORMAT_PCM_16 && subtype != SF_FORMAT_FLOAT)
        rc = ora_err_set(err, ORA_E_FORMAT, "samples of libsndfile's kind %#x, expected 16 bit or float",
                         (unsigned)subtype);
    else if (info.channels != 1)
        rc = ora_err_set(err, ORA_E_FORMAT, "%d channels, expected 1", info.channels);
    else
        rc = read_samples(sf, d, max_samples, err);
    /* A file cut short decodes to less than its header says, without an error of the library. */
    if (rc == 0 && info.frames != SF_COUNT_MAX && (uint64_t)info.frames != d->samples)
        rc = ora_err_set(err, ORA_E_FORMAT, "%zu samples, the header says %lld", d->samples,
                         (long long)info.frames);
    sf_close(sf);
    return rc;
}

void ora_decoded_release(struct ora_decoded *d)
{
    free(d->s16);
    free(d->f32);
    *d = (struct ora_decoded){0};
}
