/*
 * Lines: one buffer, filled from the descriptor, cut at line ends. The places of the next LF and CR are
 * remembered, so that a file of one kind of line end is scanned once for each.
 */
#include "text/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { BUFFER_BYTES = ORA_LINE_MAX_BYTES + 64 * 1024 };

struct ora_lines {
    int fd;
    char *path;
    char *buffer;
    size_t start, end; /* unread bytes: buffer[start..end) */
    uint64_t offset;   /* of buffer[start] in the input */
    uint64_t number;   /* of the line that buffer[start] belongs to */
    size_t lf, cr;     /* the first of each at or after start, or `end` when there is none yet */
    bool lf_known, cr_known;
    bool at_eof;
    bool in_line; /* the last piece did not end its line */
    bool bom_checked;
};

int ora_lines_open(const char *path, struct ora_lines **lines, struct ora_err *err)
{
    int rc = 0;
    struct stat st;
    struct ora_lines *l = ora_xcalloc(1, sizeof *l);
    l->number = 1;
    l->path = ora_xstrdup(strcmp(path, "-") ? path : "stdin");
    l->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (l->fd < 0)
        rc = ora_err_errno(err, errno, "cannot open input '%s'", path);
    else if (fstat(l->fd, &st) < 0)
        rc = ora_err_errno(err, errno, "cannot read input '%s'", path);
    else if (S_ISDIR(st.st_mode))
        rc = ora_err_set(err, ORA_E_BAD_USAGE,
                         "input '%s' is a folder; a file was expected (name its files, or use a pattern such "
                         "as '%s/*.txt')",
                         path, path);
    if (rc < 0) {
        ora_lines_close(&l);
        return rc;
    }
    l->buffer = ora_xmalloc(BUFFER_BYTES);
    *lines = l;
    return 0;
}

void ora_lines_close(struct ora_lines **lines)
{
    struct ora_lines *l = *lines;
    if (!l)
        return;
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    free(l->path);
    free(l->buffer);
    free(l);
    *lines = NULL;
}

static int fill(struct ora_lines *l, struct ora_err *err)
{
    if (l->at_eof)
        return 0;
    if (l->start) {
        memmove(l->buffer, l->buffer + l->start, l->end - l->start);
        l->end -= l->start;
        l->start = 0;
        l->lf_known = l->cr_known = false;
    }
    size_t got = 0;
    int rc = ora_fd_read_all(l->fd, l->buffer + l->end, BUFFER_BYTES - l->end, &got, err);
    if (rc < 0)
        return ora_err_wrap(err, "input '%s'", l->path);
    l->at_eof = got < BUFFER_BYTES - l->end;
    l->end += got;
    l->lf_known = l->cr_known = false;
    if (!l->bom_checked && l->end >= 3 && memcmp(l->buffer, "\xEF\xBB\xBF", 3) == 0) {
        l->start = 3;
        l->offset = 3;
    }
    l->bom_checked = true;
    return 0;
}

int ora_lines_peek(struct ora_lines *l, const char **bytes, size_t *len, bool *whole, struct ora_err *err)
{
    int rc = l->start == l->end ? fill(l, err) : 0;
    *bytes = l->buffer + l->start;
    *len = l->end - l->start;
    *whole = l->at_eof;
    if (*len > ORA_LINE_MAX_BYTES) {
        *len = ORA_LINE_MAX_BYTES;
        *whole = false;
    }
    return rc;
}

static size_t find(const struct ora_lines *l, char c, size_t limit)
{
    const char *p = memchr(l->buffer + l->start, c, limit - l->start);
    return p ? (size_t)(p - l->buffer) : limit;
}

/* The place of the first line end, or l->end. */
static size_t line_end(struct ora_lines *l)
{
    if (!l->lf_known || l->lf < l->start) {
        l->lf = find(l, '\n', l->end);
        l->lf_known = true;
    }
    if (!l->cr_known || l->cr < l->start) {
        /* Only as far as the LF: beyond it the next line will look. */
        l->cr = find(l, '\r', l->lf);
        l->cr_known = true;
        if (l->cr == l->lf)
            l->cr_known = false;
    }
    return l->cr < l->lf ? l->cr : l->lf;
}

/* Steps back over an unfinished UTF-8 sequence at the end of text[0..len). */
static size_t whole_sequences(const char *text, size_t len)
{
    size_t back = 0;
    while (back < 3 && back < len && ((unsigned char)text[len - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back < len && (unsigned char)text[len - 1 - back] >= 0xC0)
        return len - 1 - back;
    return len;
}

int ora_lines_next(struct ora_lines *l, struct ora_line *line, struct ora_err *err)
{
    size_t stop = line_end(l);
    /* A CR at the very end of the buffer may be half of a CRLF. */
    if (!l->at_eof && (stop == l->end || stop + 1 == l->end)) {
        int rc = fill(l, err);
        if (rc < 0)
            return rc;
        stop = line_end(l);
    }
    if (l->start == l->end && !l->in_line)
        return 0;
    bool ends = stop < l->end || l->at_eof;
    size_t len = stop - l->start;
    if (len > ORA_LINE_MAX_BYTES || !ends) {
        len = whole_sequences(l->buffer + l->start, len > ORA_LINE_MAX_BYTES ? ORA_LINE_MAX_BYTES : len);
        ends = false;
    }
    *line = (struct ora_line){l->buffer + l->start, len, l->number, l->offset, !l->in_line, ends};
    size_t used = len;
    if (ends && stop < l->end)
        used += l->buffer[stop] == '\r' && stop + 1 < l->end && l->buffer[stop + 1] == '\n' ? 2 : 1;
    l->start += used;
    l->offset += used;
    l->number += ends;
    l->in_line = !ends;
    return 1;
}
