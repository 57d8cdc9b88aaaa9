/*
 * JSONL: one object a line.
 *
 *     {"id": "a1", "text": "Hello.", "voice": "…", "speaker": "…" | "speaker_id": 3, "lang": "en",
 * "speed": 1.1, "settings": {…}}
 *
 * "phones" in the place of "text" are phones of the voice, as they stand in a text's [[ ]]; both at once are
 * rejected.
 *
 * Also read as they are: what `piper --json-input` takes ({"text", "speaker_id", "output_file"}), OmniVoice's
 * lists
 * ({"id", "text", "language_id", "speed", …}) and OpenAI's batch lines ({"custom_id", "body": {"input",
 * "voice", "speed"}}). Keys that mean nothing here are carried through to the record. A line that cannot be
 * used is rejected by itself.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/records.h"

enum { MAX_DEPTH = 32, KEYS_SHOWN = 8 };

struct jsonl {
    json_t *root;             /* of the line in hand: what is left in it is `extra` */
    json_t *used;             /* array: values taken out of root, alive until the next line */
    char id[32], speaker[32]; /* numbers as text */
};

/* The deepest nesting, so that the parser's recursion is bounded by us. */
static int depth_of(const char *line, size_t len)
{
    int depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = line[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return deepest;
}

static const char *type_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* The first of the keys (NULL ends them) that stands in the object and is not null; *key says which. */
static json_t *find(json_t *object, const char *const *keys, const char **key)
{
    for (; *keys; keys++) {
        json_t *v = json_object_get(object, *keys);
        if (v && !json_is_null(v)) {
            *key = *keys;
            return v;
        }
    }
    return NULL;
}

/* Out of the object, so that it is no extra; its value stays alive. */
static void use(struct jsonl *j, json_t *object, const char *key, json_t *value)
{
    json_array_append(j->used, value);
    json_object_del(object, key);
}

static bool wrong_type(struct ora_record *r, const char *key, const char *wanted, const json_t *v)
{
    ora_record_reject(r, "wrong-type", "field '%s' must be %s, found %s", key, wanted, type_name(v));
    return false;
}

/* A string, or where `number` is given also a whole number, written into it. Stays NULL when absent. false:
 * rejected. */
static bool get_text(struct jsonl *j, struct ora_record *r, json_t *object, const char *const *keys,
                     char number[32], const char **out)
{
    const char *key;
    json_t *v = find(object, keys, &key);
    if (!v)
        return true;
    if (json_is_string(v)) {
        *out = json_string_value(v);
    } else if (number && json_is_integer(v)) {
        snprintf(number, 32, "%lld", (long long)json_integer_value(v));
        *out = number;
    } else {
        return wrong_type(r, key, number ? "a string or a whole number" : "a string", v);
    }
    use(j, object, key, v);
    return true;
}

static bool get_speed(struct jsonl *j, struct ora_record *r, json_t *object)
{
    json_t *v = json_object_get(object, "speed");
    if (!v || json_is_null(v))
        return true;
    if (!json_is_number(v))
        return wrong_type(r, "speed", "a number", v);
    r->speed = json_number_value(v);
    if (!(r->speed > 0) || !isfinite(r->speed)) {
        ora_record_reject(r, "bad-value", "field 'speed' must be greater than 0, found %g", r->speed);
        return false;
    }
    use(j, object, "speed", v);
    return true;
}

static bool get_settings(struct jsonl *j, struct ora_record *r)
{
    json_t *v = json_object_get(j->root, "settings");
    if (!v || json_is_null(v))
        return true;
    if (!json_is_object(v))
        return wrong_type(r, "settings", "an object", v);
    use(j, j->root, "settings", v);
    r->settings = v;
    return true;
}

/* Names the keys that the object does have, so that a misspelt one is seen. */
static void reject_missing_text(struct ora_record *r, json_t *root)
{
    struct ora_str found = ORA_STR_INIT;
    const char *names[KEYS_SHOWN], *key;
    size_t count = 0;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        if (count == KEYS_SHOWN) {
            ora_str_add(&found, " \xE2\x80\xA6");
            break;
        }
        ora_str_addf(&found, "%s%.40s", count ? ", " : "", key);
        names[count++] = key;
    }
    const char *near = ora_nearest("text", names, count);
    if (near)
        ora_record_reject(r, "missing-field", "field 'text' is missing; did you mean it by '%.40s'?", near);
    else
        ora_record_reject(r, "missing-field", "field 'text' is missing (a string was expected); found: %s",
                          count ? found.data : "an empty object");
    ora_str_release(&found);
}

/* A line gives its text or its phones: of both, one would be spoken and the other silently not. */
static bool is_said_once(struct ora_record *r, json_t *object, const char *const *texts)
{
    static const char *const phones[] = {"phones", NULL};
    const char *text, *other;
    if (!find(object, texts, &text) || !find(object, phones, &other))
        return true;
    ora_record_reject(r, "bad-value", "fields '%s' and '%s' both say what is to be spoken: give one", text,
                      other);
    return false;
}

