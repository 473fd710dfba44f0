/* resolution.h - what an A/A comparison found that this machine can tell apart */
#ifndef BATON_RESOLUTION_H
#define BATON_RESOLUTION_H

/* Kept as a line in a file `aa-floor` of the folder that holds the runs, with the CPU that it is
 * true of. */
struct resolution {
	double half_width; /* of a typical cell's interval, as a share: 0.012 is 1.2 % */
	char utc[32];      /* when it was found */
};

/* What was found on this kind of CPU: 0, -ENOENT, or -EXDEV if the file is of another CPU. */
int resolution_read(struct resolution *out, const char *folder);

/* Replaces what was there. 0 or -errno. */
int resolution_write(const struct resolution *found, const char *folder);

#endif
