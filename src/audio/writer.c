/*
 * Writer over libsndfile on a descriptor of ours, so that ENOSPC keeps its errno and the file can be fsynced.
 * WAV is opened as RF64 with automatic downgrade: a plain RIFF when it ends below 4 GiB. A FLAC header counts
 * at most 2^36 - 1 samples (36 days at 22,050 Hz).
 */
#include "audio/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/sndfile_err.h"
#include "base/mem.h"

struct ora_audio_writer {
    SNDFILE *sf;
    char *path;
    int fd;
    int io_errno; /* of the first read, write or seek that failed */
    uint64_t samples;
};

static sf_count_t note(struct ora_audio_writer *w, sf_count_t result)
{
    if (result < 0 && !w->io_errno)
        w->io_errno = errno;
    return result;
}

static sf_count_t fd_length(void *user)
{
    struct ora_audio_writer *w = user;
    off_t here = lseek(w->fd, 0, SEEK_CUR), end = lseek(w->fd, 0, SEEK_END);
    lseek(w->fd, here, SEEK_SET);
    return note(w, end);
}

static sf_count_t fd_seek(sf_count_t offset, int whence, void *user)
{
    struct ora_audio_writer *w = user;
    return note(w, lseek(w->fd, offset, whence));
}

static sf_count_t fd_read(void *to, sf_count_t n, void *user)
{
    struct ora_audio_writer *w = user;
    ssize_t got;
    do
        got = read(w->fd, to, (size_t)n);
    while (got < 0 && errno == EINTR);
    return note(w, got);
}

static sf_count_t fd_write(const void *from, sf_count_t n, void *user)
{
    struct ora_audio_writer *w = user;
    const char *p = from;
    for (sf_count_t left = n; left;) {
        ssize_t put = write(w->fd, p, (size_t)left);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            note(w, -1);
            return n - left;
        }
        p += put;
        left -= put;
    }
    return n;
}

static sf_count_t fd_tell(void *user)
{
    struct ora_audio_writer *w = user;
    return note(w, lseek(w->fd, 0, SEEK_CUR));
}

static int failed(struct ora_audio_writer *w, struct ora_err *err)
{
    if (w->io_errno)
        return ora_err_errno(err, w->io_errno, "%s", w->path);
    return ora_sndfile_err(err, ORA_E_INTERNAL, w->sf, w->path);
}

static void set_tags(SNDFILE *sf, const struct ora_audio_tags *t)
{
    const struct {
        int type;
        const char *text;
    } tags[] = {{SF_STR_TITLE, t->title},       {SF_STR_ALBUM, t->album}, {SF_STR_ARTIST, t->artist},
                {SF_STR_TRACKNUMBER, t->track}, {SF_STR_GENRE, t->genre}, {SF_STR_COMMENT, t->comment},
                {SF_STR_LICENSE, t->license}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i].text && tags[i].text[0])
            sf_set_string(sf, tags[i].type, tags[i].text);
}

int ora_audio_writer_open(const char *path, enum ora_codec codec, int sample_rate_hz,
                          const struct ora_audio_tags *tags, struct ora_audio_writer **out,
                          struct ora_err *err)
{
    static SF_VIRTUAL_IO io = {fd_length, fd_seek, fd_read, fd_write, fd_tell};
    struct ora_audio_writer *w = ora_xcalloc(1, sizeof *w);
    w->path = ora_xstrdup(path);
    w->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (w->fd < 0) {
        int rc = ora_err_errno(err, errno, "%s", path);
        free(w->path);
        free(w);
        return rc;
    }
    SF_INFO info = {.samplerate = sample_rate_hz, .channels = 1};
    info.format = SF_FORMAT_PCM_16 | (codec == ORA_CODEC_FLAC ? SF_FORMAT_FLAC : SF_FORMAT_RF64);
    w->sf = sf_open_virtual(&io, SFM_WRITE, &info, w);
    if (!w->sf) {
        int rc = failed(w, err);
        ora_audio_writer_abort(&w);
        return rc;
    }
    double level = ORA_FLAC_LEVEL_CHAPTER;
    if (codec == ORA_CODEC_FLAC)
        sf_command(w->sf, SFC_SET_COMPRESSION_LEVEL, &level, sizeof level);
    else
        sf_command(w->sf, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
    if (tags)
        set_tags(w->sf, tags);
    *out = w;
    return 0;
}

int ora_audio_writer_put(struct ora_audio_writer *w, const int16_t *s16, size_t n, struct ora_err *err)
{
    if (!n)
        return 0;
    if (sf_write_short(w->sf, s16, (sf_count_t)n) != (sf_count_t)n || w->io_errno)
        return failed(w, err);
    w->samples += n;
    return 0;
}

int ora_audio_writer_silence(struct ora_audio_writer *w, uint64_t samples, struct ora_err *err)
{
    static const int16_t zeros[4096];
    int rc = 0;
    while (rc == 0 && samples) {
        size_t n = samples < 4096 ? (size_t)samples : 4096;
        rc = ora_audio_writer_put(w, zeros, n, err);
        samples -= n;
    }
    return rc;
}

uint64_t ora_audio_writer_samples(const struct ora_audio_writer *w)
{
    return w->samples;
}

int ora_audio_writer_close(struct ora_audio_writer **out, struct ora_err *err)
{
    struct ora_audio_writer *w = *out;
    int rc = 0;
    int bad = sf_close(w->sf);
    w->sf = NULL;
    if (!w->samples)
        rc = ora_err_set(err, ORA_E_STATE, "%s: an audio file without a sample", w->path);
    else if (bad || w->io_errno)
        rc = failed(w, err);
    else if (fsync(w->fd) < 0)
        rc = ora_err_errno(err, errno, "fsync %s", w->path);
    if (rc < 0) {
        ora_audio_writer_abort(out);
        return rc;
    }
    close(w->fd);
    free(w->path);
    free(w);
    *out = NULL;
    return 0;
}

void ora_audio_writer_abort(struct ora_audio_writer **out)
{
    struct ora_audio_writer *w = *out;
    if (!w)
        return;
    if (w->sf)
        sf_close(w->sf);
    close(w->fd);
    unlink(w->path);
    free(w->path);
    free(w);
    *out = NULL;
}
