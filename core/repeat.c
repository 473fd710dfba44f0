/* repeat.c - the repeat shape */
#include "repeat.h"

const struct shape repeat_shape = {
	.name = "repeat",
	.metric = "cost",
	.unit = "ns",
	.threads = 1,
	.timekeeper = 0,
};
