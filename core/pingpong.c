/* pingpong.c - the ping-pong shape */
#include "pingpong.h"

/* The starter keeps the time: between its two stamps the token made exactly `ops` hops. */
const struct shape pingpong_shape = {
	.name = "pingpong",
	.metric = "handoff",
	.unit = "ns",
	.threads = 2,
	.dosable = true,
	.can_stamp = true,
	.timekeeper = 0,
};
