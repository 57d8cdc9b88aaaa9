/*
 * Tables: TSV and lists with '|'. No quoting, as LJSpeech and its readers have it.
 *
 * What the columns are is told by the job (`columns`), by a header line whose names are known, or by shape:
 *
 *     text                                             one column
 *     id | text                                        LJSpeech without normalised text, Piper
 *     id | text | normalised text                      LJSpeech: the normalised text is spoken, the other
 * goes to extra.raw_text id | speaker | text                              Piper with several speakers: the
 * middle column holds no spaces id | prompt text | prompt.wav | text [| wav]     seed-tts meta.lst, ZipVoice:
 * the others go to extra
 *
 * A row with another number of cells is rejected. Lines that begin with '#' and are no row are comments.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/records.h"

enum { MAX_COLUMNS = 64, NAME_BYTES = 64, ROWS_SEEN = 50, SPEAKER_BYTES = 40 };

enum role {
    ROLE_IGNORED,
    ROLE_ID,
    ROLE_TEXT,
    ROLE_NORMALISED,
    ROLE_SPEAKER,
    ROLE_VOICE,
    ROLE_LANG,
    ROLE_SPEED,
    ROLE_EXTRA
};

struct column {
    enum role role;
    char name[NAME_BYTES]; /* of an extra */
};

struct table {
    char separator;
    struct column column[MAX_COLUMNS];
    size_t columns;
    bool header; /* the first row is not a record */
    uint64_t rows;
    struct ora_str cells; /* the line, cut into NUL-terminated cells */
    const char *cell[MAX_COLUMNS + 1];
    size_t count;
    json_t *extra;
};

static const struct {
    const char *name;
    enum role role;
} names[] = {
    {"id", ROLE_ID},
    {"utt", ROLE_ID},
    {"utt_id", ROLE_ID},
    {"file", ROLE_ID},
    {"filename", ROLE_ID},
    {"file_name", ROLE_ID},
    {"audio_file", ROLE_ID},
    {"audio", ROLE_ID},
    {"wav", ROLE_ID},
    {"wav_name", ROLE_ID},
    {"path", ROLE_ID},
    {"text", ROLE_TEXT},
    {"sentence", ROLE_TEXT},
    {"transcript", ROLE_TEXT},
    {"transcription", ROLE_TEXT},
    {"normalized_text", ROLE_NORMALISED},
    {"normalised_text", ROLE_NORMALISED},
    {"normalized", ROLE_NORMALISED},
    {"speaker", ROLE_SPEAKER},
    {"speaker_name", ROLE_SPEAKER},
    {"speaker_id", ROLE_SPEAKER},
    {"voice", ROLE_VOICE},
    {"lang", ROLE_LANG},
    {"language", ROLE_LANG},
    {"language_id", ROLE_LANG},
    {"locale", ROLE_LANG},
    {"speed", ROLE_SPEED},
    {"-", ROLE_IGNORED},
};

static struct column column_named(const char *name)
{
    struct column c = {ROLE_EXTRA, ""};
    strncpy(c.name, name, NAME_BYTES - 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, name) == 0)
            c.role = names[i].role;
    return c;
}

/* Cuts a line into cells, blanks around them taken off. More than MAX_COLUMNS are counted, not kept. */
static void cut(struct table *t, const char *line, size_t len)
{
    ora_str_clear(&t->cells);
    ora_str_addn(&t->cells, line, len);
    char *at = t->cells.data, *end = at + len;
    t->count = 0;
    for (;;) {
        char *stop = memchr(at, t->separator, (size_t)(end - at));
        char *next = stop ? stop + 1 : NULL;
        stop = stop ? stop : end;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
        *stop = '\0';
        if (t->count < MAX_COLUMNS)
            t->cell[t->count] = at;
        t->count++;
        if (!next)
            return;
        at = next;
    }
}

/* ---- what the columns are ---- */

