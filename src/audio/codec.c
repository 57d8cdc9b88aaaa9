/*
 * Codec over libsndfile's virtual I/O: the encoder writes to a spool, whose memory is kept from utterance to
 * utterance. Opening a FLAC encoder costs about 40 us (libFLAC allocates and checks its settings);
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

/* ---- encoding: a file in a spool --------------------------------------------------------------------- */

static sf_count_t out_length(void *user)
{
    return (sf_count_t)((struct ora_encoder *)user)->spool.len;
}

static sf_count_t seek_to(sf_count_t offset, int whence, sf_count_t pos, sf_count_t len)
{
    sf_count_t to = whence == SEEK_SET ? offset : whence == SEEK_CUR ? pos + offset : len + offset;
    return to < 0 ? -1 : to;
}

static sf_count_t out_seek(sf_count_t offset, int whence, void *user)
{
    struct ora_encoder *e = user;
    sf_count_t to = seek_to(offset, whence, (sf_count_t)e->pos, out_length(e));
    if (to < 0 || to > out_length(e))
        return -1;
    e->pos = (size_t)to;
    return to;
}

static sf_count_t out_read(void *to, sf_count_t n, void *user)
{
    struct ora_encoder *e = user;
    size_t got = ora_spool_get(&e->spool, e->pos, to, (size_t)n);
    e->pos += got;
    return (sf_count_t)got;
}

static sf_count_t out_write(const void *from, sf_count_t n, void *user)
{
    struct ora_encoder *e = user;
    if (e->io.code || ora_spool_put(&e->spool, e->pos, from, (size_t)n, &e->io) < 0)
        return 0;
    e->pos += (size_t)n;
    return n;
}

static sf_count_t out_tell(void *user)
{
    return (sf_count_t)((struct ora_encoder *)user)->pos;
}

void ora_encoder_init(struct ora_encoder *e, const char *dir)
{
    *e = (struct ora_encoder){.pos = 0};
    ora_spool_init(&e->spool, dir, ORA_ENCODED_KEEP_BYTES);
}

void ora_encoder_clear(struct ora_encoder *e)
{
    if (e->sndfile)
        sf_close(e->sndfile);
    e->sndfile = NULL;
    ora_spool_clear(&e->spool);
}

void ora_encoder_release(struct ora_encoder *e)
{
    ora_encoder_clear(e);
    ora_spool_release(&e->spool);
}

/* The spool's error says more than the library's. */
static int encoding_failed(const struct ora_encoder *e, const char *what, struct ora_err *err)
{
    if (e->io.code)
        return ora_err_set(err, e->io.code, "encoding %zu samples: %s", e->samples, e->io.message);
    return ora_sndfile_err(err, ORA_E_INTERNAL, e->sndfile, what);
}

int ora_encode_begin(struct ora_encoder *e, enum ora_codec codec, int sample_rate_hz, struct ora_err *err)
{
    static SF_VIRTUAL_IO io = {out_length, out_seek, out_read, out_write, out_tell};
    ora_encoder_clear(e);
    e->codec = codec;
    e->pos = e->samples = 0;
    ora_err_clear(&e->io);
    SF_INFO info = {.samplerate = sample_rate_hz, .channels = 1, .format = ora_sndfile_format(codec)};
    e->sndfile = sf_open_virtual(&io, SFM_WRITE, &info, e);
    if (!e->sndfile)
        return encoding_failed(e, "opening an encoder", err);
    double level = ORA_FLAC_LEVEL_CLIP;
    if (codec == ORA_CODEC_FLAC)
        sf_command(e->sndfile, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    sf_command(e->sndfile, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE); /* it holds the time of day */
    return 0;
}

/* n more samples of `width` bytes: is there room for them? */
static int take_samples(struct ora_encoder *e, size_t n, size_t width, struct ora_err *err)
{
    size_t bytes;
    if (!ora_size_add(e->samples, n, &e->samples) || !ora_size_mul(e->samples, width, &bytes) ||
        bytes > UINT32_MAX - 4096)
        return ora_err_set(err, ORA_E_LIMIT, "%zu samples are more than one %s file holds", e->samples,
                           ora_codec_name(e->codec));
    return 0;
}

int ora_encode_s16(struct ora_encoder *e, const int16_t *x, size_t n, struct ora_err *err)
{
    int rc = take_samples(e, n, sizeof *x, err);
    if (rc == 0 && (sf_write_short(e->sndfile, x, (sf_count_t)n) != (sf_count_t)n || e->io.code))
        rc = encoding_failed(e, "encoding", err);
    return rc;
}

int ora_encode_f32(struct ora_encoder *e, const float *x, size_t n, struct ora_err *err)
{
    int rc = take_samples(e, n, sizeof *x, err);
    if (rc == 0 && (sf_write_float(e->sndfile, x, (sf_count_t)n) != (sf_count_t)n || e->io.code))
        rc = encoding_failed(e, "encoding", err);
    return rc;
}

int ora_encode_end(struct ora_encoder *e, struct ora_bytes *out, struct ora_err *err)
{
    int bad = sf_close(e->sndfile);
    e->sndfile = NULL;
    if (!e->samples)
        return ora_err_set(err, ORA_E_BAD_INPUT, "an audio file without a sample");
    if (bad || e->io.code)
        return encoding_failed(e, "ending an encoded file", err);
    return ora_spool_read(&e->spool, out, err);
}

int ora_encode(struct ora_encoder *e, enum ora_codec codec, int sample_rate_hz, const int16_t *s16,
               const float *f32, size_t n, struct ora_bytes *out, struct ora_err *err)
{
    int rc = ora_encode_begin(e, codec, sample_rate_hz, err);
    if (rc == 0 && n)
        rc = codec == ORA_CODEC_WAV_F32 ? ora_encode_f32(e, f32, n, err) : ora_encode_s16(e, s16, n, err);
    return rc < 0 ? rc : ora_encode_end(e, out, err);
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
