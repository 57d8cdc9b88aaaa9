/* Record: written field by field; times are made from sample counts by integers, so that they are exact
 * everywhere. */
#include "render/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "render/json_text.h"

static void key(struct ora_str *s, const char *name)
{
    ora_str_add(s, s->len > 1 ? ",\"" : "\"");
    ora_str_add(s, name);
    ora_str_add(s, "\":");
}

static void put_text(struct ora_str *s, const char *name, const char *text)
{
    key(s, name);
    ora_json_string(s, text, text ? strlen(text) : 0);
}

static void put_uint(struct ora_str *s, const char *name, uint64_t value)
{
    key(s, name);
    ora_json_uint(s, value);
}

static void put_fixed(struct ora_str *s, const char *name, double value, int decimals)
{
    key(s, name);
    ora_json_fixed(s, value, decimals);
}

static void put_bool(struct ora_str *s, const char *name, bool value)
{
    key(s, name);
    ora_str_add(s, value ? "true" : "false");
}

/* source_file is the base name: where the input lay on this machine is nobody's business who loads the data.
 */
static void put_identity(struct ora_str *s, const struct ora_utterance *u)
{
    put_text(s, "id", u->id);
    put_text(s, "source_id", u->source_id ? u->source_id : u->id);
    put_text(s, "doc_id", u->doc_id);
    put_uint(s, "chapter", u->chapter);
    put_text(s, "chapter_title", u->chapter_title);
    put_uint(s, "paragraph", u->paragraph);
    put_uint(s, "index", u->index);
    put_text(s, "role", u->role);
    put_uint(s, "split_index", u->split);
    put_uint(s, "split_count", u->split_count);
    put_text(s, "source_file", u->path ? ora_path_base(u->path) : NULL);
    put_uint(s, "source_line", u->line);
}

static void put_text_fields(struct ora_str *s, const struct ora_record_source *r)
{
    put_text(s, "text", r->utterance->text);
    put_bool(s, "text_is_phonemes", r->utterance->text_is_phonemes);
    put_text(s, "normalized_text", r->spoken->normalized_text);
    put_text(s, "phonemes", r->spoken->phonemes);
    const char *asked = r->utterance->lang ? r->utterance->lang : r->voice->lang;
    put_text(s, "lang", r->spoken->lang ? r->spoken->lang : asked);
}

static void put_audio(struct ora_str *s, const struct ora_record_source *r)
{
    const struct ora_finished *f = r->finished;
    key(s, "duration");
    ora_json_seconds(s, f->samples, (uint64_t)f->sample_rate_hz, 6);
    put_uint(s, "num_samples", f->samples);
    put_uint(s, "sampling_rate", (uint64_t)f->sample_rate_hz);
    put_uint(s, "channels", 1);
    put_text(s, "codec", ora_codec_name(r->spec->codec));
    put_text(s, "pcm_sha256", f->pcm_sha256);
}

static void put_settings(struct ora_str *s, const struct ora_record_source *r)
{
    const struct ora_setting_def *d = r->family->settings;
    key(s, "settings");
    ora_str_addc(s, '{');
    for (size_t i = 0; d && d[i].name && i < ORA_SETTINGS_MAX; i++) {
        double v = r->settings->value[i];
        ora_str_add(s, i ? ",\"" : "\"");
        ora_str_add(s, d[i].name);
        ora_str_add(s, "\":");
        if (d[i].type == ORA_SETTING_CHOICE)
            ora_json_string(s, d[i].choices[(size_t)v], strlen(d[i].choices[(size_t)v]));
        else if (d[i].type == ORA_SETTING_INTEGER)
            ora_json_fixed(s, v, 0);
        else
            ora_json_real(s, v);
    }
    ora_str_addc(s, '}');
}

static void put_voice(struct ora_str *s, const struct ora_record_source *r)
{
    char number[16];
    snprintf(number, sizeof number, "%d", r->speaker);
    put_text(s, "voice", r->voice->name);
    put_text(s, "voice_license", r->voice->license);
    put_text(s, "speaker", r->voice->speaker_names ? r->voice->speaker_names[r->speaker] : number);
    put_uint(s, "speaker_id", (uint64_t)r->speaker);
    put_text(s, "model", r->family->name);
    put_text(s, "model_sha256", r->voice->model_sha256);
    if (r->voice->base) {
        put_text(s, "base", r->voice->base->name);
        put_text(s, "base_license", r->voice->base->license);
        put_text(s, "base_sha256", r->voice->base->model_sha256);
    }
    if (r->voice->consent)
        put_text(s, "consent", r->voice->consent);
    if (r->voice->weights_random)
        put_text(s, "weights", "random");
    put_text(s, "arithmetic", r->spec->arithmetic);
    put_uint(s, "seed", r->spec->seed);
    key(s, "speed");
    ora_json_real(s, r->utterance->speed);
    put_settings(s, r);
}