/* A header: every cell a known name or at least a plain word, one of them the text. */
static bool is_header(const struct table *t)
{
    bool text = false;
    size_t known = 0;
    if (t->count > MAX_COLUMNS)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        struct column c = column_named(t->cell[i]);
        known += c.role != ROLE_EXTRA && c.role != ROLE_IGNORED;
        text = text || c.role == ROLE_TEXT || c.role == ROLE_NORMALISED;
        if (!*t->cell[i] || strlen(t->cell[i]) >= NAME_BYTES || strchr(t->cell[i], ' '))
            return false;
    }
    return text && (t->count == 1 || known >= 2);
}

static bool is_audio_name(const char *cell)
{
    static const char *const extensions[] = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"};
    size_t n = strlen(cell);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (n > strlen(extensions[i]) && strcasecmp(cell + n - strlen(extensions[i]), extensions[i]) == 0)
            return true;
    return false;
}

/* The next line in the window that is a row, cut; false at its end. A last line without its end is left out,
 * unless it is the only one. */
static bool next_row(struct table *t, const char **at, const char *end, bool first)
{
    while (*at < end) {
        const char *line = *at, *stop = line;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        *at = stop < end ? stop + 1 : end;
        if (stop == end && !first)
            return false;
        if (stop == line || *line == '#' ||
            ora_utf8_valid_prefix(line, (size_t)(stop - line)) < (size_t)(stop - line))
            continue;
        cut(t, line, (size_t)(stop - line));
        return true;
    }
    return false;
}

/* Three columns: is the middle one a speaker? Over the rows seen: short, without spaces, and there are texts
 * behind it. */
static bool middle_is_speaker(struct table *t, const char *at, const char *end)
{
    size_t rows = 0;
    while (rows < ROWS_SEEN && next_row(t, &at, end, rows == 0)) {
        if (t->count != 3)
            continue;
        if (!*t->cell[1] || strlen(t->cell[1]) > SPEAKER_BYTES || strchr(t->cell[1], ' ') ||
            strcmp(t->cell[1], t->cell[2]) == 0)
            return false;
        rows++;
    }
    return rows > 0;
}

static void set_columns(struct table *t, const char *const *column, size_t count)
{
    for (size_t i = 0; i < count && i < MAX_COLUMNS; i++)
        t->column[i] = column_named(column[i]);
    t->columns = count;
}

static int by_shape(struct table *t, const char *path, const char *bytes, size_t len, struct ora_err *err)
{
    static const char *const one[] = {"text"}, *const two[] = {"id", "text"},
                             *const ljspeech[] = {"id", "text", "normalized_text"},
                             *const piper[] = {"id", "speaker", "text"},
                             *const prompted[] = {"id", "prompt_text", "prompt_audio", "text",
                                                  "reference_audio"};
    size_t count = t->count;
    bool audio = (count == 4 || count == 5) && is_audio_name(t->cell[2]);
    if (count == 1)
        set_columns(t, one, 1);
    else if (count == 2)
        set_columns(t, two, 2);
    else if (count == 3)
        set_columns(t, middle_is_speaker(t, bytes, bytes + len) ? piper : ljspeech, 3);
    else if (audio)
        set_columns(t, prompted, count);
    else
        return ora_err_set(
            err, ORA_E_FORMAT,
            "input '%s' has %zu columns and no header line: say what they are with 'columns: [id, text, …]'",
            path, count);
    return 0;
}

static int check_columns(const struct table *t, const char *path, struct ora_err *err)
{
    size_t seen[ROLE_EXTRA + 1] = {0};
    for (size_t i = 0; i < t->columns; i++)
        seen[t->column[i].role]++;
    for (int role = ROLE_ID; role < ROLE_EXTRA; role++)
        if (seen[role] > 1)
            return ora_err_set(err, ORA_E_BAD_USAGE, "input '%s': two columns mean the same", path);
    if (!seen[ROLE_TEXT] && !seen[ROLE_NORMALISED])
        return ora_err_set(err, ORA_E_BAD_USAGE, "input '%s': no column is 'text'", path);
    return 0;
}

