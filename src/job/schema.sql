-- run.sqlite: the job table of one run. Open it with any SQLite 3.37 or later, at any time, also while the run goes on:
--     sqlite3 -readonly -box run.sqlite 'SELECT * FROM v_progress'
-- Write to it only through `oratorio`: counters move with the rows that they count.
-- Times are milliseconds since 1970 (UTC); audio and processor times are whole microseconds, so that sums are exact.

PRAGMA application_id = 1330790740; -- "ORAT"
PRAGMA user_version = 3;            -- the schema's version: ORA_RUN_SCHEMA of job/db.h

-- Facts about the run: run_id, job_yaml, created_ms, made_by, retried_ms; precision, as the job said it, and arithmetic,
-- the class that it came to; "voice NAME", a hash over what of each voice decides bytes; the coordinator keeps its own here too
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The ledger: one row, moved in the transaction that moves the rows it counts.
CREATE TABLE counters (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    utterances      INTEGER NOT NULL DEFAULT 0, -- all rows of utterances
    open            INTEGER NOT NULL DEFAULT 0, -- state 0
    done            INTEGER NOT NULL DEFAULT 0, -- state 1
    rejected        INTEGER NOT NULL DEFAULT 0, -- state 2, by ingest or by a worker
    failed          INTEGER NOT NULL DEFAULT 0, -- state 3
    batches         INTEGER NOT NULL DEFAULT 0,
    batches_leased  INTEGER NOT NULL DEFAULT 0,
    batches_done    INTEGER NOT NULL DEFAULT 0,
    structure_lines INTEGER NOT NULL DEFAULT 0, -- input lines that speak of nothing: blank, ornament, comments
    chars           INTEGER NOT NULL DEFAULT 0, -- code points of all utterances that are in batches
    chars_done      INTEGER NOT NULL DEFAULT 0, -- of those that are done
    audio_us        INTEGER NOT NULL DEFAULT 0, -- audio made
    synth_us        INTEGER NOT NULL DEFAULT 0, -- processor time spent on it
    audio_bytes     INTEGER NOT NULL DEFAULT 0, -- bytes of the store
    CHECK (utterances = open + done + rejected + failed),
    CHECK (min(open, done, rejected, failed, batches_leased, batches_done, chars_done, audio_us, synth_us, audio_bytes) >= 0),
    CHECK (batches_leased + batches_done <= batches)
) STRICT;
INSERT INTO counters (one) VALUES (1);

-- The files that decide what is spoken, as they were at ingest.
CREATE TABLE inputs (
    input    INTEGER PRIMARY KEY,
    role     TEXT NOT NULL CHECK (role IN ('text', 'lexicon')),
    path     TEXT NOT NULL,    -- as the job names it; "-" is stdin
    file     TEXT NOT NULL,    -- where it lay
    bytes    INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, -- 0 for stdin
    sha256   TEXT NOT NULL
) STRICT;

-- The voices that the texts name, as they were at ingest.
CREATE TABLE voices (
    voice          TEXT PRIMARY KEY, -- as manners and batches name it
    family         TEXT NOT NULL,
    model_sha256   TEXT NOT NULL,
    lang           TEXT,
    license        TEXT,
    sample_rate_hz INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    doc    INTEGER PRIMARY KEY, -- 0-based, in reading order
    input  INTEGER NOT NULL REFERENCES inputs,
    doc_id TEXT NOT NULL,
    title  TEXT NOT NULL
) STRICT;

CREATE TABLE chapters (
    doc        INTEGER NOT NULL REFERENCES documents,
    chapter    INTEGER NOT NULL, -- 0-based within the document
    title      TEXT NOT NULL,
    first_utt  INTEGER NOT NULL, -- its rows of utterances are first_utt … last_utt; first_utt > last_utt when it has none
    last_utt   INTEGER NOT NULL,
    utterances INTEGER NOT NULL, -- without rejected lines
    PRIMARY KEY (doc, chapter)
) STRICT, WITHOUT ROWID;

