/* select.h - from options and places to cells */
#ifndef BATON_SELECT_H
#define BATON_SELECT_H

#include "cell.h"
#include "options.h"
#include "random.h"

struct selection {
	struct cell *cell;
	size_t cells;
	size_t asked; /* the first so many were asked for; what a run needs besides comes after */
	int base;     /* index of the base cell */
	int spike;    /* of the spike-in: the base with a known dose; -1: its shape takes none */
	bool pair;    /* two cells and the spike-in alone: cell[0] is the base, cell[1] the other */
};

/* The cells that the options ask for on this machine, each on the first pair of its place. A word
 * that names nothing ends the program with EXIT_USAGE, a filter that matches nothing with
 * EXIT_NO_MATCH. Free cell with free(). */
void select_cells(
	struct selection *selection, const struct options *options, const struct machine *machine);

/* A copy with cells of its own; ends the program where there is no memory for it. */
struct selection select_copy(const struct selection *selection);

/* Draws a pair for each place and puts the place's cells there, but for those that are fixed. */
void select_draw(
	struct cell *cell, size_t cells, const struct machine *machine, struct random *random);

#endif