static void put_checks(struct ora_str *s, const struct ora_record_source *r)
{
    const struct ora_checks *c = &r->finished->checks;
    put_fixed(s, "rms_dbfs", c->rms_dbfs, 2);
    put_fixed(s, "peak_dbfs", c->peak_dbfs, 2);
    put_fixed(s, "lufs", c->lufs, 2);
    if (c->peak_limited) {
        key(s, "peak_limited");
        ora_str_add(s, "true");
    }
    put_uint(s, "clip_count", c->clip_count);
    put_fixed(s, "lead_silence", c->lead_silence_s, 3);
    put_fixed(s, "trail_silence", c->trail_silence_s, 3);
    put_fixed(s, "max_silence", c->max_silence_s, 3);
    put_fixed(s, "chars_per_sec", c->chars_per_s, 2);
    put_fixed(s, "sec_per_phone", c->s_per_phone, 4);
    put_fixed(s, "bandwidth", c->bandwidth_hz, 1);
    put_uint(s, "segments", r->spoken->segments);
    put_uint(s, "dropped_phonemes", r->spoken->dropped_phonemes);
    put_uint(s, "forced_cuts", r->spoken->forced_cuts);
}

/* Samples at the model's rate to seconds of the finished audio. */
struct span {
    uint64_t start, end;
};

static struct span shifted(const struct ora_record_source *r, uint32_t start, uint32_t count)
{
    uint64_t trimmed = r->finished->trimmed, native = (uint64_t)r->spoken->sample_rate_hz;
    uint64_t total = r->finished->samples * native / (uint64_t)r->finished->sample_rate_hz;
    uint64_t from = start, to = (uint64_t)start + count;
    from = from > trimmed ? from - trimmed : 0;
    to = to > trimmed ? to - trimmed : 0;
    return (struct span){from < total ? from : total, to < total ? to : total};
}

static void put_span(struct ora_str *s, const struct ora_record_source *r, uint32_t start, uint32_t count)
{
    uint64_t native = (uint64_t)r->spoken->sample_rate_hz;
    struct span at = shifted(r, start, count);
    ora_str_add(s, ",\"start\":");
    ora_json_seconds(s, at.start, native, 4);
    ora_str_add(s, ",\"duration\":");
    ora_json_seconds(s, at.end - at.start, native, 4);
}

static void put_words(struct ora_str *s, const struct ora_record_source *r)
{
    const char *text = r->spoken->normalized_text ? r->spoken->normalized_text : "";
    size_t len = strlen(text);
    key(s, "word_alignment");
    ora_str_addc(s, '[');
    for (size_t i = 0; i < r->spoken->word_count; i++) {
        const struct ora_word *w = &r->spoken->words[i];
        size_t from = w->text_start < len ? w->text_start : len;
        size_t n = w->text_len < len - from ? w->text_len : len - from;
        ora_str_add(s, i ? ",{\"word\":" : "{\"word\":");
        ora_json_string(s, text + from, n);
        put_span(s, r, w->start, w->count);
        ora_str_add(s, ",\"flags\":\"");
        if (w->flags & ORA_WORD_UNKNOWN)
            ora_str_add(s, "unknown");
        else if (w->flags & ORA_WORD_MERGED)
            ora_str_add(s, "merged");
        else if (w->flags & ORA_WORD_APPROXIMATE)
            ora_str_add(s, "approximate");
        ora_str_add(s, "\"}");
    }
    ora_str_addc(s, ']');
}

static void put_phones(struct ora_str *s, const struct ora_record_source *r)
{
    key(s, "phone_alignment");
    ora_str_addc(s, '[');
    for (size_t i = 0; i < r->spoken->phone_count; i++) {
        const struct ora_phone *p = &r->spoken->phones[i];
        ora_str_add(s, i ? ",{\"phone\":" : "{\"phone\":");
        ora_json_string(s, p->symbol, strnlen(p->symbol, sizeof p->symbol));
        put_span(s, r, p->start, p->count);
        ora_str_addc(s, '}');
    }
    ora_str_addc(s, ']');
}

/* Read and written again: what a user put there must not break the line or the object. */
static int put_extra(struct ora_str *s, const struct ora_utterance *u, struct ora_err *err)
{
    if (!u->extra_json || !u->extra_json[0])
        return 0;
    json_error_t e;
    json_t *extra = json_loads(u->extra_json, 0, &e);
    char *text = json_is_object(extra) ? json_dumps(extra, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(extra);
    if (!text)
        return ora_err_set(err, ORA_E_BAD_INPUT, "the other keys of the record are not a JSON object: %s",
                           e.text);
    key(s, "extra");
    ora_str_add(s, text);
    free(text);
    return 0;
}

int ora_record_write(const struct ora_record_source *r, struct ora_str *s, struct ora_err *err)
{
    ora_str_clear(s);
    ora_str_addc(s, '{');
    put_identity(s, r->utterance);
    put_text_fields(s, r);
    put_audio(s, r);
    put_voice(s, r);
    put_checks(s, r);
    put_words(s, r);
    put_phones(s, r);
    put_text(s, "generator", "oratorio " ORA_VERSION);
    put_bool(s, "ai_generated", true);
    int rc = put_extra(s, r->utterance, err);
    ora_str_add(s, "}\n");
    return rc;
}
