/*
 * The wave decoder's fast form against its plain one, on a small model of formula weights at every level; and
 * that neither tiles of time, nor tiles of rows, nor where the wanted tail begins change a bit. The arena is
 * exactly as large as promised and does not grow with the utterance; nothing is read that was not written.
 *
 * SNR floor 115 dB: merged taps round elsewhere (136 dB are measured).
 */
#include "models/megatts3/tiny_rig.h"
#include "models/megatts3/vae_plain.h"

/* Of levels whose residual blocks take no operands, one and two bfloat16 an operand (two: 109 dB here). */
static const int floors_db[] = {
    [ORA_OPERANDS_NONE] = 115, [ORA_OPERANDS_HI] = 45, [ORA_OPERANDS_HI_LO] = 100};
enum { LATENTS = 23, PLAIN_BYTES = 64 << 20 };

struct rig {
    struct tiny_rig t;
    struct mega_vae_decoder m;
    float latents[LATENTS * MEGA_LATENT];
    float wave[2][LATENTS * MEGA_LATENT_HOP];
};

static void bind(struct ora_binder *b, void *model)
{
    mega_vae_decoder_bind(b, &tiny_vae, model);
    mega_vae_bind_plain(b, &tiny_vae, model);
}

static struct rig *rig_create(const struct ora_kernels *k)
{
    struct rig *g = ora_xcalloc(1, sizeof *g);
    mega_formula_normals(mega_formula_key("T", "latents"), g->latents, LATENTS * MEGA_LATENT);
    if (tiny_begin(&g->t, k, bind, &g->m))
        return g;
    free(g);
    return NULL;
}
static void rig_destroy(struct rig *g)
{
    tiny_end(&g->t);
    free(g);
}

/* Samples of latents [first, rows) into wave[1], in an arena of exactly the promised size. */
static void decode(struct rig *g, int rows, int first)
{
    struct ora_err err = {0};
    size_t bytes = mega_vae_bytes(&g->m, rows, first);
    tiny_arena(&g->t, bytes - 64);
    ORA_CHECK_INT(mega_vae_decode_from(&g->t.c, &g->m, g->latents, rows, first, g->wave[1], &err),
                  ORA_E_NO_MEMORY);
    tiny_arena(&g->t, bytes);
    ORA_CHECK_INT(mega_vae_decode_from(&g->t.c, &g->m, g->latents, rows, first, g->wave[1], &err), 0);
    if (g->t.arena.peak_bytes != bytes)
        ORA_FAIL("%d latents from %d: arena of %zu bytes, %zu used", rows, first, bytes,
                 g->t.arena.peak_bytes);
}

ORA_TEST(fast_equals_plain)
{
    static const int lengths[] = {1, 2, 9};
    struct ora_err err = {0};
    for (size_t l = 0; ora_kernels_at(l); l++) {
        struct rig *g = rig_create(ora_kernels_at(l));
        for (int i = 0; g && i < 3; i++) {
            size_t n = (size_t)lengths[i] * MEGA_LATENT_HOP;
            tiny_arena(&g->t, PLAIN_BYTES);
            ORA_CHECK_INT(mega_vae_decode_plain(&g->t.c, &g->m, g->latents, lengths[i], g->wave[0], &err), 0);
            decode(g, lengths[i], 0);
            double snr = tiny_snr_db(g->wave[1], g->wave[0], n);
            /* The edges are the upsamplers' own case. */
            double head = tiny_snr_db(g->wave[1], g->wave[0], 240);
            double tail = tiny_snr_db(g->wave[1] + n - 240, g->wave[0] + n - 240, 240);
            int floor_db = floors_db[g->m.mrf[0].first[0][0].operands];
            if (!(snr >= floor_db && head >= floor_db && tail >= floor_db))
                ORA_FAIL("%s, %d latents: SNR %.1f dB (head %.1f, tail %.1f), wanted %d", g->t.k->name,
                         lengths[i], snr, head, tail, floor_db);
        }
        if (g)
            rig_destroy(g);
    }
}

