/* calibrate.c - how many operations fill a window, from audited probes */
#include "window.h"

#include "stats.h"

#include <errno.h>

enum {
	ATTEMPTS = 3, /* a window that load cut off in its lead-in is tried again */
	PROBES = 5,
	PROBES_MAX = 15, /* so many tries to see PROBES within the band */
	FIRST_OPS = 8,
	PROBE_NS = 3 * NS_PER_MS,
};

/* A mechanism whose time does not grow with the count is none of ours. */
static const uint64_t most_ops = UINT64_C(1) << 40;

/* Lockstep operations come in round trips. */
static uint64_t whole_trips(double ops)
{
	return ops < 2 ? 2 : (uint64_t)ops / 2 * 2;
}

static int probe(struct crew *crew, const struct window *window, uint64_t ops, struct sample *out)
{
	struct window small = *window;
	int rc;

	/* As patient as a whole window, so that a neighbour's burst does not cut the probe off. */
	small.ops = ops;
	small.record = NULL;
	small.lead_in_ns = window->length_ns / 4;
	rc = window_run(crew, &small, out);
	if (rc)
		return rc;
	return out->status == STATUS_OK ? 0 : -ENODATA;
}

/* Grows the count until a probe lasts long enough to be worth timing. */
static int find_scale(
	struct crew *crew, const struct window *window, uint64_t *ops, struct sample *out)
{
	for (*ops = FIRST_OPS; *ops < most_ops; *ops *= 4) {
		const int rc = probe(crew, window, *ops, out);

		if (rc)
			return rc;
		if (out->wall_ns > PROBE_NS / 4) {
			*ops = whole_trips(PROBE_NS * (double)out->ops / (double)out->wall_ns);
			return 0;
		}
	}
	return -ENODATA;
}

/* Nanoseconds per operation: the median of PROBES within the band, or of all where that many are
 * not. */
static int probe_cost(struct crew *crew, const struct window *window, uint64_t probe_ops,
	double *ns, struct sample *out)
{
	double inside[PROBES], all[PROBES_MAX];
	size_t inside_count = 0, all_count = 0;

	while (inside_count < PROBES && all_count < PROBES_MAX) {
		const int rc = probe(crew, window, probe_ops, out);

		if (rc)
			return rc;
		all[all_count] = (double)out->wall_ns / (double)out->ops;
		if (!(out->flags & FLAG_SWITCHES))
			inside[inside_count++] = all[all_count];
		all_count++;
	}
	*ns = inside_count == PROBES ? stats_median(inside, inside_count)
				     : stats_median(all, all_count);
	return 0;
}

int window_calibrate(
	struct crew *crew, const struct window *window, uint64_t *ops, struct sample *out)
{
	int rc = -ENODATA;

	for (int attempt = 0; rc == -ENODATA && attempt < ATTEMPTS; attempt++) {
		uint64_t probe_ops;
		double ns;

		rc = find_scale(crew, window, &probe_ops, out);
		if (!rc)
			rc = probe_cost(crew, window, probe_ops, &ns, out);
		if (!rc)
			*ops = whole_trips((double)window->length_ns / ns);
		if (out->status == STATUS_SKIPPED)
			break;
	}
	return rc;
}
