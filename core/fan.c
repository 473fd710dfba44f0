/* fan.c - the shapes of many to one and one to many */
#include "fan.h"

const struct shape fan_in_shape = {
	.name = "fan-in",
	.metric = "handoff",
	.unit = "ns",
	.threads = 1,
	.crowd = "senders",
	.timekeeper = 0,
};

const struct shape fan_out_shape = {
	.name = "fan-out",
	.metric = "handoff",
	.unit = "ns",
	.threads = 1,
	.crowd = "receivers",
	.timekeeper = EVERYBODY,
};
