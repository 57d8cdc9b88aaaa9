/* The kinds of store, apart from the code that writes them: the job file names them, workers and views use
 * them. */
#ifndef ORA_DATASET_KINDS_H
#define ORA_DATASET_KINDS_H

enum ora_store_kind { ORA_STORE_TAR, ORA_STORE_FILES };

#endif
