#include "coordinator/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/kernels/precision.h"

void ora_admission_init(struct ora_admission *a, const char *arithmetic, const char *kernels,
                        const char *machine)
{
    *a = (struct ora_admission){.arithmetic = ora_xstrdup(arithmetic),
                                .kernels = ora_xstrdup(kernels),
                                .machine = ora_xstrdup(machine)};
}

void ora_admission_release(struct ora_admission *a)
{
    for (size_t i = 0; i < a->reason_count; i++)
        free(a->reason[i]);
    free(a->arithmetic);
    free(a->kernels);
    free(a->machine);
    *a = (struct ora_admission){0};
}

static void keep(struct ora_admission *a, const char *reason)
{
    for (size_t i = 0; i < a->reason_count; i++)
        if (strcmp(a->reason[i], reason) == 0)
            return;
    if (a->reason_count < ORA_ADMISSION_REASONS)
        a->reason[a->reason_count++] = ora_xstrdup(reason);
}

const char *ora_admission_level(struct ora_admission *a, const struct ora_wire_hello *hello,
                                struct ora_err *why)
{
    struct ora_levels has = {.count = 0};
    char host[128];
    for (size_t i = 0; i < hello->level_count && has.count < ORA_LEVELS_MAX; i++)
        has.name[has.count++] = hello->levels[i];
    snprintf(host, sizeof host, "host %.100s", hello->host);
    const char *level = NULL;
    if (strcmp(hello->engine_version, ORA_VERSION) != 0)
        ora_err_set(why, ORA_E_UNSUPPORTED,
                    "%s has version %.30s of oratorio-worker, this run is rendered by " ORA_VERSION
                    ": versions may differ in their bytes",
                    host, hello->engine_version[0] ? hello->engine_version : "(none told)");
    else
        level = ora_precision_level(a->arithmetic, a->kernels, &has, host, why);
    if (level)
        return level;
    a->turned_away++;
    a->turned_away_local += hello->machine[0] && strcmp(hello->machine, a->machine) == 0;
    keep(a, why->message);
    return NULL;
}
