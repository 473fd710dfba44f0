/* series.c - a growing list of values */
#include "series.h"

#include "die.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>

void series_push(struct series *series, double value)
{
	if (series->count == series->room) {
		const size_t room = series->room ? 2 * series->room : 16;
		double *const grown = realloc(series->value, room * sizeof(*grown));

		if (!grown)
			die(EXIT_FAILED, "out of memory for the summary");
		series->value = grown;
		series->room = room;
	}
	series->value[series->count++] = value;
}

void series_free(struct series *series)
{
	free(series->value);
	*series = (struct series){0};
}

double series_median(struct series *series)
{
	return series->count ? stats_median(series->value, series->count) : NAN;
}
