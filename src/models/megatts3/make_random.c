/*
 * make-random: the table of official.h, filled by the formula piece by piece. Only the tokenizer is made by
 * another rule: the 256 bytes in the order of the byte alphabet, then merges of common English pairs.
 */
#include "models/megatts3/make_random.h"

#include <stdlib.h>
#include <string.h>

#include "audio/pcm.h"
#include "audio/writer.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "models/megatts3/base_voice.h"
#include "models/megatts3/formula.h"

enum { PIECE_ELEMENTS = 1 << 20, PROMPT_SAMPLES = 3 * MEGA_SAMPLE_RATE };

/* ---- tokenizer ------------------------------------------------------------------------------------ */

/* "left right": what stands before the space is a token already. */
static const char *const merges[] = {"t h", "th e", "i n", "e r", "a n", "r e", "o n",  "a t", "e n",
                                     "n d", "an d", "o r", "i s", "e s", "o u", "in g", "l l", "e l"};

/* GPT-2's byte alphabet: printable bytes are themselves, the others follow from U+0100 on. */
static uint32_t letter_of(int byte)
{
    int others = 0;
    for (int b = 0; b <= byte; b++) {
        bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
        if (b == byte && printable)
            return (uint32_t)byte;
        others += !printable;
    }
    return 0x100 + (uint32_t)others - 1;
}

/* {"token": id}: the bytes in the alphabet's order, then one token a merge; ids stay below the G2P's own. */
static void make_tokenizer(struct ora_str *vocab, struct ora_str *rules)
{
    json_t *ids = json_object();
    int next = 0;
    for (int byte = 0; byte < 256; byte++) {
        char text[8] = {0};
        ora_utf8_encode(letter_of(byte), text);
        json_object_set_new(ids, text, json_integer(next++));
    }
    ora_str_add(rules, "#version: 0.2\n");
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        char token[16];
        const char *space = strchr(merges[i], ' ');
        snprintf(token, sizeof token, "%.*s%s", (int)(space - merges[i]), merges[i], space + 1);
        json_object_set_new(ids, token, json_integer(next++));
        ora_str_addf(rules, "%s\n", merges[i]);
    }
    char *text = json_dumps(ids, 0);
    ora_str_add(vocab, text);
    free(text);
    json_decref(ids);
}

/* ---- weights -------------------------------------------------------------------------------------- */

struct making {
    const char *seed;
    const struct ora_import_options *o;
    struct ora_weights_writer *wr;
    struct mega_official list[MEGA_PARTS];
    struct ora_str vocab, merges;
    double done, all; /* elements */
    float *piece;
    struct ora_err *err;
};

static size_t row_of(const struct ora_shape *s)
{
    size_t row = 1;
    for (size_t i = s->rank > 1; i < s->rank; i++)
        row *= s->dim[i];
    return row;
}

/* The values of the G2P are bfloat16 already: their upper halves. */
static int put(struct making *m, enum mega_part part, size_t n)
{
    if (mega_part_dtype(part) != ORA_BF16)
        return ora_weights_writer_put(m->wr, m->piece, n * sizeof *m->piece, m->err);
    uint16_t *half = (uint16_t *)(void *)m->piece;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &m->piece[i], sizeof bits);
        bits >>= 16;
        memcpy(&half[i], &bits, sizeof half[i]);
    }
    return ora_weights_writer_put(m->wr, half, n * sizeof *half, m->err);
}

static int fill_tensor(struct making *m, enum mega_part part, const struct mega_official_tensor *t)
{
    size_t row = row_of(&t->shape), rows = t->shape.rank > 1 ? t->shape.dim[0] : 1;
    size_t step = row < PIECE_ELEMENTS ? PIECE_ELEMENTS / row : 1;
    for (size_t first = 0; first < rows; first += step) {
        size_t n = first + step < rows ? step : rows - first;
        if (!mega_formula_rows(m->seed, t->name, &t->shape, first, n, m->piece))
            return ora_err_set(m->err, ORA_E_NO_MEMORY, "no memory for tensor '%s'", t->name);
        int rc = put(m, part, n * row);
        if (rc < 0)
            return rc;
        m->done += (double)(n * row);
        if (m->o->progress)
            m->o->progress(m->o->progress_ctx, mega_part_name(part), m->done / m->all);
    }
    return 0;
}

/* One row must fit into a piece, whatever the dims. */
static size_t piece_elements(const struct making *m)
{
    size_t most = PIECE_ELEMENTS;
    for (int p = 0; p < MEGA_PARTS; p++)
        for (size_t i = 0; i < m->list[p].count; i++) {
            size_t row = row_of(&m->list[p].item[i].shape);
            most = row > most ? row : most;
        }
    return most;
}

