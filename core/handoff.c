/* handoff.c - the hand-off shapes */
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
