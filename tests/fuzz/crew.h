/* crew.h - threads that do one channel operation at a time, and of whom it is known if they wait */
#ifndef FUZZ_CREW_H
#define FUZZ_CREW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "oracle.h"

enum {
	WORKERS = 4,
	DRIVER = WORKERS, /* does operations itself, where they need not wait */
	CREW,
	ELEMENT_ROOM = 32,
	ELEMENT_AT = 1, /* not aligned, and with something to overrun on both sides */
	UNTOUCHED = 0xee,
	SCRAMBLED = 0xdd,
};

enum kind { CALL, CLOSE, SET_SPIN, EXPIRE, HOLD, LET_GO, REOPEN };

/* One step of an input, and what came of it. */
struct step {
	enum kind kind;
	unsigned who;
	unsigned channel;
	int64_t detail;
	struct call call;
	bool hasty;        /* frees the channel as soon as it may */
	bool queues_first; /* and spins then, where it spins */
	struct timespec deadline;
	bool returned;
	int result;
	int case_status;
};

struct worker {
	pthread_t thread;
	sem_t go;
	struct step *step; /* NULL: idle */
	struct channel_case cases[MOST_CASES];
	unsigned char elements[MOST_CASES][ELEMENT_ROOM];
	atomic_bool returned;
	atomic_bool waits;      /* only others can end its call from now on */
	atomic_bool expired;    /* for it the deadline has come */
	_Atomic uintptr_t word; /* on which it sleeps */
	atomic_bool hold;       /* it is to stop at the next delicate point */
	atomic_bool held;       /* it has */
	sem_t on;               /* to go on from there */
	bool due;               /* it is released, and to be checked when it is let go */
	unsigned spurious;      /* so many waits return at once */
	unsigned looks;         /* at the clock */
};

extern struct worker crew[CREW];
extern struct channel *channels[CHANNELS + 1]; /* the last: NULL */
extern size_t element_sizes[CHANNELS + 1];
extern bool crew_lingers; /* at the delicate points */

void crew_start(void);

/* Gives the step to its worker. The driver has done it when this returns. */
void crew_give(struct step *step, unsigned spurious);

/* Waits until it has returned, or this flag of its own is set; false: neither, within seconds. */
bool crew_await(struct worker *worker, const atomic_bool *flag);

/* For this worker the deadline has come; false: it did not return, nor stop, within seconds. */
bool crew_expire(struct worker *worker);

void crew_let_go(struct worker *worker);

/* The bytes of value number n. */
void crew_fill(unsigned char *bytes, size_t size, unsigned value);

#endif
