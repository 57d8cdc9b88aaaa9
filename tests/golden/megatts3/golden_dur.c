/* The duration model with and without positions, and what follows from its codes; the tables of alignments.
 */
#include "golden.h"

#include <stdlib.h>

#include "base/mem.h"
#include "models/megatts3/duration.h"

static void bind(struct ora_binder *b, void *model, const struct mega_dims *d)
{
    mega_duration_bind(b, &d->dur, model);
}

struct inputs {
    size_t prompt, target, n;
    int32_t *prompt_phones, *prompt_tones, *ctx, *forced, *phones, *tones;
};

static struct inputs read_inputs(const struct golden *g, const char *set)
{
    struct inputs in;
    in.prompt_phones = golden_i32(g, &in.prompt, "%s/in.prompt_phones", set);
    in.prompt_tones = golden_i32(g, &in.n, "%s/in.prompt_tones", set);
    in.ctx = golden_i32(g, &in.n, "%s/in.ctx", set);
    in.forced = golden_i32(g, &in.n, "%s/in.forced", set);
    in.phones = golden_i32(g, &in.target, "%s/in.target_phones", set);
    in.tones = golden_i32(g, &in.n, "%s/in.target_tones", set);
    return in;
}

static void free_inputs(struct inputs *in)
{
    free(in->prompt_phones);
    free(in->prompt_tones);
    free(in->ctx);
    free(in->forced);
    free(in->phones);
    free(in->tones);
}

/* The tap of one pass: "target.ling" serves forced and free runs. */
struct pass {
    struct golden *g;
    const char *set, *name;
};

static void show(void *ctx, const char *name, struct ora_b16 x, int rows, int channels)
{
    const struct pass *p = ctx;
    bool ling = strcmp(name, "ling") == 0 && strcmp(p->name, "prompt") != 0;
    golden_check_b16(p->g, x, rows, channels, "%s/%s.%s", p->set, ling ? "target" : p->name, name);
}

static void run_pass(struct golden *g, const struct mega_duration *m, const char *set, const char *name,
                     const struct inputs *in, int32_t *codes)
{
    struct ora_err err = {0};
    struct pass pass = {g, set, "prompt"};
    struct ora_tap tap = {show, &pass};
    struct mega_duration_state s;
    size_t mark = ora_arena_mark(&g->arena);
    bool forced = strcmp(name, "forced") == 0;
    g->compute.tap = &tap;
    golden_must(mega_duration_begin(&g->compute, m, &s, (int)(in->prompt + in->target), &err), &err, "state");
    golden_must(mega_duration_prompt(&g->compute, m, &s, in->prompt_phones, in->prompt_tones, in->ctx,
                                     (int)in->prompt, &err),
                &err, "prompt");
    pass.name = name;
    golden_must(mega_duration_run(&g->compute, m, &s, in->phones, in->tones, forced ? in->forced : NULL,
                                  (int)in->target, codes, &err),
                &err, name);
    golden_check_i32(g, codes, in->target, "%s/%s.codes", set, name);
    g->compute.tap = NULL;
    ora_arena_reset(&g->arena, mark);
}

static void post(struct golden *g, const char *name, struct mega_timing how, const struct inputs *in,
                 const int32_t *codes)
{
    enum { ROOM = 1 << 16 };
    size_t n;
    float *choice = NULL, *amount = NULL;
    int32_t *durations = ora_xcalloc(in->target, sizeof *durations),
            *mel2ph = ora_xcalloc(ROOM, sizeof *mel2ph);
    if (how.disturb > 0) {
        how.choice = choice = golden_f32(g, &n, "dur/in.post.%s.uniform0", name);
        how.amount = amount = golden_f32(g, &n, "dur/in.post.%s.uniform1", name);
    }
    how.floor_stop = 64;
    how.floor_comma = 32;
    mega_durations(in->phones, codes, in->target, &how, durations);
    golden_check_i32(g, durations, in->target, "dur/post.%s.durations", name);
    golden_check_i32(g, mel2ph, mega_mel2ph(durations, in->target, mel2ph, ROOM), "dur/post.%s.mel2ph", name);
    free(choice);
    free(amount);
    free(durations);
    free(mel2ph);
}

