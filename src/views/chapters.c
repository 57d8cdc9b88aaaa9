/*
 * View chapters: one file a chapter, <doc>-<nn>-<slug of the title>.flac (or .wav, when the clips are WAV),
 * its utterances in reading order with the job's pauses, and chapters.json: for each file its title and where
 * each utterance begins.
 *
 * A family whose speech ends in silence of its own (ends_silent) has that silence taken off the pause.
 *
 * One pass over the rows; one utterance is in memory at a time. A gap whose utterance has no audio (rejected,
 * failed, not yet done) is not made twice as long: the longer pause counts. Utterances of another rate than
 * the chapter's first (voices differ) are resampled to it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/pcm.h"
#include "audio/resample.h"
#include "audio/writer.h"
#include "base/file.h"
#include "base/mem.h"
#include "models/family.h"
#include "render/json_text.h"
#include "views/outfile.h"
#include "views/source.h"
#include "views/text_field.h"
#include "views/views.h"

enum { SLUG_MAX_BYTES = 60, DIGITS_MIN = 2 };

struct chapters {
    struct ora_view_source source;
    const char *dir;
    struct ora_outfile index; /* chapters.json */
    struct ora_str line;
    struct ora_resampler resampler;
    float *f32; /* for resampling */
    int16_t *s16;
    size_t f32_cap, s16_cap;
    uint32_t *per_doc; /* chapters of each document */
    size_t docs;
    /* the chapter in work */
    struct ora_audio_writer *writer;
    int rate_hz;
    uint32_t doc, chapter;
    uint32_t pause_ms; /* owed before the next utterance */
    bool complete;
    uint64_t files, utterances;
};

/* ---- names ------------------------------------------------------------------------------------------- */

static int count_chapter(void *ctx, uint32_t doc, const char *doc_id, uint32_t chapter, const char *title,
                         uint64_t utterances)
{
    struct chapters *v = ctx;
    (void)doc_id, (void)title, (void)utterances;
    if (doc >= v->docs) {
        v->per_doc = ora_xrealloc(v->per_doc, ((size_t)doc + 1) * sizeof *v->per_doc);
        memset(v->per_doc + v->docs, 0, (doc + 1 - v->docs) * sizeof *v->per_doc);
        v->docs = (size_t)doc + 1;
    }
    if (chapter + 1 > v->per_doc[doc])
        v->per_doc[doc] = chapter + 1;
    return 0;
}

/* "story-03-the-well.flac"; as many digits as the document's chapters need, so that names sort. */
static char *name_of(const struct chapters *v, const struct ora_utterance *u, const char *extension)
{
    int digits = DIGITS_MIN;
    uint32_t count = u->doc < v->docs ? v->per_doc[u->doc] : 0;
    for (uint32_t most = 99; count > most && digits < 9; most = most * 10 + 9)
        digits++;
    struct ora_str s = ORA_STR_INIT, slug = ORA_STR_INIT;
    ora_text_slug(&slug, u->chapter_title ? u->chapter_title : "", SLUG_MAX_BYTES);
    ora_str_addf(&s, "%s-%0*u%s%s.%s", u->doc_id, digits, u->chapter + 1, slug.len ? "-" : "",
                 ora_str_c(&slug), extension);
    ora_str_release(&slug);
    return ora_str_detach(&s);
}

/* ---- one chapter ------------------------------------------------------------------------------------- */

static void put_text(struct ora_str *s, const char *name, const char *text)
{
    ora_str_addf(s, "\"%s\":", name);
    ora_json_string(s, text, text ? strlen(text) : 0);
}

static struct ora_audio_tags tags_of(const struct ora_utterance *u, const json_t *record, char track[16],
                                     struct ora_str *comment)
{
    const char *voice = json_string_value(json_object_get(record, "voice"));
    const char *generator = json_string_value(json_object_get(record, "generator"));
    snprintf(track, 16, "%u", u->chapter + 1);
    ora_str_addf(comment, "ai_generated=true; voice=%s; generator=%s", voice ? voice : "",
                 generator ? generator : "");
    return (struct ora_audio_tags){.title =
                                       u->chapter_title && u->chapter_title[0] ? u->chapter_title : u->doc_id,
                                   .album = u->doc_id,
                                   .track = track,
                                   .genre = "Speech",
                                   .comment = ora_str_c(comment),
                                   .license = json_string_value(json_object_get(record, "voice_license"))};
}

