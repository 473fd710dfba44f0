/* channel.c - the channel beside other runtimes' channels: windows of hand-offs, made on request */
#include "channel.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * usage: channel_peer latency|stream CAPACITY CPU CPU
 *
 * Answers each line "window OPS" on stdin by a line "NS CPU_NS" on stdout: the time and the CPU
 * time (of the whole process) of one one-way hand-off, over OPS of them. Ends with stdin. The loops
 * are those of core/handoff.h; go/channel.go does the same, and scripts/channel_peers.py alternates
 * the two.
 */

enum { OUT, BACK, LANES };
enum { LET_SLEEP_NS = 300 * 1000, LEAD_IN_SHARE = 20, EXIT_USAGE = 2 };

struct peer {
	struct channel *lane[LANES];
	bool stream;
	uint64_t ops;
	double ns, cpu_ns; /* per operation, of the last window */
	pthread_barrier_t barrier;
};

/* One of the two threads. */
struct seat {
	struct peer *peer;
	int me, cpu;
};

static _Noreturn void die(int code, const char *why)
{
	fprintf(stderr, "channel_peer: %s\n", why);
	exit(code);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double cpu_now_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static void receive(struct channel *lane, uint64_t due)
{
	uint64_t value;

	if (channel_recv(lane, &value) || value != due)
		die(EXIT_FAILURE, "another value came than the one that was due");
}

static void ask(struct peer *peer, uint64_t trips)
{
	for (uint64_t trip = 0; trip < trips; trip++) {
		channel_send(peer->lane[OUT], &trip);
		receive(peer->lane[BACK], trip);
	}
}

static void answer(struct peer *peer, uint64_t trips)
{
	for (uint64_t trip = 0; trip < trips; trip++) {
		receive(peer->lane[OUT], trip);
		channel_send(peer->lane[BACK], &trip);
	}
}

static void send_all(struct peer *peer, uint64_t values)
{
	for (uint64_t value = 0; value < values; value++)
		channel_send(peer->lane[OUT], &value);
}

static void receive_all(struct peer *peer, uint64_t values)
{
	for (uint64_t value = 0; value < values; value++)
		receive(peer->lane[OUT], value);
}

static void work(struct peer *peer, int me, uint64_t ops)
{
	if (peer->stream && me == 0)
		send_all(peer, ops);
	else if (peer->stream)
		receive_all(peer, ops);
	else if (me == 0)
		ask(peer, ops / 2);
	else
		answer(peer, ops / 2);
}

/* The one who asks keeps the time, of a stream the one who receives. */
static void window(struct peer *peer, int me)
{
	const double released_ns = now_ns();

	while (me == 0 && now_ns() < released_ns + LET_SLEEP_NS)
		;
	work(peer, me, peer->ops / LEAD_IN_SHARE);
	const double cpu_ns = cpu_now_ns(), begin_ns = now_ns();

	work(peer, me, peer->ops);
	const double end_ns = now_ns(), cpu_end_ns = cpu_now_ns();

	if (me == (int)peer->stream) {
		peer->ns = (end_ns - begin_ns) / (double)peer->ops;
		peer->cpu_ns = (cpu_end_ns - cpu_ns) / (double)peer->ops;
	}
}

static void *sit(void *arg)
{
	const struct seat *seat = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)seat->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die(EXIT_FAILURE, "cannot be pinned to that CPU");
	for (;;) {
		pthread_barrier_wait(&seat->peer->barrier);
		window(seat->peer, seat->me);
		pthread_barrier_wait(&seat->peer->barrier);
	}
	return NULL;
}

static unsigned long number(const char *text, unsigned long most)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value > most)
		die(EXIT_USAGE, "usage: channel_peer latency|stream CAPACITY CPU CPU");
	return value;
}

int main(int argc, char **argv)
{
	/* Not on the stack: the threads still look at it as main returns. */
	static struct peer peer;
	static struct seat seat[2];
	unsigned long ops;
	pthread_t thread;
	char line[64];

	if (argc != 5 || (strcmp(argv[1], "latency") && strcmp(argv[1], "stream")))
		die(EXIT_USAGE, "usage: channel_peer latency|stream CAPACITY CPU CPU");
	peer.stream = !strcmp(argv[1], "stream");
	pthread_barrier_init(&peer.barrier, NULL, 3);
	for (int lane = 0; lane < LANES; lane++)
		if (channel_open(&peer.lane[lane], sizeof(uint64_t), number(argv[2], 1 << 20)))
			die(EXIT_FAILURE, "out of memory");
	for (int me = 0; me < 2; me++) {
		seat[me] = (struct seat){&peer, me, (int)number(argv[3 + me], CPU_SETSIZE - 1)};
		if (pthread_create(&thread, NULL, sit, &seat[me]))
			die(EXIT_FAILURE, "no thread");
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "window %lu", &ops) != 1 || ops < 2)
			die(EXIT_USAGE, "valid on stdin: window OPS, from 2 up");
		peer.ops = ops / 2 * 2;
		pthread_barrier_wait(&peer.barrier);
		pthread_barrier_wait(&peer.barrier);
		printf("%.3f %.3f\n", peer.ns, peer.cpu_ns);
		fflush(stdout);
	}
	return 0;
}
