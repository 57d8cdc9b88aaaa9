/*
 * Progress: how a run tells what it is doing. On a terminal one live line, otherwise a plain line every 10 s;
 * or one JSON object a second for programs. Everything goes to stderr, so that stdout holds only the final
 * report.
 */
#ifndef COORDINATOR_PROGRESS_H
#define COORDINATOR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "coordinator/service.h"

enum ora_progress_style {
    ORA_PROGRESS_AUTO,
    ORA_PROGRESS_LIVE,
    ORA_PROGRESS_PLAIN,
    ORA_PROGRESS_JSON,
    ORA_PROGRESS_QUIET
};

struct ora_progress_printer {
    enum ora_progress_style style; /* AUTO is resolved at init */
    int64_t last_ms;               /* when something was last printed; 0: never */
    bool open_line;                /* a live line stands without its newline */
};

void ora_progress_init(struct ora_progress_printer *p, enum ora_progress_style style);
/* Prints when it is time to (always when `last` is set). */
void ora_progress_show(struct ora_progress_printer *p, const struct ora_service_state *state, int64_t now_ms,
                       bool last);
/* A line of its own (ingest, notices): ends a live line first. Not printed when quiet or JSON. */
void ora_progress_note(struct ora_progress_printer *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The texts, apart from the terminal. */
void ora_progress_line(const struct ora_service_state *state, struct ora_str *out);
void ora_progress_json(const struct ora_service_state *state, struct ora_str *out);
/* "1 h 02 m", "3 m 20 s", "4.2 s" */
void ora_duration_text(double seconds, struct ora_str *out);
/* "412 MB", "1.3 GB" (powers of ten) */
void ora_bytes_text(uint64_t bytes, struct ora_str *out);
/* 12345678 → "12,345,678" */
void ora_count_text(uint64_t n, struct ora_str *out);

#endif
