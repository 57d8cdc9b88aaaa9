/*
 * Listing: names and SHA-256 sums of the members of a `files` store; its own sum stands for the folder.
 * Sorted by name, so that the folder alone, in whatever order it is read, gives it back.
 */
#ifndef ORA_DATASET_LISTING_H
#define ORA_DATASET_LISTING_H

#include <stddef.h>

struct ora_listing_entry {
    char *name;
    char sha256[65];
};

struct ora_listing {
    struct ora_listing_entry *entry;
    size_t count, cap;
};

void ora_listing_add(struct ora_listing *l, const char *name, const char *sha256);
/* Sorts by name (bytes) and hashes the lines "<sha256>  <name>\n". */
void ora_listing_sha256(struct ora_listing *l, char hex[65]);
void ora_listing_release(struct ora_listing *l);

#endif
