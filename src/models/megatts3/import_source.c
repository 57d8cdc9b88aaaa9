/* A state dict behind one face, whatever its container; names are cleaned once, when it is opened. */
#include "models/megatts3/import_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "models/megatts3/formula.h"

static size_t count_of(const struct mega_source *s)
{
    return s->torch ? ora_torch_count(s->torch) : ora_weights_count(s->weights);
}

static const struct ora_tensor *at(const struct mega_source *s, size_t i)
{
    return s->torch ? ora_torch_at(s->torch, i) : ora_weights_at(s->weights, i);
}

static void remove_all(char *s, const char *part)
{
    size_t len = strlen(part);
    for (char *p = s; (p = strstr(p, part));)
        memmove(p, p + len, strlen(p + len) + 1);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mega_source_tensor *)a)->name, ((const struct mega_source_tensor *)b)->name);
}

static int clean_names(struct mega_source *s, const char *prefix, struct ora_err *err)
{
    size_t count = count_of(s);
    s->item = ora_xcalloc(count + 1, sizeof *s->item);
    for (; s->count < count; s->count++) {
        struct mega_source_tensor *t = &s->item[s->count];
        char *name = ora_xstrdup(at(s, s->count)->name);
        remove_all(name, "module.");
        remove_all(name, "_orig_mod.");
        *t = (struct mega_source_tensor){.name = ora_fmt("%s%s", prefix, name), .tensor = at(s, s->count)};
        free(name);
    }
    qsort(s->item, count, sizeof *s->item, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(s->item[i - 1].name, s->item[i].name) == 0)
            return ora_err_set(err, ORA_E_FORMAT,
                               "%s: tensors '%.96s' and '%.96s' have the same name without wrappers", s->path,
                               s->item[i - 1].tensor->name, s->item[i].tensor->name);
    return 0;
}

int mega_source_open(struct mega_source *s, const char *path, const char *key, const char *prefix,
                     struct ora_err *err)
{
    const char *const keys[] = {"state_dict", key};
    *s = (struct mega_source){.path = ora_xstrdup(path)};
    int rc = ora_ends_with(path, ".safetensors") ? ora_weights_open(path, &s->weights, err)
                                                 : ora_torch_open(path, keys, key ? 2 : 0, &s->torch, err);
    if (rc == 0)
        rc = clean_names(s, prefix, err);
    if (rc < 0)
        mega_source_close(s);
    return rc;
}

void mega_source_close(struct mega_source *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->item[i].name);
    free(s->item);
    ora_torch_close(&s->torch);
    ora_weights_close(&s->weights);
    free(s->path);
    *s = (struct mega_source){0};
}

const struct ora_tensor *mega_source_find(struct mega_source *s, const char *name)
{
    struct mega_source_tensor key = {.name = (char *)name};
    struct mega_source_tensor *t = bsearch(&key, s->item, s->count, sizeof key, by_name);
    if (t)
        t->known = true;
    return t ? t->tensor : NULL;
}

bool mega_source_has_prefix(const struct mega_source *s, const char *prefix)
{
    for (size_t i = 0; i < s->count; i++)
        if (ora_starts_with(s->item[i].name, prefix))
            return true;
    return false;
}

int mega_source_verify(const struct mega_source *s, struct ora_err *err)
{
    return s->torch ? ora_torch_verify(s->torch, err) : 0;
}

static const struct ora_tensor *take(struct mega_source *s, const char *name, const struct ora_shape *shape,
                                     enum ora_dtype dtype, struct ora_err *err)
{
    const struct ora_tensor *t = mega_source_find(s, name);
    char want[ORA_SHAPE_TEXT], found[ORA_SHAPE_TEXT];
    ora_shape_text(shape, want);
    if (!t)
        ora_err_set(err, ORA_E_VOICE, "%s: tensor '%s' is missing, wanted %s %s", s->path, name,
                    ora_dtype_name(dtype), want);
    else if (t->dtype != dtype || !ora_shape_equal(&t->shape, shape))
        ora_err_set(
            err, ORA_E_VOICE,
            "%s: tensor '%s': wanted %s %s, found %s %s (sizes other than the release's are told by --dims)",
            s->path, name, ora_dtype_name(dtype), want, ora_dtype_name(t->dtype),
            ora_shape_text(&t->shape, found));
    else
        return t;
    return NULL;
}

int mega_source_take(struct mega_source *s, const struct mega_official_tensor *want, enum ora_dtype dtype,
                     const struct ora_tensor **tensor, const struct ora_tensor **g, struct ora_err *err)
{
    char name[MEGA_TENSOR_NAME + 4];
    *g = NULL;
    if (!mega_weight_normed(want->name)) {
        *tensor = take(s, want->name, &want->shape, dtype, err);
        return *tensor ? 0 : ORA_E_VOICE;
    }
    snprintf(name, sizeof name, "%s_g", want->name);
    *g = take(s, name, &ORA_SHAPE(want->shape.dim[0], 1, 1), dtype, err);
    snprintf(name, sizeof name, "%s_v", want->name);
    *tensor = *g ? take(s, name, &want->shape, dtype, err) : NULL;
    return *tensor ? 0 : ORA_E_VOICE;
}
