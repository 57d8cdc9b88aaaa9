#include "coordinator/options.h"

#include "base/test.h"

static long workers;
static bool quiet;
static const char *format, *out, *word;
static struct ora_words sets;
static const struct ora_option options[] = {
    {.name = "workers", .arg = "N", .help = "n", .type = ORA_OPT_INT, .value = &workers, .min = 1, .max = 64},
    {.name = "quiet", .help = "q", .type = ORA_OPT_FLAG, .value = &quiet, .letter = 'q'},
    {.name = "output", .arg = "FILE", .help = "o", .type = ORA_OPT_TEXT, .value = &out, .letter = 'o'},
    {.name = "format", .arg = "flac|wav|wav-f32", .help = "f", .type = ORA_OPT_CHOICE, .value = &format},
    {.name = "word", .word = ora_precision_word, .help = "w", .type = ORA_OPT_CHOICE, .value = &word},
    {.name = "set", .arg = "K=V", .help = "s", .type = ORA_OPT_LIST, .value = &sets},
    {0},
};
static const struct ora_verb verb = {
    .name = "test", .synopsis = "A [B]", .summary = "t", .min_args = 1, .max_args = 2};

static enum ora_parse parse(int argc, const char **argv, struct ora_words *args)
{
    return ora_options_parse(&verb, options, argc, (char **)(void *)argv, args);
}
#define PARSE(args, ...)                                                                                     \
    parse(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__}, args)

ORA_TEST(takes_every_form)
{
    struct ora_words args;
    ORA_CHECK_INT(PARSE(&args, "a", "--workers=3", "-q", "-o", "-", "--set", "x=1", "--set=y=2", "--format",
                        "wav", "--", "-b"),
                  ORA_PARSE_OK);
    ORA_CHECK_INT(workers, 3);
    ORA_CHECK(quiet);
    ORA_CHECK_STR(out, "-");
    ORA_CHECK_STR(format, "wav");
    ORA_CHECK_INT(sets.count, 2);
    ORA_CHECK_STR(sets.item[1], "y=2");
    ORA_CHECK_INT(args.count, 2);
    ORA_CHECK_STR(args.item[1], "-b");
}

ORA_TEST(takes_every_word_of_a_list_that_others_keep)
{
    struct ora_words args;
    for (size_t i = 0; ora_precision_word(i); i++) {
        ORA_CHECK_INT(PARSE(&args, "a", "--word", ora_precision_word(i)), ORA_PARSE_OK);
        ORA_CHECK_STR(word, ora_precision_word(i));
    }
    ORA_CHECK_INT(PARSE(&args, "a", "--word", "f32"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "--word"), ORA_PARSE_BAD);
}

ORA_TEST(refuses)
{
    struct ora_words args;
    ORA_CHECK_INT(PARSE(&args, "a", "--workers", "0"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "--workers", "2x"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "--workers"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "--format", "mp3"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "--quiet=1"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "--worker", "2"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "a", "b", "c"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "-q"), ORA_PARSE_BAD);
    ORA_CHECK_INT(PARSE(&args, "--help"), ORA_PARSE_HELP);
}
