/* The tree of voice.yaml is hashed, not its text: order and values count, layout does not. */
#include "job/voice_mark.h"

#include <string.h>

#include "base/hash.h"
#include "base/yaml.h"

/* Told to people alone; the weights are in model_sha256. */
static bool decides_nothing(const char *key)
{
    static const char *const keys[] = {"provenance", "source", "license_note", "weights"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* With its end, so that no two trees give the same bytes. */
static void add_text(struct ora_sha256 *h, const char *text)
{
    ora_sha256_update(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_node(struct ora_sha256 *h, const struct ora_yaml_node *n, bool is_root)
{
    static const char *const open[] = {[ORA_YAML_SCALAR] = "=", [ORA_YAML_LIST] = "[", [ORA_YAML_MAP] = "{"};
    add_text(h, n->key);
    add_text(h, open[n->kind]);
    if (n->kind == ORA_YAML_SCALAR)
        add_text(h, n->text);
    for (size_t i = 0; i < n->count; i++)
        if (!is_root || !n->item[i]->key || !decides_nothing(n->item[i]->key))
            add_node(h, n->item[i], false);
    add_text(h, "}");
}

void ora_voice_mark(const struct ora_voice *voice, char hex[65])
{
    struct ora_sha256 h;
    ora_sha256_init(&h);
    for (; voice; voice = voice->base) {
        add_text(&h, voice->model_sha256);
        if (voice->doc)
            add_node(&h, voice->doc->root, true);
    }
    ora_sha256_hex(&h, hex);
}
