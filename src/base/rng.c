#include "base/rng.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static inline void round_once(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
    uint32_t n2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[1] = (uint32_t)p1;
    c[3] = (uint32_t)p0;
    c[0] = n0;
    c[2] = n2;
}

void ora_philox(struct ora_rng_key key, const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key.word[0], k1 = key.word[1];
    memcpy(out, counter, 4 * sizeof *out);
    for (int i = 0; i < 10; i++) {
        round_once(out, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

struct ora_rng_key ora_rng_key_of(uint64_t seed, const char *utterance_id, uint32_t segment)
{
    char text[32];
    unsigned char raw[32];
    struct ora_sha256 h;
    ora_sha256_init(&h);
    ora_sha256_update(&h, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)seed) + 1);
    ora_sha256_update(&h, utterance_id, strlen(utterance_id) + 1);
    ora_sha256_update(&h, text, (size_t)snprintf(text, sizeof text, "%u", segment));
    ora_sha256_final(&h, raw);
    struct ora_rng_key key;
    for (int i = 0; i < 2; i++)
        key.word[i] = (uint32_t)raw[4 * i] | (uint32_t)raw[4 * i + 1] << 8 | (uint32_t)raw[4 * i + 2] << 16 |
                      (uint32_t)raw[4 * i + 3] << 24;
    return key;
}
