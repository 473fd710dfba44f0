/* bed.c - set-up and tear-down of tests of the engine */
#include "bed.h"

#include "catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int bed_set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char why[PLACE_WHY];

	assert_int_equal(machine_load(&bed->machine, NULL, why), 0);
	assert_int_equal(crew_open(&bed->crew, bed->machine, SCHED_OTHER, 0), 0);
	bed->cpu[0] = machine_cpu(bed->machine, 0);
	bed->cpu[1] = machine_cpu(bed->machine, machine_pus(bed->machine) > 1);
	*state = bed;
	return 0;
}

int bed_tear_down(void **state)
{
	struct bed *bed = *state;

	crew_close(bed->crew);
	machine_free(bed->machine);
	free(bed);
	return 0;
}

int index_of(const struct bench *bench)
{
	size_t count;
	const struct bench *const *all = catalogue(&count);

	for (size_t i = 0; i < count; i++)
		if (all[i] == bench)
			return (int)i;
	fail_msg("%s is not in the catalogue", bench->name);
	return -1;
}

struct cell cell_of(const struct bench *bench, int cpu_a, int cpu_b)
{
	struct cell cell = cell_make(index_of(bench), 0);

	cell.cpu[0] = cpu_a;
	cell.cpu[1] = cpu_b;
	cell.window_ns = 20 * NS_PER_MS;
	strcpy(cell.place, "here");
	return cell;
}

struct window window_of(const struct cell *cell, uint64_t ops)
{
	return (struct window){
		.cell = cell, .ops = ops, .length_ns = 20 * NS_PER_MS, .lead_in_ns = NS_PER_MS};
}

struct window patient_window_of(const struct cell *cell, uint64_t ops, uint64_t lead_ops)
{
	struct window window = window_of(cell, ops);

	window.length_ns = NS_PER_S;
	window.lead_in_ns = (int64_t)(lead_ops - 2) * NS_PER_S / (int64_t)ops;
	return window;
}
