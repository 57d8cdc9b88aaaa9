/* Text rules: escapes of brackets, tags and entities off, cleaning, then the user's lexicon, then the
 * language's normaliser, which may not touch what the lexicon said. */
#include "text/rules.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/brackets.h"
#include "text/html.h"
#include "text/lexicon.h"
#include "text/normalise.h"
#include "text/normalise_clean.h"

enum { MAX_TEXT_BYTES = 64 << 20 };

struct ora_text_rules {
    char *lang;
    struct ora_lexicon *lexicon; /* or NULL */
};

int ora_text_rules_open(const char *lexicon_path, const char *lang, struct ora_text_rules **rules,
                        struct ora_err *err)
{
    struct ora_lexicon *lexicon = NULL;
    *rules = NULL;
    int rc = lexicon_path ? ora_lexicon_open(lexicon_path, &lexicon, err) : 0;
    if (rc < 0)
        return rc;
    *rules = ora_xcalloc(1, sizeof **rules);
    (*rules)->lang = ora_xstrdup(lang ? lang : "en");
    (*rules)->lexicon = lexicon;
    return 0;
}

void ora_text_rules_close(struct ora_text_rules **rules)
{
    if (!rules || !*rules)
        return;
    ora_lexicon_close(&(*rules)->lexicon);
    free((*rules)->lang);
    free(*rules);
    *rules = NULL;
}

int ora_text_respell(const struct ora_text_rules *rules, const char *text, struct ora_str *out,
                     struct ora_span **said, size_t *said_count, struct ora_err *err)
{
    struct ora_str unescaped = ORA_STR_INIT, plain = ORA_STR_INIT, clean = ORA_STR_INIT;
    size_t len = strlen(text), good = ora_utf8_valid_prefix(text, len);
    bool lexicon = rules && rules->lexicon;
    *said = NULL;
    *said_count = 0;
    if (len > MAX_TEXT_BYTES)
        return ora_err_set(err, ORA_E_LIMIT, "text of %zu bytes; at most %d can be one utterance", len,
                           MAX_TEXT_BYTES);
    if (good < len)
        return ora_err_set(err, ORA_E_BAD_INPUT, "text is not UTF-8 at byte %zu (0x%02X)", good,
                           (unsigned char)text[good]);
    if (ora_brackets_escaped(text, len)) {
        ora_brackets_unescape(text, len, &unescaped);
        text = ora_str_c(&unescaped);
        len = unescaped.len;
    }
    bool marked = memchr(text, '<', len) || memchr(text, '&', len);
    if (marked)
        ora_html_take_off(text, len, &plain);
    ora_text_clean(marked ? ora_str_c(&plain) : text, marked ? plain.len : len, lexicon ? &clean : out);
    if (lexicon)
        ora_lexicon_apply(rules->lexicon, ora_str_c(&clean), clean.len, out, said, said_count);
    ora_str_release(&clean);
    ora_str_release(&plain);
    ora_str_release(&unescaped);
    return 0;
}

int ora_text_normalise(const struct ora_text_rules *rules, const char *lang, bool heading, const char *text,
                       struct ora_str *out, struct ora_err *err)
{
    struct ora_str words = ORA_STR_INIT;
    struct ora_span *said;
    size_t said_count;
    int rc = ora_text_respell(rules, text, &words, &said, &said_count, err);
    if (rc == 0)
        ora_normalise(lang    ? lang
                      : rules ? rules->lang
                              : "en",
                      heading, ora_str_c(&words), words.len, said, said_count, out);
    free(said);
    ora_str_release(&words);
    return rc;
}
