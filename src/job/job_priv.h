/* What the files of the job share: making, and the YAML words of its enums. */
#ifndef ORA_JOB_JOB_PRIV_H
#define ORA_JOB_JOB_PRIV_H

#include "job/job.h"

struct ora_job *ora_job_new(void);                            /* every default; no name, no inputs */
struct ora_job_input *ora_job_add_input(struct ora_job *job); /* zeroed but for speed */
void ora_job_input_release(struct ora_job_input *in);
void ora_job_add_view(struct ora_job *job, const char *name);
/* Fills what follows from other fields: input->file, lexicon path, the render spec's borrowed strings. */
void ora_job_settle(struct ora_job *job);
/* Fills arithmetic from precision and kernels, and from what this processor has where they leave it open. */
int ora_job_choose_arithmetic(struct ora_job *job, struct ora_err *err);
char *ora_job_name_of(const char *path); /* "books/My story.md" gives "My-story"; caller frees */
bool ora_job_name_ok(const char *name);

extern const char *const ora_layout_words[3];          /* by enum ora_layout */
extern const char *const ora_format_words[6];          /* by enum ora_format */
extern const char *const ora_codec_words[3];           /* by enum ora_codec */
extern const char *const ora_store_words[2];           /* by enum ora_store_kind */
extern const char *const ora_gap_words[ORA_GAP_COUNT]; /* by enum ora_gap */

#endif
