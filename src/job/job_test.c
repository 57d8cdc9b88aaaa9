#include "job/job.h"

#include <stdlib.h>

#include "base/test.h"

ORA_TEST(defaults_are_filled_in)
{
    struct ora_err err = {0};
    struct ora_job *job = ora_job_parse("inputs: a.txt\n", 14, "j.yaml", "/base", &err);
    ORA_REQUIRE(job);
    ORA_CHECK_INT(job->input_count, 1);
    ORA_CHECK_STR(job->inputs[0].path, "a.txt");
    ORA_CHECK_STR(job->inputs[0].file, "/base/a.txt");
    ORA_CHECK_STR(job->voice, ORA_JOB_DEFAULT_VOICE);
    ORA_CHECK_INT(job->batch_chars, 3000);
    ORA_CHECK_INT(job->render.max_chars, 600);
    ORA_CHECK_INT(job->view_count, 1);
    ora_job_free(&job);
}
