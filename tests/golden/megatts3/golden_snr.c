/*
 * Levels with other arithmetic than the goldens' tolerances were made for: how far each stage is from the
 * reference in double. A tensor of which the file holds samples counts by these.
 */
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "golden.h"

enum { PATTERNS = 4 };

/* Gated: what reaches the sound. Guidance multiplies a difference of branches, so what it gives is printed
 * only. What follows from a model's free choices is compared as integers alone: a flip changes all behind it.
 */
static const struct stage {
    const char *name;
    bool gated;
    const char *tensors[PATTERNS]; /* the first stage that matches has the tensor */
} stages[] = {
    {"after free choices", false, {"*.margins", "dur*/free.[dh]*"}},
    {"language model: states, logits", false, {"g2p/[hfl]*"}},
    {"language model: ids", false, {"g2p/*"}},
    {"durations: states, forced codes", false, {"dur*/prompt.*", "dur*/target.*", "dur*/forced.*"}},
    {"durations: free codes, frames", false, {"dur*/*"}},
    {"transformer: text, condition", true, {"dit/text.*", "dit/ling.*", "dit/cond"}},
    {"transformer: AdaLN vectors", true, {"dit/t*.te", "dit/t*.mod.*"}},
    {"transformer: h", true, {"dit/t*.attn.*", "dit/t*.h.*", "dit/t*.final_norm"}},
    {"transformer: v", true, {"dit/t*.v"}},
    {"transformer: v_guided", false, {"dit/t*.v_guided", "dit/sampler*.v_*"}},
    {"transformer: latents", true, {"dit/sampler*.x_*"}},
    {"wave decoder: wave", true, {"vae/dec*.wave"}},
    {"wave decoder: layers", true, {"vae/dec*"}},
    {"wave encoder", false, {"vae/enc*"}},
    {"aligner: states, logits", false, {"align/enc.*", "align/dec.*"}},
    {"aligner: tokens", false, {"align/*"}},
    {"others", false, {"*"}},
};
enum { STAGES = sizeof stages / sizeof *stages };

struct row {
    double snr_db;
    char where[GOLDEN_NAME];
    int tensors;
    size_t integers, differ;
};

struct golden_snr {
    struct row row[STAGES];
};

struct golden_snr *golden_snr_create(void)
{
    struct golden_snr *s = ora_xcalloc(1, sizeof *s);
    for (int i = 0; i < STAGES; i++)
        s->row[i].snr_db = INFINITY;
    return s;
}

static struct row *row_of(struct golden_snr *s, const char *name)
{
    for (int i = 0; i < STAGES; i++)
        for (int p = 0; p < PATTERNS && stages[i].tensors[p]; p++)
            if (fnmatch(stages[i].tensors[p], name, 0) == 0)
                return &s->row[i];
    return &s->row[STAGES - 1];
}

void golden_snr_floats(struct golden_snr *s, const char *name, double signal, double error)
{
    struct row *r = row_of(s, name);
    double db = error > 0 ? 10 * log10(signal / error) : error == 0 ? INFINITY : -INFINITY;
    r->tensors++;
    if (db > r->snr_db && r->where[0])
        return;
    r->snr_db = db;
    snprintf(r->where, sizeof r->where, "%s", name);
}

void golden_snr_integers(struct golden_snr *s, const char *name, size_t count, size_t differ)
{
    struct row *r = row_of(s, name);
    r->integers += count;
    r->differ += differ;
}

int golden_snr_report(struct golden_snr *s, double least_db)
{
    int below = 0;
    printf("%-34s  %7s  %10s  %-34s  %s\n", "stage", "tensors", "lowest, dB", "of", "integers that differ");
    for (int i = 1; i < STAGES; i++) {
        const struct row *r = &s->row[i];
        bool low = stages[i].gated && r->tensors && !(r->snr_db >= least_db);
        if (!r->tensors && !r->integers)
            continue;
        printf("%-34s  ", stages[i].name);
        if (r->tensors)
            printf("%7d  %8.1f%s  %-34s", r->tensors, r->snr_db, low ? " !" : "  ", r->where);
        else
            printf("%7s  %10s  %-34s", "", "", "");
        if (r->integers)
            printf("  %zu of %zu", r->differ, r->integers);
        printf("\n");
        below += low;
    }
    if (least_db > 0)
        printf("%d stages below %.0f dB\n", below, least_db);
    return below;
}
