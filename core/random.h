/* random.h - a small seeded generator: the same seed gives the same run */
#ifndef BATON_RANDOM_H
#define BATON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* A generator of its own for each (seed, a, b): an invocation's round does not depend on how many
 * numbers an earlier one drew. */
struct random random_from(uint64_t seed, uint64_t a, uint64_t b);

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
uint64_t random_next(struct random *random);

/* Uniform in 0 … below - 1; below > 0. */
uint64_t random_below(struct random *random, uint64_t below);

/* Fisher and Yates. */
void random_shuffle(struct random *random, int *items, size_t count);

#endif
