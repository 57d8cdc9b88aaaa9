/*
 * Frames: messages of src/wire on the socket between supervisor and engine: a 32-bit little-endian length,
 * then the bytes.
 *
 * The engine's side blocks (ora_frame_read, ora_frame_write); the supervisor's never does (struct
 * ora_frame_pipe), so that a stuck engine cannot stop its beats.
 */
#ifndef WORKER_FRAMES_H
#define WORKER_FRAMES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

int ora_frame_read(int fd, struct ora_str *frame, struct ora_err *err); /* 1; 0 at the end of the stream */
int ora_frame_write(int fd, const struct ora_str *frame, struct ora_err *err);

struct ora_frame_pipe {
    int fd; /* non-blocking */
    struct ora_str in, out;
    size_t out_done; /* bytes of `out` already written */
};

void ora_frame_pipe_init(struct ora_frame_pipe *p, int fd);
void ora_frame_pipe_release(struct ora_frame_pipe *p); /* closes fd */
void ora_frame_pipe_put(struct ora_frame_pipe *p, const struct ora_str *frame);
bool ora_frame_pipe_wants_out(const struct ora_frame_pipe *p);
int ora_frame_pipe_flush(struct ora_frame_pipe *p); /* as much as goes now; < 0 when the other end is gone */
int ora_frame_pipe_fill(struct ora_frame_pipe *p);  /* reads what is there; < 0 when the other end is gone */
int ora_frame_pipe_take(struct ora_frame_pipe *p,
                        struct ora_str *frame); /* 1 and a whole frame, 0, < 0 over the bound */

#endif
