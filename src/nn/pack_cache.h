/*
 * The cache of packed weights: one file a voice, kernel level and layout, made once a node, mapped by all its
 * engines.
 *
 *     static int bind(void *model, struct ora_packer *p, struct ora_err *err);     // kernels/pack.h
 *     struct ora_pack_id id = {.voice_sha256 = voice->model_sha256, .family = "vits"};
 *     ora_pack_cache_open(&cache, options->cache_dir, &id, kernels, bind, model, &err);
 *     … the model's struct ora_conv … point into cache …
 *     ora_pack_cache_release(&cache);
 *
 * open runs bind to measure; maps the file when there is a sound one, else makes it under a lock (the others
 * wait and then map it), writing to another name and renaming, each part as soon as it is packed, so that a
 * first start takes no more memory than a later one; and runs bind again to set the model's views. Before it
 * packs it hashes the weights' source: a pack of damaged weights would be used for ever. A file that is
 * truncated, damaged or made for something else is made anew, never trusted. Where no cache can be written
 * (read-only home, full disk) the weights are packed into private memory with a warning: slower to start and
 * not shared, but right.
 *
 * File: 256 bytes of header, then the sections in bind's order, each at a multiple of 64 bytes. Only floats
 * lie in it; sizes and offsets come from bind, never from the file. Its name holds voice, level and key, and
 * the key a digest of all sources that decide a packed number, so that levels lie side by side and a build of
 * other sources never reads it. Whoever makes a file deletes those of the same voice and level that nobody
 * has opened for ORA_PACK_KEEP_DAYS (a file's time of change is that of its last use). Any may be deleted at
 * any time.
 *
 * Threads: open and release in one thread; what is mapped is read-only.
 */
#ifndef ORA_NN_PACK_CACHE_H
#define ORA_NN_PACK_CACHE_H

#include "base/file.h"
#include "nn/kernels/pack.h"

/* Runs over all layers of the model in a fixed order; called two or three times, in MEASURE, WRITE or VIEW
 * mode. */
typedef int ora_pack_bind_fn(void *model, struct ora_packer *p, struct ora_err *err);

/* Where the weights come from. */
struct ora_pack_source {
    const char *path; /* hashed before the first packing, since a pack outlives what it was made of */
    bool sound;       /* it was: networks of one file share this */
};

struct ora_pack_id {
    const char *voice_sha256;       /* 64 hex digits: of the weights' source */
    struct ora_pack_source *source; /* NULL: no file, nothing to hash */
    const char *family;             /* "vits" */
    const char *sources; /* digest of the sources that pack; NULL: of those that this build is made of */
};

struct ora_pack_cache {
    struct ora_map map; /* the file; empty when private */
    void *private_memory;
    size_t bytes; /* of the sections */
    bool made;    /* this call packed the weights (told in tests and logs) */
};

enum { ORA_PACK_KEEP_DAYS = 14 };

/* dir NULL: $XDG_CACHE_HOME/oratorio, else $HOME/.cache/oratorio. Errors: what bind gives, NO_MEMORY; VOICE
 * when the source is not what voice_sha256 says: then no file is left. */
int ora_pack_cache_open(struct ora_pack_cache *c, const char *dir, const struct ora_pack_id *id,
                        const struct ora_kernels *k, ora_pack_bind_fn *bind, void *model,
                        struct ora_err *err);
void ora_pack_cache_release(struct ora_pack_cache *c);
/* The weights are not needed for a while: their pages leave this process (not the page cache of the node) and
 * come back by themselves when they are read. Does nothing to private memory. Any thread. */
void ora_pack_cache_rest(const struct ora_pack_cache *c);

/* ---- the image, for tests and fuzzing
 * ---------------------------------------------------------------------------- */

enum { ORA_PACK_HEADER_BYTES = 256 };

struct ora_pack_expect {
    unsigned char key[32]; /* SHA-256 over version, sources, id and level */
    uint64_t digest;       /* of bind's shapes */
    uint64_t bytes;        /* of the sections */
};

void ora_pack_expect_init(struct ora_pack_expect *e, const struct ora_pack_id *id,
                          const struct ora_kernels *k, const struct ora_packer *measured);
/* Writes the header in front of `bytes` of sections that lie at image + ORA_PACK_HEADER_BYTES. */
void ora_pack_image_seal(unsigned char *image, const struct ora_pack_expect *e);
/* NULL when the image is sound and is the expected one; else why not. Reads within [data, data+len) only. */
const char *ora_pack_image_fault(const unsigned char *data, size_t len, const struct ora_pack_expect *e);

#endif
