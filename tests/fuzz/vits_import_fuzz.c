/* Importing a Piper voice: the first byte chooses the graph (ONNX) or the configuration (JSON to YAML, which must then
 * be YAML that our own reader takes). */
#include <stdint.h>
#include <stdlib.h>

#include "base/yaml.h"
#include "models/vits/import.h"
#include "models/vits/symbols.h"

static void fuzz_graph(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    struct ora_onnx *m = NULL;
    struct vits_graph g = {0};
    struct ora_str rates = ORA_STR_INIT, dilations = ORA_STR_INIT;
    if (ora_onnx_parse(data, size, "fuzz.onnx", &m, &err) == 0 && vits_graph_read(m, &g, &err) == 0)
        vits_graph_metadata(m, &g, &rates, &dilations, &err);
    ora_str_release(&rates);
    ora_str_release(&dilations);
    vits_graph_release(&g);
    ora_onnx_close(&m);
}

static void fuzz_config(const uint8_t *data, size_t size)
{
    struct ora_err err = {0};
    json_t *config = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct vits_import_facts facts = {.symbols = 64};
    struct ora_str yaml = ORA_STR_INIT;
    if (json_is_object(config) && vits_import_yaml(config, "fuzz.json", &facts, &yaml, &err) == 0) {
        static float table[64 * 4];
        struct ora_yaml *doc = ora_yaml_parse(ora_str_c(&yaml), yaml.len, "voice.yaml", &err);
        struct ora_voice voice = {.name = "fuzz", .family_config = doc ? ora_yaml_get(doc->root, "vits") : NULL};
        struct vits_symbols s;
        vits_symbols_open(&s, &voice, table, 64, 4, &err);
        vits_symbols_close(&s);
        ora_yaml_free(&doc);
    }
    ora_str_release(&yaml);
    json_decref(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] & 1)
        fuzz_config(data + 1, size - 1);
    else if (size)
        fuzz_graph(data + 1, size - 1);
    return 0;
}
