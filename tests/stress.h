/* stress.h - what the files of channel_stress share: a round, its lanes and its workers */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include "sync/channel.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A round is the life of one to three channels (lanes) between a few threads (workers), as drawn
 * from a seed and the round's number. Every attempt to send takes a new number, from 0 on for each
 * sender and lane; one that was refused, or ran out of time, is given up, and its number must never
 * be received. The ledger has the fate of each number, as the channel told the sender, and how
 * often it was received.
 *
 * Nothing here orders the workers while a round lasts: the ledger is written by relaxed atomics, or
 * by one thread alone. So whatever the channel does not order, ThreadSanitizer sees in the parcels
 * that are handed over, in the elements, and in the closers' notes.
 */
enum {
	MAX_LANES = 3,
	MAX_SIDE = 4, /* senders, and receivers */
	MAX_MIXERS = 2,
	MAX_SENDERS = MAX_SIDE + MAX_MIXERS,
	MAX_WORKERS = 2 * MAX_SIDE + MAX_MIXERS,
	MAX_CAPACITY = 1024,
	MAX_ATTEMPTS = 3 * MAX_LANES, /* cases of a select */
	MAX_NUMBERS = 1 << 20,        /* of a round */
	MAX_POOL = 64,
	CALL_BYTES = 1024,
};

/* closer, where it is not a worker: main when all is sent; a thread that does nothing else. */
enum { NOBODY = MAX_WORKERS, OUTSIDER };

enum style { PLAIN, TRY, TIMED, SELECT };

/*
 * What the elements point to, where there is room for a pointer:
 *   NO_PARCELS: nothing.
 *   LENT: one sender, one receiver; a parcel is written again as soon as the sender knows, by the
 *	places that were left, that the receiver has done with it. As many as just suffice.
 *   POOLED: parcels come back by another channel.
 *   CALLS: a parcel brings a channel for one answer, which is freed as soon as that has come.
 */
enum parcels { NO_PARCELS, LENT, POOLED, CALLS };

struct parcel {
	uint64_t words[3]; /* the sender's, then the receiver's, who overwrites them */
	struct channel *answer;
	bool inverse; /* the answer is received by who was called */
};

/* As much of it as the lane's elements have room for. */
struct message {
	uint64_t tag;
	struct parcel *parcel;
	uint64_t check; /* of the two, so that a torn copy is seen */
	uint64_t filler[22];
};

struct lane {
	struct channel *channel;
	size_t capacity;
	size_t element_size;
	int64_t spin_ns;
	bool closes; /* the closer closes it */
	atomic_bool closing;
	uint64_t note; /* written before the close, and read by who is told of it */
	uint64_t sends[MAX_SENDERS];
	struct parcel lent[MAX_CAPACITY + 2];
};

/* A call's own memory; scribbled over after channel_free, to see whether anybody writes later. */
struct call {
	struct parcel parcel;
	bool scribbled;
	bool heap;
	unsigned char memory[CALL_BYTES];
};

struct attempt {
	unsigned lane;
	enum channel_way way;
	uint32_t number;
	struct message message;
};

struct worker {
	struct round *round;
	unsigned index;
	unsigned sender; /* its index among those who send */
	unsigned home;   /* the lane of who does not select */
	bool sends;
	bool receives;
	enum style style;
	pthread_t thread;
	uint64_t random;
	unsigned tries; /* that failed, in a row */
	bool slow;
	bool told; /* that it has sent all it will */
	bool refused[MAX_LANES];
	bool drained[MAX_LANES];
	uint32_t next[MAX_LANES];              /* number to be used */
	uint64_t sent[MAX_LANES];              /* with success */
	uint64_t received[MAX_LANES];          /* all senders' */
	uint32_t seen[MAX_LANES][MAX_SENDERS]; /* 1 + the last number received */
	uint64_t done;                         /* sent or received */
	uint64_t timeouts;
	uint64_t selects;
	struct attempt attempts[MAX_ATTEMPTS];
	struct parcel *kept[MAX_LANES]; /* out of the pool */
	struct call calls[MAX_LANES];
	bool blamed;
};

struct round {
	uint64_t seed;
	unsigned lanes;
	unsigned senders;
	unsigned receivers;
	unsigned mixers; /* send and receive, by select */
	uint32_t numbers;
	enum parcels parcels;
	unsigned parcels_pooled;
	struct channel *pool;
	unsigned closer;
	uint64_t close_after;    /* messages of the closer's */
	uint64_t close_delay_ns; /* of an outsider */
	uint64_t dawdle_one_in;  /* delicate points; 0: none */
	bool slow[2];            /* by channel_way: that side dawdles between its operations */
	enum style styles[MAX_WORKERS];
	struct lane lane[MAX_LANES];
	struct worker workers[MAX_WORKERS];
	pthread_barrier_t start;
	sem_t all_sent;
};

struct totals {
	uint64_t rounds;
	uint64_t messages;
	uint64_t closes; /* under load: somebody was refused a send */
	uint64_t timeouts;
	uint64_t selects;
};

/* Random numbers: splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Generators, 2014) */
static inline uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint64_t draw_between(uint64_t *state, uint64_t low, uint64_t high)
{
	return low + draw(state) % (high - low + 1);
}

static inline bool draw_one_in(uint64_t *state, uint64_t n)
{
	return draw(state) % n == 0;
}

static inline unsigned workers_of(const struct round *round)
{
	return round->senders + round->receivers + round->mixers;
}

/* channel_stress.c: says so at once, for after a fault a round may hang; the worker goes on. */
void blame(struct worker *self, const char *fault, unsigned lane, uint64_t tag);

/* stress_plan.c */
void plan_round(struct round *round, uint64_t seed, uint64_t number, uint32_t bulk_messages);
void describe_round(const struct round *round, char *text, size_t size);

/* stress_disturb.c: from now on this thread dawdles; one_in 0: it does not. */
void disturb_me(uint64_t seed, uint64_t one_in);
void dawdle(uint64_t die);
/* Where it dawdles at all: at every delicate point; or again at as many as it was told. */
void disturb_me_most(bool most);

/* stress_ledger.c */
void ledger_begin(const struct round *round);
void ledger_sent(const struct worker *self, const struct attempt *attempt);
bool ledger_received(const struct round *round, unsigned lane, unsigned sender, uint32_t number);
void ledger_check(struct round *round);
void make_message(struct worker *self, struct attempt *attempt, struct parcel *parcel);
void take_message(struct worker *self, struct attempt *attempt);

/* stress_parcel.c */
struct parcel *parcel_for(struct worker *self, unsigned lane);
void parcel_sent(struct worker *self, const struct attempt *attempt);
void parcel_received(struct worker *self, const struct attempt *attempt);
void parcels_end(struct worker *self);

/* stress_worker.c */
void *worker_main(void *worker);
void close_lane(struct lane *lane, bool twice);
void close_planned(struct round *round);
uint64_t note_of(const struct lane *lane);
struct timespec short_deadline(uint64_t *random);

#endif
