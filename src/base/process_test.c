#include "base/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/test.h"

ORA_TEST(a_process_is_known_while_it_lives)
{
    uint64_t self = ora_process_start_time(getpid());
    ORA_CHECK(self > 0);
    int ends[2];
    ORA_REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        char c;
        close(ends[1]);
        _exit(read(ends[0], &c, 1) < 0);
    }
    ORA_CHECK(ora_process_start_time(child) >= self);
    close(ends[1]);
    siginfo_t info;
    ORA_CHECK_INT(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ORA_CHECK_INT(ora_process_start_time(child), 0); /* a zombie works no more */
    waitpid(child, NULL, 0);
    ORA_CHECK_INT(ora_process_start_time(child), 0);
    close(ends[0]);
}

ORA_TEST(a_machine_is_named)
{
    char one[ORA_MACHINE_SIZE], two[ORA_MACHINE_SIZE];
    ora_process_machine(one);
    ora_process_machine(two);
    ORA_CHECK_STR(one, two);
    ORA_CHECK(strlen(one) > 10 && strchr(one, ':'));
}

ORA_TEST(memory_is_told_by_its_kind)
{
    enum { BYTES = 64 << 20 };
    uint64_t before = ora_process_memory_bytes("RssAnon");
    ORA_CHECK(before > 0 && ora_process_memory_bytes("RssFile") > 0);
    ORA_CHECK(ora_process_memory_bytes("VmHWM") >= before);
    char *own = ora_xmalloc(BYTES);
    memset(own, 1, BYTES);
    ORA_CHECK(ora_process_memory_bytes("RssAnon") > before + BYTES / 2);
    ORA_CHECK(ora_process_memory_bytes("VmRSS") > before + BYTES / 2);
    free(own);
    ORA_CHECK_INT(ora_process_memory_bytes("Rss"), 0); /* no field, though one begins so */
}
