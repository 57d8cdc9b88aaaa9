/* Format: a look at the first lines; a table must agree over all of them before prose is taken for one. */
#include "text/format.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/str.h"

enum { LINES_SEEN = 32 };

static const struct {
    const char *extension;
    enum ora_format format;
} extensions[] = {
    {".txt", ORA_FORMAT_TXT},     {".text", ORA_FORMAT_TXT},    {".md", ORA_FORMAT_MD},
    {".markdown", ORA_FORMAT_MD}, {".jsonl", ORA_FORMAT_JSONL}, {".ndjson", ORA_FORMAT_JSONL},
    {".tsv", ORA_FORMAT_TSV},     {".tab", ORA_FORMAT_TSV},
};

static bool has_extension(const char *path, const char *extension)
{
    size_t n = strlen(path), m = strlen(extension);
    return n > m && strcasecmp(path + n - m, extension) == 0;
}

enum ora_format ora_format_by_name(const char *path)
{
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (has_extension(ora_path_base(path), extensions[i].extension))
            return extensions[i].format;
    return ORA_FORMAT_AUTO;
}

const char *ora_format_name(enum ora_format f)
{
    static const char *const names[] = {"auto", "txt", "md", "jsonl", "tsv", "list"};
    return names[f];
}

static size_t count(const char *line, size_t len, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += line[i] == c;
    return n;
}

/* The next line that is not blank, trimmed. */
static bool next_line(const char **at, const char *end, const char **line, size_t *len)
{
    while (*at < end) {
        const char *stop = *at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        *line = *at;
        *at = stop < end ? stop + 1 : end;
        while (*line < stop && (**line == ' ' || **line == '\t'))
            ++*line;
        while (stop > *line && stop[-1] == ' ')
            stop--;
        *len = (size_t)(stop - *line);
        if (*len)
            return true;
    }
    return false;
}

struct look {
    size_t lines, objects, arrays, headings;
    size_t tabs, bars, commas;   /* in the first line */
    size_t like_tabs, like_bars; /* lines with as many */
    size_t ids, files;           /* lines with an id before their first bar; with a file's name there */
    bool bar_first;              /* a line begins with '|': a Markdown table */
};

/* "LJ001-0001|…", "clips/one.wav|…"; not "yes|no". */
static bool has_id(const char *line, size_t len, bool *file)
{
    const char *bar = memchr(line, '|', len);
    size_t n = bar ? (size_t)(bar - line) : 0;
    bool telling = false;
    *file = false;
    for (size_t i = 0; i < n; i++) {
        if (line[i] == ' ' || line[i] == '\t')
            return false;
        telling = telling || strchr("0123456789_-./", line[i]);
        *file = *file || (i && strchr("./", line[i]));
    }
    return telling && n + 1 < len;
}

static struct look look_at(const char *bytes, size_t len)
{
    struct look k = {0};
    const char *at = bytes, *end = bytes + len, *line;
    size_t n;
    while (k.lines < LINES_SEEN && next_line(&at, end, &line, &n)) {
        if (at == end && k.lines && len >= 65536) /* perhaps cut off */
            break;
        size_t tabs = count(line, n, '\t'), bars = count(line, n, '|');
        if (!k.lines)
            k.tabs = tabs, k.bars = bars, k.commas = count(line, n, ',');
        k.like_tabs += tabs == k.tabs;
        k.like_bars += bars == k.bars;
        bool file, id = has_id(line, n, &file);
        k.ids += id;
        k.files += id && file;
        k.bar_first = k.bar_first || line[0] == '|';
        k.objects += line[0] == '{';
        k.arrays += line[0] == '[' && !k.lines && (n == 1 || line[1] == '{');
        size_t hashes = strspn(line, "#");
        k.headings += (hashes >= 1 && hashes <= 6 && hashes < n && line[hashes] == ' ') ||
                      (n >= 3 && strncmp(line, "```", 3) == 0);
        k.lines++;
    }
    return k;
}

/* A column's mark in the first line and as often in nearly all others. In a file named as a table, in most.
 */
static bool is_table(const struct look *k, size_t marks, size_t like, bool table_name)
{
    return marks && (table_name ? like * 2 >= k->lines : like * 10 >= k->lines * 9);
}

bool ora_format_is_list(const char *bytes, size_t len)
{
    struct look k = look_at(bytes, len);
    return is_table(&k, k.bars, k.like_bars, false) && k.ids * 10 >= k.lines * 9 && !k.bar_first &&
           (k.lines > 1 || k.files);
}

int ora_format_by_content(const char *path, const char *bytes, size_t len, enum ora_format *format,
                          struct ora_err *err)
{
    struct look k = look_at(bytes, len);
    bool json_name = has_extension(path, ".json"), csv_name = has_extension(path, ".csv");
    bool table_name = csv_name || has_extension(path, ".lst") || has_extension(path, ".list") ||
                      has_extension(path, ".psv");
    if (k.arrays && (json_name || k.objects + k.arrays == k.lines))
        return ora_err_set(
            err, ORA_E_FORMAT,
            "input '%s' is one JSON array; one object a line was expected: convert it with 'jq -c .[]'",
            path);
    *format = ORA_FORMAT_TXT;
    if (k.lines && (k.objects == k.lines || json_name))
        *format = ORA_FORMAT_JSONL;
    else if (is_table(&k, k.tabs, k.like_tabs, table_name))
        *format = ORA_FORMAT_TSV;
    else if (is_table(&k, k.bars, k.like_bars, table_name) && !k.bar_first)
        *format = ORA_FORMAT_LIST;
    else if (csv_name && k.commas)
        return ora_err_set(
            err, ORA_E_FORMAT,
            "input '%s' is separated by commas; tabs or '|' were expected (a text has commas of its own)",
            path);
    else if (k.headings)
        *format = ORA_FORMAT_MD;
    return 0;
}
