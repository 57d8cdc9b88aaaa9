/*
 * Engine: the process that renders. It knows no network: WELCOME and WORK come in as frames on a socket,
 * RESULT or RETURN go back, one batch at a time; the audio goes to the run's audio folder under a name with
 * the lease's token. One compute thread. It ends when its supervisor does (end of stream, and the kernel's
 * signal), and nothing else ends it gently.
 */
#ifndef WORKER_ENGINE_H
#define WORKER_ENGINE_H

/* Never returns to its caller's business: the exit status of the process. fd: the socket; slate_fd: a struct
 * ora_slate. */
int ora_engine_main(int fd, int slate_fd);

#endif
