/* series.h - a growing list of values */
#ifndef BATON_SERIES_H
#define BATON_SERIES_H

#include <stddef.h>

/* All zeros is an empty one. */
struct series {
	double *value;
	size_t count, room;
};

/* Ends the program where there is no memory left. */
void series_push(struct series *series, double value);
void series_free(struct series *series);

/* NAN if it is empty; sorts it. */
double series_median(struct series *series);

#endif
