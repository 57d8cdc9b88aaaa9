#include "models/vits/symbols.h"

#include <stdlib.h>

#include "base/test.h"

static const char yaml[] =
    "vits:\n"
    "  espeak_voice: en-us\n"
    "  rewrites:\n"
    "    - {from: \"oːɹ\", to: \"ɔːɹ\"}\n"
    "    - {from: \"c\", to: \"tʃ\"}\n"
    "  clusters: [\"a\", \"aɪ\", \"zz\"]\n"
    "  symbols:\n"
    "    \"_\": [0]\n    \"^\": [1]\n    \"$\": [2]\n    \" \": [3]\n    \".\": [4]\n"
    "    \",\": [5]\n    a: [6]\n    \"ɪ\": [7]\n    \"aɪ\": [8]\n    \"ɔ\": [9]\n"
    "    \"ː\": [10]\n    \"ɹ\": [11]\n    t: [12]\n    \"ʃ\": [13, 14]\n    \"ʲ\": [15]\n";

enum { ROWS = 64, HIDDEN = 8 };

/* Rows below 15 are large, the others small: 15 was never trained. */
static struct ora_yaml *open_symbols(struct vits_symbols *s, int rows)
{
    static float table[ROWS * HIDDEN];
    struct ora_err err = {0};
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < HIDDEN; i++)
            table[r * HIDDEN + i] = r < 15 ? 1 : 0.3f + 0.01f * (float)((r * 7 + i) % 5);
    struct ora_yaml *doc = ora_yaml_parse(yaml, sizeof yaml - 1, "voice.yaml", &err);
    struct ora_voice voice = {.name = "v", .family_config = doc ? ora_yaml_get(doc->root, "vits") : NULL};
    ORA_CHECK_OK(vits_symbols_open(s, &voice, table, rows, HIDDEN, &err), err);
    return doc;
}

ORA_TEST(spells_with_rewrites_clusters_and_drops)
{
    static const struct {
        const char *phonemes, *tokens; /* joined by | */
        unsigned dropped, rewritten;
    } row[] = {
        {"aɪ a.", "aɪ| |a|.", 0, 0}, {"toːɹ", "t|ɔ|ː|ɹ", 0, 1},       {"c", "t|ʃ", 0, 1},
        {"aʲɪ", "a|ɪ", 1, 0},        {"a☃!ɪ", "a|ɪ", 2, 0},           {"", "", 0, 0},
        {"zza", "a", 2, 0},          {"oːɹoːɹ", "ɔ|ː|ɹ|ɔ|ː|ɹ", 0, 2},
    };
    struct vits_symbols s;
    struct ora_yaml *doc = open_symbols(&s, ROWS);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct vits_spelling w;
        struct ora_str got = ORA_STR_INIT;
        unsigned dropped = 0;
        vits_spell(&s, row[i].phonemes, &w);
        for (size_t t = 0; t < w.count; t++)
            ora_str_addf(&got, "%s%s", t ? "|" : "", w.token[t].text);
        for (size_t d = 0; d < w.dropped_count; d++)
            dropped += w.dropped[d].count;
        ORA_CHECK_STR(ora_str_c(&got), row[i].tokens);
        ORA_CHECK_INT(dropped, row[i].dropped);
        ORA_CHECK_INT(w.rewritten, row[i].rewritten);
        ora_str_release(&got);
        vits_spelling_release(&w);
    }
    vits_symbols_close(&s);
    ora_yaml_free(&doc);
}

ORA_TEST(phonemes_in_brackets_are_checked_without_weights)
{
    static const struct {
        const char *text, *error; /* NULL: none */
    } row[] = {
        {"no phonemes", NULL},
        {"say [[aɪ tːɔ]] and [[ c. ]]", NULL},
        {"untrained is dropped: [[aʲ]]", NULL},
        {"say [[aɪ q]] now", "\"q\" (U+0071) in \"[[aɪ q]]\" is none of the voice's phonemes"},
        {"say [[a]] [[ʃ☃]]", "\"☃\" (U+2603) in \"[[ʃ☃]]\""},
        {"a [[ . ]] b", "no phonemes stand in \"[[ . ]]\""},
        {"a [[a b", "\"[[\" is not closed"},
        {"a \\[[q]] b[c[1]]", NULL},
    };
    struct vits_symbols s;
    struct ora_yaml *doc = open_symbols(&s, ROWS);
    struct ora_voice voice = {.name = "v", .family_config = ora_yaml_get(doc->root, "vits")};
    const struct ora_family *f = ora_family_find("vits");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct ora_err open = {0}, closed = {0};
        int rc = vits_check_phonemes(&s, row[i].text, &open);
        int planned = f->check_phones(&voice, row[i].text, false, &closed);
        if (rc != planned || rc != (row[i].error ? ORA_E_BAD_INPUT : 0) ||
            (rc < 0 && (!strstr(open.message, row[i].error) || strcmp(open.message, closed.message) != 0)))
            ORA_FAIL("%s: %d \"%s\", %d \"%s\"", row[i].text, rc, open.message, planned, closed.message);
    }
    vits_symbols_close(&s);
    ora_yaml_free(&doc);
}

