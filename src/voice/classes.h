/*
 * Classes: the same sentence in every class of arithmetic that this processor has, beside f32-direct. What a
 * listener pays for `precision: fast`, voice by voice.
 *
 *     struct ora_class_results all;
 *     struct ora_class_take was = {pcm, samples, 22050, seconds};  // the request at a level of f32-direct
 *     rc = ora_voice_classes(voice, &was, &request, NULL, &all, &err);
 *     for (i = 0; i < all.count; i++)
 *         ora_class_result_tell(&all.item[i], &text);
 */
#ifndef ORA_VOICE_CLASSES_H
#define ORA_VOICE_CLASSES_H

#include "base/str.h"
#include "models/family.h"

enum { ORA_CLASSES_MAX = 8 };

/* What classes of float grade must reach end to end: quieter than the last bit of 13. */
#define ORA_CLASS_BAR_DB 80.0

/* What the classes are compared with: the rendering by f32-direct. */
struct ora_class_take {
    const float *pcm; /* the caller's */
    size_t samples;
    int sample_rate_hz;
    double cpu_s; /* of the rendering, the first after opening the voice, as those are that it is compared
                     with */
};

struct ora_class_result {
    const char *arithmetic;
    const char *level; /* the best here; NULL: not run, this processor has none */
    int rc;            /* of opening and speaking; `why` tells */
    struct ora_err why;
    bool float_grade; /* held to ORA_CLASS_BAR_DB; the others are what they are */
    double snr_db;    /* against f32-direct; INFINITY: the same bits; NAN: lengths differ, or no numbers */
    double seconds_more, level_more_db; /* than f32-direct */
    double times_as_fast;               /* by processor time; 0: not measured */
};

struct ora_class_results {
    struct ora_class_result item[ORA_CLASSES_MAX]; /* without f32-direct and f32-blas */
    size_t count;
};

/* A class that fails has its rc; a negative return: what this processor has cannot be told. */
int ora_voice_classes(const struct ora_voice *voice, const struct ora_class_take *was,
                      const struct ora_request *request, const char *cache_dir, struct ora_class_results *out,
                      struct ora_err *err);
enum ora_verdict ora_class_result_verdict(const struct ora_class_result *r);
void ora_class_result_tell(const struct ora_class_result *r, struct ora_str *out);

#endif
