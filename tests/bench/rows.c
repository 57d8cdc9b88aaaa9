/* Every line is flushed at once: what was measured before an interruption is kept. */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *file;
static const char *name;

static void check(int failed)
{
    if (!failed)
        return;
    fprintf(stderr, "%s: %s\n", name, strerror(errno));
    exit(1);
}

void rows_open(const char *path)
{
    if (!path)
        return;
    name = path;
    file = fopen(path, "we");
    check(!file);
}

void rows_add(json_t *row)
{
    if (file && row)
        check(json_dumpf(row, file, JSON_COMPACT | JSON_REAL_PRECISION(6)) < 0 || fputc('\n', file) < 0 ||
              fflush(file) < 0);
    json_decref(row);
}

void rows_close(void)
{
    if (file)
        check(fclose(file) < 0);
    file = NULL;
}
