/* The runner behind test.h: registers by constructor, runs one case or all. */
#include "base/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static struct ora_test_case *first, **last = &first;
static int failures, skips;
static char tmpdir[64];

void ora_test_register(struct ora_test_case *c)
{
    *last = c;
    last = &c->next;
}

void ora_test_failed(void)
{
    failures++;
}

void ora_test_skip(const char *why)
{
    printf("not run: %s\n", why);
    skips++;
}

const char *ora_test_tmpdir(void)
{
    if (!tmpdir[0]) {
        snprintf(tmpdir, sizeof tmpdir, "/tmp/ora-test-XXXXXX");
        if (!mkdtemp(tmpdir)) {
            perror(tmpdir);
            exit(1);
        }
    }
    return tmpdir;
}

int main(int argc, char **argv)
{
    int ran = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct ora_test_case *c = first; c; c = c->next) {
        if (argc > 1 && strcmp(argv[1], "--list") == 0) {
            puts(c->name);
            continue;
        }
        if (argc > 1 && strcmp(argv[1], c->name) != 0)
            continue;
        int before = failures;
        c->run();
        ran++;
        printf("%s %s\n", failures == before ? "ok  " : "FAIL", c->name);
    }
    if (tmpdir[0])
        ora_file_remove_tree(tmpdir, NULL);
    if (argc > 1 && !ran && strcmp(argv[1], "--list") != 0) {
        printf("no case %s\n", argv[1]);
        return 2;
    }
    return failures ? 1 : skips && skips == ran ? 77 : 0;
}
