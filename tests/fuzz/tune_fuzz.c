/* Fuzz: a kept measurement, the file and what is reckoned from it. */
#include <stdint.h>
#include <stdlib.h>

#include "tune/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ora_tune_result r;
    struct ora_err err = {0};
    if (ora_tune_parse((const char *)data, size, &r, &err) < 0)
        return 0;
    size_t best = ora_tune_choose(&r, NULL);
    if (best >= r.row_count || r.best >= r.row_count)
        abort();
    double s = ora_tune_seconds(&r, r.row[best].level, r.row[best].workers, 10, 1);
    if (!(s >= 0))
        abort();
    free(ora_tune_to_json(&r));
    return 0;
}
