/* SHA-256: a thin name over libsodium's. */
#include "base/hash.h"

void ora_sha256_init(struct ora_sha256 *h)
{
    crypto_hash_sha256_init(&h->state);
}

void ora_sha256_update(struct ora_sha256 *h, const void *data, size_t len)
{
    crypto_hash_sha256_update(&h->state, data, len);
}

void ora_sha256_final(struct ora_sha256 *h, unsigned char out[32])
{
    crypto_hash_sha256_final(&h->state, out);
}

void ora_sha256_hex(struct ora_sha256 *h, char hex[65])
{
    unsigned char raw[32];
    ora_sha256_final(h, raw);
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    hex[64] = '\0';
}

void ora_sha256_of(const void *data, size_t len, char hex[65])
{
    struct ora_sha256 h;
    ora_sha256_init(&h);
    ora_sha256_update(&h, data, len);
    ora_sha256_hex(&h, hex);
}
