#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static struct {
    int fd;
    enum ora_log_level least;
    char who[64];
} sink = {2, ORA_LOG_WARN, "oratorio"};

void ora_log_setup(int fd, enum ora_log_level least, const char *who)
{
    sink.fd = fd;
    sink.least = least;
    snprintf(sink.who, sizeof sink.who, "%s", who);
}

void ora_log(enum ora_log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < sink.least || level >= ORA_LOG_NONE)
        return;
    char line[1200], when[32];
    ora_clock_rfc3339(ora_clock_wall_ms(), when);
    int n = snprintf(line, sizeof line, "%s %s %s: ", when, names[level], sink.who);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    va_end(ap);
    int len = n + (m < 0 ? 0 : m);
    if (len > (int)sizeof line - 2)
        len = (int)sizeof line - 2;
    line[len++] = '\n';
    /* A log that cannot be written must not stop the work. */
    if (write(sink.fd, line, (size_t)len) < 0)
        return;
}
