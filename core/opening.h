/* opening.h - names a run's folder, makes it, and writes what is known as the run starts */
#ifndef BATON_OPENING_H
#define BATON_OPENING_H

#include "recording.h"

/* What all folders of one command have in common. */
struct opening {
	const struct options *options;
	char stamp[32]; /* UTC of the start, as in folders' names */
	int argc;       /* the command, for context.csv */
	char **argv;
};

/* The command's folder, or with `below` ("/a", "/pilot") one that lies in it. */
void opening_folder(
	const struct opening *opening, const char *below, char folder[RECORDING_FOLDER]);

/* Opens the recording of a side (0 unless there are two) in that folder, and writes the facts about
 * machine, build and run. A folder that cannot be written ends the program with EXIT_UNWRITABLE. */
void opening_begin(
	const struct opening *opening, struct recording *recording, int side, const char *below);

#endif
