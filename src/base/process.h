/* Process: is the process that I was told of still the same one, would a pid mean the same here, and how much
 * memory has this one? */
#ifndef ORA_BASE_PROCESS_H
#define ORA_BASE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

enum { ORA_MACHINE_SIZE = 96 };

/* "<boot id>:<pid namespace>": two programs with the same text see the same processes under the same pids. */
void ora_process_machine(char out[ORA_MACHINE_SIZE]);
/* Clock ticks from boot to the start of pid (proc(5), stat field 22); 0 when there is no such process, or
 * only a zombie. With the pid it names one process: a pid that was used again has another start. */
uint64_t ora_process_start_time(pid_t pid);
/* Bytes of this process's memory, by a field of proc(5)'s status: "VmRSS", "VmHWM", "RssAnon" (its own),
 * "RssFile" (of files that are mapped). 0 where the system does not tell. */
uint64_t ora_process_memory_bytes(const char *field);

#endif
