/*
 * The voice's .onnx.json as the family's part of voice.yaml. What is known to be wrong in published files is
 * put right here, once, where a reader of voice.yaml sees it: a rate of 22500 for 22050, ids without an
 * embedding row, symbols that espeak-ng versions write differently.
 */
#include "models/vits/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A YAML double-quoted scalar. Control bytes cannot stand in it. */
static void add_quoted(struct ora_str *y, const char *text)
{
    ora_str_addc(y, '"');
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            ora_str_addf(y, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7F)
            ora_str_addf(y, "\\x%02X", (unsigned char)*c);
        else
            ora_str_addc(y, *c);
    }
    ora_str_addc(y, '"');
}

static int bad(const char *file, struct ora_err *err, const char *field, const char *wanted)
{
    return ora_err_set(err, ORA_E_VOICE, "%s: field '%s' must be %s", file, field, wanted);
}

/* { "symbol": [id, …] } with ids below the embedding's rows. */
static int add_symbols(const json_t *map, const char *file, struct vits_import_facts *facts,
                       struct ora_str *y, struct ora_err *err)
{
    const char *symbol;
    json_t *ids, *id;
    size_t i;
    if (!json_is_object(map) || !json_object_size(map))
        return bad(file, err, "phoneme_id_map", "an object of symbol: [ids]");
    ora_str_add(y, "  symbols:\n");
    json_object_foreach((json_t *)map, symbol, ids)
    {
        struct ora_str list = ORA_STR_INIT;
        bool fits = json_is_array(ids) && json_array_size(ids) > 0 && json_array_size(ids) <= 4;
        bool keep = fits && *symbol && strlen(symbol) < 16;
        json_array_foreach(ids, i, id)
        {
            if (!json_is_integer(id) || json_integer_value(id) < 0)
                fits = false;
            else if (json_integer_value(id) >= facts->symbols)
                keep = false;
            ora_str_addf(&list, "%s%lld", i ? ", " : "", (long long)json_integer_value(id));
        }
        if (fits && keep) {
            ora_str_add(y, "    ");
            add_quoted(y, symbol);
            ora_str_addf(y, ": [%s]\n", ora_str_c(&list));
        }
        facts->dropped_ids += fits && !keep;
        ora_str_release(&list);
        if (!fits)
            return bad(file, err, "phoneme_id_map", "an object of symbol: [1 to 4 ids]");
    }
    return 0;
}

static void add_rewrite(struct ora_str *y, int *count, const char *from, const char *to)
{
    ora_str_add(y, (*count)++ ? "    - {from: " : "  rewrites:\n    - {from: ");
    add_quoted(y, from);
    ora_str_add(y, ", to: ");
    add_quoted(y, to);
    ora_str_add(y, "}\n");
}

/* The voice's own phoneme_map, then what is known of its espeak-ng voice. */
static void add_rewrites(const json_t *map, const char *espeak, struct ora_str *y)
{
    const char *from;
    json_t *to, *part;
    size_t i;
    int count = 0;
    json_object_foreach((json_t *)map, from, to)
    {
        struct ora_str joined = ORA_STR_INIT;
        json_array_foreach(to, i, part)
            ora_str_add(&joined, json_is_string(part) ? json_string_value(part) : "");
        if (*from)
            add_rewrite(y, &count, from, ora_str_c(&joined));
        ora_str_release(&joined);
    }
    if (!count && !strcmp(espeak, "pt-br"))
        add_rewrite(y, &count, "c", "k");
    /* espeak-ng 1.51 writes the vowel of FORCE as "oː", later versions, on which voices are used today, as
     * "ɔː". */
    if (!strcmp(espeak, "en-us"))
        add_rewrite(y, &count, "oːɹ", "ɔːɹ");
}

static void add_clusters(const json_t *clusters, struct ora_str *y)
{
    json_t *cluster, *part;
    size_t i, j;
    if (json_array_size(clusters) == 0)
        return;
    ora_str_add(y, "  clusters: [");
    json_array_foreach(clusters, i, cluster)
    {
        struct ora_str joined = ORA_STR_INIT;
        json_array_foreach(cluster, j, part)
            ora_str_add(&joined, json_is_string(part) ? json_string_value(part) : "");
        ora_str_add(y, i ? ", " : "");
        add_quoted(y, ora_str_c(&joined));
        ora_str_release(&joined);
    }
    ora_str_add(y, "]\n");
}

/* inference.phoneme_silence: symbol: seconds after it. Only what has an id can be spoken. */
static int add_silences(const json_t *silences, const json_t *map, const struct vits_import_facts *facts,
                        const char *file, struct ora_str *y, struct ora_err *err)
{
    const char *symbol;
    json_t *seconds;
    int count = 0;
    if (silences && !json_is_null(silences) && !json_is_object(silences))
        return bad(file, err, "inference.phoneme_silence", "an object of symbol: seconds");
    json_object_foreach((json_t *)silences, symbol, seconds)
    {
        double s = json_is_number(seconds) ? json_number_value(seconds) : -1;
        if (!(s >= 0 && s <= 10))
            return bad(file, err, "inference.phoneme_silence", "an object of symbol: 0 to 10 seconds");
        json_int_t id = json_integer_value(json_array_get(json_object_get(map, symbol), 0));
        if (!json_object_get(map, symbol) || id >= facts->symbols || strlen(symbol) >= 16 || s == 0)
            continue;
        ora_str_add(y, count++ ? ", " : "  silences: {");
        add_quoted(y, symbol);
        ora_str_addf(y, ": %.9g", s);
    }
    if (count)
        ora_str_add(y, "}\n");
    return 0;
}

