/* Reading a base voice's map in voice.yaml. */
#include <stdio.h>
#include <string.h>

#include "models/megatts3/base_voice.h"

static int read_role(const struct ora_yaml_node *map, struct ora_err *err)
{
    const struct ora_yaml_node *role = ora_yaml_get(map, "role");
    const char *text = "none";
    int rc = ora_yaml_is_null(role) ? 0 : ora_yaml_string(role, &text, err);
    if (rc == 0 && strcmp(text, "base") != 0)
        rc = ora_err_set(err, ORA_E_VOICE, "no base voice of MegaTTS 3: its role is '%.32s'", text);
    return rc;
}

static int read_parts(const struct ora_yaml_node *list, struct mega_base_voice *v, struct ora_err *err)
{
    const char *names[MEGA_PARTS];
    int rc = 0, which;
    for (int p = 0; p < MEGA_PARTS; p++) {
        names[p] = mega_part_name((enum mega_part)p);
        v->part[p] = ora_yaml_is_null(list) && p != MEGA_PART_VAE_ENCODER;
    }
    if (ora_yaml_is_null(list))
        return 0;
    if (list->kind != ORA_YAML_LIST)
        return ora_yaml_error(list, err, "wanted a list of parts");
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        rc = ora_yaml_choice(list->item[i], names, MEGA_PARTS, &which, err);
        if (rc == 0)
            v->part[which] = true;
    }
    return rc;
}

static int read_formula_seed(const struct ora_yaml_node *seed, struct mega_base_voice *v, struct ora_err *err)
{
    const char *text = "";
    int rc = ora_yaml_is_null(seed) ? 0 : ora_yaml_string(seed, &text, err);
    if (rc == 0 && strlen(text) > MEGA_FORMULA_SEED_MAX)
        return ora_yaml_error(seed, err, "a seed of more than %d characters", MEGA_FORMULA_SEED_MAX);
    if (rc == 0)
        snprintf(v->formula_seed, sizeof v->formula_seed, "%s", text);
    return rc;
}

int mega_base_read_yaml(const struct ora_yaml_node *map, struct mega_base_voice *v, struct ora_err *err)
{
    const struct ora_yaml_node *dims = ora_yaml_get(map, "dims"), *win = ora_yaml_get(map, "win_size");
    const struct ora_yaml_node *positions = ora_yaml_get(map, "use_pos_embed");
    int64_t win_size = MEGA_WIN_SIZE;
    *v = (struct mega_base_voice){.dims = mega_dims_official};
    int rc = read_role(map, err);
    if (rc == 0 && !ora_yaml_is_null(dims))
        rc = mega_dims_read_yaml(dims, &v->dims, err);
    if (rc == 0 && !ora_yaml_is_null(positions))
        rc = ora_yaml_bool(positions, &v->use_pos_embed, err);
    if (rc == 0 && !ora_yaml_is_null(win))
        rc = ora_yaml_integer(win, 2, 1 << 20, &win_size, err);
    v->win_size = (int)win_size;
    if (rc == 0)
        rc = read_formula_seed(ora_yaml_get(map, "formula_seed"), v, err);
    return rc < 0 ? rc : read_parts(ora_yaml_get(map, "parts"), v, err);
}
