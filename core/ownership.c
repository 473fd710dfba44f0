/* ownership.c - ownerships into slots, slots into shares */
#include "ownership.h"

void slots_add(uint32_t *slot, size_t slots, int64_t acquired_ns, int64_t released_ns)
{
	const int64_t end_ns = (int64_t)slots * SLOT_NS;

	if (acquired_ns < 0)
		acquired_ns = 0;
	if (released_ns > end_ns)
		released_ns = end_ns;
	while (acquired_ns < released_ns) {
		const int64_t at = acquired_ns / SLOT_NS;
		const int64_t until_ns =
			released_ns < (at + 1) * SLOT_NS ? released_ns : (at + 1) * SLOT_NS;

		slot[at] += (uint32_t)(until_ns - acquired_ns);
		acquired_ns = until_ns;
	}
}

/* Slots in a stretch. */
static size_t scale_slots(int scale)
{
	size_t slots = 1;

	while (scale--)
		slots *= 10;
	return slots;
}

int64_t shares_scale_ns(int scale)
{
	return (int64_t)scale_slots(scale) * SLOT_NS;
}

static int step_of(uint64_t first_ns, uint64_t all_ns)
{
	return all_ns ? (int)((200 * first_ns + all_ns) / (2 * all_ns)) : SHARES_NOBODY;
}

static void add_scale(uint64_t stretches[SHARES_STEPS], const uint32_t *first,
	const uint32_t *others, size_t slots, size_t width)
{
	for (size_t begin = 0; begin + width <= slots; begin += width) {
		uint64_t first_ns = 0, others_ns = 0;

		for (size_t i = begin; i < begin + width; i++) {
			first_ns += first[i];
			others_ns += others[i];
		}
		stretches[step_of(first_ns, first_ns + others_ns)]++;
	}
}

void shares_add(struct shares *shares, const uint32_t *first, const uint32_t *others, size_t slots)
{
	for (int scale = 0; scale < SHARES_SCALES; scale++)
		add_scale(shares->stretches[scale], first, others, slots, scale_slots(scale));
}

uint64_t shares_count(const struct shares *shares, int scale)
{
	uint64_t count = 0;

	for (int step = 0; step < SHARES_STEPS; step++)
		count += shares->stretches[scale][step];
	return count;
}
