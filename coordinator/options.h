/*
 * Options: a verb declares its options once, as a table; parsing, --help and the shell completion all read
 * it.
 *
 *     static const struct ora_option options[] = {
 *         {"workers", "N", "workers to start (default: one a core)", ORA_OPT_INT, &o.workers, 1, 4096},
 *         {NULL},
 *     };
 *     int rc = ora_options_parse(&verb, options, argc, argv, &args);    // rc < 0: an error was told, return
 * 2 … args.item[0 … args.count) are the words that are not options …
 *
 * Values are written through the pointers only when the option is given, so defaults are set before.
 */
#ifndef COORDINATOR_OPTIONS_H
#define COORDINATOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/kernels/precision.h"

enum ora_opt_type {
    ORA_OPT_FLAG,   /* bool *: set true */
    ORA_OPT_INT,    /* long *: within min..max */
    ORA_OPT_TEXT,   /* const char ** */
    ORA_OPT_LIST,   /* struct ora_words *: may be given several times */
    ORA_OPT_CHOICE, /* const char **: `arg` is "a|b|c", or `word` gives them */
};

struct ora_words {
    const char *item[256];
    size_t count;
};

struct ora_option {
    const char *name; /* long name without dashes; NULL ends the table */
    const char *arg;  /* what --help shows for its value; NULL for a flag */
    const char *help;
    enum ora_opt_type type;
    void *value;
    long min, max;                     /* INT */
    char letter;                       /* short form, or 0 */
    const char *(*word)(size_t index); /* CHOICE, instead of arg: its words, NULL past the last */
};

/* Rows that several verbs have. */
#define ORA_OPTION_LISTEN(p)                                                                                 \
    {                                                                                                        \
        .name = "listen", .arg = "ENDPOINT",                                                                 \
        .help = "where workers reach the coordinator, e.g. tcp://10.0.0.5:5555 (default: loopback)",         \
        .type = ORA_OPT_TEXT, .value = (p)                                                                   \
    }
#define ORA_OPTION_PRECISION_DEFAULT(p, default_)                                                            \
    {                                                                                                        \
        .name = "precision", .word = ora_precision_word,                                                     \
        .help = "arithmetic of the audio (default: " default_ ")", .type = ORA_OPT_CHOICE, .value = (p)      \
    }
#define ORA_OPTION_PRECISION(p) ORA_OPTION_PRECISION_DEFAULT(p, "exact, or what the job says")
#define ORA_OPTION_JSON_PROGRESS(p)                                                                          \
    {                                                                                                        \
        .name = "json-progress", .help = "one JSON object a second on stderr", .type = ORA_OPT_FLAG,         \
        .value = (p)                                                                                         \
    }

struct ora_verb {
    const char *name;
    const char *synopsis; /* after "oratorio NAME " */
    const char *summary;  /* one line */
    const char *text;     /* paragraphs under the options: details and examples */
    size_t min_args, max_args;
    int (*run)(int argc, char **argv); /* gets argv after the verb's name; returns the exit code */
};

/* Each verb's file defines its own. */
#define ORA_VERB(name) extern const struct ora_verb ora_verb_##name;
#include "coordinator/verbs.def"
#undef ORA_VERB

enum ora_parse { ORA_PARSE_OK, ORA_PARSE_HELP, ORA_PARSE_BAD };

/* Options may stand anywhere; "--" ends them; "-" alone is a word. HELP: --help was printed, return 0. BAD:
 * one line went to stderr, return 2. */
enum ora_parse ora_options_parse(const struct ora_verb *verb, const struct ora_option *options, int argc,
                                 char **argv, struct ora_words *args);
/* Prints a verb's help to stdout. */
void ora_options_help(const struct ora_verb *verb, const struct ora_option *options);

#endif
