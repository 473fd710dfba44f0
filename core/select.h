/* select.h - from options and places to cells */
#ifndef BATON_SELECT_H
#define BATON_SELECT_H

#include "cell.h"
#include "options.h"
#include "random.h"

struct selection {
	struct cell *cell;
	size_t cells;
	size_t asked; /* the first so many were asked for; the base, if it was not, comes after them
		       */
	int base;     /* index of the base cell */
};

/* The cells that the options ask for on this machine, each on the first pair of its place. A word
 * that names nothing ends the program with EXIT_USAGE, a filter that matches nothing with
 * EXIT_NO_MATCH. Free cell with free(). */
void select_cells(
	struct selection *selection, const struct options *options, const struct machine *machine);

/* Draws a pair for each place and puts the place's cells there, but for those that are fixed. */
void select_draw(
	struct cell *cell, size_t cells, const struct machine *machine, struct random *random);

#endif
