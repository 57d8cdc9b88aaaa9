#include "models/family.h"

#include "base/test.h"

ORA_TEST(every_row_is_found_by_its_name)
{
    size_t n = 0;
    for (const struct ora_family *f; (f = ora_family_at(n)); n++) {
        ORA_CHECK(ora_family_find(f->name) == f);
        ORA_CHECK(f->summary && f->open && f->close && f->plan && f->synth && f->level && f->settings);
    }
    ORA_CHECK(ora_family_at(n + 7) == NULL);
}

ORA_TEST(unknown_names_are_not_found)
{
    ORA_CHECK(ora_family_find("vist") == NULL);
    ORA_CHECK(ora_family_find("") == NULL);
    ORA_CHECK(ora_family_find(NULL) == NULL);
}
