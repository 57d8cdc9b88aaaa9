/* The job as a file again: every field, defaults too, so that the job.yaml of a run says all that decided its
 * bytes. */
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "job/job_priv.h"

/* Quotes unless the text is a plain word that no YAML reader takes for a number, bool or null. */
static bool plain(const char *s)
{
    static const char *const taken[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    if (!isalpha((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcasecmp(s, taken[i]) == 0)
            return false;
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-")] == '\0';
}

static int put_text(struct ora_str *out, const char *s, struct ora_err *err)
{
    size_t n = strlen(s);
    if (ora_utf8_valid_prefix(s, n) != n)
        return ora_err_set(err, ORA_E_BAD_USAGE,
                           "a text of the job is not UTF-8 and cannot be written to a job file");
    if (plain(s)) {
        ora_str_add(out, s);
        return 0;
    }
    ora_str_addc(out, '"');
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t k = ora_utf8_decode(s + i, n - i, &cp);
        if (cp == '"' || cp == '\\')
            ora_str_addf(out, "\\%c", (int)cp);
        else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
                 (cp & 0xfffe) == 0xfffe)
            ora_str_addf(out, "\\U%08X", cp);
        else
            ora_str_addn(out, s + i, k);
        i += k;
    }
    ora_str_addc(out, '"');
    return 0;
}

/* "<indent>key: text", nothing when text is NULL. */
static int put_field(struct ora_str *out, const char *indent, const char *key, const char *text,
                     struct ora_err *err)
{
    if (!text)
        return 0;
    ora_str_addf(out, "%s%s: ", indent, key);
    int rc = put_text(out, text, err);
    ora_str_addc(out, '\n');
    return rc;
}

/* The shortest text that reads back to the same number. */
static void put_number(struct ora_str *out, double v)
{
    char text[32];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    ora_str_add(out, text);
}

static void put_number_field(struct ora_str *out, const char *indent, const char *key, double v)
{
    ora_str_addf(out, "%s%s: ", indent, key);
    if (isnan(v))
        ora_str_add(out, "off");
    else
        put_number(out, v);
    ora_str_addc(out, '\n');
}

static int put_settings(struct ora_str *out, const char *indent, const char *settings_json,
                        struct ora_err *err)
{
    if (!settings_json)
        return 0;
    json_t *object = json_loads(settings_json, 0, NULL);
    const char *key;
    json_t *value;
    int rc = json_is_object(object)
                 ? 0
                 : ora_err_set(err, ORA_E_INTERNAL, "settings of the job are not an object");
    ora_str_addf(out, "%ssettings:\n", indent);
    json_object_foreach(object, key, value)
    {
        if (rc < 0)
            break;
        ora_str_addf(out, "%s  ", indent);
        rc = put_text(out, key, err);
        ora_str_add(out, ": ");
        if (rc == 0 && json_is_string(value)) {
            /* always quoted: a word that looks like a number was quoted by the user */
            const char *s = json_string_value(value);
            if (plain(s))
                ora_str_addf(out, "\"%s\"", s);
            else
                rc = put_text(out, s, err);
        } else if (rc == 0) {
            put_number(out, json_number_value(value));
        }
        ora_str_addc(out, '\n');
    }
    json_decref(object);
    return rc;
}

static int put_manner(struct ora_str *out, const char *indent, const char *voice, const char *speaker,
                      const char *lang, double speed, const char *settings_json, struct ora_err *err)
{
    int rc = put_field(out, indent, "voice", voice, err);
    if (rc == 0)
        rc = put_field(out, indent, "speaker", speaker, err);
    if (rc == 0)
        rc = put_field(out, indent, "lang", lang, err);
    if (speed > 0)
        put_number_field(out, indent, "speed", speed);
    if (rc == 0)
        rc = put_settings(out, indent, settings_json, err);
    return rc;
}

static int put_input(struct ora_str *out, const struct ora_job_input *in, struct ora_err *err)
{
    int rc = put_field(out, "  - ", "path", in->path, err);
    if (rc == 0)
        rc = put_field(out, "    ", "doc_id", in->doc_id, err);
    if (in->layout != ORA_LAYOUT_AUTO)
        ora_str_addf(out, "    layout: %s\n", ora_layout_words[in->layout]);
    if (in->format != ORA_FORMAT_AUTO)
        ora_str_addf(out, "    format: %s\n", ora_format_words[in->format]);
    if (in->column_count)
        ora_str_add(out, "    columns: [");
    for (size_t i = 0; rc == 0 && i < in->column_count; i++) {
        ora_str_add(out, i ? ", " : "");
        rc = put_text(out, in->columns[i], err);
    }
    if (in->column_count)
        ora_str_add(out, "]\n");
    if (rc == 0)
        rc = put_manner(out, "    ", in->voice, in->speaker, in->lang, in->speed, in->settings_json, err);
    return rc;
}

static int put_text_map(struct ora_str *out, const struct ora_job *job, struct ora_err *err)
{
    ora_str_addf(out, "text:\n  max_chars: %u\n", job->max_chars);
    int rc = put_field(out, "  ", "lexicon", job->lexicon, err);
    ora_str_addf(out, "  phonemes: %s\n  pauses_ms:\n", job->text_is_phonemes ? "true" : "false");
    for (size_t i = 0; i < ORA_GAP_COUNT; i++)
        ora_str_addf(out, "    %s: %u\n", ora_gap_words[i], job->pause_ms[i]);
    return rc;
}

static void put_audio_map(struct ora_str *out, const struct ora_render_spec *r)
{
    ora_str_addf(out, "audio:\n  format: %s\n", ora_codec_words[r->codec]);
    if (r->sample_rate_hz)
        ora_str_addf(out, "  sample_rate_hz: %d\n", r->sample_rate_hz);
    else
        ora_str_add(out, "  sample_rate_hz: voice\n");
    put_number_field(out, "  ", "loudness_lufs", r->loudness_lufs);
    put_number_field(out, "  ", "peak_dbfs", r->peak_dbfs);
    ora_str_addf(out, "  trim_silence: %s\n", r->trim_silence ? "true" : "false");
}

static void put_tail(struct ora_str *out, const struct ora_job *job)
{
    ora_str_addf(out, "store: %s\nbatch:\n  chars: ", ora_store_words[job->store]);
    if (job->batch_chars)
        ora_str_addf(out, "%u\n", job->batch_chars);
    else
        ora_str_add(out, "auto\n");
    ora_str_addf(out, "  utterances: %u\nviews: [", job->batch_utterances);
    for (size_t i = 0; i < job->view_count; i++)
        ora_str_addf(out, "%s%s", i ? ", " : "", job->views[i]);
    ora_str_addf(out, "]\nlimits:\n  attempts: %u\n  lease_s: %u\nallow_network_fs: %s\n", job->max_attempts,
                 job->lease_s, job->network_fs ? "true" : "false");
}

int ora_job_to_yaml(const struct ora_job *job, struct ora_str *out, struct ora_err *err)
{
    int rc = put_field(out, "", "name", job->name, err);
    if (rc == 0)
        rc = put_field(out, "", "base_dir", job->base_dir, err);
    ora_str_add(out, "inputs:\n");
    for (size_t i = 0; rc == 0 && i < job->input_count; i++)
        rc = put_input(out, &job->inputs[i], err);
    if (rc == 0)
        rc = put_manner(out, "", job->voice, job->speaker, job->lang, job->speed, job->settings_json, err);
    ora_str_addf(out, "seed: %llu\n", (unsigned long long)job->seed);
    if (rc == 0)
        rc = put_text_map(out, job, err);
    put_audio_map(out, &job->render);
    if (rc == 0)
        rc = put_field(out, "", "kernels", job->kernels, err);
    if (rc == 0)
        rc = put_field(out, "", "precision", job->arithmetic, err);
    if (rc == 0)
        rc = put_field(out, "", "database", job->database, err);
    put_tail(out, job);
    return rc;
}
