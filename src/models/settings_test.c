#include "models/family.h"

#include <stdlib.h>

#include "base/test.h"

static const char *const moods[] = {"calm", "lively", NULL};
static const struct ora_setting_def defs[] = {
    {.name = "noise_scale", .fallback = 0.667, .min = 0, .max = 2},
    {.name = "steps", .type = ORA_SETTING_INTEGER, .fallback = 8, .min = 1, .max = 64},
    {.name = "mood", .type = ORA_SETTING_CHOICE, .fallback = 0, .min = 0, .max = 1, .choices = moods},
    {0},
};
static const struct ora_family family = {.name = "probe", .settings = defs};

static int set_text(const char *text, struct ora_settings *s, struct ora_err *err)
{
    return ora_settings_from_text(&family, text, s, err);
}

ORA_TEST(assignments)
{
    static const struct {
        const char *text;
        int index;
        double want;
        const char *error; /* a part of the message; NULL: accepted */
    } row[] = {
        {"noise_scale=0", 0, 0, NULL},
        {"noise_scale=1.5", 0, 1.5, NULL},
        {"steps=64", 1, 64, NULL},
        {"mood=lively", 2, 1, NULL},
        {"noise_scale=2.1", 0, 0, "expected 0 to 2"},
        {"noise_scale=nan", 0, 0, "expected a number"},
        {"noise_scale=", 0, 0, "expected a number"},
        {"noise_scale=1x", 0, 0, "expected a number"},
        {"steps=1.5", 0, 0, "whole number"},
        {"mood=sad", 0, 0, "one of calm, lively"},
        {"noise_scal=1", 0, 0, "did you mean 'noise_scale'"},
        {"=1", 0, 0, "name=value"},
        {"noise_scale", 0, 0, "name=value"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct ora_settings s;
        struct ora_err err = {0};
        ORA_CHECK_OK(ora_settings_init(&family, NULL, &s, &err), err);
        int rc = set_text(row[i].text, &s, &err);
        ORA_CHECK_INT(rc, row[i].error ? ORA_E_BAD_USAGE : 0);
        if (!row[i].error)
            ORA_CHECK_NEAR(s.value[row[i].index], row[i].want, 0);
        else if (!strstr(err.message, row[i].error))
            ORA_FAIL("%s: \"%s\" lacks \"%s\"", row[i].text, err.message, row[i].error);
    }
}

ORA_TEST(layers_override_and_a_bad_one_changes_nothing)
{
    struct ora_err err = {0};
    static const char text[] = "settings:\n  steps: 3\n  mood: lively\n";
    struct ora_yaml *doc = ora_yaml_parse(text, sizeof text - 1, "voice.yaml", &err);
    ORA_REQUIRE(doc);
    struct ora_voice voice = {.default_settings = ora_yaml_get(doc->root, "settings")};
    struct ora_settings s;
    ORA_CHECK_OK(ora_settings_init(&family, &voice, &s, &err), err);
    json_t *over = json_pack("{s:f, s:s}", "noise_scale", 0.25, "mood", "calm");
    ORA_CHECK_OK(ora_settings_from_json(&family, over, &s, &err), err);
    json_t *bad = json_pack("{s:i, s:i}", "steps", 5, "steeps", 5);
    ORA_CHECK_INT(ora_settings_from_json(&family, bad, &s, &err), ORA_E_BAD_USAGE);
    json_t *all = ora_settings_to_json(&family, &s);
    char *dump = json_dumps(all, JSON_COMPACT);
    ORA_CHECK_STR(dump, "{\"noise_scale\":0.25,\"steps\":3,\"mood\":\"calm\"}");
    free(dump);
    json_decref(all);
    json_decref(bad);
    json_decref(over);
    ora_yaml_free(&doc);
}

ORA_TEST(yaml_errors_name_the_line)
{
    struct ora_err err = {0};
    static const char text[] = "a: 1\nsettings:\n  steps: many\n";
    struct ora_yaml *doc = ora_yaml_parse(text, sizeof text - 1, "job.yaml", &err);
    ORA_REQUIRE(doc);
    struct ora_settings s = {0};
    ORA_CHECK(ora_settings_from_yaml(&family, ora_yaml_get(doc->root, "settings"), &s, &err) < 0);
    ORA_CHECK(strstr(err.message, "job.yaml:3") != NULL);
    ORA_CHECK(ora_settings_from_yaml(&family, ora_yaml_get(doc->root, "a"), &s, &err) < 0);
    ora_yaml_free(&doc);
}
