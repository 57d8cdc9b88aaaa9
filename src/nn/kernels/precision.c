/* Precision: the ordered lists, and the search of levels by class. The table of levels (kernels.c) is the
 * only other source of facts. */
#include "nn/kernels/precision.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/kernels/kernels.h"

/* amx-split comes before f32-direct here once a processor with AMX has passed its gates: 80 dB end to end. */
static const char *const exact[] = {"f32-direct", NULL};
static const char *const fast[] = {"plain", "plain-dp", "f32-wino", "f32-direct", NULL};
static const char *const words[] = {"exact", "fast",  "f32-direct", "f32-wino",
                                    "split", "plain", "plain-dp",   "f32-blas"};
enum { WORDS = sizeof words / sizeof *words, FIRST_CLASS = 2 };

const char *ora_precision_word(size_t index)
{
    return index < WORDS ? words[index] : NULL;
}

const char *ora_arithmetic_find(const char *name)
{
    for (size_t i = FIRST_CLASS; i < WORDS; i++)
        if (strcmp(words[i], name) == 0)
            return words[i];
    return NULL;
}

static const struct ora_kernels *level_named(const char *name, size_t len)
{
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        if (strncmp(k->name, name, len) == 0 && !k->name[len])
            return k;
    }
    return NULL;
}

const char *ora_arithmetic_of_level(const char *level)
{
    const struct ora_kernels *k = level_named(level, strlen(level));
    return k ? k->arithmetic : NULL;
}

/* ---- what a host has ---- */

static bool is_named(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    return false;
}

static int check_names(const char *list, struct ora_err *err)
{
    for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (!level_named(p, strcspn(p, ",")))
            return ora_err_set(err, ORA_E_BAD_USAGE, "ORATORIO_KERNELS: no kernel level \"%.*s\"",
                               (int)strcspn(p, ","), p);
    return 0;
}

int ora_levels_here(struct ora_levels *here, struct ora_err *err)
{
    const char *held_to = getenv("ORATORIO_KERNELS");
    here->count = 0;
    if (held_to && !*held_to)
        held_to = NULL;
    int rc = held_to ? check_names(held_to, err) : 0;
    for (size_t i = 0; rc == 0 && ora_kernels_at(i) && here->count < ORA_LEVELS_MAX; i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        if ((!held_to || is_named(held_to, k->name)) && k->available())
            here->name[here->count++] = k->name;
    }
    if (rc == 0 && !here->count)
        rc = ora_err_set(err, ORA_E_BAD_USAGE, "ORATORIO_KERNELS: this processor runs none of %s", held_to);
    return rc;
}

static bool has_class(const struct ora_levels *here, const char *arithmetic)
{
    for (size_t i = 0; i < here->count; i++) {
        const char *class = ora_arithmetic_of_level(here->name[i]);
        if (class && strcmp(class, arithmetic) == 0)
            return true;
    }
    return false;
}

/* ---- what is meant ---- */

static int unknown(const char *value, bool levels, struct ora_err *err)
{
    struct ora_str list = ORA_STR_INIT;
    if (levels)
        ora_str_add(&list, "auto");
    for (size_t i = 0; levels ? ora_kernels_at(i) != NULL : i < WORDS; i++)
        ora_str_addf(&list, "%s%s", list.len ? ", " : "", levels ? ora_kernels_at(i)->name : words[i]);
    int rc = ora_err_set(err, ORA_E_BAD_USAGE, "no %s \"%.60s\"; there are: %s",
                         levels ? "kernel level" : "precision", value, ora_str_c(&list));
    ora_str_release(&list);
    return rc;
}

/* The ordered list that a word stands for; NULL: it is a class by itself. */
static const char *const *list_of(const char *precision)
{
    return strcmp(precision, words[0]) == 0 ? exact : strcmp(precision, words[1]) == 0 ? fast : NULL;
}

static bool allows(const char *precision, const char *arithmetic)
{
    const char *const *list = list_of(precision);
    if (!list)
        return strcmp(precision, arithmetic) == 0;
    while (*list && strcmp(*list, arithmetic) != 0)
        list++;
    return *list != NULL;
}

static int class_of_level(const char *precision, const char *kernels, const char **arithmetic,
                          struct ora_err *err)
{
    *arithmetic = ora_arithmetic_of_level(kernels);
    if (!*arithmetic)
        return unknown(kernels, true, err);
    if (!precision || allows(precision, *arithmetic))
        return 0;
    return ora_err_set(err, ORA_E_BAD_USAGE,
                       "'kernels' and 'precision' contradict each other: level %s computes in %s, which is "
                       "not %s",
                       kernels, *arithmetic, precision);
}

int ora_precision_class(const char *precision, const char *kernels, const struct ora_levels *here,
                        const char **arithmetic, struct ora_err *err)
{
    if (precision && !list_of(precision) && !ora_arithmetic_find(precision))
        return unknown(precision, false, err);
    if (kernels && strcmp(kernels, "auto") != 0)
        return class_of_level(precision, kernels, arithmetic, err);
    const char *const *list = list_of(precision ? precision : words[0]);
    if (!list) {
        *arithmetic = ora_arithmetic_find(precision);
        return 0;
    }
    /* The last of a list stands where nothing before it is had: every run has a class. */
    while (list[1] && !has_class(here, *list))
        list++;
    *arithmetic = *list;
    return 0;
}

/* ---- who can ---- */

static bool is_wanted(const char *level, const char *arithmetic, const char *kernels)
{
    const char *class = ora_arithmetic_of_level(level);
    if (!class || strcmp(class, arithmetic) != 0)
        return false;
    return !kernels || strcmp(kernels, "auto") == 0 || strcmp(kernels, level) == 0;
}

void ora_precision_needs(const char *arithmetic, const char *kernels, struct ora_str *out)
{
    size_t wanted = 0, told = 0;
    for (size_t i = 0; ora_kernels_at(i); i++)
        wanted += is_wanted(ora_kernels_at(i)->name, arithmetic, kernels);
    for (size_t i = 0; ora_kernels_at(i); i++) {
        const struct ora_kernels *k = ora_kernels_at(i);
        if (!is_wanted(k->name, arithmetic, kernels))
            continue;
        ora_str_addf(out, "%s%s (%s)", !told ? "" : told + 1 == wanted ? " or " : ", ", k->name, k->needs);
        told++;
    }
    if (!wanted)
        ora_str_add(out, "a level that this build does not have");
}

const char *ora_precision_level(const char *arithmetic, const char *kernels, const struct ora_levels *here,
                                const char *whose, struct ora_err *err)
{
    for (size_t i = 0; i < here->count; i++)
        if (is_wanted(here->name[i], arithmetic, kernels))
            return level_named(here->name[i], strlen(here->name[i]))->name;
    struct ora_str needs = ORA_STR_INIT, has = ORA_STR_INIT;
    ora_precision_needs(arithmetic, kernels, &needs);
    for (size_t i = 0; i < here->count; i++)
        ora_str_addf(&has, "%s%s", i ? ", " : "", here->name[i]);
    ora_err_set(err, ORA_E_UNSUPPORTED, "arithmetic %s needs %s; %s has %s", arithmetic, ora_str_c(&needs),
                whose, has.len ? ora_str_c(&has) : "no level");
    ora_str_release(&needs);
    ora_str_release(&has);
    return NULL;
}
