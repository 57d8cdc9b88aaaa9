/* oratorio voice: chooses the deed; voice_show.c and voice_make.c have them. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "coordinator/options.h"
#include "coordinator/voice_deeds.h"

static const char text[] =
    "  list                     voices found, with family, language, rate, speakers, base and licence\n"
    "  describe VOICE           what a voice is: licence, source, sizes, settings, where its files came "
    "from\n"
    "  settings VOICE           the settings of a voice or a family, with ranges and what they cost\n"
    "  check VOICE              verifies a voice's files, renders a sentence and judges it\n"
    "  import [FAMILY] PATH     makes a voice of a foreign model: a Piper .onnx, the folders of MegaTTS 3\n"
    "  add [NAME]               makes a cloned voice of a recording, or many of a folder of recordings\n"
    "  make-random FAMILY       makes a voice whose weights are random numbers: noise, for tests\n\n"
    "Each has its own options, its own --help and an example: oratorio voice add --help\n\n"
    "VOICE is a name or a folder. Voices are looked for in $ORATORIO_VOICES (a list with colons), ./voices,\n"
    "$XDG_DATA_HOME/oratorio/voices, /usr/local/share/oratorio/voices and /usr/share/oratorio/voices.\n"
    "Packed weights are kept in $XDG_CACHE_HOME/oratorio (~/.cache/oratorio). What lies there may be deleted "
    "at\n"
    "any time, also to make room: it is made anew when a voice is opened.\n";

static const struct ora_verb *const deeds[] = {
    &ora_voice_list_verb,   &ora_voice_describe_verb, &ora_voice_settings_verb,    &ora_voice_check_verb,
    &ora_voice_import_verb, &ora_voice_add_verb,      &ora_voice_make_random_verb,
};
enum { DEEDS = sizeof deeds / sizeof *deeds };

/* "add" of "voice add". */
static const char *word_of(const struct ora_verb *deed)
{
    return deed->name + strlen("voice ");
}

int ora_voice_end(const struct ora_verb *deed, int rc, const struct ora_err *err)
{
    if (rc < 0)
        fprintf(stderr, "oratorio %s: %s\n", deed->name, err->message);
    return rc < 0 ? 2 : rc;
}

static int unknown(const char *word)
{
    const char *names[DEEDS], *near;
    struct ora_str list = ORA_STR_INIT;
    for (size_t i = 0; i < DEEDS; i++) {
        names[i] = word_of(deeds[i]);
        ora_str_addf(&list, "%s%s", i == 0 ? "" : i + 1 < DEEDS ? ", " : " or ", names[i]);
    }
    near = ora_nearest(word, names, DEEDS);
    if (*word == '-')
        fprintf(stderr, "oratorio voice: '%s' stands before what to do: %s\n", word, ora_str_c(&list));
    else if (near)
        fprintf(stderr, "oratorio voice: unknown '%s', did you mean '%s'?\n", word, near);
    else
        fprintf(stderr, "oratorio voice: unknown '%s': %s\n", word, ora_str_c(&list));
    ora_str_release(&list);
    return 2;
}

static int run(int argc, char **argv)
{
    static const struct ora_option none[] = {{0}};
    struct ora_words args;
    for (size_t i = 0; argc > 0 && i < DEEDS; i++)
        if (strcmp(argv[0], word_of(deeds[i])) == 0)
            return deeds[i]->run(argc - 1, argv + 1);
    if (argc > 0 && strcmp(argv[0], "--help") != 0 && strcmp(argv[0], "-h") != 0)
        return unknown(argv[0]);
    return ora_options_parse(&ora_verb_voice, none, argc, argv, &args) == ORA_PARSE_HELP ? 0 : 2;
}

const struct ora_verb ora_verb_voice = {
    .name = "voice",
    .synopsis = "list|describe|settings|check|import|add|make-random …",
    .summary = "list, describe, check, import, add and make voices",
    .text = text,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