static int begin(struct chapters *v, struct ora_err *err)
{
    const struct ora_run_row *row = &v->source.row;
    enum ora_codec codec =
        ora_run_job(v->source.run)->render.codec == ORA_CODEC_FLAC ? ORA_CODEC_FLAC : ORA_CODEC_WAV;
    json_t *record = NULL;
    int rc = ora_view_source_json(&v->source, &record, err);
    if (rc < 0)
        return rc;
    char track[16];
    struct ora_str comment = ORA_STR_INIT, *s = &v->line;
    struct ora_audio_tags tags = tags_of(&row->utt, record, track, &comment);
    char *name = name_of(v, &row->utt, ora_codec_extension(codec)), *path = ora_path_join(v->dir, name);
    v->rate_hz = row->sample_rate_hz;
    rc = ora_audio_writer_open(path, codec, v->rate_hz, &tags, &v->writer, err);
    ora_str_add(s, v->files++ ? ",\n {" : "\n {");
    put_text(s, "file", name);
    ora_str_addc(s, ',');
    put_text(s, "doc_id", row->utt.doc_id);
    ora_str_addf(s, ",\"chapter\":%u,", row->utt.chapter);
    put_text(s, "title", row->utt.chapter_title);
    ora_str_addf(s, ",\"sampling_rate\":%d,\"ai_generated\":true,\"utterances\":[", v->rate_hz);
    v->utterances = 0;
    if (rc == 0)
        rc = ora_outfile_put(&v->index, s, err);
    free(path);
    free(name);
    ora_str_release(&comment);
    json_decref(record);
    return rc;
}

static uint64_t pause_samples(const struct chapters *v)
{
    return (uint64_t)v->pause_ms * (uint64_t)v->rate_hz / 1000;
}

static int end(struct chapters *v, struct ora_err *err)
{
    struct ora_str *s = &v->line;
    bool complete = v->complete;
    v->complete = true;
    if (!v->writer) {
        v->pause_ms = 0;
        return 0;
    }
    int rc = ora_audio_writer_silence(v->writer, pause_samples(v), err);
    v->pause_ms = 0;
    if (rc < 0)
        return rc;
    uint64_t samples = ora_audio_writer_samples(v->writer);
    ora_str_addf(s, "],\"complete\":%s,\"num_samples\":%llu,\"duration\":", complete ? "true" : "false",
                 (unsigned long long)samples);
    ora_json_seconds(s, samples, (uint64_t)v->rate_hz, 6);
    ora_str_addc(s, '}');
    rc = ora_audio_writer_close(&v->writer, err);
    return rc < 0 ? rc : ora_outfile_put(&v->index, s, err);
}

static void *room(void *p, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return p;
    *cap = n + n / 2;
    return ora_xrealloc(p, *cap * size);
}

/* The pause owed after the row. A family may end in silence of its own: that is a part of the pause. */
static int owe_pause(struct chapters *v, struct ora_err *err)
{
    json_t *record = NULL;
    int rc = ora_view_source_json(&v->source, &record, err);
    if (rc < 0)
        return rc;
    const struct ora_family *f = ora_family_find(json_string_value(json_object_get(record, "model")));
    double silence_s = f && f->ends_silent ? json_number_value(json_object_get(record, "trail_silence")) : 0;
    uint32_t pause_ms = v->source.row.pause_after_ms, own_ms = (uint32_t)(silence_s * 1000 + 0.5);
    v->pause_ms = pause_ms > own_ms ? pause_ms - own_ms : 0;
    json_decref(record);
    return 0;
}

