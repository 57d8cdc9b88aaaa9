#include "base/rng.h"

#include "base/test.h"

/* Known answers of the reference implementation (Random123, kat_vectors: philox4x32 10). */
ORA_TEST(philox_known_answers)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } row[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint32_t out[4];
        ora_philox((struct ora_rng_key){{row[i].key[0], row[i].key[1]}}, row[i].counter, out);
        for (int j = 0; j < 4; j++)
            ORA_CHECK_INT(out[j], row[i].want[j]);
    }
}

ORA_TEST(keys_differ_by_every_part)
{
    struct ora_rng_key a = ora_rng_key_of(1, "x", 0), b = ora_rng_key_of(2, "x", 0),
                       c = ora_rng_key_of(1, "y", 0), d = ora_rng_key_of(1, "x", 1),
                       e = ora_rng_key_of(1, "x", 0);
    ORA_CHECK(memcmp(&a, &b, sizeof a) && memcmp(&a, &c, sizeof a) && memcmp(&a, &d, sizeof a));
    ORA_CHECK(memcmp(&a, &e, sizeof a) == 0);
}
