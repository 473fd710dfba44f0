/* worker_plain.c - the cells as one plain Google Benchmark process */
#include "worker.h"

#include "die.h"
#include "shim.h"
#include "window.h"

#include <stdio.h>
#include <stdlib.h>

/* A cell that is calibrated when its turn comes. */
struct plain {
	struct cell cell;
	struct crew *crew;
};

enum { PLAIN_LEAD_IN_NS = NS_PER_MS };

static int report_trouble(struct shim_state *state, const struct sample *sample)
{
	if (sample->status == STATUS_TIMEOUT)
		die(EXIT_FAILED, "%s", sample->reason);
	if (sample->status == STATUS_ERROR)
		shim_fail(state, sample->reason);
	else
		shim_skip(state, sample->reason);
	return 0;
}

/* Google Benchmark divides by the operations: what a mechanism measured itself is multiplied. */
static double whole_ns(const struct cell *cell, const struct sample *sample)
{
	return cell_workload(cell)->shape->free_running ? (double)sample->wall_ns
							: sample->value * (double)sample->ops;
}

static int plain_body(struct shim_state *state, void *arg)
{
	struct plain *plain = arg;
	struct cell *cell = &plain->cell;
	struct window window = {
		.cell = cell, .length_ns = cell->window_ns, .lead_in_ns = PLAIN_LEAD_IN_NS};
	struct sample sample;

	if (cell->unfit[0]) {
		shim_skip(state, cell->unfit);
		return 0;
	}
	if (!cell->ops && cell_workload(cell)->shape->free_running)
		cell->ops = 1;
	if (!cell->ops && window_calibrate(plain->crew, &window, &cell->ops, &sample))
		return report_trouble(state, &sample);
	while (shim_batch(state, cell->ops)) {
		window.ops = cell->ops;
		window_run(plain->crew, &window, &sample);
		if (sample.status != STATUS_OK)
			return report_trouble(state, &sample);
		shim_set_ops(state, sample.ops ? sample.ops : 1);
		shim_set_ns(state, whole_ns(cell, &sample));
		shim_counter(state, "switches", (double)(sample.voluntary + sample.involuntary),
			SHIM_PER_OP);
		shim_counter(state, "cpu_ns", (double)sample.cpu_ns, SHIM_PER_OP);
	}
	return 0;
}

static int run_plain(struct plain *plain, size_t cells)
{
	char name[CELL_NAME], why[SHIM_WHY];

	for (size_t i = 0; i < cells; i++)
		if (shim_register(cell_name(&plain[i].cell, name), plain_body, &plain[i]))
			die(EXIT_FAILED, "Google Benchmark does not take %s", name);
	shim_context("baton_version", BATON_VERSION);
	switch (shim_run(NULL, NULL, NULL, why)) {
	case 0:
		return EXIT_OK;
	case -ENOENT:
		die(EXIT_NO_MATCH, "%s", why);
	case -EACCES:
		die(EXIT_UNWRITABLE, "%s", why);
	default:
		die(EXIT_FAILED, "%s", why);
	}
}

int worker_plain(const struct options *options, const struct selection *selection,
	const struct machine *machine)
{
	const size_t cells = selection->asked;
	struct plain *plain = calloc(cells, sizeof(*plain));
	int argc = options->argc, rc;
	struct crew *crew;
	char why[SHIM_WHY];

	rc = shim_init(&argc, options->argv, why);
	if (rc)
		die(rc == -EACCES ? EXIT_UNWRITABLE : EXIT_USAGE, "%s", why);
	if (!plain || crew_open(&crew, machine, SCHED_OTHER, 0))
		die(EXIT_FAILED, "out of memory");
	fputs("baton: --benchmark_… given: one plain Google Benchmark process, no rounds, no CSV\n",
		stderr);
	for (size_t i = 0; i < cells; i++)
		plain[i] = (struct plain){selection->cell[i], crew};
	rc = run_plain(plain, cells);
	crew_close(crew);
	free(plain);
	return rc;
}