/* The row's samples at the chapter's rate. */
static int samples_of(struct chapters *v, const int16_t **s16, size_t *n, struct ora_err *err)
{
    const struct ora_decoded *d = &v->source.decoded;
    int rc = ora_view_source_samples(&v->source, err);
    *s16 = d->s16;
    *n = d->samples;
    if (rc < 0 || d->sample_rate_hz == v->rate_hz)
        return rc;
    const float *out;
    v->f32 = room(v->f32, &v->f32_cap, d->samples, sizeof *v->f32);
    ora_pcm_to_float(d->s16, d->samples, v->f32);
    rc = ora_resample(&v->resampler, v->f32, d->samples, d->sample_rate_hz, v->rate_hz, &out, n, err);
    if (rc < 0)
        return rc;
    v->s16 = room(v->s16, &v->s16_cap, *n, sizeof *v->s16);
    ora_pcm_to_s16(out, *n, v->s16);
    *s16 = v->s16;
    return 0;
}

static int append(struct chapters *v, struct ora_err *err)
{
    const struct ora_run_row *row = &v->source.row;
    struct ora_str *s = &v->line;
    const int16_t *s16 = NULL;
    size_t n = 0;
    int rc = v->writer ? 0 : begin(v, err);
    if (rc == 0 && v->utterances)
        rc = ora_audio_writer_silence(v->writer, pause_samples(v), err);
    if (rc == 0)
        rc = owe_pause(v, err);
    if (rc == 0)
        rc = samples_of(v, &s16, &n, err);
    if (rc < 0)
        return rc;
    ora_str_add(s, v->utterances++ ? ",\n  {" : "\n  {");
    put_text(s, "id", row->utt.id);
    ora_str_add(s, ",\"start\":");
    ora_json_seconds(s, ora_audio_writer_samples(v->writer), (uint64_t)v->rate_hz, 6);
    ora_str_add(s, ",\"duration\":");
    ora_json_seconds(s, n, (uint64_t)v->rate_hz, 6);
    ora_str_addc(s, ',');
    put_text(s, "role", row->utt.role);
    ora_str_addc(s, ',');
    put_text(s, "text", row->utt.text);
    ora_str_addc(s, '}');
    rc = ora_audio_writer_put(v->writer, s16, n, err);
    return rc < 0 ? rc : ora_outfile_put(&v->index, s, err);
}

/* ---- all of them ------------------------------------------------------------------------------------- */

static int take_row(struct chapters *v, struct ora_err *err)
{
    const struct ora_run_row *row = &v->source.row;
    int rc = 0;
    if (row->utt.doc != v->doc || row->utt.chapter != v->chapter)
        rc = end(v, err);
    v->doc = row->utt.doc;
    v->chapter = row->utt.chapter;
    if (rc == 0 && row->state == ORA_UTT_DONE)
        return append(v, err);
    /* A refused record was never part of the text that is read; what was and has no audio is missed. */
    v->complete = v->complete && (!row->utt.id || row->batch == UINT32_MAX);
    if (row->utt.id && row->pause_after_ms > v->pause_ms)
        v->pause_ms = row->pause_after_ms;
    return rc;
}

static int write_all(struct chapters *v, struct ora_err *err)
{
    int rc = ora_outfile_open(&v->index, v->dir, "chapters.json", err);
    if (rc < 0)
        return rc;
    ora_str_add(&v->line, "{\"chapters\":[");
    while ((rc = ora_view_source_next(&v->source, err)) > 0)
        if ((rc = take_row(v, err)) < 0)
            break;
    if (rc == 0)
        rc = end(v, err);
    ora_str_add(&v->line, "\n]}\n");
    if (rc == 0)
        rc = ora_outfile_put(&v->index, &v->line, err);
    int closed = ora_outfile_close(&v->index, rc < 0 ? NULL : err);
    return rc < 0 ? rc : closed;
}

static int make(struct ora_run *run, const char *dir, struct ora_err *err)
{
    struct chapters v = {.dir = dir, .complete = true};
    int rc = ora_view_source_open(&v.source, run, err);
    if (rc < 0)
        return rc;
    rc = ora_run_each_chapter(run, count_chapter, &v, err);
    if (rc == 0)
        rc = write_all(&v, err);
    ora_audio_writer_abort(&v.writer);
    ora_resampler_release(&v.resampler);
    ora_str_release(&v.line);
    free(v.per_doc);
    free(v.f32);
    free(v.s16);
    ora_view_source_close(&v.source);
    return rc;
}

const struct ora_view ora_view_chapters = {
    .name = "chapters", .summary = "one FLAC or WAV a chapter with pauses, to listen to", .make = make};
