/*
 * What speech costs, estimated from sizes and settings alone: `plan` asks for every utterance before anything
 * was measured, so nothing is run and no file opened. The dry runs of cost.h count what this only estimates;
 * its test holds them side by side.
 *
 * Threads: pure.
 */
#ifndef ORA_MODELS_MEGATTS3_ESTIMATE_H
#define ORA_MODELS_MEGATTS3_ESTIMATE_H

#include "models/family.h"
#include "models/megatts3/cost.h"

/* Multiply-adds as mega_count counts them for MEGA_FAST, within a twentieth. */
double mega_estimate(const struct mega_dims *dims, const struct mega_chunk_size *s);

/* The family's hook: of a cloned voice its base's dims and its prompt's length count, of the settings steps,
 * guidance and alpha. */
void mega_cost(const struct ora_voice *voice, const struct ora_settings *settings, struct ora_cost *cost);

#endif
