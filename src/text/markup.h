/*
 * Markup of narration, as audiobook tools write it into plain text and Markdown:
 *
 *     [pause] [pause:2.5] [break]     a longer silence here; the sentence before it ends
 *     [voice:NAME] … [/voice]         another voice for what stands between, over any number of paragraphs
 *     <<CHAPTER_MARKER:Title>>        on a line of its own: a chapter begins; its title is not spoken
 *     <<METADATA_TITLE:…>> …          on a line of its own: not spoken; TITLE names the document
 *
 * A silence becomes the nearest of the gaps that the job has lengths for (enum ora_gap): no gap has a length
 * of its own.
 */
#ifndef ORA_TEXT_MARKUP_H
#define ORA_TEXT_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "text/item.h"

enum ora_tag_kind { ORA_TAG_PAUSE, ORA_TAG_VOICE, ORA_TAG_VOICE_END };

struct ora_tag {
    enum ora_tag_kind kind;
    size_t start, end; /* of the tag in the text */
    enum ora_gap gap;  /* PAUSE */
    const char *name;  /* VOICE: in the text, name_len bytes */
    size_t name_len;
};

/* The first tag at or after `from`. */
bool ora_markup_find(const char *text, size_t len, size_t from, struct ora_tag *tag);

enum ora_marker { ORA_MARKER_NONE, ORA_MARKER_CHAPTER, ORA_MARKER_TITLE, ORA_MARKER_OTHER };

/* Whether a trimmed line is a marker; *value is what stands behind its colon. */
enum ora_marker ora_markup_marker(const char *line, size_t len, const char **value, size_t *value_len);

#endif
