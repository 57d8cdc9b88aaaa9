/*
 * Options: long options with "--name value" or "--name=value", short letters, did-you-mean. getopt_long is
 * not used because it cannot tell help from a table, nor suggest a name.
 */
#include "coordinator/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const struct ora_option help_option = {.name = "help", .help = "show this help", .letter = 'h'};

static enum ora_parse bad(const struct ora_verb *verb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum ora_parse bad(const struct ora_verb *verb, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "oratorio %s: ", verb->name);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "; see 'oratorio %s --help'\n", verb->name);
    va_end(ap);
    return ORA_PARSE_BAD;
}

static const struct ora_option *find(const struct ora_option *options, const char *name, size_t len)
{
    for (const struct ora_option *o = options; o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return len == 4 && memcmp(name, "help", 4) == 0 ? &help_option : NULL;
}

static const struct ora_option *find_letter(const struct ora_option *options, char letter)
{
    for (const struct ora_option *o = options; o->name; o++)
        if (o->letter == letter)
            return o;
    return letter == 'h' ? &help_option : NULL;
}

static enum ora_parse unknown(const struct ora_verb *verb, const struct ora_option *options, const char *word)
{
    const char *names[64];
    size_t n = 0;
    for (const struct ora_option *o = options; o->name && n < 63; o++)
        names[n++] = o->name;
    names[n++] = "help";
    char *name = ora_fmt("%.*s", (int)strcspn(word, "="), word);
    const char *near = ora_nearest(name, names, n);
    enum ora_parse p = near ? bad(verb, "unknown option '--%s', did you mean '--%s'?", name, near)
                            : bad(verb, "unknown option '--%s'", name);
    free(name);
    return p;
}

/* What --help shows for the value, fresh; NULL: a flag. */
static char *value_text(const struct ora_option *o)
{
    if (!o->word)
        return o->arg ? ora_xstrdup(o->arg) : NULL;
    struct ora_str s = ORA_STR_INIT;
    for (size_t i = 0; o->word(i); i++)
        ora_str_addf(&s, "%s%s", i ? "|" : "", o->word(i));
    return ora_str_detach(&s);
}

static enum ora_parse choose(const struct ora_verb *verb, const struct ora_option *o, const char *value)
{
    char *choices = value_text(o);
    enum ora_parse parse = ORA_PARSE_BAD;
    for (const char *p = choices; p && parse == ORA_PARSE_BAD;) {
        size_t len = strcspn(p, "|");
        if (strlen(value) == len && memcmp(value, p, len) == 0)
            parse = ORA_PARSE_OK;
        p = p[len] ? p + len + 1 : NULL;
    }
    if (parse == ORA_PARSE_OK)
        *(const char **)o->value = value;
    else
        bad(verb, "--%s wants one of %s, not '%s'", o->name, choices, value);
    free(choices);
    return parse;
}

static enum ora_parse store(const struct ora_verb *verb, const struct ora_option *o, const char *value)
{
    switch (o->type) {
    case ORA_OPT_FLAG:
        *(bool *)o->value = true;
        return ORA_PARSE_OK;
    case ORA_OPT_INT: {
        char *end;
        errno = 0;
        long v = strtol(value, &end, 10);
        if (errno || end == value || *end || v < o->min || v > o->max)
            return bad(verb, "--%s wants a whole number from %ld to %ld, not '%s'", o->name, o->min, o->max,
                       value);
        *(long *)o->value = v;
        return ORA_PARSE_OK;
    }
    case ORA_OPT_TEXT:
        *(const char **)o->value = value;
        return ORA_PARSE_OK;
    case ORA_OPT_LIST: {
        struct ora_words *list = o->value;
        if (list->count == sizeof list->item / sizeof list->item[0])
            return bad(verb, "--%s given too often", o->name);
        list->item[list->count++] = value;
        return ORA_PARSE_OK;
    }
    case ORA_OPT_CHOICE:
        return choose(verb, o, value);
    }
    return ORA_PARSE_BAD;
}

static enum ora_parse lacks_value(const struct ora_verb *verb, const struct ora_option *o)
{
    char *text = value_text(o);
    bad(verb, "--%s wants a value (%s)", o->name, text);
    free(text);
    return ORA_PARSE_BAD;
}

/* Takes argv[*i] (an option, and perhaps its value behind it). */
static enum ora_parse take(const struct ora_verb *verb, const struct ora_option *options, int argc,
                           char **argv, int *i)
{
    const char *word = argv[*i], *value = NULL;
    const struct ora_option *o;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        o = find(options, word + 2, len);
        if (!o)
            return unknown(verb, options, word + 2);
        if (word[2 + len] == '=')
            value = word + 2 + len + 1;
    } else {
        o = find_letter(options, word[1]);
        if (!o)
            return bad(verb, "unknown option '-%c'", word[1]);
        if (word[2])
            value = word + 2;
    }
    if (o == &help_option) {
        ora_options_help(verb, options);
        return ORA_PARSE_HELP;
    }
    if (o->type == ORA_OPT_FLAG) {
        if (value)
            return bad(verb, "--%s takes no value", o->name);
    } else if (!value) {
        if (*i + 1 >= argc)
            return lacks_value(verb, o);
        value = argv[++*i];
    }
    return store(verb, o, value);
}

enum ora_parse ora_options_parse(const struct ora_verb *verb, const struct ora_option *options, int argc,
                                 char **argv, struct ora_words *args)
{
    bool only_words = false;
    args->count = 0;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && word[0] == '-' && word[1]) {
            enum ora_parse p = take(verb, options, argc, argv, &i);
            if (p != ORA_PARSE_OK)
                return p;
        } else if (args->count == sizeof args->item / sizeof args->item[0]) {
            return bad(verb, "too many words");
        } else {
            args->item[args->count++] = word;
        }
    }
    if (args->count < verb->min_args)
        return bad(verb, "usage: oratorio %s %s", verb->name, verb->synopsis);
    if (args->count > verb->max_args)
        return bad(verb, "unexpected '%s'; usage: oratorio %s %s", args->item[verb->max_args], verb->name,
                   verb->synopsis);
    return ORA_PARSE_OK;
}

enum { HELP_COLUMN = 32 };

/* What does not fit the left column has a line of its own, whole: the completion reads the choices there. */
static void help_line(const struct ora_option *o)
{
    struct ora_str left = ORA_STR_INIT;
    char *value = value_text(o);
    if (o->letter)
        ora_str_addf(&left, "  -%c, --%s", o->letter, o->name);
    else
        ora_str_addf(&left, "      --%s", o->name);
    if (value)
        ora_str_addf(&left, " %s", value);
    if (left.len > HELP_COLUMN)
        printf("%s\n%*s %s\n", left.data, HELP_COLUMN, "", o->help);
    else
        printf("%-*s %s\n", HELP_COLUMN, left.data, o->help);
    ora_str_release(&left);
    free(value);
}

void ora_options_help(const struct ora_verb *verb, const struct ora_option *options)
{
    printf("oratorio %s: %s\n\nUsage: oratorio %s %s\n\nOptions:\n", verb->name, verb->summary, verb->name,
           verb->synopsis);
    for (const struct ora_option *o = options; o->name; o++)
        help_line(o);
    help_line(&help_option);
    if (verb->text)
        printf("\n%s", verb->text);
}
