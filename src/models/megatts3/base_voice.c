/* A base voice on disk: header, declarations, and its map in voice.yaml. */
#include "models/megatts3/base_voice.h"

#include <stdlib.h>

#include "base/hash.h"

int mega_base_create(const char *path, struct ora_weights_writer **wr, struct ora_err *err)
{
    int rc = ora_weights_writer_create(path, wr, err);
    if (rc == 0)
        rc = ora_weights_writer_meta(*wr, "family", "megatts3", err);
    if (rc == 0)
        rc = ora_weights_writer_meta(*wr, "role", "base", err);
    return rc;
}

int mega_base_declare(struct ora_weights_writer *wr, enum mega_part part, const struct mega_official *list,
                      struct ora_err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = ora_weights_writer_declare(wr, list->item[i].name, mega_part_dtype(part), list->item[i].shape,
                                        err);
    return rc;
}

int mega_base_declare_tokenizer(struct ora_weights_writer *wr, size_t vocab_bytes, size_t merges_bytes,
                                struct ora_err *err)
{
    int rc = ora_weights_writer_declare(wr, MEGA_TENSOR_VOCAB, ORA_U8, ORA_SHAPE(vocab_bytes), err);
    return rc < 0 ? rc
                  : ora_weights_writer_declare(wr, MEGA_TENSOR_MERGES, ORA_U8, ORA_SHAPE(merges_bytes), err);
}

void mega_base_yaml(const struct mega_base_voice *v, struct ora_str *y)
{
    const char *model;
    json_t *dims = mega_dims_to_json(&v->dims), *of;
    ora_str_addf(y, "lang: en\nsample_rate_hz: %d\nmegatts3:\n  role: base\n  dims:\n", MEGA_SAMPLE_RATE);
    json_object_foreach(dims, model, of)
    {
        char *text = json_dumps(of, JSON_REAL_PRECISION(9)); /* a JSON object is a YAML map */
        ora_str_addf(y, "    %s: %s\n", model, text ? text : "{}");
        free(text);
    }
    json_decref(dims);
    ora_str_add(y, "  parts: [");
    for (int p = 0, n = 0; p < MEGA_PARTS; p++)
        if (v->part[p])
            ora_str_addf(y, "%s%s", n++ ? ", " : "", mega_part_name((enum mega_part)p));
    ora_str_addf(y, "]\n  use_pos_embed: %s\n  win_size: %d\n", v->use_pos_embed ? "true" : "false",
                 v->win_size);
    if (v->formula_seed[0])
        ora_str_addf(y, "  formula_seed: \"%s\"\n", v->formula_seed);
}

void mega_base_config_sha256(const struct mega_base_voice *v, char hex[65])
{
    struct ora_str yaml = ORA_STR_INIT;
    mega_base_yaml(v, &yaml);
    ora_sha256_of(yaml.data, yaml.len, hex);
    ora_str_release(&yaml);
}
