/*
 * Id set: which ids a job has used, at about 16 bytes each, whatever their length.
 *
 * Kept are 96 bits of a SipHash with a key drawn for each set, plus 6 bits that choose the shard: two
 * different ids pass for the same with probability n²/2^103 (a billion ids: 1e-13), and nobody can make such
 * a pair on purpose. A false twin would be reported as a duplicate, never lost in silence. Threads: none of
 * its own.
 */
#ifndef ORA_TEXT_ID_SET_H
#define ORA_TEXT_ID_SET_H

#include <stdbool.h>
#include <stddef.h>

struct ora_id_set;

struct ora_id_set *ora_id_set_create(void);
void ora_id_set_destroy(struct ora_id_set **set);
bool ora_id_set_has(const struct ora_id_set *set, const char *id, size_t len);
/* 1 when the id is new and now in the set, 0 when it was there, -1 when memory is gone. */
int ora_id_set_add(struct ora_id_set *set, const char *id, size_t len);
size_t ora_id_set_count(const struct ora_id_set *set);
size_t ora_id_set_bytes(const struct ora_id_set *set); /* memory held */

#endif
