/*
 * The phone dictionary, and pinyin in its terms.
 *
 * Which phones pinyin's letters stand for follows from the dictionary's own names: they are the finals of
 * Hanyu Pinyin written out (iu is iou, ui is uei, un is uen, ü is v), ii after z c s and iii after zh ch sh r
 * for the vowels that i stands for there, and a final with r for its erhua. That an initial carries its
 * syllable's tone is taken from the ids, which give every Mandarin phone every tone.
 */
#include "models/megatts3/symbols.h"

#include <string.h>

#include "models/megatts3/phones.h"
#include "text/chars.h"

enum { FIRST_MANDARIN = 3, LAST_MANDARIN = 100, FIRST_ENGLISH = 101, LAST_ENGLISH = 144, PHONES = 174 };

static const char *const symbols[PHONES] = {
    /* 0 */ "pad",  "eos",  "unk",   "a",    "ai",    "air",  "an",   "ang",   "angr", "anr",
    /* 10 */ "ao",  "aor",  "ar",    "b",    "c",     "ch",   "d",    "e",     "ei",   "eir",
    /* 20 */ "en",  "eng",  "engr",  "enr",  "er",    "f",    "g",    "h",     "i",    "ia",
    /* 30 */ "ian", "iang", "iangr", "ianr", "iao",   "iaor", "iar",  "ie",    "ier",  "ii",
    /* 40 */ "iii", "iiir", "iir",   "in",   "ing",   "ingr", "inr",  "io",    "iong", "iongr",
    /* 50 */ "iou", "iour", "ir",    "j",    "k",     "l",    "m",    "n",     "ng",   "o",
    /* 60 */ "ong", "ongr", "or",    "ou",   "our",   "p",    "q",    "r",     "s",    "sh",
    /* 70 */ "t",   "u",    "ua",    "uai",  "uair",  "uan",  "uang", "uangr", "uanr", "uar",
    /* 80 */ "uei", "ueir", "uen",   "ueng", "uengr", "uenr", "uo",   "uor",   "ur",   "v",
    /* 90 */ "van", "vanr", "ve",    "ver",  "vn",    "vnr",  "vr",   "x",     "z",    "zh",
    /* 100 */ "＿", "aa",   "ae",    "ah",   "ao",    "aw",   "ax",   "ay",    "b",    "ch",
    /* 110 */ "d",  "dh",   "eh",    "ehr",  "er",    "ey",   "f",    "g",     "hh",   "ih",
    /* 120 */ "iy", "iyr",  "jh",    "k",    "l",     "m",    "n",    "ng",    "oh",   "ow",
    /* 130 */ "oy", "p",    "r",     "s",    "sh",    "t",    "th",   "uh",    "uw",   "uwr",
    /* 140 */ "v",  "w",    "y",     "z",    "zh",    "sil",  "…",    "、",    "。",   "《",
    /* 150 */ "》", "【",   "】",    "！",   "＂",    "＃",   "＄",   "％",    "＇",   "＇＇",
    /* 160 */ "（", "）",   "＊",    "，",   "：",    "；",   "？",   "＼",    "＾",   "＿",
    /* 170 */ "｀", "｛",   "｝",    "～",
};

const char *mega_phone_symbol(int32_t phone)
{
    return phone >= 0 && phone < PHONES ? symbols[phone] : NULL;
}

bool mega_phone_is_mandarin(int32_t id)
{
    int32_t phone, tone;
    mega_phone_split(id, &phone, &tone);
    return phone >= FIRST_MANDARIN && phone < LAST_MANDARIN; /* the last is a mark */
}

bool mega_phone_is_english(int32_t id)
{
    return id >= FIRST_ENGLISH && id <= LAST_ENGLISH;
}

static int32_t phone_of(const char *name, size_t len, int32_t first, int32_t last)
{
    for (int32_t p = first; p <= last; p++)
        if (strlen(symbols[p]) == len && !memcmp(symbols[p], name, len))
            return p;
    return -1;
}