static bool get_phones(struct jsonl *j, struct ora_record *r, json_t *object)
{
    json_t *v = json_object_get(object, "phones");
    if (!v || json_is_null(v))
        return true;
    if (!json_is_string(v))
        return wrong_type(r, "phones", "a string", v);
    const char *phones = json_string_value(v);
    if (!phones[strspn(phones, " \t\r\n")] || strpbrk(phones, "\r\n") || strstr(phones, "[[") ||
        strstr(phones, "]]")) {
        ora_record_reject(r, "bad-value",
                          "field 'phones' must be one line of phones without [[ ]], found \"%.40s\"", phones);
        return false;
    }
    json_t *text = json_sprintf("[[%s]]", phones);
    json_array_append_new(j->used, text);
    r->text = json_string_value(text);
    use(j, object, "phones", v);
    return true;
}

static bool get_fields(struct jsonl *j, struct ora_record *r)
{
    static const char *const ids[] = {"id", "custom_id", "output_file", NULL},
                             *const texts[] = {"text", "input", NULL}, *const voices[] = {"voice", NULL},
                             *const speakers[] = {"speaker", "speaker_id", NULL},
                             *const langs[] = {"lang", "language_id", "language", NULL};
    json_t *body = json_object_get(j->root, "body"), *main = j->root;
    if (json_is_object(body) && !json_object_get(j->root, "text"))
        main = body; /* OpenAI's batch form */
    if (!get_text(j, r, j->root, ids, j->id, &r->id) || !is_said_once(r, main, texts) ||
        !get_text(j, r, main, texts, NULL, &r->text) || !get_text(j, r, main, voices, NULL, &r->voice) ||
        !get_text(j, r, main, speakers, j->speaker, &r->speaker) ||
        !get_text(j, r, main, langs, NULL, &r->lang) || !get_speed(j, r, main) || !get_settings(j, r) ||
        !get_phones(j, r, main))
        return false;
    if (!r->text) {
        reject_missing_text(r, main);
        return false;
    }
    r->text_len = strlen(r->text);
    r->id = r->id && *r->id ? r->id : NULL;
    r->voice = r->voice && *r->voice ? r->voice : NULL;
    r->speaker = r->speaker && *r->speaker ? r->speaker : NULL;
    r->lang = r->lang && *r->lang ? r->lang : NULL;
    r->extra = json_object_size(j->root) ? j->root : NULL;
    return true;
}

/* Of a line that is no JSON: the value of an "id" in it, so that its writer finds it. NULL: none, or one with
 * escapes. */
static const char *id_in_bad_json(struct jsonl *j, const char *line, size_t len)
{
    const char *end = line + len, *key = memmem(line, len, "\"id\"", 4), *close;
    if (!key)
        return NULL;
    for (key += 4; key < end && (*key == ' ' || *key == '\t'); key++)
        ;
    if (key == end || *key++ != ':')
        return NULL;
    for (; key < end && (*key == ' ' || *key == '\t'); key++)
        ;
    if (key == end || *key++ != '"' || !(close = memchr(key, '"', (size_t)(end - key))) || close == key ||
        memchr(key, '\\', (size_t)(close - key)))
        return NULL;
    json_t *id = json_stringn(key, (size_t)(close - key));
    const char *value = json_string_value(id); /* NULL: no UTF-8 */
    json_array_append_new(j->used, id);
    return value;
}

static int parse_jsonl(void *format, const char *line, size_t len, struct ora_record *r, struct ora_err *err)
{
    struct jsonl *j = format;
    json_error_t e;
    json_decref(j->root);
    j->root = NULL;
    json_array_clear(j->used);
    (void)err;
    if (depth_of(line, len) > MAX_DEPTH) {
        r->id = id_in_bad_json(j, line, len);
        ora_record_reject(r, "bad-json", "nested deeper than %d levels", MAX_DEPTH);
        return 0;
    }
    j->root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
    if (!j->root) {
        r->id = id_in_bad_json(j, line, len);
        ora_record_reject(r, "bad-json", "not JSON: %s (column %d)", e.text, e.column);
        return 0;
    }
    if (!json_is_object(j->root)) {
        ora_record_reject(r, "bad-json", "an object such as {\"text\": \"Hello.\"} was expected, found %s",
                          type_name(j->root));
        return 0;
    }
    get_fields(j, r);
    return 0;
}

int ora_records_read_jsonl(struct ora_emitter *e, struct ora_lines *lines, struct ora_err *err)
{
    struct jsonl j = {.used = json_array()};
    int rc = j.used ? ora_records_read(e, lines, parse_jsonl, &j, err)
                    : ora_err_set(err, ORA_E_NO_MEMORY, "no memory for JSON");
    json_decref(j.root);
    json_decref(j.used);
    return rc;
}
