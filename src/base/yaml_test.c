#include "base/yaml.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/test.h"

static const struct {
    const char *text, *message;
} broken[] = {
    {"", "f: empty"},
    {"a: [1, 2\nb: 3\n", "f:2: broken YAML: did not find expected ',' or ']' while parsing a flow sequence"},
    {"a: 1\na: 2\n", "f:2: field 'a' is given twice"},
    {"a: &x 1\nb: *x\n", "f:1: anchors and aliases are not read here"},
    {"? [1]\n: 2\n", "f:1: a key must be a word"},
    {"a: 1\n---\nb: 2\n", "f:3: a second document"},
    {"[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "f:1: nested deeper than 16"},
};

ORA_TEST(names_file_and_line_of_what_is_broken)
{
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct ora_err err = {0};
        struct ora_yaml *doc = ora_yaml_parse(broken[i].text, strlen(broken[i].text), "f", &err);
        ORA_CHECK(doc == NULL);
        ORA_CHECK_STR(err.message, broken[i].message);
        ora_yaml_free(&doc);
    }
}

ORA_TEST(reads_types_and_refuses_others)
{
    static const char text[] = "name: x\nn: 3\nf: 0.5\nb: yes\nw: flac\nq: \"7\"\nl: [1, 2]\nz:\n";
    static const char *const words[] = {"wav", "flac"};
    struct ora_err err = {0};
    struct ora_yaml *doc = ora_yaml_parse(text, sizeof text - 1, "f", &err);
    ORA_REQUIRE(doc);
    const struct ora_yaml_node *r = doc->root;
    double f;
    int64_t n;
    bool b;
    int w;
    ORA_CHECK_INT(ora_yaml_integer(ora_yaml_get(r, "n"), 0, 5, &n, &err), 0);
    ORA_CHECK_INT(n, 3);
    ORA_CHECK_INT(ora_yaml_number(ora_yaml_get(r, "f"), 0, 1, &f, &err), 0);
    ORA_CHECK_INT(ora_yaml_bool(ora_yaml_get(r, "b"), &b, &err), 0);
    ORA_CHECK(b);
    ORA_CHECK_INT(ora_yaml_choice(ora_yaml_get(r, "w"), words, 2, &w, &err), 0);
    ORA_CHECK_INT(w, 1);
    ORA_CHECK(ora_yaml_is_null(ora_yaml_get(r, "z")) && ora_yaml_is_null(ora_yaml_get(r, "none")));
    ORA_CHECK_INT(ora_yaml_integer(ora_yaml_get(r, "q"), 0, 9, &n, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_STR(err.message, "f:6: field 'q': must be a whole number from 0 to 9, not '7'");
    ORA_CHECK_INT(ora_yaml_number(ora_yaml_get(r, "l"), 0, 9, &f, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_INT(ora_yaml_choice(ora_yaml_get(r, "name"), words, 2, &w, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_STR(err.message, "f:1: field 'name': must be one of wav, flac, not 'x'");
    ora_yaml_free(&doc);
}

ORA_TEST(a_byte_order_mark_is_passed_over)
{
    struct ora_err err = {0};
    struct ora_yaml *doc = ora_yaml_parse("\xEF\xBB\xBF"
                                          "a: 1\n",
                                          8, "f", &err);
    ORA_REQUIRE(doc);
    ORA_CHECK(ora_yaml_get(doc->root, "a") != NULL);
    ora_yaml_free(&doc);
}

ORA_TEST(did_you_mean)
{
    static const char *const keys[] = {"voice", "inputs"};
    struct ora_err err = {0};
    struct ora_yaml *doc = ora_yaml_parse("inputs: []\nvoise: x\n", 20, "job.yaml", &err);
    ORA_REQUIRE(doc);
    ORA_CHECK_INT(ora_yaml_check_keys(doc->root, keys, 2, &err), ORA_E_BAD_USAGE);
    ORA_CHECK_STR(err.message, "job.yaml:2: unknown field 'voise', did you mean 'voice'?");
    ora_yaml_free(&doc);
}
