/* random.c - SplitMix64 and what is drawn from it */
#include "random.h"

uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct random random_from(uint64_t seed, uint64_t a, uint64_t b)
{
	struct random random = {seed};

	random.state = random_next(&random) ^ a;
	random.state = random_next(&random) ^ b;
	return random;
}

/* Draws from the incomplete last stretch of the range are thrown away: they would favour the low
 * numbers. */
uint64_t random_below(struct random *random, uint64_t below)
{
	const uint64_t uneven = (UINT64_MAX % below + 1) % below;
	uint64_t drawn;

	do
		drawn = random_next(random);
	while (drawn > UINT64_MAX - uneven);
	return drawn % below;
}

void random_shuffle(struct random *random, int *items, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		const size_t j = (size_t)random_below(random, i);
		const int held = items[i - 1];

		items[i - 1] = items[j];
		items[j] = held;
	}
}
