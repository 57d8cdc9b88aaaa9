/* Listing: what sha256sum would print for the members of a folder, and its sum. */
#include "dataset/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

void ora_listing_add(struct ora_listing *l, const char *name, const char *sha256)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->entry = ora_xrealloc(l->entry, l->cap * sizeof *l->entry);
    }
    struct ora_listing_entry *e = &l->entry[l->count++];
    e->name = ora_xstrdup(name);
    snprintf(e->sha256, sizeof e->sha256, "%s", sha256);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ora_listing_entry *)a)->name, ((const struct ora_listing_entry *)b)->name);
}

void ora_listing_sha256(struct ora_listing *l, char hex[65])
{
    struct ora_sha256 h;
    ora_sha256_init(&h);
    if (l->count)
        qsort(l->entry, l->count, sizeof *l->entry, by_name);
    for (size_t i = 0; i < l->count; i++) {
        ora_sha256_update(&h, l->entry[i].sha256, 64);
        ora_sha256_update(&h, "  ", 2);
        ora_sha256_update(&h, l->entry[i].name, strlen(l->entry[i].name));
        ora_sha256_update(&h, "\n", 1);
    }
    ora_sha256_hex(&h, hex);
}

void ora_listing_release(struct ora_listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->entry[i].name);
    free(l->entry);
    *l = (struct ora_listing){NULL, 0, 0};
}