/* Decoding from any latent on gives the bits of decoding all. */
ORA_TEST(tails_have_the_bits_of_the_whole)
{
    struct rig *g = rig_create(ora_kernels_find("auto", NULL));
    ORA_REQUIRE(g);
    decode(g, LATENTS, 0);
    memcpy(g->wave[0], g->wave[1], sizeof g->wave[0]);
    for (int first = 1; first < LATENTS; first++) {
        decode(g, LATENTS, first);
        size_t skipped = (size_t)first * MEGA_LATENT_HOP;
        if (memcmp(g->wave[0] + skipped, g->wave[1], sizeof(float) * (LATENTS * MEGA_LATENT_HOP - skipped)))
            ORA_FAIL("from latent %d: other bits", first);
    }
    rig_destroy(g);
}

ORA_TEST(tiles_change_no_bit)
{
    static const struct {
        int latents;
        size_t bytes;
    } tiles[] = {{1, 0}, {2, 4096}, {5, 0}, {22, 20000}, {0, 1}, {0, 30000}, {LATENTS, 1 << 20}};
    struct rig *g = rig_create(ora_kernels_find("auto", NULL));
    ORA_REQUIRE(g);
    decode(g, LATENTS, 0);
    memcpy(g->wave[0], g->wave[1], sizeof g->wave[0]);
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        g->m.tile_latents = tiles[i].latents;
        g->m.tile_bytes = tiles[i].bytes;
        decode(g, LATENTS, 0);
        if (memcmp(g->wave[0], g->wave[1], sizeof g->wave[0]) != 0)
            ORA_FAIL("tiles of %d latents, %zu bytes: other bits", tiles[i].latents, tiles[i].bytes);
    }
    rig_destroy(g);
}

/* Six latents to each side reach a sample: one further off changes nothing, the sixth does. */
ORA_TEST(six_latents_reach)
{
    enum { AT = 11 };
    struct rig *g = rig_create(ora_kernels_find("auto", NULL));
    ORA_REQUIRE(g);
    decode(g, LATENTS, 0);
    memcpy(g->wave[0], g->wave[1], sizeof g->wave[0]);
    g->latents[AT * MEGA_LATENT] += 1;
    decode(g, LATENTS, 0);
    for (int t = 0; t < LATENTS; t++) {
        size_t from = (size_t)t * MEGA_LATENT_HOP;
        bool same = memcmp(g->wave[0] + from, g->wave[1] + from, sizeof(float) * MEGA_LATENT_HOP) == 0;
        if (same != (abs(t - AT) > 6))
            ORA_FAIL("latent %d %s by latent %d", t, same ? "is not reached" : "is reached", AT);
    }
    rig_destroy(g);
}

/* What is planned for the longest utterance is enough for every shorter one. */
ORA_TEST(memory_grows_to_a_bound)
{
    struct rig *g = rig_create(ora_kernels_find("auto", NULL));
    ORA_REQUIRE(g);
    for (int first = 0; first <= 6; first += 6)
        for (int n = first + 1; n < 420; n++)
            if (mega_vae_bytes(&g->m, n, first) > mega_vae_bytes(&g->m, n + 1, first))
                ORA_FAIL("%d latents from %d need more than %d", n, first, n + 1);
    ORA_CHECK_INT(mega_vae_bytes(&g->m, 15000, 0), mega_vae_bytes(&g->m, 400, 0));
    rig_destroy(g);
}

ORA_TEST(direct_levels_have_one_set_of_bits)
{
    static const char *const names[] = {"avx2", "avx512"};
    struct rig *want = rig_create(ora_kernels_find("scalar", NULL));
    ORA_REQUIRE(want);
    decode(want, 5, 0);
    for (int i = 0; i < 2; i++) {
        struct ora_err err = {0};
        struct rig *g = rig_create(ora_kernels_find(names[i], &err));
        if (!g)
            continue;
        decode(g, 5, 0);
        if (memcmp(want->wave[1], g->wave[1], sizeof(float) * 5 * MEGA_LATENT_HOP) != 0)
            ORA_FAIL("%s: other bits than scalar's", names[i]);
        rig_destroy(g);
    }
    rig_destroy(want);
}

