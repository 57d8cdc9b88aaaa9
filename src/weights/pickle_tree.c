/*
 * Pickle, the tree: values in blocks that never move, so that the machine and the memo hold plain pointers;
 * items grow by doubling and belong to their value.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "weights/pickle_private.h"

struct ora_pickle_value *ora_pickle_new_value(struct ora_pickle *p, enum ora_pickle_kind kind)
{
    struct ora_pickle_value **block = &p->block[p->count / ORA_PICKLE_BLOCK];
    if (p->count % ORA_PICKLE_BLOCK == 0 && !(*block = ora_trymalloc(ORA_PICKLE_BLOCK * sizeof **block)))
        return NULL;
    struct ora_pickle_value *v = *block + p->count++ % ORA_PICKLE_BLOCK;
    *v = (struct ora_pickle_value){.kind = kind};
    return v;
}

bool ora_pickle_add_items(struct ora_pickle_value *to, struct ora_pickle_value *const *items, size_t count)
{
    if (count > to->room - to->count) {
        size_t room = to->count + count > 2 * (size_t)to->room ? to->count + count : 2 * (size_t)to->room;
        struct ora_pickle_value **item =
            room > ORA_PICKLE_VALUES_MAX ? NULL : realloc(to->item, room * sizeof *item);
        if (!item)
            return false;
        to->item = item;
        to->room = (uint32_t)room;
    }
    if (count)
        memcpy(to->item + to->count, items, count * sizeof *items);
    to->count += (uint32_t)count;
    return true;
}

void ora_pickle_free(struct ora_pickle **out)
{
    struct ora_pickle *p = *out;
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++) {
        struct ora_pickle_value *v = p->block[i / ORA_PICKLE_BLOCK] + i % ORA_PICKLE_BLOCK;
        if (v->room)
            free(v->item);
    }
    for (size_t i = 0; i < ORA_PICKLE_BLOCKS; i++)
        free(p->block[i]);
    free(p);
    *out = NULL;
}

/* ---- reading -------------------------------------------------------------------------------------- */

const struct ora_pickle_value *ora_pickle_root(const struct ora_pickle *p)
{
    return p->root;
}

const struct ora_pickle_value *ora_pickle_at(const struct ora_pickle *p, size_t index)
{
    return index < p->count ? p->block[index / ORA_PICKLE_BLOCK] + index % ORA_PICKLE_BLOCK : NULL;
}

bool ora_pickle_text_is(const struct ora_pickle_value *v, const char *text)
{
    return v && v->kind == ORA_PICKLE_TEXT && v->count == strlen(text) &&
           memcmp(v->text, text, v->count) == 0;
}

const struct ora_pickle_value *ora_pickle_get(const struct ora_pickle_value *dict, const char *key)
{
    if (dict && dict->kind == ORA_PICKLE_DICT)
        for (uint32_t i = 0; i + 1 < dict->count; i += 2)
            if (ora_pickle_text_is(dict->item[i], key))
                return dict->item[i + 1];
    return NULL;
}

const char *ora_pickle_kind_name(const struct ora_pickle_value *v)
{
    static const char *const names[] = {"None", "bool",  "int",  "long integer", "float", "string",
                                        "list", "tuple", "dict", "class",        "call",  "persistent id"};
    return v ? names[v->kind] : "nothing";
}
