/* main.c - the way of the data: options, places, cells, supervisor */
#include "check.h"
#include "die.h"
#include "list.h"
#include "options.h"
#include "places.h"
#include "select.h"
#include "supervisor.h"
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where threads are to be pinned, hwloc must describe the machine that we run on. */
static struct machine *load_machine(const struct options *options)
{
	const bool measures = options->command != COMMAND_PLACES;
	const char *foreign = machine_foreign_environment();
	struct machine *machine;
	char why[PLACE_WHY];
	int rc;

	if (measures && foreign)
		die(EXIT_UNFIT,
			"%s makes hwloc describe another machine: unset it to measure this one",
			foreign);
	rc = machine_load(&machine, options->topology, why);
	if (rc)
		die(options->topology ? EXIT_USAGE : EXIT_UNFIT, "%s", why);
	return machine;
}

static int print_places(const struct options *options, const struct machine *machine)
{
	const int rc = places_print(stdout, machine, options->csv, options->places);

	if (rc == -EINVAL)
		die(EXIT_USAGE, "--place=%s: `baton places` shows all or pairs", options->places);
	return rc ? EXIT_UNWRITABLE : EXIT_OK;
}

static int measure(
	const struct options *options, const struct machine *machine, int argc, char **argv)
{
	struct selection selection;
	int code;

	select_cells(&selection, options, machine);
	if (options->command == COMMAND_CHECK)
		code = check_run(&selection, machine);
	else if (options->plain)
		code = worker_plain(options, &selection, machine);
	else
		code = supervisor_run(options, &selection, machine, argc, argv);
	free(selection.cell);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	struct machine *machine;
	int code;

	if (argc == 4 && !strcmp(argv[1], "worker"))
		return worker_main(atoi(argv[2]), atoi(argv[3]));
	options_parse(&options, argc, argv);
	if (options.command == COMMAND_LIST)
		return list_print(stdout, options.csv) ? EXIT_UNWRITABLE : EXIT_OK;
	machine = load_machine(&options);
	code = options.command == COMMAND_PLACES ? print_places(&options, machine)
						 : measure(&options, machine, argc, argv);
	machine_free(machine);
	return code;
}