/* The speakers in the order of their numbers; a number nobody has is called after itself. */
static int add_speakers(const json_t *config, const char *file, struct ora_str *y, struct ora_err *err)
{
    json_int_t count = json_integer_value(json_object_get(config, "num_speakers"));
    const json_t *map = json_object_get(config, "speaker_id_map");
    if (count <= 1)
        return 0;
    if (count > 65536)
        return bad(file, err, "num_speakers", "at most 65536");
    const char **names = ora_xcalloc((size_t)count, sizeof *names), *name;
    json_t *id;
    json_object_foreach((json_t *)map, name, id)
    {
        json_int_t n = json_is_integer(id) ? json_integer_value(id) : -1;
        if (n >= 0 && n < count)
            names[n] = name;
    }
    ora_str_add(y, "speakers: [");
    for (json_int_t n = 0; n < count; n++) {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)n);
        ora_str_add(y, n ? ", " : "");
        add_quoted(y, names[n] ? names[n] : number);
    }
    ora_str_add(y, "]\n");
    json_int_t chosen = json_integer_value(json_object_get(config, "default_speaker_id"));
    if (chosen > 0 && chosen < count)
        ora_str_addf(y, "default_speaker: %lld\n", (long long)chosen);
    free(names);
    return 0;
}

static void add_settings(const json_t *inference, struct ora_str *y)
{
    static const char *const keys[] = {"noise_scale", "length_scale", "noise_w"};
    int count = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *v = json_object_get(inference, keys[i]);
        if (json_is_number(v) && isfinite(json_number_value(v)))
            ora_str_addf(y, "%s  %s: %.9g\n", count++ ? "" : "settings:\n", keys[i], json_number_value(v));
    }
}

/* "en_US" -> "en-US"; without a language object the espeak-ng voice is all there is: "en-us" -> "en-US", "en+f3" -> "en". */
static void add_lang(const json_t *config, const char *espeak, struct ora_str *y)
{
    const char *code = json_string_value(json_object_get(json_object_get(config, "language"), "code"));
    char lang[16];
    snprintf(lang, sizeof lang, "%s", code ? code : espeak);
    lang[strcspn(lang, "+")] = '\0'; /* "en+f3": espeak-ng's variant of a voice is no part of the tag */
    for (char *c = lang; *c; c++)
        if (*c == '_')
            *c = '-';
    if (strlen(lang) == 5 && lang[2] == '-')
        for (int i = 3; i < 5; i++)
            lang[i] = (char)(lang[i] >= 'a' && lang[i] <= 'z' ? lang[i] - 32 : lang[i]);
    ora_str_add(y, "lang: ");
    add_quoted(y, lang);
    ora_str_addc(y, '\n');
}

int vits_import_yaml(const json_t *config, const char *file, struct vits_import_facts *facts,
                     struct ora_str *y, struct ora_err *err)
{
    const json_t *audio = json_object_get(config, "audio");
    const char *type = json_string_value(json_object_get(config, "phoneme_type"));
    const char *espeak = json_string_value(json_object_get(json_object_get(config, "espeak"), "voice"));
    const char *quality = json_string_value(json_object_get(audio, "quality"));
    const json_t *rate = json_object_get(audio, "sample_rate");
    json_int_t hz = rate ? json_integer_value(rate) : 22050;
    type = type ? type : "espeak";
    espeak = espeak ? espeak : "en-us";
    if (hz < 4000 || hz > 192000)
        return bad(file, err, "audio.sample_rate", "4000 to 192000");
    if (strcmp(type, "espeak") && strcmp(type, "text"))
        return ora_err_set(err, ORA_E_UNSUPPORTED,
                           "%s: phoneme_type '%s': only 'espeak' and 'text' can be spoken", file, type);
    add_lang(config, espeak, y);
    ora_str_addf(y, "sample_rate_hz: %lld\n", (long long)(hz == 22500 ? 22050 : hz));
    int rc = add_speakers(config, file, y, err);
    if (rc < 0)
        return rc;
    add_settings(json_object_get(config, "inference"), y);
    ora_str_addf(y, "vits:\n  phoneme_type: %s\n  espeak_voice: ", type);
    add_quoted(y, espeak);
    if (quality) {
        ora_str_add(y, "\n  quality: ");
        add_quoted(y, quality);
    }
    ora_str_addc(y, '\n');
    add_rewrites(json_object_get(config, "phoneme_map"), espeak, y);
    add_clusters(json_object_get(config, "vowel_clusters"), y);
    const json_t *map = json_object_get(config, "phoneme_id_map");
    rc = add_symbols(map, file, facts, y, err);
    if (rc == 0)
        rc = add_silences(json_object_get(json_object_get(config, "inference"), "phoneme_silence"), map,
                          facts, file, y, err);
    return rc;
}
