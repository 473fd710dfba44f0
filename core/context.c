/* context.c - what context.csv tells, subject by subject */
#include "context.h"

#include "context_subjects.h"
#include "topology.h"

#include <stdio.h>

static void write_topology(const struct facts *facts, const struct machine *machine)
{
	const int rc = topology_save(facts->results, machine);
	const struct fact none = {.state = facts_state(rc)};

	if (rc)
		facts_put(facts, "topology", &none);
	else
		facts_say(facts, "topology", "topology.xml");
}

void context_write(struct results *results, const struct machine *machine, const char *binary)
{
	const struct facts facts = {results, .root = "", .suffix = ""};
	const struct facts start = {results, .root = "", .suffix = "_start"};
	struct utsname name;

	uname(&name);
	context_cpu(&facts, machine);
	write_topology(&facts, machine);
	context_kernel(&facts, &name);
	context_power(&facts, machine);
	context_guest(&facts);
	context_limits(&facts);
	context_load(&start);
	context_build(results, binary);
}

void context_write_end(struct results *results)
{
	const struct facts end = {results, .root = "", .suffix = "_end"};

	context_load(&end);
}

/* -1 where none is of that kind, as all CPUs of it may be withheld. */
static int first_of_kind(const struct machine *machine, int kind)
{
	for (size_t i = 0; i < machine_pus(machine); i++)
		if (machine_kind(machine, machine_cpu(machine, i)) == kind)
			return machine_cpu(machine, i);
	return -1;
}

void context_each_kind(const struct facts *facts, const struct machine *machine,
	void (*about)(const struct facts *facts, const struct machine *machine, int kind, int cpu))
{
	about(facts, machine, -1, machine_cpu(machine, 0));
	for (int kind = 0; kind < machine_kinds(machine); kind++) {
		const int cpu = first_of_kind(machine, kind);
		struct facts of_kind = *facts;
		char suffix[16];

		snprintf(suffix, sizeof(suffix), "_kind%d", kind);
		of_kind.suffix = suffix;
		if (cpu >= 0)
			about(&of_kind, machine, kind, cpu);
	}
}
