-- The indexes of utterances, made once all rows are in: sorting a million keys is cheaper than a million insertions.
CREATE INDEX utterances_batch ON utterances (batch) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX utterances_id ON utterances (id) WHERE id IS NOT NULL;
CREATE INDEX utterances_closed_badly ON utterances (state) WHERE state >= 2;
