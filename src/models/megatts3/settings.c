/* The table of settings. Costs of steps: multiply-adds of a chunk of 10 s with a prompt of 10 s, without the
 * G2P. */
#include "models/megatts3/settings.h"

static const char *const normalisers[] = {
    [MEGA_NORMALISER_RULES] = "rules", [MEGA_NORMALISER_REFERENCE] = "reference", NULL};

const struct ora_setting_def mega_settings[] = {
    [MEGA_STEPS] = {.name = "steps",
                    .type = ORA_SETTING_INTEGER,
                    .fallback = 8,
                    .min = 1,
                    .max = MEGA_STEPS_MAX,
                    .help = "diffusion steps: 8 costs 0.55 TMAC a second of audio, 32 (the reference's) 1.4"},
    [MEGA_P_W] = {.name = "p_w",
                  .fallback = 1.6,
                  .min = 0,
                  .max = 10,
                  .help = "weight of the text: about 1 keeps the prompt's accent, 2.5 speaks the standard"},
    [MEGA_T_W] = {.name = "t_w",
                  .fallback = 2.5,
                  .min = 0,
                  .max = 10,
                  .help = "weight of the voice: likeness to the prompt, usually p_w to p_w + 3"},
    [MEGA_ALPHA] = {.name = "alpha",
                    .fallback = 1,
                    .min = 0.1,
                    .max = 10,
                    .help = "length of every phone; 2 is half as fast (speed divides it)"},
    [MEGA_DUR_DISTURB] = {.name = "dur_disturb",
                          .fallback = 0.1,
                          .min = 0,
                          .max = 0.5,
                          .help =
                              "phones are up to this share longer or shorter, by the seed; 0: as predicted"},
    [MEGA_SILENCE_STOP_MS] =
        {.name = "silence_stop_ms",
         .type = ORA_SETTING_INTEGER,
         .fallback = 640,
         .min = 0,
         .max = 5000,
         .help = "least silence at . ! ? (。！？) and between chunks, rounded down to 10 ms"},
    [MEGA_SILENCE_COMMA_MS] = {.name = "silence_comma_ms",
                               .type = ORA_SETTING_INTEGER,
                               .fallback = 320,
                               .min = 0,
                               .max = 5000,
                               .help = "least silence at , ; (，；), rounded down to 10 ms"},
    [MEGA_MAX_CHUNK_SECONDS] = {.name = "max_chunk_seconds",
                                .type = ORA_SETTING_INTEGER,
                                .fallback = MEGA_CHUNK_SECONDS_MAX,
                                .min = 2,
                                .max = MEGA_CHUNK_SECONDS_MAX,
                                .help =
                                    "longer chunks are split; in voice.yaml it bounds an engine's memory"},
    [MEGA_NORMALISER] = {.name = "normaliser",
                         .type = ORA_SETTING_CHOICE,
                         .fallback = MEGA_NORMALISER_RULES,
                         .max = MEGA_NORMALISER_REFERENCE,
                         .choices = normalisers,
                         .help = "reference: drops Chinese interjections and retroflex endings as it does"},
    {0},
};
