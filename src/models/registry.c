/* Registry: the list of families, generated from families.def. */
#include "models/family.h"

#include <string.h>

#define ORA_FAMILY(name_) extern const struct ora_family ora_family_##name_;
#include "models/families.def"
#undef ORA_FAMILY

static const struct ora_family *const families[] = {
#define ORA_FAMILY(name_) &ora_family_##name_,
#include "models/families.def"
#undef ORA_FAMILY
    NULL,
};

const struct ora_family *ora_family_at(size_t index)
{
    return index < sizeof families / sizeof *families ? families[index] : NULL;
}

const struct ora_family *ora_family_find(const char *name)
{
    for (size_t i = 0; families[i]; i++)
        if (name && !strcmp(families[i]->name, name))
            return families[i];
    return NULL;
}

void ora_family_cost(const struct ora_family *f, const struct ora_voice *voice, const struct ora_settings *s,
                     struct ora_cost *cost)
{
    *cost = f->usual;
    if (!f->cost)
        return;
    f->cost(voice, s, cost);
    cost->chars_per_minute = 60 / (cost->audio_s_per_char * cost->core_s_per_audio_s);
}
