/* worker.h - an invocation: the windows of a plan, driven through Google Benchmark */
#ifndef BATON_WORKER_H
#define BATON_WORKER_H

#include "options.h"
#include "select.h"

/* The fresh process of an invocation: maps the plan, measures, speaks to the supervisor over the
 * socket. Returns the exit code. */
int worker_main(int plan_fd, int socket_fd);

/* One plain Google Benchmark process over the selected cells: its flags, its console, its JSON.
 * Returns the exit code. */
int worker_plain(const struct options *options, const struct selection *selection,
	const struct machine *machine);

#endif
