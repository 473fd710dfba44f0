/* task.h - channel operations on threads of their own, held up wherever it matters */
#ifndef TESTS_TASK_H
#define TESTS_TASK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "sync/channel.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { UNTOUCHED = -77 };

/*
 * What happens to one thread at the channel's borders. The program is linked with --wrap, so that
 * a test knows that a thread is on a queue and asleep, without sleeping itself and without a look
 * inside the channel; and so that CPUs and clocks are what the test says. All is relaxed: were it
 * not, the hooks would order what the channel has to, and ThreadSanitizer would see nothing amiss.
 */
struct hooks {
	atomic_uint sleeps;      /* asked for, of whatever kind */
	atomic_uint parks;       /* those of them on the thread's own word, and let through */
	unsigned spurious_wakes; /* so many sleeps return at once before that */
	atomic_uint hold_in; /* hold the thread at that delicate point from now on; 0: nowhere */
	atomic_bool held;
	atomic_bool released;
	bool expires;        /* parked with a deadline, it does not sleep, but looks at: */
	atomic_bool expired; /* the deadline has passed */
	int cpu;             /* 1 + the CPU that it is told to be on; 0: the true one */
	int64_t tick_ns;     /* by which each look at the clock moves it on; 0: the true clock */
	_Atomic int64_t clock_ns;
	atomic_uint looks; /* at the clock */
};

extern _Thread_local struct hooks *hooks; /* NULL: none */

enum operation {
	SEND,
	RECV,
	TRY_SEND,
	TRY_RECV,
	TIMED_SEND,
	TIMED_RECV,
	SELECT,
	TRY_SELECT,
	TIMED_SELECT,
	CLOSE,
};

/* One channel operation on a thread of its own. */
struct task {
	struct hooks hooks;
	enum operation operation;
	struct channel *channel;
	int value;
	struct timespec deadline;
	struct channel_case *cases; /* of a select */
	size_t count;
	unsigned times;      /* so often, while the status is 0; 0: once */
	struct pages *grave; /* where given, and the status is 0: free the channel, which lies there
			      */
	pthread_t thread;
	int status; /* the last one */
	atomic_bool returned;
};

/* Memory that nobody may touch after the channel in it was freed, found out without sanitizers. */
struct pages {
	void *memory;
	size_t size;
};

struct channel *pages_open(struct pages *pages, size_t element_size, size_t capacity);
void pages_free(struct pages *pages, struct channel *channel);
void pages_unmap(struct pages *pages);

int task_here(struct task *task); /* on the calling thread; the status */
void task_start(struct task *task);
int task_join(struct task *task);

/* Start it, and prove that it waits: it is queued, and only another thread can end its call. */
void task_park(struct task *task);

/* So many, one after the other; they send value and those that follow it. */
void park_all(struct task *tasks, size_t count, struct channel *channel, enum operation operation,
	int value);

/* Until the task has returned, has been held, or sleeps; or until it has parked or returned. */
void task_await_rest(struct task *task);
void task_await_park(struct task *task);
bool task_returned(struct task *task);

/* Until it is held; false: it returned or parked before. */
bool task_await_held(struct task *task);
void task_release(struct task *task);

/* While it is held: to be held once more, at that point from there. */
void task_release_until(struct task *task, unsigned point);

/* The deadline of a task whose hooks say that it expires passes now. */
void task_expire(struct task *task);

/* CLOCK_MONOTONIC in so many ms. */
struct timespec deadline_in_ms(int64_t ms);

struct channel *open_or_fail(size_t element_size, size_t capacity);
void send_ints(struct channel *channel, int first, int last);
void expect_ints(struct channel *channel, int first, int last);
void expect_empty(struct channel *channel);   /* and open */
void expect_drained(struct channel *channel); /* and closed */

/* So many ints go in without a wait, and come out; then the channel is closed. */
void fill_and_drain(struct channel *channel, size_t capacity);

/* The program ends by assert when it calls misuse(argument); in a child, which may fork no more. */
void expect_abort(void (*misuse)(void *), void *argument);

/* A thread that hangs fails the program, in less than two minutes. */
void limit_time(void);

#endif
