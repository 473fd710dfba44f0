/* handoff.c - the hand-off shapes, and what fills a value */
#include "handoff.h"

const struct shape handoff_latency_shape = {
	.name = "latency",
	.metric = "handoff",
	.unit = "ns",
	.threads = 2,
	.can_stamp = true,
	.timekeeper = 0,
};

const struct shape handoff_stream_shape = {
	.name = "stream",
	.metric = "handoff",
	.unit = "ns",
	.threads = 2,
	.timekeeper = 1,
};

/* An odd multiplier spreads a difference of one bit over the word (Knuth, TAOCP 6.4). */
static uint64_t filling(uint64_t number, size_t word)
{
	return (number + word) * UINT64_C(0x9e3779b97f4a7c15);
}

void handoff_fill(const struct run *run, uint64_t *value)
{
	for (size_t word = 1; word < run->payload / sizeof(*value); word++)
		value[word] = filling(value[0], word);
}

bool handoff_filled(const struct run *run, const uint64_t *value)
{
	for (size_t word = 1; word < run->payload / sizeof(*value); word++)
		if (value[word] != filling(value[0], word))
			return false;
	return true;
}
