/* Source: rows joined with what the store holds of them. */
#include "views/source.h"

#include <stdlib.h>
#include <string.h>

#include "audio/pcm.h"
#include "base/file.h"

enum { MAX_SAMPLES = 1 << 28 }; /* three hours of one utterance at 24 kHz: beyond it a file is damaged */

int ora_view_source_open(struct ora_view_source *s, struct ora_run *run, struct ora_err *err)
{
    *s = (struct ora_view_source){.run = run};
    char *audio = ora_path_join(ora_run_dir(run), "audio");
    ora_store_reader_init(&s->store, audio, ora_run_job(run)->store);
    free(audio);
    s->extension = ora_codec_extension(ora_run_job(run)->render.codec);
    int rc = ora_run_rows_open(run, NULL, &s->rows, err);
    if (rc < 0)
        ora_view_source_close(s);
    return rc;
}

void ora_view_source_close(struct ora_view_source *s)
{
    ora_run_rows_close(&s->rows);
    ora_store_reader_release(&s->store);
    ora_decoded_release(&s->decoded);
    ora_str_release(&s->record);
    ora_str_release(&s->audio);
}

int ora_view_source_next(struct ora_view_source *s, struct ora_err *err)
{
    return ora_run_rows_next(s->rows, &s->row, err);
}

int ora_view_source_record(struct ora_view_source *s, struct ora_err *err)
{
    const struct ora_run_row *row = &s->row;
    int rc = ora_store_read(&s->store, row->batch, row->utt.id, "json", row->record_offset, row->record_bytes,
                            &s->record, err);
    if (rc < 0)
        return rc;
    const char *text = ora_str_c(&s->record);
    size_t len = s->record.len;
    if (len < 4 || text[0] != '{' || text[len - 2] != '}' || text[len - 1] != '\n' ||
        memchr(text, '\n', len - 1))
        return ora_err_set(err, ORA_E_FORMAT, "batch %06u: what lies at %s.json is not a record", row->batch,
                           row->utt.id);
    return 0;
}

int ora_view_source_json(struct ora_view_source *s, json_t **record, struct ora_err *err)
{
    int rc = ora_view_source_record(s, err);
    if (rc < 0)
        return rc;
    json_error_t e;
    *record = json_loadb(ora_str_c(&s->record), s->record.len, 0, &e);
    if (!*record)
        return ora_err_set(err, ORA_E_FORMAT, "batch %06u: %s.json: %s", s->row.batch, s->row.utt.id, e.text);
    return 0;
}

int ora_view_source_audio(struct ora_view_source *s, struct ora_err *err)
{
    const struct ora_run_row *row = &s->row;
    return ora_store_read(&s->store, row->batch, row->utt.id, s->extension, row->audio_offset,
                          row->audio_bytes, &s->audio, err);
}

int ora_view_source_samples(struct ora_view_source *s, struct ora_err *err)
{
    struct ora_decoded *d = &s->decoded;
    int rc = ora_view_source_audio(s, err);
    if (rc == 0)
        rc = ora_decode(d, ora_str_c(&s->audio), s->audio.len, MAX_SAMPLES, err);
    if (rc == 0 && (d->samples != s->row.samples || d->sample_rate_hz != s->row.sample_rate_hz))
        rc = ora_err_set(err, ORA_E_FORMAT, "%zu samples at %d Hz, the ledger has %llu at %d Hz", d->samples,
                         d->sample_rate_hz, (unsigned long long)s->row.samples, s->row.sample_rate_hz);
    if (rc < 0)
        return ora_err_wrap(err, "batch %06u: %s.%s", s->row.batch, s->row.utt.id, s->extension);
    if (d->is_float)
        ora_pcm_to_s16(d->f32, d->samples, d->s16);
    return 0;
}
