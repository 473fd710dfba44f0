/* bed.h - what tests of the engine lie on: a machine, a crew, cells and windows */
#ifndef BED_H
#define BED_H

#include "crew.h"
#include "window.h"

struct bed {
	struct machine *machine;
	struct crew *crew;
	int cpu[2]; /* the first two allowed; the same one on a machine with one CPU */
};

/* For cmocka: *state is a struct bed. */
int bed_set_up(void **state);
int bed_tear_down(void **state);

/* Its position in the catalogue. */
int index_of(const struct bench *bench);

/* The first workload of a mechanism on these CPUs, not calibrated. */
struct cell cell_of(const struct bench *bench, int cpu_a, int cpu_b);

struct window window_of(const struct cell *cell, uint64_t ops);

/* A window that other work on the CPUs does not cut off before its operations are done. */
struct window patient_window_of(const struct cell *cell, uint64_t ops, uint64_t lead_ops);

#endif
