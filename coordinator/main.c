/* oratorio: finds the verb and hands over. Exit codes are the verbs': 0 all done, 1 done with rejections or
 * failures, 2 bad usage or job file, 3 stopped and resumable. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "coordinator/options.h"

static const struct ora_verb *const verbs[] = {
#define ORA_VERB(name) &ora_verb_##name,
#include "coordinator/verbs.def"
#undef ORA_VERB
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void help(FILE *out)
{
    fprintf(
        out,
        "oratorio " ORA_VERSION
        ": bulk text-to-speech over many workers\n\nUsage: oratorio VERB [OPTION]... [ARG]...\n\nVerbs:\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(
        out,
        "\n'oratorio VERB --help' tells a verb's options and shows examples.\n"
        "Exit codes: 0 all utterances done; 1 finished, some rejected or failed; 2 bad usage or job file;\n"
        "3 stopped unfinished, the same command goes on.\n");
}

static int unknown(const char *word)
{
    const char *names[VERB_COUNT];
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i]->name;
    const char *near = ora_nearest(word, names, VERB_COUNT);
    fprintf(stderr,
            near ? "oratorio: unknown verb '%s', did you mean '%s'?\n"
                 : "oratorio: unknown verb '%s'; see 'oratorio --help'\n",
            word, near);
    return 2;
}

int main(int argc, char **argv)
{
    /* Only character classes follow the user's locale: numbers in files must not. */
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error of the write */
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        if (argc > 2 && word[0] != '-') {
            for (size_t i = 0; i < VERB_COUNT; i++)
                if (strcmp(argv[2], verbs[i]->name) == 0)
                    return verbs[i]->run(1, (char *[]){"--help", NULL});
            return unknown(argv[2]);
        }
        help(stdout);
        return 0;
    }
    if (strcmp(word, "--version") == 0) {
        printf("oratorio %s\n", ORA_VERSION);
        return 0;
    }
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(word, verbs[i]->name) == 0)
            return verbs[i]->run(argc - 2, argv + 2);
    return unknown(word);
}
