/* places.h - the command `baton places`: prints where threads can sit */
#ifndef BATON_PLACES_H
#define BATON_PLACES_H

#include <stdbool.h>
#include <stdio.h>

struct machine;

/*
 * Prints a machine's places to out, in the order of machine_places.
 * csv: the header place,pairs,cpu_a,cpu_b and a row per place; otherwise an aligned table with what
 * each name means, and the machine's note. choice: NULL or "all" for one row per place, "pairs" for
 * one row per pair of PUs, in logical order, each with pairs = 1.
 * Returns 0, -EINVAL for another choice (nothing is printed), or -EIO where the stream failed.
 */
int places_print(FILE *out, const struct machine *m, bool csv, const char *choice);

#endif