ORA_TEST(tokens_know_their_code_points)
{
    struct vits_symbols s;
    struct ora_yaml *doc = open_symbols(&s, ROWS);
    struct vits_spelling w;
    vits_spell(&s, "aɪ toːɹʲ c", &w);
    ORA_CHECK_INT(w.source_count, 10);
    ORA_CHECK_INT(w.token[0].source_count, 2);
    ORA_CHECK_INT(w.token[3].source, 4); /* ɔ stands for o */
    ORA_CHECK_INT(w.token[6].source, 8); /* the space behind ʲ */
    ORA_CHECK_INT(w.token[7].source, 9); /* t and ʃ both stand for c */
    ORA_CHECK_INT(w.token[8].source, 9);
    vits_spelling_release(&w);
    vits_symbols_close(&s);
    ora_yaml_free(&doc);
}

ORA_TEST(ids_have_a_pad_behind_each_phoneme)
{
    struct vits_symbols s;
    struct ora_yaml *doc = open_symbols(&s, ROWS);
    struct vits_spelling w;
    int32_t ids[16];
    vits_spell(&s, "aʃ", &w);
    ORA_CHECK_INT(vits_ids_of(&s, w.token, w.count, ids, 16), 8);
    static const int32_t want[] = {1, 0, 6, 0, 13, 14, 0, 2};
    for (int i = 0; i < 8; i++)
        ORA_CHECK_INT(ids[i], want[i]);
    ORA_CHECK_INT(vits_ids_of(&s, w.token, w.count, ids, 3), 8); /* counts on beyond the room */
    vits_spelling_release(&w);
    vits_symbols_close(&s);
    ora_yaml_free(&doc);
}

ORA_TEST(without_spare_rows_only_the_palatal_mark_of_english_is_untrained)
{
    struct vits_symbols s;
    struct ora_yaml *doc = open_symbols(&s, 16);
    for (size_t i = 0; i < s.count; i++)
        ORA_CHECK_INT(s.symbol[i].untrained, !strcmp(s.symbol[i].text, "ʲ"));
    vits_symbols_close(&s);
    ora_yaml_free(&doc);
}

ORA_TEST(cuts_at_the_clause_mark_nearest_the_middle)
{
    static const struct {
        const char *tokens; /* one byte each */
        size_t cut;
    } row[] = {{"aaaa, aaaaa, aa", 5},
               {"aa aaaaaaa aaaa", 10},
               {"aaaaaaaa", 4},
               {"aa", 1},
               {"a, aaaaaaaaaaaaaaaaaaa aaaaaa", 22}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct vits_token t[64] = {0};
        size_t n = strlen(row[i].tokens);
        for (size_t j = 0; j < n; j++)
            t[j].text[0] = row[i].tokens[j];
        ORA_CHECK_INT(vits_cut(t, n), row[i].cut);
    }
}

ORA_TEST(broken_maps_name_the_line)
{
    static const struct {
        const char *yaml, *error;
    } row[] = {
        {"vits:\n  symbols: {\"_\": [0], \"^\": [1], \"$\": [99]}\n", "voice.yaml:2"},
        {"vits:\n  symbols: {\"_\": [0], \"^\": [1]}\n", "'$' is missing"},
        {"vits:\n  symbls: {}\n", "did you mean 'symbols'"},
        {"vits:\n  espeak_voice: en\n", "'symbols' is missing"},
        {"vits:\n  phoneme_type: pinyin\n  symbols: {}\n", "phoneme_type"},
        {"vits:\n  rewrites: [{from: \"\", to: a}]\n  symbols: {}\n", "must not be empty"},
    };
    float table[64 * 8] = {0};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct ora_err err = {0};
        struct vits_symbols s;
        struct ora_yaml *doc = ora_yaml_parse(row[i].yaml, strlen(row[i].yaml), "voice.yaml", &err);
        struct ora_voice voice = {.name = "v", .family_config = doc ? ora_yaml_get(doc->root, "vits") : NULL};
        ORA_CHECK(vits_symbols_open(&s, &voice, table, 64, 8, &err) < 0);
        if (!strstr(err.message, row[i].error))
            ORA_FAIL("\"%s\" lacks \"%s\"", err.message, row[i].error);
        vits_symbols_close(&s);
        ora_yaml_free(&doc);
    }
}
