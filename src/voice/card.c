/* Model cards: Markdown written by people, so nothing is demanded of them but UTF-8. */
#include "voice/card.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { CARD_MAX_BYTES = 1 << 20, LINE_MAX_BYTES = 400 };

static const char *const file_names[] = {"MODEL_CARD", "MODEL_CARD.md", "MODEL_CARD.txt"};

/* "* License: X" → "X (data set)". */
static char *license_of(const char *line)
{
    line += strspn(line, " \t*-#");
    if (strncasecmp(line, "license:", 8) != 0)
        return NULL;
    line += 8 + strspn(line + 8, " \t");
    return *line ? ora_fmt("%s (data set)", line) : NULL;
}

static char *note_of(const char *line)
{
    line += strspn(line, " \t*-#");
    if (strncasecmp(line, "finetuned from", 14) != 0 && strncasecmp(line, "fine-tuned from", 15) != 0)
        return NULL;
    size_t len = strlen(line);
    return ora_fmt("%.*s: the terms of that voice's data may apply too", (int)(len - (line[len - 1] == '.')),
                   line);
}

static void read_lines(struct ora_voice_card *c)
{
    for (const char *at = c->text; *at;) {
        size_t n = strcspn(at, "\r\n");
        if (n < LINE_MAX_BYTES) {
            char *line = ora_xstrndup(at, n);
            if (!c->license)
                c->license = license_of(line);
            if (!c->note)
                c->note = note_of(line);
            free(line);
        }
        at += n + strspn(at + n, "\r\n");
    }
}

void ora_voice_card_read(const char *model_path, struct ora_voice_card *c)
{
    struct stat st;
    bool folder = stat(model_path, &st) == 0 && S_ISDIR(st.st_mode);
    char *dir = folder ? ora_xstrdup(model_path) : ora_path_dir(model_path);
    *c = (struct ora_voice_card){0};
    for (size_t i = 0; i < sizeof file_names / sizeof *file_names && !c->text; i++) {
        char *path = ora_path_join(dir, file_names[i]);
        if (ora_file_read(path, CARD_MAX_BYTES, &c->text, &c->len, NULL) < 0)
            c->text = NULL;
        free(path);
    }
    free(dir);
    if (!c->text)
        return;
    if (strlen(c->text) != c->len || ora_utf8_valid_prefix(c->text, c->len) != c->len)
        ora_voice_card_release(c);
    else
        read_lines(c);
}

void ora_voice_card_release(struct ora_voice_card *c)
{
    free(c->text);
    free(c->license);
    free(c->note);
    *c = (struct ora_voice_card){0};
}