/* ---- Winograd: wide enough that the residual blocks of two stages are made in groups of rows -------------
 */

enum { WINO_LATENTS = 13, WINO_SNR_FLOOR_DB = 90 };
static const struct mega_vae_dims wide_vae = {
    .z = MEGA_LATENT, .dec_in = 24, .dec_up = 12, .ngf = 8, .dec_ratios = {5, 4, 4, 3}};

static void bind_wide(struct ora_binder *b, void *model)
{
    mega_vae_decoder_bind(b, &wide_vae, model);
}

static struct rig *wide_rig(const char *level)
{
    struct ora_err err = {0};
    const struct ora_kernels *k = ora_kernels_find(level, &err);
    struct rig *g = ora_xcalloc(1, sizeof *g);
    mega_formula_normals(mega_formula_key("T", "latents"), g->latents, LATENTS * MEGA_LATENT);
    if (k && tiny_begin(&g->t, k, bind_wide, &g->m))
        return g;
    free(g);
    return NULL;
}

/* One set of bits at both levels, under any tiles, from any latent on; 90 dB of the direct levels, where each
 * of the 18 convolutions of a stage has 110 and more. */
ORA_TEST(winograd_bits_do_not_depend_on_tiles)
{
    static const struct {
        const char *level;
        int latents, first;
        size_t bytes;
    } row[] = {{"avx2-wino", 0, 0, 0},    {"avx2-wino", 1, 0, 0},      {"avx2-wino", 5, 0, 4096},
               {"avx2-wino", 0, 0, 1},    {"avx2-wino", 12, 0, 30000}, {"avx2-wino", 0, 1, 0},
               {"avx2-wino", 3, 5, 4096}, {"avx512-wino", 0, 0, 0},    {"avx512-wino", 4, 2, 20000}};
    struct rig *direct = wide_rig("avx2"), *want = wide_rig("avx2-wino");
    if (!want)
        ORA_SKIP("no avx2-wino on this processor");
    decode(direct, WINO_LATENTS, 0);
    decode(want, WINO_LATENTS, 0);
    ORA_CHECK(want->m.mrf[0].first[0][0].grid && want->m.mrf[1].first[2][2].grid);
    double snr = tiny_snr_db(want->wave[1], direct->wave[1], WINO_LATENTS * MEGA_LATENT_HOP);
    if (!(snr >= WINO_SNR_FLOOR_DB && snr < 200))
        ORA_FAIL("%.1f dB from the direct level", snr);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct rig *g = wide_rig(row[i].level);
        if (!g)
            continue;
        g->m.tile_latents = row[i].latents;
        g->m.tile_bytes = row[i].bytes;
        decode(g, WINO_LATENTS, row[i].first);
        size_t skipped = (size_t)row[i].first * MEGA_LATENT_HOP;
        if (memcmp(want->wave[1] + skipped, g->wave[1],
                   sizeof(float) * (WINO_LATENTS * MEGA_LATENT_HOP - skipped)) != 0)
            ORA_FAIL("%s: tiles of %d latents, %zu bytes, from %d: other bits", row[i].level, row[i].latents,
                     row[i].bytes, row[i].first);
        rig_destroy(g);
    }
    rig_destroy(direct);
    rig_destroy(want);
}

ORA_TEST(winograd_memory_grows_to_a_bound)
{
    struct rig *g = wide_rig("avx2-wino");
    if (!g)
        ORA_SKIP("no avx2-wino on this processor");
    for (int n = 7; n < 420; n++)
        if (mega_vae_bytes(&g->m, n, 6) > mega_vae_bytes(&g->m, n + 1, 6))
            ORA_FAIL("%d latents need more than %d", n, n + 1);
    ORA_CHECK_INT(mega_vae_bytes(&g->m, 15000, 6), mega_vae_bytes(&g->m, 400, 6));
    rig_destroy(g);
}