static void run_set(struct golden *g, struct mega_duration *m, const char *set)
{
    struct inputs in = read_inputs(g, set);
    int32_t *codes = ora_xcalloc(in.target, sizeof *codes);
    m->positions = strcmp(set, "dur_pos") == 0;
    run_pass(g, m, set, "forced", &in, codes);
    run_pass(g, m, set, "free", &in, codes);
    if (!m->positions) {
        post(g, "only", (struct mega_timing){true, true, .alpha = 1}, &in, codes);
        post(g, "first", (struct mega_timing){true, false, .alpha = 1}, &in, codes);
        post(g, "middle", (struct mega_timing){false, false, .alpha = 1}, &in, codes);
        post(g, "last", (struct mega_timing){false, true, .alpha = 1}, &in, codes);
        post(g, "slow", (struct mega_timing){true, true, .alpha = 1.3}, &in, codes);
        post(g, "half", (struct mega_timing){true, true, .alpha = 0.5}, &in, codes);
        post(g, "disturbed", (struct mega_timing){true, true, .alpha = 1, .disturb = 0.1}, &in, codes);
    }
    free(codes);
    free_inputs(&in);
}

void golden_run_dur(struct golden *g)
{
    struct mega_duration *m = ora_xcalloc(1, sizeof *m);
    golden_pack(g, bind, m);
    run_set(g, m, "dur");
    if (golden_has(g, "dur_pos/in.ctx"))
        run_set(g, m, "dur_pos");
    free(m);
}

/* ---- tables ---------------------------------------------------------------------------------------------
 */

static void alignment(struct golden *g, const char *name)
{
    size_t count, one;
    if (!golden_has(g, "tables/%s.in.tokens", name))
        return;
    int32_t *tokens = golden_i32(g, &count, "tables/%s.in.tokens", name);
    int32_t *frames = golden_i32(g, &one, "tables/%s.in.frames", name);
    size_t cap = count, most = (size_t)*frames;
    int32_t *phones = ora_xcalloc(4 * cap + most + 1, sizeof *phones), *tones = phones + cap;
    int32_t *durations = tones + cap, *codes = durations + cap, *mel2ph = codes + cap;
    /* start and end may stand round the pairs */
    const int32_t *from = tokens;
    if (count && *from == MEGA_ALIGN_START) {
        from++;
        count--;
    }
    if (count && from[count - 1] == MEGA_ALIGN_END)
        count--;
    size_t n = mega_alignment(from, count, *frames, phones, tones, durations);
    mega_prompt_codes(durations, n, codes);
    golden_check_i32(g, phones, n, "tables/%s.phones", name);
    golden_check_i32(g, tones, n, "tables/%s.tones", name);
    golden_check_i32(g, durations, n, "tables/%s.durations", name);
    golden_check_i32(g, codes, n, "tables/%s.ctx", name);
    golden_check_i32(g, mel2ph, mega_mel2ph(durations, n, mel2ph, most), "tables/%s.mel2ph", name);
    free(tokens);
    free(frames);
    free(phones);
}

void golden_run_tables(struct golden *g)
{
    size_t n;
    int32_t *ids = golden_i32(g, &n, "tables/ids.in.ids");
    int32_t *phones = ora_xcalloc(2 * n, sizeof *phones), *tones = phones + n;
    for (size_t i = 0; i < n; i++)
        mega_phone_split(ids[i], &phones[i], &tones[i]);
    golden_check_i32(g, phones, n, "tables/ids.phones");
    golden_check_i32(g, tones, n, "tables/ids.tones");
    alignment(g, "short");
    alignment(g, "long");
    alignment(g, "exact");
    free(ids);
    free(phones);
}
