/*
 * Log: one line an event, "2026-01-31T12:00:00.123Z level who: text", written with one write(2).
 * Threads: safe. Programs choose level and descriptor in main(); libraries log rarely, and never instead of an error.
 */
#ifndef ORA_BASE_LOG_H
#define ORA_BASE_LOG_H

enum ora_log_level { ORA_LOG_DEBUG, ORA_LOG_INFO, ORA_LOG_WARN, ORA_LOG_ERROR, ORA_LOG_NONE };

void ora_log_setup(int fd, enum ora_log_level least, const char *who); /* who is copied */
void ora_log(enum ora_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
