/* context.h - what is known about the machine and the build */
#ifndef BATON_CONTEXT_H
#define BATON_CONTEXT_H

#include "place.h"
#include "results.h"

#include <stdbool.h>
#include <stddef.h>

/* The CPU's name as the kernel gives it, or "unknown CPU"; returns text. */
const char *context_cpu_model(char *text, size_t size);

/* What tells one kind of CPU from another, in a line: on guests the name alone does not. */
const char *context_cpu_identity(char *text, size_t size);

/* Writes the facts about the machine and the build, each with its state, those that hold at the
 * start of a run, and topology.xml. binary: the program that measures, NULL: this one.
 * results/README.md lists them. */
void context_write(struct results *results, const struct machine *machine, const char *binary);

/* Writes those that hold at the end of a run: load, pressure, temperatures, throttling. */
void context_write_end(struct results *results);

enum { CONTEXT_GOVERNOR = 32 };

/* Whether a frequency governor scales this machine's clock: a cpufreq policy has another than
 * performance or userspace. governor is then its name; without one that scales, the name of the
 * first policy's, or "". root: "" for this machine, in tests the folder that has another's sys.
 * Source: Documentation/admin-guide/pm/cpufreq.rst. */
bool context_governed(const char *root, char governor[CONTEXT_GOVERNOR]);

#endif
