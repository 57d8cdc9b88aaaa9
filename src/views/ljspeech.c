/*
 * View ljspeech: metadata.csv ("<id>|text|normalized text", no header) and wavs/<id>.wav, 16 bit, mono, at
 * the rate of the clips. The text is the raw column where the input had one of its own (extra.raw_text).
 *
 * LJSpeech and Coqui split at every `|` and know no quoting; Piper reads the same file by Python's csv
 * module, for which a field that begins with a straight `"` is quoted and may swallow the lines that follow.
 * So `|` and line breaks become blanks, and the straight quotes of a field that begins with one become curly.
 */
#include <stdlib.h>
#include <string.h>

#include "audio/codec.h"
#include "base/file.h"
#include "views/outfile.h"
#include "views/source.h"
#include "views/text_field.h"
#include "views/views.h"

struct ljspeech {
    struct ora_view_source source;
    struct ora_outfile metadata;
    struct ora_encoder encoder;
    struct ora_str line;
    char *wavs;
};

/* The clip as 16-bit WAV: as it lies when it is that already. */
static int write_wav(struct ljspeech *v, struct ora_err *err)
{
    struct ora_bytes file = {0};
    int rc;
    if (ora_run_job(v->source.run)->render.codec == ORA_CODEC_WAV) {
        rc = ora_view_source_audio(&v->source, err);
        file = ora_bytes_of(v->source.audio.data, v->source.audio.len);
    } else {
        const struct ora_decoded *d = &v->source.decoded;
        rc = ora_view_source_samples(&v->source, err);
        if (rc == 0)
            rc = ora_encode(&v->encoder, ORA_CODEC_WAV, d->sample_rate_hz, d->s16, NULL, d->samples, &file,
                            err);
    }
    if (rc < 0)
        return rc;
    struct ora_outfile wav;
    char *name = ora_fmt("%s.wav", v->source.row.utt.id);
    rc = ora_outfile_open(&wav, v->wavs, name, err);
    free(name);
    if (rc == 0)
        rc = ora_outfile_write_close(&wav, file.data, file.len, err);
    return rc;
}

static int put_row(struct ljspeech *v, struct ora_err *err)
{
    json_t *record = NULL;
    int rc = ora_view_source_json(&v->source, &record, err);
    if (rc < 0)
        return rc;
    const char *raw = json_string_value(json_object_get(json_object_get(record, "extra"), "raw_text"));
    const char *text = v->source.row.utt.text;
    const char *normalized = json_string_value(json_object_get(record, "normalized_text"));
    ora_str_addf(&v->line, "%s|", v->source.row.utt.id);
    ora_text_field(&v->line, raw && raw[0] ? raw : text);
    ora_str_addc(&v->line, '|');
    ora_text_field(&v->line, normalized && normalized[0] ? normalized : text);
    ora_str_addc(&v->line, '\n');
    json_decref(record);
    rc = ora_outfile_put(&v->metadata, &v->line, err);
    return rc < 0 ? rc : write_wav(v, err);
}

static int make(struct ora_run *run, const char *dir, struct ora_err *err)
{
    struct ljspeech v = {0};
    ora_encoder_init(&v.encoder, dir);
    int rc = ora_view_source_open(&v.source, run, err);
    if (rc < 0)
        return rc;
    v.wavs = ora_path_join(dir, "wavs");
    rc = ora_file_mkdirs(v.wavs, 0755, err);
    if (rc == 0)
        rc = ora_outfile_open(&v.metadata, dir, "metadata.csv", err);
    while (rc == 0 && (rc = ora_view_source_next(&v.source, err)) > 0)
        rc = v.source.row.state == ORA_UTT_DONE ? put_row(&v, err) : 0;
    int closed = ora_outfile_close(&v.metadata, rc < 0 ? NULL : err);
    free(v.wavs);
    ora_str_release(&v.line);
    ora_encoder_release(&v.encoder);
    ora_view_source_close(&v.source);
    return rc < 0 ? rc : closed;
}

const struct ora_view ora_view_ljspeech = {
    .name = "ljspeech",
    .summary = "metadata.csv and wavs/, as LJSpeech, Coqui and Piper read them",
    .make = make};
