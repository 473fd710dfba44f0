/* context_subjects.h - the subjects of context.csv, a file context_<subject>.c each */
#ifndef BATON_CONTEXT_SUBJECTS_H
#define BATON_CONTEXT_SUBJECTS_H

#include "facts.h"
#include "place.h"

#include <sys/utsname.h>

/* Each writes all facts of its subject, whatever their state. */
void context_cpu(const struct facts *facts, const struct machine *machine);
void context_kernel(const struct facts *facts, const struct utsname *name);
void context_power(const struct facts *facts, const struct machine *machine);
void context_guest(const struct facts *facts);
void context_limits(const struct facts *facts);
void context_load(const struct facts *facts); /* at the start and at the end of a run */
void context_build(struct results *results, const char *binary);

/* Calls about once for the machine (its first CPU), and where there are kinds of core for each of
 * them (its first CPU) with a suffix to the keys; kind is -1 for the machine. */
void context_each_kind(const struct facts *facts, const struct machine *machine,
	void (*about)(const struct facts *facts, const struct machine *machine, int kind, int cpu));

#endif