static int find_columns(struct table *t, const struct ora_input *input, const char *bytes, size_t len,
                        struct ora_err *err)
{
    const char *at = bytes;
    bool row = next_row(t, &at, bytes + len, true);
    if (input->column_count > MAX_COLUMNS)
        return ora_err_set(err, ORA_E_BAD_USAGE, "input '%s': %zu columns; at most %d", input->path,
                           input->column_count, MAX_COLUMNS);
    t->header = row && is_header(t);
    if (input->column_count) {
        t->header = t->header && t->count == input->column_count;
        set_columns(t, input->columns, input->column_count);
    } else if (t->header) {
        set_columns(t, t->cell, t->count);
    } else if (row) {
        int rc = by_shape(t, input->path, bytes, len, err);
        if (rc < 0)
            return rc;
    } else {
        t->column[0].role = ROLE_TEXT;
        t->columns = 1;
    }
    return check_columns(t, input->path, err);
}

/* ---- rows ---- */

static void set_speed(struct ora_record *r, const char *cell)
{
    char *end;
    double v = strtod(cell, &end);
    if (*end || !(v > 0) || !isfinite(v))
        ora_record_reject(r, "bad-value", "column 'speed' must be a number greater than 0, found '%.40s'",
                          cell);
    else
        r->speed = v;
}

static void set_cell(struct table *t, struct ora_record *r, const struct column *c, const char *cell,
                     const char **raw)
{
    const char *given = *cell ? cell : NULL;
    switch (c->role) {
    case ROLE_IGNORED:
        break;
    case ROLE_ID:
        r->id = given;
        break;
    case ROLE_TEXT:
        *raw = cell;
        break;
    case ROLE_NORMALISED:
        r->text = given;
        break;
    case ROLE_SPEAKER:
        r->speaker = given;
        break;
    case ROLE_VOICE:
        r->voice = given;
        break;
    case ROLE_LANG:
        r->lang = given;
        break;
    case ROLE_SPEED:
        if (given)
            set_speed(r, cell);
        break;
    case ROLE_EXTRA:
        if (given)
            json_object_set_new(t->extra, c->name, json_string(cell));
        break;
    }
}

static int parse_row(void *format, const char *line, size_t len, struct ora_record *r, struct ora_err *err)
{
    struct table *t = format;
    const char *raw = NULL;
    (void)err;
    cut(t, line, len);
    if (*line == '#' && t->count != t->columns) {
        r->structure = "comment";
        return 0;
    }
    if (t->rows++ == 0 && t->header) {
        r->structure = "header";
        return 0;
    }
    if (t->count != t->columns) {
        for (size_t i = 0; i < t->columns && i < t->count; i++)
            if (t->column[i].role == ROLE_ID)
                r->id = t->cell[i];
        ora_record_reject(r, "bad-columns", "%zu columns found, %zu expected", t->count, t->columns);
        return 0;
    }
    json_decref(t->extra);
    t->extra = json_object();
    for (size_t i = 0; i < t->columns; i++)
        set_cell(t, r, &t->column[i], t->cell[i], &raw);
    if (!r->text)
        r->text = raw ? raw : "";
    else if (raw && strcmp(raw, r->text) != 0)
        json_object_set_new(t->extra, "raw_text", json_string(raw));
    r->text_len = strlen(r->text);
    r->extra = json_object_size(t->extra) ? t->extra : NULL;
    return 0;
}

int ora_records_read_table(struct ora_emitter *e, struct ora_lines *lines, const struct ora_input *input,
                           char separator, struct ora_err *err)
{
    struct table t = {.separator = separator};
    const char *bytes;
    size_t len;
    bool whole;
    int rc = ora_lines_peek(lines, &bytes, &len, &whole, err);
    if (rc == 0)
        rc = find_columns(&t, input, bytes, len, err);
    if (rc == 0)
        rc = ora_records_read(e, lines, parse_row, &t, err);
    ora_str_release(&t.cells);
    json_decref(t.extra);
    return rc;
}
