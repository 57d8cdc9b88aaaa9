/* Markup of narration: recognised by exact form only; "[voice]" or "<<x>>" in any other form is text. */
#include "text/markup.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_BYTES = 96 };

/* The usual lengths of gaps lie near 0.3, 0.6 and 1.5 s. */
static enum ora_gap gap_of_seconds(double s)
{
    return s < 0.5 ? ORA_GAP_SENTENCE : s < 1.0 ? ORA_GAP_PARAGRAPH : ORA_GAP_HEADING;
}

static bool is(const char *s, size_t n, const char *word)
{
    return strlen(word) == n && strncmp(s, word, n) == 0;
}

/* What stands between the brackets. */
static bool parse_tag(const char *s, size_t n, struct ora_tag *tag)
{
    if (is(s, n, "pause") || is(s, n, "break")) {
        tag->kind = ORA_TAG_PAUSE;
        tag->gap = gap_of_seconds(*s == 'p' ? 1.3 : 0.45);
        return true;
    }
    if (n > 6 && strncmp(s, "pause:", 6) == 0 && strspn(s + 6, "0123456789.") >= n - 6) {
        tag->kind = ORA_TAG_PAUSE;
        tag->gap = gap_of_seconds(strtod(s + 6, NULL));
        return true;
    }
    if (is(s, n, "/voice")) {
        tag->kind = ORA_TAG_VOICE_END;
        return true;
    }
    if (n > 6 && strncmp(s, "voice:", 6) == 0) {
        tag->kind = ORA_TAG_VOICE;
        tag->name = s + 6;
        tag->name_len = n - 6;
        return true;
    }
    return false;
}

bool ora_markup_find(const char *text, size_t len, size_t from, struct ora_tag *tag)
{
    const char *open;
    while (from < len && (open = memchr(text + from, '[', len - from))) {
        size_t at = (size_t)(open - text), rest = len - at;
        const char *close = memchr(open, ']', rest < TAG_BYTES ? rest : TAG_BYTES);
        *tag = (struct ora_tag){.start = at};
        if (close && parse_tag(open + 1, (size_t)(close - open) - 1, tag)) {
            tag->end = (size_t)(close - text) + 1;
            return true;
        }
        from = at + 1;
    }
    return false;
}

enum ora_marker ora_markup_marker(const char *line, size_t len, const char **value, size_t *value_len)
{
    if (len < 6 || strncmp(line, "<<", 2) != 0 || strncmp(line + len - 2, ">>", 2) != 0)
        return ORA_MARKER_NONE;
    const char *name = line + 2, *colon = memchr(name, ':', len - 4);
    if (!colon)
        return ORA_MARKER_NONE;
    size_t n = (size_t)(colon - name);
    *value = colon + 1;
    *value_len = (size_t)(line + len - 2 - *value);
    if (is(name, n, "CHAPTER_MARKER"))
        return ORA_MARKER_CHAPTER;
    if (is(name, n, "METADATA_TITLE"))
        return ORA_MARKER_TITLE;
    return n > 9 && strncmp(name, "METADATA_", 9) == 0 ? ORA_MARKER_OTHER : ORA_MARKER_NONE;
}
