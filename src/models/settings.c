/*
 * Settings: a family's table of named numbers, filled in layers: fallbacks, the voice's defaults, the job's,
 * the line's. Every layer goes through assign(), so bounds, whole numbers and words are checked in one place.
 */
#include "models/family.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t def_count(const struct ora_family *f)
{
    size_t n = 0;
    while (f->settings && n < ORA_SETTINGS_MAX && f->settings[n].name)
        n++;
    return n;
}

/* The index of the setting, or -1 with "did you mean" in err. */
static int find(const struct ora_family *f, const char *name, struct ora_err *err)
{
    const char *names[ORA_SETTINGS_MAX];
    size_t n = def_count(f);
    for (size_t i = 0; i < n; i++) {
        names[i] = f->settings[i].name;
        if (!strcmp(names[i], name))
            return (int)i;
    }
    const char *near = ora_nearest(name, names, n);
    ora_err_set(err, ORA_E_BAD_USAGE, "family '%s' has no setting '%s'%s%s%s", f->name, name,
                near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return -1;
}

static int assign_number(const struct ora_setting_def *d, double v, double *out, struct ora_err *err)
{
    if (d->type == ORA_SETTING_INTEGER && v != floor(v))
        return ora_err_set(err, ORA_E_BAD_USAGE, "setting '%s' is %g, expected a whole number", d->name, v);
    if (!(v >= d->min && v <= d->max))
        return ora_err_set(err, ORA_E_BAD_USAGE, "setting '%s' is %g, expected %g to %g", d->name, v, d->min,
                           d->max);
    *out = v;
    return 0;
}

static int assign_choice(const struct ora_setting_def *d, const char *word, double *out, struct ora_err *err)
{
    size_t n = 0;
    for (; d->choices[n]; n++)
        if (!strcmp(d->choices[n], word)) {
            *out = (double)n;
            return 0;
        }
    struct ora_str list = ORA_STR_INIT;
    for (size_t i = 0; i < n; i++)
        ora_str_addf(&list, "%s%s", i ? ", " : "", d->choices[i]);
    int rc = ora_err_set(err, ORA_E_BAD_USAGE, "setting '%s' is '%s', expected one of %s", d->name, word,
                         ora_str_c(&list));
    ora_str_release(&list);
    return rc;
}

/* A value written as text. */
static int assign(const struct ora_setting_def *d, const char *text, double *out, struct ora_err *err)
{
    if (d->type == ORA_SETTING_CHOICE)
        return assign_choice(d, text, out, err);
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    if (end == text || *end || errno || !isfinite(v))
        return ora_err_set(err, ORA_E_BAD_USAGE, "setting '%s' is '%s', expected a number from %g to %g",
                           d->name, text, d->min, d->max);
    return assign_number(d, v, out, err);
}

int ora_settings_init(const struct ora_family *f, const struct ora_voice *voice, struct ora_settings *s,
                      struct ora_err *err)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0, n = def_count(f); i < n; i++)
        s->value[i] = f->settings[i].fallback;
    return voice ? ora_settings_from_yaml(f, voice->default_settings, s, err) : 0;
}

int ora_settings_from_json(const struct ora_family *f, const json_t *object, struct ora_settings *s,
                           struct ora_err *err)
{
    if (!object || json_is_null(object))
        return 0;
    if (!json_is_object(object))
        return ora_err_set(err, ORA_E_BAD_USAGE, "settings must be an object of name: value");
    struct ora_settings copy = *s;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        int i = find(f, name, err);
        if (i < 0)
            return ORA_E_BAD_USAGE;
        const struct ora_setting_def *d = &f->settings[i];
        int rc;
        if (json_is_string(value))
            rc = assign(d, json_string_value(value), &copy.value[i], err);
        else if (json_is_number(value) && d->type != ORA_SETTING_CHOICE)
            rc = assign_number(d, json_number_value(value), &copy.value[i], err);
        else
            rc = ora_err_set(err, ORA_E_BAD_USAGE, "setting '%s' must be a %s", name,
                             d->type == ORA_SETTING_CHOICE ? "word" : "number");
        if (rc < 0)
            return rc;
    }
    *s = copy;
    return 0;
}

int ora_settings_from_yaml(const struct ora_family *f, const struct ora_yaml_node *map,
                           struct ora_settings *s, struct ora_err *err)
{
    if (ora_yaml_is_null(map))
        return 0;
    if (map->kind != ORA_YAML_MAP)
        return ora_yaml_error(map, err, "expected a map of settings");
    struct ora_settings copy = *s;
    for (size_t k = 0; k < map->count; k++) {
        const struct ora_yaml_node *node = map->item[k];
        const char *text;
        struct ora_err why = {0};
        int i = find(f, node->key, &why);
        if (i < 0)
            return ora_yaml_error(node, err, "%s", why.message);
        int rc = ora_yaml_string(node, &text, err);
        if (rc < 0)
            return rc;
        if (assign(&f->settings[i], text, &copy.value[i], &why) < 0)
            return ora_yaml_error(node, err, "%s", why.message);
    }
    *s = copy;
    return 0;
}

int ora_settings_from_text(const struct ora_family *f, const char *assignment, struct ora_settings *s,
                           struct ora_err *err)
{
    const char *eq = strchr(assignment, '=');
    if (!eq || eq == assignment)
        return ora_err_set(err, ORA_E_BAD_USAGE, "'%s' is not of the form name=value", assignment);
    char *name = ora_xstrndup(assignment, (size_t)(eq - assignment));
    int i = find(f, name, err);
    free(name);
    return i < 0 ? ORA_E_BAD_USAGE : assign(&f->settings[i], eq + 1, &s->value[i], err);
}

json_t *ora_settings_to_json(const struct ora_family *f, const struct ora_settings *s)
{
    json_t *object = json_object();
    for (size_t i = 0, n = def_count(f); i < n; i++) {
        const struct ora_setting_def *d = &f->settings[i];
        json_t *v = d->type == ORA_SETTING_CHOICE    ? json_string(d->choices[(size_t)s->value[i]])
                    : d->type == ORA_SETTING_INTEGER ? json_integer((json_int_t)s->value[i])
                                                     : json_real(s->value[i]);
        json_object_set_new(object, d->name, v);
    }
    return object;
}