/* Tone 1-6 of a Mandarin phone, or 0 for none. */
static int32_t with_tone(int32_t phone, int tone)
{
    return tone ? 201 + 6 * (phone - FIRST_MANDARIN) + tone - 1 : phone;
}

/* ---- pinyin
 * ------------------------------------------------------------------------------------------------- */

/* Finals as they are written after an initial -> as the dictionary writes them. Others are written alike. */
static const char *const after_initial[][2] = {{"iu", "iou"}, {"ui", "uei"}, {"un", "uen"}};
/* Syllables without an initial. */
static const char *const alone[][2] = {
    {"yi", "i"},     {"ya", "ia"},     {"yan", "ian"}, {"yang", "iang"}, {"yao", "iao"},   {"ye", "ie"},
    {"yin", "in"},   {"ying", "ing"},  {"yo", "io"},   {"yong", "iong"}, {"you", "iou"},   {"yu", "v"},
    {"yuan", "van"}, {"yue", "ve"},    {"yun", "vn"},  {"wu", "u"},      {"wa", "ua"},     {"wai", "uai"},
    {"wan", "uan"},  {"wang", "uang"}, {"wei", "uei"}, {"wen", "uen"},   {"weng", "ueng"}, {"wo", "uo"},
};

struct syllable {
    int32_t initial, final; /* initial -1: none */
};

static bool final_of(const char *initial, size_t initial_len, const char *rest, size_t len, int32_t *final)
{
    char name[8];
    bool labial_v = initial_len == 1 && strchr("jqx", initial[0]);
    bool dental = initial_len == 1 && strchr("zcs", initial[0]);
    bool retroflex = initial_len == 2 || initial[0] == 'r';
    if (!len || len >= sizeof name - 2)
        return false;
    memcpy(name, rest, len);
    name[len] = '\0';
    for (size_t k = 0; k < sizeof after_initial / sizeof *after_initial; k++)
        if (!strcmp(name, after_initial[k][0]) && !(labial_v && name[0] == 'u'))
            strcpy(name, after_initial[k][1]);
    if (labial_v && name[0] == 'u')
        name[0] = 'v';
    if (!strcmp(name, "ue") && (initial[0] == 'l' || initial[0] == 'n'))
        name[0] = 'v';
    if (!strcmp(name, "i") && (dental || retroflex))
        strcpy(name, dental ? "ii" : "iii");
    *final = phone_of(name, strlen(name), FIRST_MANDARIN, LAST_MANDARIN);
    return *final >= 0 && strchr("aeiouv", name[0]);
}

static bool plain_syllable(const char *s, size_t len, struct syllable *out)
{
    static const char initials[] = "bpmfdtnlgkhjqxrzcs";
    out->initial = -1;
    for (size_t k = 0; k < sizeof alone / sizeof *alone; k++)
        if (strlen(alone[k][0]) == len && !memcmp(alone[k][0], s, len)) {
            out->final = phone_of(alone[k][1], strlen(alone[k][1]), FIRST_MANDARIN, LAST_MANDARIN);
            return true;
        }
    if (!len || !strchr(initials, s[0]))
        return false;
    size_t initial = 1 + (len > 1 && s[1] == 'h' && strchr("zcs", s[0]));
    out->initial = phone_of(s, initial, FIRST_MANDARIN, LAST_MANDARIN);
    return out->initial >= 0 && final_of(s, initial, s + initial, len - initial, &out->final);
}

