/* layout.h - the order of the windows in a round */
#ifndef BATON_LAYOUT_H
#define BATON_LAYOUT_H

#include "plan.h"
#include "random.h"

/* A window to come. */
struct turn {
	int cell; /* index in the plan */
	int block;
};

/* Turns that a round of this plan has at most. */
size_t layout_most(const struct plan *plan);

/*
 * Lays out a round by its random numbers and returns its length. Blocks of at most BLOCK_CELLS
 * cells in shuffled order, each between two windows of the base, the spike-in right behind the
 * first of them: what is held against each other lies close together. Cells that are idle (by
 * index) have no turn, but for the base.
 * A pair plan: PAIR_BLOCKS blocks of one window each of the two cells, whose order is drawn, with
 * the spike-in on the base's other side; the two have their turns even if they are idle.
 */
size_t layout_round(
	const struct plan *plan, const bool *idle, struct random *random, struct turn *turn);

#endif
