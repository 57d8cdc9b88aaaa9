/* SHA-256 (libsodium): files, PCM, identities. */
#ifndef ORA_BASE_HASH_H
#define ORA_BASE_HASH_H

#include <stddef.h>
#include <sodium/crypto_hash_sha256.h>

struct ora_sha256 {
    crypto_hash_sha256_state state;
};

void ora_sha256_init(struct ora_sha256 *h);
void ora_sha256_update(struct ora_sha256 *h, const void *data, size_t len);
void ora_sha256_final(struct ora_sha256 *h, unsigned char out[32]);
void ora_sha256_hex(struct ora_sha256 *h, char hex[65]); /* final, as 64 lower-case hex digits */
void ora_sha256_of(const void *data, size_t len, char hex[65]);

#endif