-- How a text is spoken. Thousands of utterances share one row.
CREATE TABLE manners (
    manner   INTEGER PRIMARY KEY,
    voice    TEXT NOT NULL,
    speaker  TEXT,             -- a name or a number; NULL: the voice's default
    lang     TEXT,             -- BCP-47; NULL: the voice's
    speed    REAL NOT NULL,
    settings TEXT,             -- JSON object over the voice's defaults; NULL: none
    phonemes INTEGER NOT NULL  -- 1: the texts are phoneme symbols
) STRICT;

-- One process that renders, from its joining to its leaving.
CREATE TABLE workers (
    worker       INTEGER PRIMARY KEY,
    incarnation  TEXT NOT NULL UNIQUE, -- host-pid-random: new for each process
    host         TEXT NOT NULL,
    pid          INTEGER NOT NULL,
    start_time   INTEGER NOT NULL,     -- field 22 of /proc/PID/stat: with pid and host it names one process for ever
    cores        INTEGER NOT NULL,
    kernel_level TEXT NOT NULL,        -- what it renders this run with
    local        INTEGER NOT NULL,     -- 1: on the coordinator's host
    joined_ms    INTEGER NOT NULL,
    left_ms      INTEGER,              -- NULL: has not left
    left_why     TEXT,
    batches      INTEGER NOT NULL DEFAULT 0, -- finished by it
    utterances   INTEGER NOT NULL DEFAULT 0, -- done by it
    audio_us     INTEGER NOT NULL DEFAULT 0,
    synth_us     INTEGER NOT NULL DEFAULT 0,
    crashes      INTEGER NOT NULL DEFAULT 0  -- engines of it that died by their own fault
) STRICT;

-- Batches are fixed at ingest. State: 0 new, 1 leased, 2 done.
CREATE TABLE batches (
    batch        INTEGER PRIMARY KEY, -- 0-based: audio/NNNNNN
    state        INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    voice        TEXT NOT NULL,
    utterances   INTEGER NOT NULL,
    chars        INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0, -- leases that ended badly and counted
    done_lease   INTEGER REFERENCES leases,  -- the lease that made it done; NULL when it was given up
    file_sha256  TEXT,                       -- of its file; NULL when it was given up: then it has none
    file_bytes   INTEGER NOT NULL DEFAULT 0,
    kernel_level TEXT,
    done_ms      INTEGER,
    CHECK ((state = 2) = (done_ms IS NOT NULL)),
    CHECK ((done_lease IS NULL) = (file_sha256 IS NULL))
) STRICT;
CREATE INDEX batches_new ON batches (batch) WHERE state = 0;

