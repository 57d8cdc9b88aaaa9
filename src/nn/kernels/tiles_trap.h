/*
 * Runs the object code of the AMX levels on a processor without AMX: its tile instructions raise SIGILL, and
 * the handler decodes them and does what the model does. So the instructions that the compiler emitted, their
 * registers, addresses and strides are tested; what a processor makes of them is not. For tests, x86-64 only.
 *
 *     tiles_trap_begin();
 *     ora_kernels_amx_split.conv(…);          // a microsecond or two a tile instruction
 *     long n = tiles_trap_end();              // instructions met; 0 where the processor ran them itself
 *
 * Threads: the handler is the process's, the tiles are the thread's. Any other illegal instruction aborts.
 */
#ifndef ORA_NN_KERNELS_TILES_TRAP_H
#define ORA_NN_KERNELS_TILES_TRAP_H

void tiles_trap_begin(void);
long tiles_trap_end(void);

#endif
