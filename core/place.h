/* place.h - where threads sit: the machine as hwloc sees it, cut into named places */
#ifndef BATON_PLACE_H
#define BATON_PLACE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A place names the nearest thing that two logical CPUs (PUs) share: same-cpu, smt (a core),
 * cluster (a hwloc Group inside a shared cache), l1 to l5 (a data or unified cache), package,
 * machine. Suffixes, in this order: .xpkg (a cache shared across packages), .xdie (two dies of one
 * package), .xnuma (two nearest NUMA nodes), @k or @k-j (kinds of core, 0 = most efficient, k > j;
 * only on a machine with two or more kinds). Kinds are hwloc's CPU kinds, merged where CoreType and
 * FrequencyMaxMHz are the same. CPUs are named by their OS index, ordered by hwloc's logical index.
 * Source: the hwloc 2.9 manual, "Terms and Definitions" and "CPU kinds".
 *
 * Once loaded, a machine is never changed: every function that takes a const machine may be called
 * from many threads at once. Loading and freeing may not: they belong to the start and the end of
 * main, because machine_load sets and removes an environment variable (HWLOC_HIDE_ERRORS).
 */

enum { PLACE_NAME = 32, PLACE_WHY = 256 };

struct machine;

struct place {
	char name[PLACE_NAME];
	size_t pairs;     /* unordered pairs of PUs; for same-cpu: PUs */
	int cpu_a, cpu_b; /* OS indexes of the first pair in logical order */
};

/*
 * Loads a machine and classifies all pairs of its allowed PUs.
 * source: NULL for this machine, an XML file (a name that exists, has a '/' or ends in .xml), or a
 * synthetic description ("pack:2 l3:4 core:8 pu:2").
 * This machine means hwloc's allowed PUs that are also in the calling thread's affinity mask; where
 * a HWLOC_* variable names another source (machine_foreign_environment), NULL loads that one
 * instead. Another machine's PUs are those that its description allows; this process's mask has no
 * say there. Returns 0 and the machine, to be freed by machine_free; otherwise -ENOENT or -EINVAL
 * (bad source), -EXDEV (hwloc and the kernel disagree about this machine), -ENOMEM or another
 * -errno, with one line without a newline in why. hwloc itself prints nothing unless
 * HWLOC_HIDE_ERRORS asks for it.
 */
int machine_load(struct machine **out, const char *source, char why[PLACE_WHY]);
void machine_free(struct machine *m); /* NULL is welcome */

size_t machine_pus(const struct machine *m);        /* allowed PUs, at least 1 */
int machine_cpu(const struct machine *m, size_t i); /* OS index of the i-th, i < machine_pus */
int machine_node(const struct machine *m, int cpu); /* OS index of its nearest NUMA node, or -1 */

/* Kinds of core are numbered from 0, the most efficient; 0 kinds where all cores are alike. */
int machine_kinds(const struct machine *m);
int machine_kind(const struct machine *m, int cpu); /* -1: no kinds here, or not an allowed PU */

/* What hwloc counts on the whole machine, also where the affinity mask withholds it. */
struct machine_counts {
	int cpus, cores, packages, nodes;
	int threads_per_core; /* of the core that has the most; 0: no cores are told */
};
void machine_count(const struct machine *m, struct machine_counts *counts);

struct machine_cache {
	int level; /* data or unified */
	uint64_t bytes;
	int cpus; /* that share one */
};

/* The different caches above the allowed PUs of a kind (-1: of all), by level, and by logical order
 * within one. Writes at most max, and returns how many it wrote. */
size_t machine_caches(const struct machine *m, int kind, struct machine_cache *caches, size_t max);

/* hwloc's XML of the whole machine, the host's name and serial numbers included (topology.h takes
 * them out). 0 and a text to be freed with free(3), or -ENOMEM or another -errno. */
int machine_export(const struct machine *m, char **xml);

/* All places that have a pair, in the order in which they first appear over the pairs (i, j >= i).
 * The array belongs to the machine. */
const struct place *machine_places(const struct machine *m, size_t *count);

/* The k-th pair of a place (from 0, in logical order); a same-cpu place gives {c, c}.
 * 0, -ENOENT (no such place here) or -ERANGE (k is not below its pairs). */
int machine_pair(const struct machine *m, const char *place, size_t k, int cpu[2]);

/* Writes the name of the place of two CPUs, in either order, and returns it;
 * NULL, and name untouched, where one of them is not an allowed PU. */
const char *machine_place_of(const struct machine *m, int cpu_a, int cpu_b, char name[PLACE_NAME]);

enum { MACHINE_TEAM_MAX = 64 };

/*
 * A team of up to MACHINE_TEAM_MAX threads, compact round one PU: that one, then those nearest to
 * it, in logical order where they are equally near; more threads than PUs wrap round. Its place is
 * that of the widest pair in it; at a same-cpu place all sit on one CPU.
 * Writes the CPUs of the team round the k-th of the PUs that have such a team at that place, k
 * taken modulo their number: 0, or -ENOENT where there is none.
 */
int machine_team(const struct machine *m, const char *place, int threads, size_t k, int *cpu);

/* The HWLOC_* variable that makes hwloc describe another source than this machine, or NULL.
 * Under such a variable binding can return 0 and bind nothing: do not measure. */
const char *machine_foreign_environment(void);

/*
 * Pins the calling thread to one allowed PU and reads the mask and the CPU back from the kernel.
 * 0, -EINVAL (not an allowed PU), -EXDEV (another machine, or the thread is not where hwloc said
 * that it put it) or another -errno of sched_setaffinity(2).
 */
int machine_pin(const struct machine *m, int cpu);

/* One line, without a newline, that says why there is little to choose: CPUs withheld by the
 * affinity mask, or just one CPU. Returns its whole length as snprintf does; 0 = no restriction. */
size_t machine_note(const struct machine *m, char *text, size_t size);

#endif