-- Every lease ever given: the log of attempts. At most one a batch is current (ended_ms IS NULL).
CREATE TABLE leases (
    lease       INTEGER PRIMARY KEY,
    batch       INTEGER NOT NULL REFERENCES batches,
    worker      INTEGER NOT NULL REFERENCES workers,
    token       TEXT NOT NULL UNIQUE,
    attempt     INTEGER NOT NULL,  -- from 1
    leased_ms   INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    ended_ms    INTEGER,
    outcome     TEXT CHECK (outcome IN ('done', 'returned', 'expired', 'lost')),
    why         TEXT,
    CHECK ((ended_ms IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX leases_current ON leases (batch) WHERE ended_ms IS NULL;
CREATE INDEX leases_worker ON leases (worker) WHERE ended_ms IS NULL;

-- What is to be spoken, in reading order, and the records that ingest refused (batch NULL, state 2).
-- State: 0 new, 1 done, 2 rejected, 3 failed. Text columns never change; a result is a row of clips.
CREATE TABLE utterances (
    utt            INTEGER PRIMARY KEY, -- from 1
    state          INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3)),
    batch          INTEGER REFERENCES batches,
    id             TEXT,             -- unique; NULL for a refused record
    doc            INTEGER NOT NULL REFERENCES documents,
    chapter        INTEGER NOT NULL,
    paragraph      INTEGER NOT NULL,
    idx            INTEGER NOT NULL, -- 0-based within the document
    line           INTEGER NOT NULL, -- 1-based, in the document's input
    role           INTEGER NOT NULL, -- 0 sentence, 1 heading, 2 line
    gap_after      INTEGER NOT NULL, -- 0 split, 1 sentence, 2 paragraph, 3 heading, 4 chapter, 5 document
    pause_after_ms INTEGER NOT NULL, -- what that gap is worth in this job
    split          INTEGER NOT NULL, -- n of split_count pieces of a text longer than max_chars; 0 of 0: whole
    split_count    INTEGER NOT NULL,
    chars          INTEGER NOT NULL, -- code points
    manner         INTEGER REFERENCES manners,
    text           TEXT NOT NULL,
    source_id      TEXT,             -- the id as given, where it had to be mapped
    extra          TEXT,             -- unknown keys of the record: a JSON object
    crashes        INTEGER NOT NULL DEFAULT 0, -- engines that died while it was in work
    reason_code    TEXT,             -- rejected, failed
    reason         TEXT,
    CHECK (state < 2 OR reason_code IS NOT NULL)
) STRICT;

-- The audio of an utterance that is done.
CREATE TABLE clips (
    utt            INTEGER PRIMARY KEY REFERENCES utterances,
    samples        INTEGER NOT NULL,
    sample_rate_hz INTEGER NOT NULL,
    audio_offset   INTEGER NOT NULL, -- of the member's bytes in the batch's tar; 0 for store: files
    audio_bytes    INTEGER NOT NULL,
    record_offset  INTEGER NOT NULL,
    record_bytes   INTEGER NOT NULL,
    pcm_sha256     BLOB NOT NULL,    -- 32 bytes: hex() shows what sha256sum prints, in capitals
    synth_us       INTEGER NOT NULL,
    peak_limited   INTEGER NOT NULL  -- 1: the peak ceiling kept it below the loudness asked for
) STRICT;

-- Files of reopened batches, noted in the transaction that reopens them, removed after its commit (or at the next opening).
CREATE TABLE removals (
    batch INTEGER PRIMARY KEY
) STRICT;

-- ---- views ---------------------------------------------------------------------------------------------------

-- The ledger for people: one row.
CREATE VIEW v_progress AS
SELECT utterances, done, rejected, failed, open,
       round(100.0 * (utterances - open) / max(utterances, 1), 2) AS percent, -- of the ledger that is closed
       batches, batches_done, batches_leased,
       round(audio_us / 3.6e9, 4) AS audio_hours,
       round(synth_us / 3.6e9, 4) AS core_hours,
       round(synth_us * 3600.0 / max(audio_us, 1), 1) AS core_seconds_per_audio_hour,
       audio_bytes, chars, chars_done, structure_lines
FROM counters;

-- What will not be spoken, and why: refused by ingest or by a worker, or given up.
CREATE VIEW v_failed AS
SELECT u.utt, u.id, u.source_id,
       CASE u.state WHEN 2 THEN 'rejected' ELSE 'failed' END AS state,
       u.reason_code, u.reason, u.crashes,
       i.path, u.line, d.doc_id, u.batch, m.voice, m.speaker, u.text
FROM utterances u JOIN documents d USING (doc) JOIN inputs i USING (input) LEFT JOIN manners m USING (manner)
WHERE u.state >= 2
ORDER BY u.utt;

-- One row a worker; speed is audio made a second of processor time.
CREATE VIEW v_workers AS
SELECT w.incarnation, w.host, w.pid, w.kernel_level,
       CASE WHEN w.left_ms IS NULL THEN 'here' ELSE 'left' END AS state, w.left_why,
       (SELECT count(*) FROM leases l WHERE l.worker = w.worker AND l.ended_ms IS NULL) AS batches_in_work,
       w.batches, w.utterances, w.crashes,
       round(w.audio_us / 3.6e9, 4) AS audio_hours,
       round(1.0 * w.audio_us / max(w.synth_us, 1), 2) AS speed,
       datetime(w.joined_ms / 1000, 'unixepoch') AS joined,
       datetime(w.left_ms / 1000, 'unixepoch') AS gone
FROM workers w
ORDER BY w.worker;

-- Hours of finished audio by voice and speaker.
CREATE VIEW v_hours_by_voice AS
SELECT m.voice, m.speaker, count(*) AS utterances,
       round(sum(1.0 * c.samples / c.sample_rate_hz) / 3600, 4) AS audio_hours,
       round(sum(1.0 * c.samples / c.sample_rate_hz) / count(*), 3) AS mean_s
FROM clips c JOIN utterances u USING (utt) JOIN manners m USING (manner)
GROUP BY m.voice, m.speaker
ORDER BY m.voice, m.speaker;
