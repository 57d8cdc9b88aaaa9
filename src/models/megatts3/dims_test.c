/* What a file of sizes may say: everything that a network would index by is refused when it is read. */
#include "models/megatts3/dims.h"

#include "base/test.h"

ORA_TEST(official_sizes_are_read_back)
{
    struct mega_dims d;
    struct ora_err err = {0};
    json_t *object = mega_dims_to_json(&mega_dims_official);
    ORA_CHECK_OK(mega_dims_read(object, &d, &err), err);
    ORA_CHECK_INT(d.g2p.speech_start, mega_dims_official.g2p.speech_start);
    ORA_CHECK_INT(d.vae.dec_ratios[0], 5);
    json_decref(object);
}

ORA_TEST(numbers_that_index_are_bounded)
{
    static const struct {
        const char *model, *key;
        int value;
        const char *says; /* NULL: accepted */
    } cases[] = {
        {"g2p", "vocab", 803, "'g2p.speech_start' is 151667, wanted at most 1: 'g2p.vocab' is 803"},
        {"g2p", "speech_start", 168896 - 802, NULL},
        {"g2p", "speech_start", 168896 - 801, "'g2p.speech_start' is 168095, wanted at most 168094"},
        {"g2p", "bot", 168896, "'g2p.bot' is 168896, wanted at most 168895: 'g2p.vocab' is 168896"},
        {"g2p", "bos", 168896, "'g2p.bos' is 168896, wanted at most 168895"},
        {"g2p", "bos", 168895, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_dims d;
        struct ora_err err = {0};
        json_t *object = mega_dims_to_json(&mega_dims_official);
        json_object_set_new(json_object_get(object, cases[i].model), cases[i].key,
                            json_integer(cases[i].value));
        int rc = mega_dims_read(object, &d, &err);
        ORA_CHECK_INT(rc, cases[i].says ? ORA_E_FORMAT : 0);
        if (cases[i].says && !strstr(err.message, cases[i].says))
            ORA_FAIL("\"%s\" does not say \"%s\"", err.message, cases[i].says);
        json_decref(object);
    }
}

/* All of them make 240, as 5, 4, 4, 3 do. */
ORA_TEST(decoder_ratios_are_those_with_room)
{
    static const struct {
        int ratios[MEGA_STAGES];
        const char *says;
    } cases[] = {
        {{8, 5, 3, 2}, NULL},
        {{10, 4, 3, 2}, "'vae.dec_ratios[0]' is 10, wanted 2 to 8"},
        {{2, 2, 4, 15}, "'vae.dec_ratios[3]' is 15, wanted 2 to 8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mega_dims d;
        struct ora_err err = {0};
        json_t *object = mega_dims_to_json(&mega_dims_official), *list = json_array();
        for (int s = 0; s < MEGA_STAGES; s++)
            json_array_append_new(list, json_integer(cases[i].ratios[s]));
        json_object_set_new(json_object_get(object, "vae"), "dec_ratios", list);
        ORA_CHECK_INT(mega_dims_read(object, &d, &err), cases[i].says ? ORA_E_FORMAT : 0);
        if (cases[i].says && !strstr(err.message, cases[i].says))
            ORA_FAIL("\"%s\" does not say \"%s\"", err.message, cases[i].says);
        json_decref(object);
    }
}
