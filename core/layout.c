/* layout.c - blocks, and the base around them */
#include "layout.h"

#include "die.h"

#include <stdlib.h>

enum { PAIR_BLOCKS = 8 };

size_t layout_most(const struct plan *plan)
{
	/* The base twice and the spike-in once for each block. */
	return plan->pair ? 3 * PAIR_BLOCKS : plan->cells + 3 * (plan->cells / BLOCK_CELLS + 1);
}

static bool has_spike(const struct plan *plan, const bool *idle)
{
	return plan->spike >= 0 && !idle[plan->spike];
}

static size_t lay_out_pairs(
	const struct plan *plan, const bool *idle, struct random *random, struct turn *turn)
{
	size_t turns = 0;

	for (int block = 0; block < PAIR_BLOCKS; block++) {
		const bool base_first = random_next(random) & 1;
		const int first = base_first ? plan->base : 1, second = base_first ? 1 : plan->base;

		if (base_first && has_spike(plan, idle))
			turn[turns++] = (struct turn){plan->spike, block};
		turn[turns++] = (struct turn){first, block};
		turn[turns++] = (struct turn){second, block};
		if (!base_first && has_spike(plan, idle))
			turn[turns++] = (struct turn){plan->spike, block};
	}
	return turns;
}

/* The cells that take part in the shuffle, in the order of the plan. */
static size_t list_cells(const struct plan *plan, const bool *idle, int *list)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->cells; i++)
		if ((int)i != plan->base && (int)i != plan->spike && !idle[i])
			list[count++] = (int)i;
	return count;
}

size_t layout_round(
	const struct plan *plan, const bool *idle, struct random *random, struct turn *turn)
{
	int *order = calloc(plan->cells, sizeof(*order));
	size_t count, turns = 0;
	int block = 0;

	if (plan->pair) {
		free(order);
		return lay_out_pairs(plan, idle, random, turn);
	}
	if (!order)
		die(EXIT_FAILED, "out of memory for a round");
	count = list_cells(plan, idle, order);
	random_shuffle(random, order, count);
	for (size_t i = 0; i < count || !block; block++) {
		turn[turns++] = (struct turn){plan->base, block};
		if (has_spike(plan, idle))
			turn[turns++] = (struct turn){plan->spike, block};
		for (size_t end = i + BLOCK_CELLS; i < count && i < end; i++)
			turn[turns++] = (struct turn){order[i], block};
		turn[turns++] = (struct turn){plan->base, block};
	}
	free(order);
	return turns;
}
