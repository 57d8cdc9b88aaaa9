/* Progress: texts are pure functions of the state; only show and note touch the terminal. */
#include "coordinator/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LIVE_MS = 250, PLAIN_MS = 10000, JSON_MS = 1000 };

void ora_duration_text(double s, struct ora_str *out)
{
    if (!isfinite(s) || s < 0)
        ora_str_add(out, "?");
    else if (s < 9.95)
        ora_str_addf(out, "%.1f s", s);
    else if (s < 59.5)
        ora_str_addf(out, "%.0f s", s);
    else if (s < 3599.5)
        ora_str_addf(out, "%d m %02d s", (int)(s + 0.5) / 60, (int)(s + 0.5) % 60);
    else
        ora_str_addf(out, "%d h %02d m", (int)((s + 30) / 3600), (int)((s + 30) / 60) % 60);
}

void ora_bytes_text(uint64_t bytes, struct ora_str *out)
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double v = (double)bytes;
    int i = 0;
    while (v >= 999.5 && i < 6) {
        v /= 1000;
        i++;
    }
    ora_str_addf(out, i && v < 9.95 ? "%.1f %s" : "%.0f %s", v, unit[i]);
}

void ora_count_text(uint64_t n, struct ora_str *out)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            ora_str_addc(out, ',');
        ora_str_addc(out, digits[i]);
    }
}

static uint64_t settled(const struct ora_progress *l)
{
    return l->done + l->rejected + l->failed;
}

void ora_progress_line(const struct ora_service_state *s, struct ora_str *out)
{
    const struct ora_progress *l = &s->ledger;
    uint64_t seen = settled(l) + s->in_work < l->utterances ? settled(l) + s->in_work : l->utterances;
    ora_count_text(seen, out);
    ora_str_addc(out, '/');
    ora_count_text(l->utterances, out);
    ora_str_addf(out, " utterances (%.0f%%), ",
                 l->utterances ? floor(100.0 * (double)seen / (double)l->utterances) : 100.0);
    ora_duration_text(l->audio_s + s->in_work_audio_s, out);
    ora_str_add(out, " of audio");
    bool open = settled(l) < l->utterances;
    if (open && !s->workers)
        ora_str_add(out, ", no worker is here");
    else if (s->rate_audio_s > 0) /* else too little was seen to tell */
        ora_str_addf(out, ", %.1fx real time", s->rate_audio_s);
    if (open && s->workers)
        ora_str_addf(out, ", %u worker%s", s->workers, s->workers == 1 ? "" : "s");
    if (l->rejected)
        ora_str_addf(out, ", %llu rejected", (unsigned long long)l->rejected);
    if (l->failed)
        ora_str_addf(out, ", %llu failed", (unsigned long long)l->failed);
    if (s->eta_s >= 0 && open && s->workers) {
        ora_str_add(out, ", ");
        ora_duration_text(s->eta_s, out);
        ora_str_add(out, " left");
    }
}

void ora_progress_json(const struct ora_service_state *s, struct ora_str *out)
{
    const struct ora_progress *l = &s->ledger;
    ora_str_addf(
        out,
        "{\"utterances\":%llu,\"done\":%llu,\"rejected\":%llu,\"failed\":%llu,\"batches\":%llu,\"batches_"
        "done\":%llu,"
        "\"batches_leased\":%llu,\"in_work\":%llu,\"audio_s\":%.3f,\"synth_core_s\":%.3f,\"audio_bytes\":%"
        "llu,\"workers\":%u,"
        "\"elapsed_s\":%.3f,\"audio_s_per_s\":%.3f,\"eta_s\":",
        (unsigned long long)l->utterances, (unsigned long long)l->done, (unsigned long long)l->rejected,
        (unsigned long long)l->failed, (unsigned long long)l->batches, (unsigned long long)l->batches_done,
        (unsigned long long)l->batches_leased, (unsigned long long)s->in_work, l->audio_s, l->synth_s,
        (unsigned long long)l->audio_bytes, s->workers, s->elapsed_s, s->rate_audio_s);
    if (s->eta_s >= 0)
        ora_str_addf(out, "%.1f}", s->eta_s);
    else
        ora_str_add(out, "null}");
}

void ora_progress_init(struct ora_progress_printer *p, enum ora_progress_style style)
{
    if (style == ORA_PROGRESS_AUTO)
        style = isatty(STDERR_FILENO) ? ORA_PROGRESS_LIVE : ORA_PROGRESS_PLAIN;
    *p = (struct ora_progress_printer){.style = style};
}

static int terminal_columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

static void end_live_line(struct ora_progress_printer *p)
{
    if (p->open_line)
        fputc('\n', stderr);
    p->open_line = false;
}

void ora_progress_show(struct ora_progress_printer *p, const struct ora_service_state *state, int64_t now_ms,
                       bool last)
{
    static const int every_ms[] = {
        [ORA_PROGRESS_LIVE] = LIVE_MS, [ORA_PROGRESS_PLAIN] = PLAIN_MS, [ORA_PROGRESS_JSON] = JSON_MS};
    if (p->style == ORA_PROGRESS_QUIET)
        return;
    if (!p->last_ms && p->style == ORA_PROGRESS_PLAIN)
        p->last_ms = now_ms;
    if (!last && p->last_ms && now_ms - p->last_ms < every_ms[p->style])
        return;
    p->last_ms = now_ms;
    struct ora_str line = ORA_STR_INIT;
    if (p->style == ORA_PROGRESS_JSON)
        ora_progress_json(state, &line);
    else
        ora_progress_line(state, &line);
    if (p->style == ORA_PROGRESS_LIVE) {
        fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, line.data);
        p->open_line = true;
        if (last)
            end_live_line(p);
    } else {
        fprintf(stderr, "%s\n", line.data);
    }
    fflush(stderr);
    ora_str_release(&line);
}

void ora_progress_note(struct ora_progress_printer *p, const char *fmt, ...)
{
    if (p->style == ORA_PROGRESS_QUIET || p->style == ORA_PROGRESS_JSON)
        return;
    end_live_line(p);
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}
