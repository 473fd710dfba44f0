/* futex.c - a futex word set and woken, one word for each thread */
#include "pingpong.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

struct futex {
	struct {
		_Alignas(OWN_LINES) _Atomic uint32_t token;
	} word[2]; /* by the thread that waits */
};

/* Release: whoever sees the token sees what its bearer wrote before. */
static int pass(struct run *run, int to)
{
	struct futex *state = run->state;

	atomic_store_explicit(&state->word[to].token, 1, memory_order_release);
	return syscall(SYS_futex, &state->word[to].token, FUTEX_WAKE_PRIVATE, 1) < 0 ? -errno : 0;
}

/* The kernel compares the word again under its own lock: a token passed between our look and the
 * wait makes it return EAGAIN at once. */
static int await(struct run *run, int me)
{
	struct futex *state = run->state;
	_Atomic uint32_t *token = &state->word[me].token;

	while (!atomic_load_explicit(token, memory_order_acquire))
		if (syscall(SYS_futex, token, FUTEX_WAIT_PRIVATE, 0, NULL) && errno != EAGAIN &&
			errno != EINTR)
			return -errno;
	atomic_store_explicit(token, 0, memory_order_relaxed);
	return 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "futex",
	.about = "a futex word set and woken, one word for each thread",
	.base = true,
	.state_size = sizeof(struct futex),
	.workloads = {{&pingpong_shape, work, .one_cpu = {0.95, 1.05}, .across = {0.5, 1.1}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
