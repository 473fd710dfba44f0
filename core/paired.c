/* paired.c - blocks of windows, and their ratios to the base */
#include "paired.h"

#include "die.h"
#include "plan.h"
#include "series.h"

#include <errno.h>
#include <stdlib.h>

/* A window of the block in progress. */
struct mark {
	size_t cell;
	int order;
	double ns; /* per operation */
	double dose_ns;
};

/* The ratios of a cell. */
struct ratios {
	struct series now;         /* of this invocation's windows */
	struct series invocations; /* a median each */
	size_t windows;
};

/* A block has at most BLOCK_CELLS windows, the base's two and the spike-in's. */
enum { MARKS_MAX = BLOCK_CELLS + 3 };

struct paired {
	const struct selection *selection;
	struct ratios *ratios; /* by cell */
	struct series dose;
	int round, block; /* of the marks */
	struct mark mark[MARKS_MAX];
	size_t marks;
};

int paired_open(struct paired **out, const struct selection *selection)
{
	struct paired *paired = calloc(1, sizeof(*paired));

	if (paired)
		paired->ratios = calloc(selection->cells, sizeof(*paired->ratios));
	if (!paired || !paired->ratios) {
		free(paired);
		return -ENOMEM;
	}
	paired->selection = selection;
	*out = paired;
	return 0;
}

void paired_free(struct paired *paired)
{
	for (size_t i = 0; i < paired->selection->cells; i++) {
		series_free(&paired->ratios[i].now);
		series_free(&paired->ratios[i].invocations);
	}
	series_free(&paired->dose);
	free(paired->ratios);
	free(paired);
}

static bool is_base(const struct paired *paired, const struct mark *mark)
{
	return mark->cell == (size_t)paired->selection->base;
}

/* Of the base at the moment of a window; NAN: the block has no base. */
static double base_ns(const struct paired *paired, const struct mark *window)
{
	const struct mark *before = NULL, *after = NULL;

	for (size_t i = 0; i < paired->marks; i++) {
		const struct mark *mark = &paired->mark[i];

		if (!is_base(paired, mark))
			continue;
		if (mark->order < window->order)
			before = mark;
		else if (!after)
			after = mark;
	}
	if (!before || !after)
		return before ? before->ns : after ? after->ns : NAN;
	return before->ns + (after->ns - before->ns) * (window->order - before->order) /
				    (after->order - before->order);
}

static void close_block(struct paired *paired)
{
	for (size_t i = 0; i < paired->marks; i++) {
		const struct mark *mark = &paired->mark[i];
		const double base = base_ns(paired, mark);

		if (is_base(paired, mark) || isnan(base))
			continue;
		series_push(&paired->ratios[mark->cell].now, mark->ns / base);
		paired->ratios[mark->cell].windows++;
		if (!isnan(mark->dose_ns))
			series_push(&paired->dose, mark->dose_ns / base);
	}
	paired->marks = 0;
}

/* Rates are turned into the time that they leave to each operation. */
static double ns_per_op(const struct paired *paired, const struct sample *sample)
{
	const struct cell *cell = &paired->selection->cell[sample->cell];

	return cell_workload(cell)->shape->rate ? NS_PER_S / sample->value : sample->value;
}

void paired_add(struct paired *paired, const struct sample *sample)
{
	if (sample->round != paired->round || sample->block != paired->block)
		close_block(paired);
	paired->round = sample->round;
	paired->block = sample->block;
	if (sample->status != STATUS_OK || sample->flags & FLAG_SWITCHES || !(sample->value > 0))
		return;
	if (paired->marks == MARKS_MAX)
		die(EXIT_FAILED, "a block of more than %d windows", MARKS_MAX);
	paired->mark[paired->marks++] = (struct mark){.cell = (size_t)sample->cell,
		.order = sample->order,
		.ns = ns_per_op(paired, sample),
		.dose_ns = sample->dose_ns};
}

void paired_end_invocation(struct paired *paired)
{
	close_block(paired);
	for (size_t i = 0; i < paired->selection->cells; i++) {
		struct ratios *ratios = &paired->ratios[i];

		if (ratios->now.count)
			series_push(&ratios->invocations, series_median(&ratios->now));
		ratios->now.count = 0;
	}
}

struct stats_ratio paired_ratio(const struct paired *paired, size_t cell)
{
	const struct series *all = &paired->ratios[cell].invocations;

	return stats_paired(all->value, all->count);
}

size_t paired_windows(const struct paired *paired, size_t cell)
{
	return paired->ratios[cell].windows;
}

double paired_dose(const struct paired *paired)
{
	struct series sorted = {0};
	double median;

	for (size_t i = 0; i < paired->dose.count; i++)
		series_push(&sorted, paired->dose.value[i]);
	median = series_median(&sorted);
	series_free(&sorted);
	return median;
}
