/* Both ends are this program, but a crashing engine may leave half a frame: lengths are checked all the same.
 */
#include "worker/frames.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "wire/wire.h"

enum { HEAD = 4, FILL_BYTES = 64 << 10 };

static void put_length(unsigned char head[HEAD], size_t len)
{
    for (int i = 0; i < HEAD; i++)
        head[i] = (unsigned char)(len >> (8 * i));
}

static size_t get_length(const unsigned char head[HEAD])
{
    size_t len = 0;
    for (int i = 0; i < HEAD; i++)
        len |= (size_t)head[i] << (8 * i);
    return len;
}

int ora_frame_read(int fd, struct ora_str *frame, struct ora_err *err)
{
    unsigned char head[HEAD];
    size_t got = 0;
    int rc = ora_fd_read_all(fd, head, HEAD, &got, err);
    if (rc < 0 || got < HEAD)
        return rc < 0 ? rc : 0;
    size_t len = get_length(head);
    if (len > ORA_WIRE_MAX_FRAME)
        return ora_err_set(err, ORA_E_FORMAT, "a frame of %zu bytes on the engine's socket", len);
    ora_str_clear(frame);
    ora_str_reserve(frame, len);
    if ((rc = ora_fd_read_all(fd, frame->data, len, &got, err)) < 0 || got < len)
        return rc < 0 ? rc : 0;
    frame->len = len;
    frame->data[len] = '\0';
    return 1;
}

int ora_frame_write(int fd, const struct ora_str *frame, struct ora_err *err)
{
    unsigned char head[HEAD];
    put_length(head, frame->len);
    int rc = ora_fd_write_all(fd, head, HEAD, err);
    return rc < 0 ? rc : ora_fd_write_all(fd, frame->data, frame->len, err);
}

void ora_frame_pipe_init(struct ora_frame_pipe *p, int fd)
{
    *p = (struct ora_frame_pipe){.fd = fd};
}

void ora_frame_pipe_release(struct ora_frame_pipe *p)
{
    if (p->fd >= 0)
        close(p->fd);
    ora_str_release(&p->in);
    ora_str_release(&p->out);
    p->out_done = 0;
    p->fd = -1;
}

void ora_frame_pipe_put(struct ora_frame_pipe *p, const struct ora_str *frame)
{
    unsigned char head[HEAD];
    put_length(head, frame->len);
    ora_str_addn(&p->out, (const char *)head, HEAD);
    ora_str_addn(&p->out, ora_str_c(frame), frame->len);
}

bool ora_frame_pipe_wants_out(const struct ora_frame_pipe *p)
{
    return p->out_done < p->out.len;
}

int ora_frame_pipe_flush(struct ora_frame_pipe *p)
{
    while (p->out_done < p->out.len) {
        ssize_t n =
            send(p->fd, p->out.data + p->out_done, p->out.len - p->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        p->out_done += (size_t)n;
    }
    ora_str_clear(&p->out);
    p->out_done = 0;
    return 0;
}

int ora_frame_pipe_fill(struct ora_frame_pipe *p)
{
    for (;;) {
        ora_str_reserve(&p->in, p->in.len + FILL_BYTES);
        ssize_t n = recv(p->fd, p->in.data + p->in.len, FILL_BYTES, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        if (n == 0)
            return -1;
        p->in.len += (size_t)n;
        p->in.data[p->in.len] = '\0';
        if (n < FILL_BYTES)
            return 0;
    }
}

int ora_frame_pipe_take(struct ora_frame_pipe *p, struct ora_str *frame)
{
    if (p->in.len < HEAD)
        return 0;
    size_t len = get_length((const unsigned char *)p->in.data);
    if (len > ORA_WIRE_MAX_FRAME)
        return -1;
    if (p->in.len - HEAD < len)
        return 0;
    ora_str_clear(frame);
    ora_str_addn(frame, p->in.data + HEAD, len);
    p->in.len -= HEAD + len;
    memmove(p->in.data, p->in.data + HEAD + len, p->in.len);
    p->in.data[p->in.len] = '\0';
    return 1;
}
