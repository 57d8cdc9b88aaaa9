/*
 * The family's settings, by name: per voice, job and line. Their order is the order of the table in
 * settings.c, which tells what each means.
 */
#ifndef ORA_MODELS_MEGATTS3_SETTINGS_H
#define ORA_MODELS_MEGATTS3_SETTINGS_H

#include "models/family.h"
#include "models/megatts3/phones.h"

enum mega_setting {
    MEGA_STEPS,
    MEGA_P_W,
    MEGA_T_W,
    MEGA_ALPHA,
    MEGA_DUR_DISTURB,
    MEGA_SILENCE_STOP_MS,
    MEGA_SILENCE_COMMA_MS,
    MEGA_MAX_CHUNK_SECONDS,
    MEGA_NORMALISER,
};

enum { MEGA_STEPS_MAX = 10000, MEGA_CHUNK_SECONDS_MAX = 60 };
enum mega_normaliser { MEGA_NORMALISER_RULES, MEGA_NORMALISER_REFERENCE };

extern const struct ora_setting_def mega_settings[];

static inline double mega_setting(const struct ora_request *q, enum mega_setting which)
{
    return q->settings.value[which];
}

#endif
