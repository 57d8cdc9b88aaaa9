#include "worker/frames.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/test.h"

ORA_TEST(frames_cross_whole_whatever_their_size)
{
    static const size_t sizes[] = {0, 1, 3, 4, 5, 1000, 300000};
    int ends[2];
    ORA_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    struct ora_frame_pipe there;
    ora_frame_pipe_init(&there, ends[0]);
    struct ora_str frame = ORA_STR_INIT, got = ORA_STR_INIT;
    struct ora_err err = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ora_str_clear(&frame);
        for (size_t k = 0; k < sizes[i]; k++)
            ora_str_addc(&frame, (char)(k * 31));
        ora_frame_pipe_put(&there, &frame);
    }
    pid_t reader = fork();
    if (reader == 0) { /* the engine's side: reads blocking, sends each frame back */
        close(ends[0]);
        while (ora_frame_read(ends[1], &got, &err) > 0)
            if (ora_frame_write(ends[1], &got, &err) < 0)
                _exit(1);
        _exit(0);
    }
    close(ends[1]);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes;) {
        ORA_REQUIRE(ora_frame_pipe_flush(&there) == 0 && ora_frame_pipe_fill(&there) == 0);
        int rc = ora_frame_pipe_take(&there, &got);
        ORA_REQUIRE(rc >= 0);
        if (!rc) {
            poll(NULL, 0, 1);
            continue;
        }
        ORA_CHECK_INT(got.len, sizes[i]);
        if (got.len > 4)
            ORA_CHECK(got.data[4] == (char)(4 * 31));
        i++;
    }
    ORA_CHECK(!ora_frame_pipe_wants_out(&there));
    ora_frame_pipe_release(&there);
    ora_str_release(&frame);
    ora_str_release(&got);
}

ORA_TEST(a_length_over_the_bound_is_refused)
{
    int ends[2];
    ORA_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    ORA_REQUIRE(write(ends[1], "\xff\xff\xff\x7f", 4) == 4);
    struct ora_frame_pipe p;
    struct ora_str got = ORA_STR_INIT;
    ora_frame_pipe_init(&p, ends[0]);
    ORA_CHECK_INT(ora_frame_pipe_fill(&p), 0);
    ORA_CHECK_INT(ora_frame_pipe_take(&p, &got), -1);
    ORA_REQUIRE(write(ends[1], "\xff\xff\xff\x7f", 4) == 4);
    struct ora_err err = {0};
    ORA_CHECK_INT(ora_frame_read(ends[0], &got, &err), ORA_E_FORMAT);
    close(ends[1]);
    ORA_CHECK(ora_frame_pipe_fill(&p) < 0);
    ora_frame_pipe_release(&p);
    ora_str_release(&got);
}