/* With the r of erhua: "huar" is h uar. */
static bool syllable_of(const char *s, size_t len, struct syllable *out)
{
    char name[8];
    if (plain_syllable(s, len, out))
        return true;
    if (len < 2 || s[len - 1] != 'r' || !plain_syllable(s, len - 1, out))
        return false;
    size_t n = strlen(symbols[out->final]);
    memcpy(name, symbols[out->final], n);
    name[n] = 'r';
    out->final = phone_of(name, n + 1, FIRST_MANDARIN, LAST_MANDARIN);
    return out->final >= 0;
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------ */

static int32_t mark_of(const char *word, size_t len)
{
    static const char half[] = ".,!?;:~\"#$%'()*\\^_`{}";
    static const char *const full[] = {"。", "，", "！", "？", "；", "：", "～", "＂", "＃", "＄", "％",
                                       "＇", "（", "）", "＊", "＼", "＾", "＿", "｀", "｛", "｝"};
    const char *at = len == 1 ? strchr(half, word[0]) : NULL;
    if (at && *at)
        word = full[at - half], len = strlen(word);
    if (len == 3 && !memcmp(word, "...", 3))
        word = "…", len = strlen(word);
    return phone_of(word, len, MEGA_SIL, PHONES - 1);
}

/* "#57" -> 57, -1 otherwise. */
static int32_t number_of(const char *word, size_t len)
{
    int32_t v = 0;
    if (len < 2 || len > 4 || word[0] != '#')
        return -1;
    for (size_t i = 1; i < len; i++) {
        if (word[i] < '0' || word[i] > '9')
            return -1;
        v = 10 * v + (word[i] - '0');
    }
    return mega_phone_valid(v) ? v : -1;
}

/* ü and u: as v, small letters; false for what is too long. */
static bool plain_letters(const char *word, size_t len, char out[16], size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < len; i++) {
        if (*n == 15)
            return false;
        if (i + 1 < len && word[i] == '\xC3' && (word[i + 1] == '\xBC' || word[i + 1] == '\x9C'))
            out[(*n)++] = 'v', i++;
        else if (i + 1 < len && (word[i] | 32) == 'u' && word[i + 1] == ':')
            out[(*n)++] = 'v', i++;
        else
            out[(*n)++] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] + 32) : word[i];
    }
    out[*n] = '\0';
    return true;
}

/* A word with a tone: a phone, or a syllable of pinyin. */
static bool toned(const char *s, size_t len, int tone, struct ora_ids *ids)
{
    struct syllable syllable = {-1, phone_of(s, len, FIRST_MANDARIN, LAST_MANDARIN)};
    if (syllable.final < 0 && !syllable_of(s, len, &syllable))
        return false;
    if (syllable.initial >= 0)
        ora_ids_add(ids, with_tone(syllable.initial, tone));
    ora_ids_add(ids, with_tone(syllable.final, tone));
    return true;
}

static size_t word_end(const char *text, size_t len, size_t at, size_t *next)
{
    size_t end = at;
    *next = at;
    while (*next < len && !ora_cp_is_space(ora_cp_at(text, len, *next, next)))
        end = *next;
    return end;
}

static size_t skip_space(const char *text, size_t len, size_t at)
{
    size_t end;
    while (at < len && ora_cp_is_space(ora_cp_at(text, len, at, &end)))
        at = end;
    return at;
}

/* Where the duration of a word begins (at its last colon), `end` when it has none. A colon behind u is no
 * duration's: it makes ü of it (lu:4, lu:e4), and no phone ends in u. */
static size_t duration_at(const char *text, size_t start, size_t end)
{
    size_t at = end;
    while (at > start && text[at - 1] != ':')
        at--;
    return at - start >= 2 && (text[at - 2] | 32) != 'u' ? at - 1 : end;
}

/* ":120" -> 12 frames; 0 for what is no whole number, too short or too long. */
static int32_t frames_of(const char *text, size_t colon, size_t end)
{
    enum { FRAME_MS = 10, MOST_MS = 10000 };
    int32_t ms = 0;
    for (size_t i = colon + 1; i < end && ms <= MOST_MS; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        ms = 10 * ms + (text[i] - '0');
    }
    return ms < FRAME_MS || ms > MOST_MS ? 0 : (ms + FRAME_MS / 2) / FRAME_MS;
}

/* The tone of the word at `at` when it is one Mandarin phone with a tone, else 0: what a bare initial takes.
 */
