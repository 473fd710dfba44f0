/* agree.h - whether the clocks of two CPUs agree, so that one may be read against the other */
#ifndef BATON_AGREE_H
#define BATON_AGREE_H

#include "crew.h"

#include <stdbool.h>

/* The interval in which the offset lies: what cpu_b's clock says minus what cpu_a's says at the
 * same moment. Infinite where nothing was learned. */
struct agreement {
	double low_ns, high_ns;
	bool agree;
};

enum { AGREE_HALF_WIDTH_NS = 500 };

/* The two CPUs read their clocks by turns over a cache line: a0 (A), b (B), a1 (A) in this order
 * prove b - a1 <= offset <= b - a0, and what some thousand such exchanges, asked by either side,
 * leave of the interval is the answer. They agree if it holds 0 and is at most
 * 2 * AGREE_HALF_WIDTH_NS wide: of a wider one nothing is known. (This is how NTP bounds an offset,
 * RFC 5905, section 8; here only the bound is used, not the guess in its middle.)
 *
 * Takes about 1 ms, at most about 50 ms where other work has the CPUs. A CPU agrees with itself.
 * The crew must be idle. 0 or -errno: the crew cannot sit there. */
int agree_clocks(struct crew *crew, int cpu_a, int cpu_b, struct agreement *out);

/* The same with clocks of one's own: now_ns(arg, side) is called on cpu_a with side 0, on cpu_b
 * with side 1, on one thread each. Also on one CPU. */
int agree_by(struct crew *crew, int cpu_a, int cpu_b, int64_t (*now_ns)(void *arg, int side),
	void *arg, struct agreement *out);

#endif
