/* check.c - every mechanism does what it says, under load by its own team */
#include "check.h"

#include "die.h"
#include "window.h"

#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 3, CHECK_OPS = 1000, CHECK_NS = 40 * NS_PER_MS, CHECK_LEAD_NS = CHECK_NS / 20 };

static const char *verdict(const struct sample *sample)
{
	if (sample->status == STATUS_OK)
		return "ok";
	return sample->status == STATUS_SKIPPED ? "skipped" : "FAILED";
}

/* A window that other work cut off proves nothing: it is tried again. */
static int run_patiently(struct crew *crew, const struct window *window, struct sample *sample)
{
	int rc = window_run(crew, window, sample);

	for (int attempt = 1; attempt < ATTEMPTS && sample->status == STATUS_CUT; attempt++)
		rc = window_run(crew, window, sample);
	return rc;
}

int check_run(const struct selection *selection, const struct machine *machine)
{
	size_t failed = 0, skipped = 0;
	struct crew *crew;
	char name[CELL_NAME];

	if (crew_open(&crew, machine, SCHED_OTHER, 0))
		die(EXIT_UNFIT, "out of memory");
	for (size_t i = 0; i < selection->asked; i++) {
		const struct cell *cell = &selection->cell[i];
		const struct window window = {.cell = cell,
			.ops = CHECK_OPS,
			.length_ns = CHECK_NS,
			.lead_in_ns = CHECK_LEAD_NS,
			.verify = true};
		struct sample sample;
		const int rc = run_patiently(crew, &window, &sample);

		failed += sample.status > STATUS_SKIPPED;
		skipped += sample.status == STATUS_SKIPPED;
		printf("%-8s %s%s%s\n", verdict(&sample), cell_name(cell, name),
			sample.reason[0] ? ": " : "", sample.reason);
		if (rc)
			die(EXIT_FAILED, "%s hangs; the rest was not checked", name);
	}
	crew_close(crew);
	printf("%zu passed, %zu failed, %zu skipped\n", selection->asked - failed - skipped, failed,
		skipped);
	if (fflush(stdout) || ferror(stdout))
		return EXIT_UNWRITABLE;
	if (failed)
		return EXIT_FAILED;
	return skipped == selection->asked ? EXIT_SKIPPED : EXIT_OK;
}