static int tone_of_next(const char *text, size_t len, size_t at)
{
    char s[16];
    size_t n, next, start = skip_space(text, len, at), end = word_end(text, len, start, &next);
    end = duration_at(text, start, end);
    if (!plain_letters(text + start, end - start, s, &n) || n < 2 || s[n - 1] < '1' || s[n - 1] > '6')
        return 0;
    return phone_of(s, n - 1, FIRST_MANDARIN, LAST_MANDARIN) < 0 ? 0 : s[n - 1] - '0';
}

/* The word text[start..end); `after` is where the next one is looked for. */
static bool read_word(const char *text, size_t len, size_t start, size_t end, size_t after,
                      struct ora_ids *ids)
{
    char s[16];
    size_t n;
    int32_t id = number_of(text + start, end - start);
    if (id < 0)
        id = mark_of(text + start, end - start);
    if (id < 0 && plain_letters(text + start, end - start, s, &n) && n) {
        int tone = s[n - 1] >= '0' && s[n - 1] <= '6' ? s[n - 1] - '0' : -1;
        if (tone >= 0)
            return toned(s, n - 1, tone, ids);
        int32_t mandarin = phone_of(s, n, FIRST_MANDARIN, LAST_MANDARIN);
        tone = mandarin >= 0 ? tone_of_next(text, len, after) : 0;
        id = tone ? with_tone(mandarin, tone) : phone_of(s, n, FIRST_ENGLISH, LAST_ENGLISH);
    }
    if (id >= 0)
        ora_ids_add(ids, id);
    return id >= 0;
}

int mega_symbols_read_timed(const char *text, size_t len, struct ora_ids *ids, struct ora_ids *frames,
                            struct ora_err *err)
{
    for (size_t at = skip_space(text, len, 0), next; at < len; at = skip_space(text, len, next)) {
        size_t end = word_end(text, len, at, &next), colon = duration_at(text, at, end), before = ids->count;
        int shown = (int)(end - at < 40 ? end - at : 40);
        int32_t given = colon < end ? frames_of(text, colon, end) : 0;
        if (!read_word(text, len, at, colon, end, ids))
            return ora_err_set(
                err, ORA_E_BAD_INPUT,
                "\"%.*s\" is no phone of MegaTTS 3; wanted pinyin with a tone (ni3), Mandarin phones with "
                "tones (n i3), English ones (hh ax l ow), marks, or #ID, and milliseconds behind a colon "
                "(i3:120)",
                shown, text + at);
        if (colon < end && (!given || ids->count != before + 1))
            return ora_err_set(err, ORA_E_BAD_INPUT,
                               given ? "\"%.*s\" is no phone alone: each has its own duration (n:60 i3:120)"
                                     : "\"%.*s\": a duration is 10 to 10000 milliseconds, a whole number",
                               shown, text + at);
        while (frames && frames->count < ids->count)
            ora_ids_add(frames, given);
        next = end;
    }
    return 0;
}

int mega_symbols_read(const char *text, size_t len, struct ora_ids *ids, struct ora_err *err)
{
    return mega_symbols_read_timed(text, len, ids, NULL, err);
}

/* ---- printing
 * ----------------------------------------------------------------------------------------------- */

void mega_symbol_add(int32_t id, struct ora_str *out)
{
    int32_t phone = id;
    if (id >= 201 && id <= 788)
        phone = (id - 201) / 6 + FIRST_MANDARIN;
    if (phone < FIRST_MANDARIN || phone >= PHONES || phone == LAST_MANDARIN)
        ora_str_addf(out, "#%d", id);
    else if (phone < LAST_MANDARIN)
        ora_str_addf(out, "%s%d", symbols[phone], id == phone ? 0 : (id - 201) % 6 + 1);
    else
        ora_str_add(out, symbols[phone]);
}

void mega_symbols_print(const int32_t *ids, size_t count, struct ora_str *out)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            ora_str_addc(out, ' ');
        mega_symbol_add(ids[i], out);
    }
}
