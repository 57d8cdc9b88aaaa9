#include "job/run.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "base/test.h"
#include "job/run_fixture.h"

ORA_TEST(a_run_is_made_leased_and_finished)
{
    struct ora_err err = {0};
    struct ora_run *run;
    char *dir = ora_path_join(ora_test_tmpdir(), "simple");
    int rc = ora_fixture_create(
        dir, &(struct ora_fixture){.yaml = "", .utterances = 1000, .reject_every = 10}, &run, &err);
    ORA_CHECK_OK(rc, err);
    ORA_REQUIRE(rc == 0);
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    ORA_CHECK_OK(ora_fixture_join(run, "w1", &err), err);
    struct ora_batch batch;
    int taken = 0;
    char token[40];
    for (;;) {
        bool duplicate;
        snprintf(token, sizeof token, "token-%d", taken);
        rc = ora_run_lease(run, "w1", token, 10, 1000, &batch, &err);
        ORA_CHECK_OK(rc, err);
        if (rc <= 0)
            break;
        struct ora_batch_result *r = ora_fixture_result(&batch, token);
        ORA_CHECK_INT(ora_run_finish(run, r, 20, &duplicate, &err), 1);
        ORA_CHECK_INT(ora_run_finish(run, r, 20, &duplicate, &err), 0);
        ORA_CHECK(duplicate);
        ora_fixture_result_free(&r);
        ora_batch_release(&batch);
        taken++;
    }
    struct ora_progress p;
    ORA_CHECK_OK(ora_run_progress(run, &p, &err), err);
    ORA_CHECK_INT(p.utterances, 1000);
    ORA_CHECK_INT(p.done, 900);
    ORA_CHECK_INT(p.rejected, 100);
    ORA_CHECK_INT(p.open, 0);
    ORA_CHECK_INT(p.batches_done, taken);
    ORA_CHECK_OK(ora_fixture_audit(run, &err), err);
    ora_run_close(&run);
    free(dir);
}
