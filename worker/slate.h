/* Slate: a page that engine and supervisor share. The engine writes what it has in work with a plain store,
 * and it still stands there when the engine is dead. */
#ifndef WORKER_SLATE_H
#define WORKER_SLATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/pulse.h"

struct ora_slate {
    _Atomic uint64_t rowid;    /* the utterance in work; 0: none */
    _Atomic uint32_t done;     /* utterances of the batch in work that are finished */
    _Atomic uint32_t audio_ms; /* their audio */
    struct ora_pulse pulse;    /* of the model: an utterance may take hours, a layer not */
};

#endif
