/* Job files: any bytes are a job or an error with a message; a job written as YAML reads back to the same
 * YAML. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "job/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct ora_job *job)
{
    struct ora_str first = ORA_STR_INIT, second = ORA_STR_INIT;
    struct ora_err err = {0};
    if (ora_job_to_yaml(job, &first, &err) == 0) { /* the bytes may name what is not UTF-8 */
        struct ora_job *again = ora_job_parse(ora_str_c(&first), first.len, "again", "/other", &err);
        if (!again || ora_job_to_yaml(again, &second, &err) < 0 || strcmp(first.data, second.data) != 0)
            abort();
        ora_job_free(&again);
    }
    ora_str_release(&first);
    ora_str_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    struct ora_job *job = ora_job_parse((const char *)data, size, "fuzz", "/base", &err);
    if (!job && (err.code >= 0 || !err.message[0]))
        abort();
    if (job) {
        check_round_trip(job);
        ora_job_free(&job);
    }
    return 0;
}