static int write_all(struct making *m)
{
    int rc = 0;
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++)
        rc = mega_base_declare(m->wr, (enum mega_part)p, &m->list[p], m->err);
    if (rc == 0)
        rc = mega_base_declare_tokenizer(m->wr, m->vocab.len, m->merges.len, m->err);
    for (int p = 0; rc == 0 && p < MEGA_PARTS; p++)
        for (size_t i = 0; rc == 0 && i < m->list[p].count; i++)
            rc = fill_tensor(m, (enum mega_part)p, &m->list[p].item[i]);
    if (rc == 0)
        rc = ora_weights_writer_put(m->wr, m->vocab.data, m->vocab.len, m->err);
    if (rc == 0)
        rc = ora_weights_writer_put(m->wr, m->merges.data, m->merges.len, m->err);
    return rc < 0 ? rc : ora_weights_writer_commit(m->wr, NULL, m->err);
}

/* ---- prompt --------------------------------------------------------------------------------------- */

/* 220 Hz, loud enough for the loudness of a prompt to be defined. */
static int write_prompt(const char *dir, const char *seed, struct ora_err *err)
{
    char *path = ora_path_join(dir, "prompt.wav");
    float *wave = ora_xmalloc(PROMPT_SAMPLES * sizeof *wave);
    int16_t *pcm = ora_xmalloc(PROMPT_SAMPLES * sizeof *pcm);
    struct ora_audio_writer *w = NULL;
    mega_formula_signal(mega_formula_key(seed, "prompt"), 39370534, 0.3, 0.05, wave, PROMPT_SAMPLES);
    ora_pcm_to_s16(wave, PROMPT_SAMPLES, pcm);
    int rc =
        ora_audio_writer_open(path, ORA_CODEC_WAV, MEGA_SAMPLE_RATE, &(struct ora_audio_tags){0}, &w, err);
    if (rc == 0)
        rc = ora_audio_writer_put(w, pcm, PROMPT_SAMPLES, err);
    if (rc == 0)
        rc = ora_audio_writer_close(&w, err);
    ora_audio_writer_abort(&w);
    free(pcm);
    free(wave);
    free(path);
    return rc;
}

static bool seed_ok(const char *s)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t len = strlen(s);
    return len > 0 && len <= MEGA_FORMULA_SEED_MAX && strspn(s, allowed) == len;
}

static void lists_of(struct making *m, const struct mega_dims *d)
{
    for (int p = 0; p < MEGA_PARTS; p++) {
        mega_official_list(&m->list[p], (enum mega_part)p, d);
        for (size_t i = 0, n; i < m->list[p].count; i++)
            m->all += ora_shape_count(&m->list[p].item[i].shape, &n) ? (double)n : 0;
    }
}

int mega_make_random(const char *seed, const struct ora_import_options *o, struct ora_str *yaml,
                     struct ora_err *err)
{
    struct making m = {.seed = seed, .o = o, .err = err};
    struct mega_base_voice v = {.win_size = MEGA_WIN_SIZE};
    if (!seed_ok(seed))
        return ora_err_set(err, ORA_E_BAD_USAGE, "seed '%.40s': wanted 1 to %d letters and digits", seed,
                           MEGA_FORMULA_SEED_MAX);
    snprintf(v.formula_seed, sizeof v.formula_seed, "%s", seed);
    int rc = mega_dims_choose(o->dims ? o->dims : "mini", &v.dims, err);
    if (rc < 0)
        return rc;
    char *path = ora_path_join(o->out_dir, "model.safetensors");
    lists_of(&m, &v.dims);
    make_tokenizer(&m.vocab, &m.merges);
    m.piece = ora_trymalloc(piece_elements(&m) * sizeof *m.piece);
    rc = m.piece ? mega_base_create(path, &m.wr, err)
                 : ora_err_set(err, ORA_E_NO_MEMORY, "no memory for weights");
    if (rc == 0)
        rc = write_all(&m);
    if (rc == 0)
        rc = write_prompt(o->out_dir, seed, err);
    for (int p = 0; p < MEGA_PARTS; p++) {
        v.part[p] = true;
        mega_official_release(&m.list[p]);
    }
    if (rc == 0)
        mega_base_yaml(&v, yaml);
    ora_weights_writer_destroy(&m.wr);
    ora_str_release(&m.vocab);
    ora_str_release(&m.merges);
    free(m.piece);
    free(path);
    return rc;
}
